"""Who may ask: an api key, or somebody whose browser is signed in.

What a browser has is a cookie that scripts cannot read and other sites cannot send, so a forged request carries none;
and beside it, what changes something carries a token that only our own pages are told. The cookie of an open console is
a signed note; every other is a random number whose session is in the state, and is looked up at each request: who is
put out is out at once, in every process.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.flows.accounts.browsers import SignedIn, Visitor, key_caller, note_seen, signed_in
from holdfast.flows.accounts.caller import COMMAND_LINE, DEMO, Caller
from holdfast.flows.accounts.local import is_local
from holdfast.http.needs import caller_in
from holdfast.http.path_names import keeping_names
from holdfast.http.problems import problem_response
from holdfast.kernel.errors import Busy, Exposed, Forbidden, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.settings import is_loopback
from holdfast.wiring import Application

COOKIE = "holdfast_session"
OPEN_SECONDS = 14 * 86_400
"""How long a browser need not ask again whether the console stands open."""
OPEN_CALLER = DEMO.by
"""Who a request is by when the console stands open."""
CSRF_HEADER = "holdfast-csrf"
"""What a page of ours says beside the cookie, to show that it is one of ours."""
KEY_USED_SECONDS = 60
"""How often it is noted that a key is used."""


def _signature(secret: bytes, note: str) -> str:
    return hmac.new(secret, f"session\x1f{note}".encode(), hashlib.sha256).hexdigest()


def make_session(secret: bytes, caller: str, until_ms: int) -> str:
    """The cookie of an open console."""
    note = f"{until_ms}.{caller.encode().hex()}"
    return f"{note}.{_signature(secret, note)}"


def read_session(secret: bytes, cookie: str, now_ms: int) -> str | None:
    """Whom the cookie of an open console names; None when it is forged, over, or of another kind."""
    note, _, signature = cookie.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(secret, note).encode()):
        return None
    until, _, name = note.partition(".")
    return bytes.fromhex(name).decode() if int(until) > now_ms else None


class Guard:
    """Lets only known callers through to /api, and has nothing said there kept by anybody; everything else passes."""

    def __init__(self, inner: ASGIApp, app: Application) -> None:
        self._inner = inner
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403 in the place of what is guarded."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(("/api/", "/session")):
            await self._inner(scope, receive, send)
            return
        private = _privately(send)
        request = Request(scope)
        refusal = await self._refusal(request) if path.startswith("/api/") else _from_elsewhere(request)
        if refusal is not None:
            await problem_response(refusal)(scope, receive, private)
            return
        # Only now: what is guarded is told by the path everybody sees.
        await self._inner(keeping_names(scope) if path.startswith("/api/") else scope, receive, private)

    async def _refusal(self, request: Request) -> Exposed | None:
        """Why the request is not let through; None when it is, and then it has its caller with it."""
        caller = getattr(request.state, "caller", None)
        if isinstance(caller, Caller):  # Asked within this process: over the network nobody can say that.
            return None
        try:
            known = await _known(self._app, request)
            if known.signed_in is not None:
                await note_seen(self._app.state, known.signed_in, visitor_of(request), now=self._app.clock.now())
        except Busy as busy:
            return busy
        if known.caller is None:
            return Unauthorized(
                "this needs an api key, or somebody who is signed in.",
                hint="Send `Authorization: Bearer <api key>`; `holdfast keys add` makes one.",
            )
        request.state.caller = known.caller
        if "authorization" in request.headers:
            if known.caller.kind == "key":
                await self._note_key(known.caller)
            return None
        self._app.watch.look(to_millis(self._app.clock.now()))
        return _from_elsewhere(request) or _forgery(self._app, request)

    async def _note_key(self, caller: Caller) -> None:
        """Keep when a key was used last, about once a minute. It is no reason to refuse what was asked."""
        now_ms = to_millis(self._app.clock.now())
        if self._app.access.is_used_anew(caller.name, now_ms, within_ms=KEY_USED_SECONDS * 1000):
            with contextlib.suppress(Busy):
                async with self._app.state.begin() as transaction:
                    await transaction.note_key_used(caller.name, now_ms)


def _from_elsewhere(request: Request) -> Exposed | None:
    """Why a request is not taken that a browser says comes from a page of somebody else's."""
    is_reading_session = request.method in _HARMLESS and request.url.path.startswith("/session")
    if request.headers.get("sec-fetch-site") not in _OTHER_PAGES or is_reading_session:
        return None
    return Unauthorized(
        "a page of another origin asks in the name of whoever is signed in.",
        code="cross_site",
        hint="Send `Authorization: Bearer <api key>` instead.",
    )


def _forgery(app: Application, request: Request) -> Exposed | None:
    """Why a request that comes with a cookie cannot be taken for one of our own pages'."""
    if request.method in _HARMLESS:
        return None
    expected = csrf_of(app.secret, request.cookies.get(COOKIE, ""))
    if hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), expected.encode()):
        return None
    return Forbidden(
        "the page that asks does not say what our own pages say.",
        code="csrf",
        hint="Send the header Holdfast-Csrf with the `csrf` that GET /session gives, or come with an api key.",
    )


def csrf_of(secret: bytes, cookie: str) -> str:
    """What our own pages send beside the cookie."""
    return hmac.new(secret, f"csrf\x1f{cookie}".encode(), hashlib.sha256).hexdigest() if cookie else ""


_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What changes nothing."""
_OTHER_PAGES = frozenset({"cross-site", "same-site"})
"""What a browser says of requests other origins make. To a cookie, another port of this machine is the same site."""
_PRIVATE = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


def _privately(send: Send) -> Send:
    """Send answers that nobody on the way keeps or takes for something else than they are."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            told = {name.lower() for name, _ in message["headers"]}
            message = {**message, "headers": [*message["headers"], *(each for each in _PRIVATE if each[0] not in told)]}
        await send(message)

    return sending


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of who asks."""

    caller: Caller | None = None
    signed_in: SignedIn | None = None
    """Their session, where they have one in the state."""


async def caller_of(app: Application, request: Request) -> Caller | None:
    """Who the request is by; None when it comes by no key and no session that is in use."""
    return (await _known(app, request)).caller


async def signed_in_of(app: Application, request: Request) -> Known:
    """The same, with their session."""
    return await _known(app, request)


async def _known(app: Application, request: Request) -> Known:
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        if is_local(app.secret, said.strip(), to_millis(app.clock.now())):
            return Known(caller=COMMAND_LINE)
        key = app.access.key_of(said.strip())
        return Known(caller=key_caller(key) if key is not None else None)
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return Known()
    if "." in cookie:
        name = read_session(app.secret, cookie, to_millis(app.clock.now()))
        return Known(caller=DEMO if name == OPEN_CALLER and stands_open(app, request.headers) else None)
    async with app.state.view() as view:
        found = await signed_in(view, cookie, now=app.clock.now())
    return Known(caller=found.caller, signed_in=found) if found is not None else Known()


def asked_by(_app: Application, request: Request) -> str:
    """Who a request that was let through is by, to be kept with what it changes: of an account its email address."""
    return caller_in(request).by


def visitor_of(request: Request) -> Visitor:
    """Where a request comes from."""
    address = request.client.host if request.client is not None else ""
    return Visitor(device=request.headers.get("user-agent", ""), address=address)


def stands_open(app: Application, headers: Headers) -> bool:
    """Whether the console needs no key. The name asked for must be this machine's, or another site's page could ask."""
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return False
    return app.settings.console_open and is_loopback(host or "")
