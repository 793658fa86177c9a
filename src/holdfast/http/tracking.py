"""The links in messages: the pixel, the redirect, the unsubscribe page. No key opens them: their signature does."""

from __future__ import annotations

import contextlib
from base64 import b64decode
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from holdfast.flows.delivery.receive import Receiver
from holdfast.kernel.errors import Exposed
from holdfast.messages.agent import agent_of

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel, as a GIF."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:15vh auto;padding:0 1.5rem;
background:#f7f7f4;color:#1b1b19}h1{font-size:1.4rem;margin:0 0 .5rem}p{color:#5b5a54}
button{font:inherit;padding:.6rem 1.1rem;border:0;border-radius:8px;background:#1b1b19;color:#fff;cursor:pointer}
button:focus-visible{outline:2px solid #2d5ed4;outline-offset:2px}
@media (prefers-color-scheme:dark){body{background:#111110;color:#f0efeb}p{color:#aeada5}
button{background:#f0efeb;color:#191918}}
"""


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return HTMLResponse(html, status, _PAGE_HEADERS)


def _lost() -> HTMLResponse:
    content = "<p>It may have been cut off on its way. Copy the whole link from the message and try again.</p>"
    return _page("This link does not work", content, 404)


def tracking_routes(receiver: Receiver) -> list[Route]:
    """The routes under `/m`."""

    async def opened(request: Request) -> Response:
        agent = agent_of(request.headers.get("user-agent", ""), method=request.method)
        # A bad token gets the pixel too: whoever guesses learns nothing, and no mail shows a broken picture.
        with contextlib.suppress(Exposed):  # Too busy to note it: no reader of a mail has to know.
            await receiver.opened(request.path_params["token"], agent)
        return Response(PIXEL, media_type="image/gif", headers=_HEADERS)

    async def clicked(request: Request) -> Response:
        agent = agent_of(request.headers.get("user-agent", ""), method=request.method)
        token = request.path_params["token"]
        try:
            target = await receiver.clicked(token, agent)
        except Exposed:  # Too busy to note it: people get where they were going all the same.
            target = receiver.leads_to(token)
        return _lost() if target is None else RedirectResponse(target, 302, _HEADERS)

    async def unsubscribe(request: Request) -> Response:
        token = request.path_params["token"]
        if request.method == "POST":
            ended = await receiver.unsubscribed(token)
            if ended is None:
                return _lost()
            content = (
                f"<p><strong>{escape(ended.address)}</strong> gets no more {escape(ended.topic)} messages from us "
                f"by {escape(ended.channel)}.</p>"
            )
            return _page("You are unsubscribed", content)
        # Scanners follow every link, so that looking must never unsubscribe anybody.
        subscription = await receiver.subscription(token)
        if subscription is None:
            return _lost()
        content = (
            f"<p>Stop {escape(subscription.topic)} messages by {escape(subscription.channel)} to "
            f"<strong>{escape(subscription.address)}</strong>?</p>"
            '<form method="post"><button type="submit">Unsubscribe</button></form>'
        )
        return _page("Unsubscribe", content)

    return [
        Route("/m/o/{token}", opened, methods=["GET", "HEAD"]),
        Route("/m/c/{token}", clicked, methods=["GET", "HEAD"]),
        Route("/m/u/{token}", unsubscribe, methods=["GET", "HEAD", "POST"]),
    ]
