"""Who may ask: an api key, or the session a browser got for one.

A session is a signed note of which key it was made from and until when; it holds as long as that key is in use. It is a
cookie that scripts cannot read and other sites cannot send, so a forged request carries none; and beside it, what
changes something carries a token that only our own pages are told.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.flows.accounts.caller import DEMO, Caller
from holdfast.flows.accounts.permissions import OF_A_KEY, Permission, Role, in_order
from holdfast.http.needs import caller_in
from holdfast.http.path_names import keeping_names
from holdfast.http.problems import problem_response
from holdfast.http.shapes import WISH
from holdfast.kernel.errors import Exposed, Forbidden, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.settings import is_loopback
from holdfast.wiring import Application

COOKIE = "holdfast_session"
SESSION_SECONDS = 14 * 86_400
OPEN_CALLER = DEMO.by
"""Who a request is by when the console stands open."""
CSRF_HEADER = "holdfast-csrf"
"""What a page of ours says beside the cookie, to show that it is one of ours."""


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
    zone: str
    """Its time zone, such as Europe/Berlin."""


@dataclass(frozen=True, kw_only=True)
class SignedInAccount:
    """Whose session it is."""

    id: str
    email: str
    name: str
    role: Role
    two_factor: bool


@dataclass(frozen=True, kw_only=True)
class SessionShape:
    """Whether the browser is signed in, where, as whom, and what they may do."""

    signed_in: bool
    workspace: WorkspaceShape
    demo: bool
    first_start: bool
    """Whether nobody has an account yet: then the first one is made with the link the server printed."""
    account: SignedInAccount | None
    """Null for who signed in with an api key."""
    permissions: list[Permission]
    csrf: str
    """What to send as `Holdfast-Csrf` with whatever changes something; empty for who is not signed in."""


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
            refusal = await self._refusal(Request(scope))
            if refusal is not None:
                await problem_response(refusal)(scope, receive, private)
                return
            # Only now: what is guarded is told by the path everybody sees.
            scope = keeping_names(scope)
        await self._inner(scope, receive, private)

    async def _refusal(self, request: Request) -> Exposed | None:
        """Why the request is not let through; None when it is, and then it has its caller with it."""
        caller = getattr(request.state, "caller", None)
        if isinstance(caller, Caller):  # Asked within this process: over the network nobody can say that.
            return None
        caller = await caller_of(self._app, request)
        if caller is None:
            return Unauthorized(
                "this needs an api key, or somebody who is signed in.",
                hint="Send `Authorization: Bearer <api key>`; `holdfast keys add` makes one.",
            )
        request.state.caller = caller
        return None if "authorization" in request.headers else _forgery(self._app, request)


def _forgery(app: Application, request: Request) -> Exposed | None:
    """Why a request that comes with a cookie cannot be taken for one of our own pages'."""
    if request.headers.get("sec-fetch-site") in _OTHER_PAGES:
        return Unauthorized(
            "a page of another origin asks in the name of whoever is signed in.",
            code="cross_site",
            hint="Send `Authorization: Bearer <api key>` instead.",
        )
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


async def caller_of(app: Application, request: Request) -> Caller | None:
    """Who the request is by; None when it comes by no key and no session that is in use."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _key_caller(app.access.caller_of(key.strip()))
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        return None
    name = read_session(app.secret, cookie, to_millis(app.clock.now()))
    if name == OPEN_CALLER and _stands_open(app, request.headers):
        return DEMO
    return _key_caller(name if name is not None and app.access.is_caller(name) else None)


def _key_caller(name: str | None) -> Caller | None:
    return None if name is None else Caller(kind="key", name=name, by=name, permissions=OF_A_KEY)


def asked_by(_app: Application, request: Request) -> str:
    """Who a request that was let through is by, to be kept with what it changes: of an account its email address."""
    return caller_in(request).by


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

    def shape(caller: Caller | None, cookie: str = "") -> SessionShape:
        settings = app.settings
        workspace = WorkspaceShape(name=settings.workspace_name, currency=settings.currency, zone=settings.time_zone)
        return SessionShape(
            signed_in=caller is not None,
            workspace=workspace,
            demo=settings.console_open,
            first_start=False,
            account=_account(caller),
            permissions=in_order(caller.permissions) if caller is not None else [],
            csrf=csrf_of(app.secret, cookie) if caller is not None else "",
        )

    def remember(response: Response, request: Request, name: str) -> str:
        cookie = make_session(app.secret, name, to_millis(app.clock.now()) + SESSION_SECONDS * 1000)
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return cookie

    @routes.get("")
    async def which(request: Request, response: Response) -> SessionShape:
        """Whether this browser is signed in. An open console signs it in."""
        caller = await caller_of(app, request)
        if caller is not None:
            return shape(caller, request.cookies.get(COOKIE, ""))
        if _stands_open(app, request.headers):
            return shape(DEMO, remember(response, request, OPEN_CALLER))
        return shape(None)

    @routes.post("")
    async def sign_in(wish: SessionWish, request: Request, response: Response) -> SessionShape:
        """Sign in with an api key."""
        name = app.access.caller_of(wish.key.strip())
        if name is None:
            hint = "Paste an api key in use; `holdfast keys add --kind api NAME` makes one."
            raise Unauthorized("nobody knows this key.", path="$.key", hint=hint)
        return shape(_key_caller(name), remember(response, request, name))

    @routes.delete("")
    async def sign_out(response: Response) -> SessionShape:
        """Sign out."""
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return shape(None)

    return routes


def _account(caller: Caller | None) -> SignedInAccount | None:
    if caller is None or caller.role is None:
        return None
    return SignedInAccount(id=caller.kind, email="", name=caller.name, role=caller.role, two_factor=False)
