"""The links in messages: the pixel, the redirect, the trap, the unsubscribe page. Their signature opens them."""

from __future__ import annotations

import contextlib
from base64 import b64decode
from collections.abc import Sequence
from html import escape

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from holdfast.flows.delivery.receive import Receiver, Subscription
from holdfast.http.public_page import HEADERS, Language, language_for, lost, page
from holdfast.kernel.errors import Exposed
from holdfast.messages.heard.agent import Agent, Network, agent_of

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel, as a GIF."""

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Unsubscribe",
        "ask": "Stop {topic} messages by {channel} to {address}?",
        "button": "Unsubscribe",
        "done": "You are unsubscribed",
        "ended": "{address} gets no more {topic} messages from us by {channel}.",
        "more": "Choose what else you want to hear of",
    },
    "de": {
        "title": "Abmelden",
        "ask": "Keine Nachrichten zu {topic} per {channel} an {address} mehr?",
        "button": "Abmelden",
        "done": "Sie sind abgemeldet",
        "ended": "{address} bekommt von uns keine Nachrichten zu {topic} per {channel} mehr.",
        "more": "Wählen, was Sie sonst hören möchten",
    },
}


def tracking_routes(receiver: Receiver, machines: Sequence[Network] = ()) -> list[Route]:
    """The routes under `/m`.

    Args:
        machines: networks from which only machines come.
    """

    def agent(request: Request, *, opening: bool) -> Agent:
        return agent_of(
            request.headers.get("user-agent", ""),
            method=request.method,
            address=request.client.host if request.client is not None else "",
            machines=machines,
            opening=opening,
        )

    async def opened(request: Request) -> Response:
        # A bad token gets the pixel too: whoever guesses learns nothing, and no mail shows a broken picture.
        with contextlib.suppress(Exposed):  # Too busy to note it: no reader of a mail has to know.
            await receiver.opened(request.path_params["token"], agent(request, opening=True))
        return Response(PIXEL, media_type="image/gif", headers=HEADERS)

    async def clicked(request: Request) -> Response:
        token = request.path_params["token"]
        try:
            target = await receiver.clicked(token, agent(request, opening=False))
        except Exposed:  # Too busy to note it: people get where they were going all the same.
            target = receiver.leads_to(token)
        return lost(language_for(request)) if target is None else RedirectResponse(target, 302, HEADERS)

    async def trapped(request: Request) -> Response:
        with contextlib.suppress(Exposed):
            await receiver.trapped(request.path_params["token"])
        return Response(status_code=204, headers=HEADERS)

    async def unsubscribe(request: Request) -> Response:
        token = request.path_params["token"]
        if request.method == "POST":
            ended = await receiver.unsubscribed(token)
            if ended is None:
                return lost(language_for(request))
            language = language_for(request, ended.language)
            words = _WORDS[language]
            return page(words["done"], _said(words["ended"], ended) + _more(receiver, token, words), language=language)
        # Scanners follow every link, so that looking must never unsubscribe anybody.
        subscription = await receiver.subscription(token)
        if subscription is None:
            return lost(language_for(request))
        language = language_for(request, subscription.language)
        words = _WORDS[language]
        form = f'<form method="post"><button type="submit">{words["button"]}</button></form>'
        content = _said(words["ask"], subscription) + form + _more(receiver, token, words)
        return page(words["title"], content, language=language)

    return [
        Route("/m/o/{token}", opened, methods=["GET", "HEAD"]),
        Route("/m/c/{token}", clicked, methods=["GET", "HEAD"]),
        Route("/m/t/{token}", trapped, methods=["GET", "HEAD"]),
        Route("/m/u/{token}", unsubscribe, methods=["GET", "HEAD", "POST"]),
    ]


def _said(words: str, about: Subscription) -> str:
    said = words.format(
        topic=escape(about.topic),
        channel=escape(about.channel),
        address=f"<strong>{escape(about.address)}</strong>",
    )
    return f"<p>{said}</p>"


def _more(receiver: Receiver, token: str, words: dict[str, str]) -> str:
    """The way to the page with everything somebody may choose."""
    other = receiver.preferences_token(token)
    return "" if other is None else f'<p><a href="../p/{other}" rel="nofollow">{words["more"]}</a></p>'
