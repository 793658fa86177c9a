"""Who may ask: an api key, or the session a browser got for one.

A session is a signed note of which key it was made from and until when; it holds as long as that key is in use. It is a
cookie that scripts cannot read and other sites cannot send, so a forged request carries none.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.http.path_names import keeping_names
from holdfast.http.problems import problem_response
from holdfast.http.shapes import WISH
from holdfast.kernel.errors import Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.settings import is_loopback
from holdfast.wiring import Application

COOKIE = "holdfast_session"
SESSION_SECONDS = 14 * 86_400
OPEN_CALLER = "console"
"""Who a request is by when the console stands open."""


@dataclass(frozen=True, kw_only=True)
class SessionWish:
    """The api key to sign in with."""

    __pydantic_config__ = WISH

    key: str


@dataclass(frozen=True, kw_only=True)
class WorkspaceShape:
    """The business this is."""

    name: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class SessionShape:
    """Whether the browser is signed in, and where."""

    signed_in: bool
    workspace: WorkspaceShape
    demo: bool


def _signature(secret: bytes, note: str) -> str:
    return hmac.new(secret, f"session\x1f{note}".encode(), hashlib.sha256).hexdigest()


def make_session(secret: bytes, key_name: str, until_ms: int) -> str:
    """The cookie of a session made from the named key."""
    note = f"{until_ms}.{key_name.encode().hex()}"
    return f"{note}.{_signature(secret, note)}"


def read_session(secret: bytes, cookie: str, now_ms: int) -> str | None:
    """The name of the key a session was made from; None when it is forged or over."""
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
        """Answer 401 in the place of what is guarded."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(("/api/", "/session")):
            await self._inner(scope, receive, send)
            return
        private = _privately(send)
        if path.startswith("/api/"):
            refusal = self._refusal(Request(scope))
            if refusal is not None:
                await problem_response(refusal)(scope, receive, private)
                return
            # Only now: what is guarded is told by the path everybody sees.
            scope = keeping_names(scope)
        await self._inner(scope, receive, private)

    def _refusal(self, request: Request) -> Unauthorized | None:
        if caller_of(self._app, request) is None:
            return Unauthorized(
                "this needs an api key.",
                hint="Send `Authorization: Bearer <api key>`; `holdfast keys add` makes one.",
            )
        if "authorization" not in request.headers and request.headers.get("sec-fetch-site") in _OTHER_PAGES:
            return Unauthorized(
                "a page of another origin asks in the name of whoever is signed in.",
                code="cross_site",
                hint="Send `Authorization: Bearer <api key>` instead.",
            )
        return None


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


def caller_of(app: Application, request: Request) -> str | None:
    """The name of the key the request comes by; None when it comes by none that is in use."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return app.access.caller_of(key.strip())
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    name = read_session(app.secret, cookie, to_millis(app.clock.now()))
    if name == OPEN_CALLER and _stands_open(app, request.headers):
        return name
    return name if name is not None and app.access.is_caller(name) else None


def asked_by(app: Application, request: Request) -> str:
    """Who a request that was let through is by, to be kept with what it changes."""
    # What is asked within this process says itself who asks; over the network nobody can.
    said: str | None = getattr(request.state, "by", None)
    return said or caller_of(app, request) or ""


def _stands_open(app: Application, headers: Headers) -> bool:
    """Whether the console needs no key. The name asked for must be this machine's, or another site's page could ask."""
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return False
    return app.settings.console_open and is_loopback(host or "")


def session_routes(app: Application) -> APIRouter:
    """Signing in, out, and asking which."""
    routes = APIRouter(prefix="/session", tags=["Session"])

    def shape(*, signed_in: bool) -> SessionShape:
        workspace = WorkspaceShape(name=app.settings.workspace_name, currency=app.settings.currency)
        return SessionShape(signed_in=signed_in, workspace=workspace, demo=app.settings.console_open)

    def remember(response: Response, request: Request, name: str) -> None:
        until_ms = to_millis(app.clock.now()) + SESSION_SECONDS * 1000
        response.set_cookie(
            COOKIE,
            make_session(app.secret, name, until_ms),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )

    @routes.get("")
    async def which(request: Request, response: Response) -> SessionShape:
        """Whether this browser is signed in. An open console signs it in."""
        if caller_of(app, request) is not None:
            return shape(signed_in=True)
        if _stands_open(app, request.headers):
            remember(response, request, OPEN_CALLER)
            return shape(signed_in=True)
        return shape(signed_in=False)

    @routes.post("")
    async def sign_in(wish: SessionWish, request: Request, response: Response) -> SessionShape:
        """Sign in with an api key."""
        name = app.access.caller_of(wish.key.strip())
        if name is None:
            hint = "Paste an api key in use; `holdfast keys add --kind api NAME` makes one."
            raise Unauthorized("nobody knows this key.", path="$.key", hint=hint)
        remember(response, request, name)
        return shape(signed_in=True)

    @routes.delete("")
    async def sign_out(response: Response) -> SessionShape:
        """Sign out."""
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return shape(signed_in=False)

    return routes
