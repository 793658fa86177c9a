"""What providers and mail servers call us with: `/in/{connection}`, and `/in/mail` for bounces and complaints as mail.

No key opens these: a provider signs its calls, and a return address and an unsubscribe link bear our own signature. The
body is read as it is, within a limit, since a signature is over its bytes.
"""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from holdfast.flows.delivery.inbound import Arrivals
from holdfast.http.request_body import Gone, read_body
from holdfast.kernel.errors import Exposed, NotFound, TooLarge, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Arrival, Challenge, Forged, Told
from holdfast.ports.clock import Clock

_log = logging.getLogger(__name__)

BODY_BYTES_MOST = 1024 * 1024
"""What providers send: WhatsApp's and SendGrid's largest batches are a few hundred kilobytes."""
MAIL_BYTES_MOST = 10 * 1024 * 1024
"""A bounce may bring the whole mail with it."""
RECIPIENTS_MOST = 20

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"}


def inbound_routes(arrivals: Arrivals, *, public_url: str, clock: Clock) -> list[Route]:
    """The routes under `/in`.

    Args:
        public_url: where we are reached from outside: some providers sign the address they call.
    """

    async def mail(request: Request) -> Response:
        raw = await _body(request, MAIL_BYTES_MOST)
        await arrivals.mail(raw, request.query_params.getlist("to")[:RECIPIENTS_MOST])
        # What is about no mail of ours is taken all the same: whoever guesses learns nothing.
        return Response(status_code=202, headers=_HEADERS)

    async def connection(request: Request) -> Response:
        name = request.path_params["connection"]
        arrival = await _arrival(request, public_url, to_millis(clock.now()))
        said = await arrivals.take(name, arrival)
        match said:
            case None:
                hint = "The address is /in/ and the name of a connection whose provider calls back."
                raise NotFound(f"nothing comes in by {name!r:.60}.", code="unknown_inlet", hint=hint)
            case Challenge(text):
                return PlainTextResponse(text, headers=_HEADERS)
            case Forged(reason):
                _log.warning("A call for the connection %s was refused: %s", name, reason)
                hint = "Check that the connection has the secret its provider signs with, and its public address."
                raise Unauthorized("the call is not signed as its provider signs.", code="forged", hint=hint)
            case Told():
                return Response(said.answer, 200, _HEADERS, media_type=said.content_type or "text/plain")
            case _:
                # It is kept, to be looked at; called again with the same, we would know no more.
                return Response(status_code=200, headers=_HEADERS)

    return [
        Route("/in/mail", mail, methods=["POST"]),
        Route("/in/{connection}", connection, methods=["GET", "POST"]),
    ]


async def _arrival(request: Request, public_url: str, at_ms: int) -> Arrival:
    query = request.url.query
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
    return Arrival(
        method=request.method,
        url=f"{public_url.rstrip('/')}{path}{'?' + query if query else ''}",
        query=dict(request.query_params.multi_items()),
        headers=headers,
        body=await _body(request, BODY_BYTES_MOST),
        at_ms=at_ms,
    )


async def _body(request: Request, bytes_most: int) -> bytes:
    def too_large() -> Exposed:
        return TooLarge(f"the body is over {bytes_most} bytes.", path="$", hint="No provider sends so much at once.")

    try:
        return await read_body(request.receive, bytes_most=bytes_most, too_large=too_large)
    except Gone as gone:
        raise ClientDisconnect from gone
