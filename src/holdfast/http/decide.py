"""What somebody gets of the experiments that run, as apps and sites ask for it: `POST /v1/decide`.

They come as they send events: with a write key, from any origin. A write key is known to every visitor, so whoever
comes with a user id that their business's server has not signed for is told nothing that would give away what is known
of that user: experiments with an audience are left out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from holdfast.events.event import IdentityKey
from holdfast.http.cors import cors_headers, preflight_headers
from holdfast.http.inbox import PERSON_HEADER
from holdfast.http.problems import problem_response
from holdfast.http.write_key import write_key_before_body
from holdfast.kernel.errors import Exposed, Invalid, TooLarge, Unauthorized
from holdfast.messages.person_token import read_token, token_secret
from holdfast.wiring import Application

BODY_BYTES_MOST = 16_384
ASKED_MOST = 200
NAME_MOST = 1_000


class _Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body."""

    user_id: str = ""
    anonymous_id: str = ""
    experiments: list[str] | None = None


_WISH = msgspec.json.Decoder(_Wish)


def decide_routes(app: Application) -> list[Route]:
    """The route."""

    async def answer(request: Request) -> Response:
        source = _source(app, request)
        wish = await _wish(request)
        key, signed_for = _asker(app, request, source, wish)
        decided = await app.decider.decide(key, wish.experiments, openly=not signed_for)
        found = {each.experiment: {"variant": each.variant, "value": each.value} for each in decided}
        return JSONResponse({"experiments": found})

    async def decide(request: Request) -> Response:
        asked: Mapping[bytes, bytes] = dict(request.scope["headers"])
        if request.method == "OPTIONS":
            response, headers = Response(status_code=204), preflight_headers(asked, b"POST, OPTIONS")
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

    return [Route("/v1/decide", decide, methods=["POST", "OPTIONS"])]


def _source(app: Application, request: Request) -> str:
    """The name of the write key. Raises Unauthorized."""
    key = write_key_before_body(dict(request.scope["headers"]), request.scope["query_string"])
    source = None if key is None else app.access.source_of(key)
    if source is None:
        hint = "Send the write key as the user of Basic authentication, or as `writeKey`."
        raise Unauthorized("nobody knows the write key.", code="unknown_write_key", hint=hint)
    return source


def _asker(app: Application, request: Request, source: str, wish: _Wish) -> tuple[IdentityKey, bool]:
    """For whom it is asked, and whether what is known of them may show. Raises Unauthorized and Invalid."""
    if token := request.headers.get(PERSON_HEADER):
        user_id = read_token(token.strip(), token_secret(app.secret, source), app.clock.now())
        return IdentityKey(kind="user", value=user_id), True
    if wish.user_id:
        return IdentityKey(kind="user", value=wish.user_id), False
    if wish.anonymous_id:  # It cannot be guessed.
        return IdentityKey(kind="anonymous", value=wish.anonymous_id), True
    raise Invalid(
        "this does not say for whom.",
        code="nobody_named",
        path="$",
        hint="Give `user_id` or `anonymous_id`, or a signed token in the header X-Holdfast-Person.",
    )


async def _wish(request: Request) -> _Wish:
    """The body. Raises Invalid and TooLarge."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_BYTES_MOST:
                raise TooLarge(f"the body is over {BODY_BYTES_MOST} bytes.", path="$", hint="Ask for fewer at a time.")
    except ClientDisconnect as error:
        raise Invalid("the body broke off.", code="bad_json", path="$", hint="Send it again.") from error
    try:
        wish = _WISH.decode(body or b"{}")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        hint = 'Send JSON such as {"anonymous_id": "…", "experiments": ["checkout-colour"]}.'
        raise Invalid(f"this is no such question: {error}.", code="bad_json", path="$", hint=hint) from error
    if len(wish.experiments or ()) > ASKED_MOST or max(len(wish.user_id), len(wish.anonymous_id)) > NAME_MOST:
        hint = f"Ask for {ASKED_MOST} experiments or fewer, of a name of {NAME_MOST} characters or fewer."
        raise TooLarge("too much is asked for.", path="$", hint=hint)
    return wish
