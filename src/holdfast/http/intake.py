"""What goes into a call: its JSON body, read within a limit and held to what JSON is.

Python's own reader takes NaN, numbers beyond a double and halves of surrogate pairs; none of them can be stored or
said again, so they are refused here, once, for every call there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.http.problems import problem_response
from holdfast.http.request_body import Gone, read_body
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.kernel.nesting import lies_within

BODY_BYTES_MOST = 4 * 1024 * 1024
"""A journey with its templates is a hundredth of it; a file that is imported has no such limit."""
LIST_BYTES_MOST = 64 * 1024 * 1024
"""A list of a million people named by ids of 60 bytes; it comes as one, so that it is changed as one."""
LISTS_PATH = "/api/lists/"
NESTING_MOST = 100
"""How deep lists and objects may lie in one another. What is over twice as deep no answer could say again."""
FILE_PATHS = re.compile(r"/api/(import|(catalogues|coupons)/[^/]+/import)")
"""The calls whose body is a file, read piece by piece by the call itself."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Intake:
    """Reads the body before anything is done, and answers for the application when it cannot be."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if not _takes_json(scope):
            await self._inner(scope, receive, send)
            return
        try:
            bytes_most = LIST_BYTES_MOST if scope["path"].startswith(LISTS_PATH) else BODY_BYTES_MOST
            body = await read_body(receive, bytes_most=bytes_most, too_large=partial(_too_large, bytes_most))
            _check(body, dict(scope["headers"]))
        except Gone:
            return
        except Exposed as refusal:
            await problem_response(refusal)(scope, receive, send)
            return
        await self._inner({**scope, "headers": _as_json(scope["headers"])}, _again(body, receive), send)


def _as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers, saying what the body was found to be."""
    others = [(name, value) for name, value in headers if name != b"content-type"]
    return [*others, (b"content-type", b"application/json")]


def _takes_json(scope: Scope) -> bool:
    path: str = scope["path"]
    return (
        scope["type"] == "http"
        and scope["method"] in _WITH_BODY
        and path.startswith(("/api/", "/session"))
        and not FILE_PATHS.fullmatch(path)
    )


def _check(body: bytes, headers: Mapping[bytes, bytes]) -> None:
    if not body:
        return
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json" and b"authorization" not in headers:
        # Pages of other sites may post a form or plain text with a browser's cookie; but never this, nor a key.
        raise Invalid(
            "the body is not said to be JSON.",
            code="wrong_content_type",
            hint="Send the header Content-Type: application/json.",
        )
    try:
        if not lies_within(msgspec.json.decode(body), NESTING_MOST):
            raise _too_deep()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"this is no JSON: {error}.", code="bad_json", path="$", hint="Check it as JSON.") from error
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> TooLarge:
    return TooLarge(
        "the JSON lies too deep in itself.",
        path="$",
        hint=f"Nest lists and objects at most {NESTING_MOST} deep.",
    )


def _too_large(bytes_most: int) -> TooLarge:
    return TooLarge(
        f"the body is over {bytes_most} bytes.",
        path="$",
        hint="Send less at a time; files go to POST /api/import, which has no such limit.",
    )


def _again(body: bytes, receive: Receive) -> Receive:
    """Receive the body that was read, and whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
