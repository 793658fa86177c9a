"""The inbox, as apps and sites come to it: what waits for their person, and what the person did with it.

They come as they send events: with a write key, from any origin. For whom they ask they say by a token their business's
server signed, or by an anonymous id nobody has signed in under.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from holdfast.events.event import IdentityKey, Json
from holdfast.flows.delivery.inbox import HAPPENED, SHOWN_MOST, Asker, Inboxes, Page
from holdfast.http.cors import cors_headers, preflight_headers
from holdfast.http.problems import problem_response
from holdfast.http.shapes import moment, moment_text
from holdfast.http.write_key import write_key_before_body
from holdfast.kernel.errors import Exposed, Invalid, NotFound, TooLarge, Unauthorized
from holdfast.kernel.moments import parse_moment
from holdfast.messages.person_token import read_token, token_secret
from holdfast.ports.inbox import InboxItem
from holdfast.wiring import Application

PERSON_HEADER = "x-holdfast-person"
BODY_BYTES_MOST = 16_384
URL_MOST = 2_000
MEDIA = ("in_app", "inbox")


def inbox_routes(app: Application) -> list[Route]:
    """The routes under `/v1/inbox`."""

    def inboxes() -> Inboxes:
        return Inboxes(state=app.state, clock=app.clock, told=app.wake.set)

    async def listed(request: Request) -> Response:
        page = await inboxes().shown(
            _asker(app, request),
            medium=_medium(request),
            since=_since(request),
            limit=_limit(request),
        )
        return _listed(page, request)

    async def happened(request: Request) -> Response:
        key, what = request.path_params["key"], request.path_params["what"]
        told = next((each for each in HAPPENED if each == what), None)
        if told is None:
            hint = f"Tell of {', '.join(HAPPENED)}."
            raise NotFound(f"nothing is told by {what!r:.60}.", code="unknown_happening", hint=hint)
        # Who asks comes first: a body is read for nobody who may not.
        asker = _asker(app, request)
        item = await inboxes().happened(asker, key, told, url=await _url(request))
        return JSONResponse(_states(item))

    return [
        Route("/v1/inbox", _answering(listed, b"GET, OPTIONS"), methods=["GET", "OPTIONS"]),
        Route("/v1/inbox/{key}/{what}", _answering(happened, b"POST, OPTIONS"), methods=["POST", "OPTIONS"]),
    ]


def _answering(
    answer: Callable[[Request], Awaitable[Response]], methods: bytes
) -> Callable[[Request], Awaitable[Response]]:
    """The call as pages of any origin may make it: whatever comes of it, they can read."""

    async def answering(request: Request) -> Response:
        asked = dict(request.scope["headers"])
        if request.method == "OPTIONS":
            response, headers = Response(status_code=204), preflight_headers(asked, methods)
        else:
            try:
                response = await answer(request)
            except Exposed as refusal:
                response = problem_response(refusal)
                # A browser would ask the business's visitors for a password.
                with contextlib.suppress(KeyError):
                    del response.headers["WWW-Authenticate"]
            headers = cors_headers(asked)
        response.raw_headers.extend(headers)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return answering


def _asker(app: Application, request: Request) -> Asker:
    """For whom it is asked. Raises Unauthorized and Invalid."""
    key = write_key_before_body(dict(request.scope["headers"]), request.scope["query_string"])
    source = None if key is None else app.access.source_of(key)
    if source is None:
        hint = "Send the write key as the user of Basic authentication, or as `writeKey`."
        raise Unauthorized("nobody knows the write key.", code="unknown_write_key", hint=hint)
    if token := request.headers.get(PERSON_HEADER):
        user_id = read_token(token.strip(), token_secret(app.secret, source), app.clock.now())
        return Asker(key=IdentityKey(kind="user", value=user_id), signed_for=True)
    anonymous = request.query_params.get("anonymous_id", "")
    if not anonymous:
        raise Invalid(
            "this does not say for whom.",
            code="nobody_named",
            path="anonymous_id",
            hint="Send a signed token in the header X-Holdfast-Person, or the anonymous id of the app or browser.",
        )
    return Asker(key=IdentityKey(kind="anonymous", value=anonymous), signed_for=False)


def _medium(request: Request) -> str:
    medium = request.query_params.get("channel", "")
    if medium not in ("", *MEDIA):
        raise Invalid(
            f"{medium!r:.60} is no channel of an inbox.",
            code="unknown_choice",
            path="channel",
            hint="Use in_app or inbox, or leave it out for both.",
        )
    return medium


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("since", "")
    try:
        return parse_moment(text) if text else None
    except ValueError:
        hint = "Write a moment such as 2026-01-31T12:00:00Z."
        raise Invalid(f"{text!r:.60} is no moment.", code="bad_moment", path="since", hint=hint) from None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(SHOWN_MOST))
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= SHOWN_MOST):
        hint = f"Use 1 to {SHOWN_MOST}."
        raise Invalid(f"{text!r:.60} messages cannot be.", code="out_of_range", path="limit", hint=hint)
    return int(text)


async def _url(request: Request) -> str:
    """Where a click led, if the body says so. Raises Invalid and TooLarge."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_BYTES_MOST:
                raise TooLarge(
                    f"the body is over {BODY_BYTES_MOST} bytes.", path="$", hint="Send the url, and no more."
                )
    except ClientDisconnect:
        return ""
    if not body.strip():
        return ""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid(f"this is no JSON: {error}.", code="bad_json", path="$", hint="Send one JSON object.") from error
    url = said.get("url", "") if isinstance(said, dict) and said.keys() <= {"url"} else None
    if not isinstance(url, str) or len(url) > URL_MOST:
        hint = f'Send nothing, or {{"url": "…"}} with {URL_MOST} characters at most.'
        raise Invalid("this does not say where a click led.", code="bad_url", path="$.url", hint=hint)
    return url


def _listed(page: Page, request: Request) -> Response:
    """The page, or that it has not changed since it was last asked for."""
    messages = [_shown(each.item, each.words) for each in page.messages]
    body = msgspec.json.encode({"messages": messages, "unread": page.unread})
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    # Kept by nobody on the way, and by the browser only to ask whether it still holds.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _shown(item: InboxItem, words: Mapping[str, Json]) -> dict[str, object]:
    return {"channel": item.medium, "content": words, **_states(item)}


def _states(item: InboxItem) -> dict[str, object]:
    return {
        "id": item.key,
        "received_at": moment_text(item.added_ms),
        "expires_at": moment_text(item.expires_ms),
        "opened_at": moment(item.opened_ms),
        "clicked_at": moment(item.clicked_ms),
        "dismissed_at": moment(item.dismissed_ms),
    }
