"""/session: signing in and out, and asking who one is and what one may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from holdfast.flows.accounts.attempts import count_wrong_key
from holdfast.flows.accounts.browsers import begin_session, end_session
from holdfast.flows.accounts.caller import DEMO, Caller
from holdfast.flows.accounts.emails import email_of
from holdfast.flows.accounts.members import (
    Newcomer,
    accept_invitation,
    make_first_owner,
    nobody_yet,
    take_reset,
    whose_link,
)
from holdfast.flows.accounts.permissions import Permission, Role, in_order
from holdfast.flows.accounts.second_factor import is_on
from holdfast.flows.accounts.signing_in import Credentials, end_before, sign_in
from holdfast.flows.teamwork.deed import note_after
from holdfast.http.attending import deed_in
from holdfast.http.auth import (
    COOKIE,
    OPEN_CALLER,
    OPEN_SECONDS,
    Known,
    csrf_of,
    make_session,
    signed_in_of,
    stands_open,
    visitor_of,
)
from holdfast.http.shapes import WISH
from holdfast.kernel.errors import Invalid, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.ports.accounts import Account, LinkPurpose
from holdfast.wiring import Application

COOKIE_SECONDS = 30 * 86_400
TEXT_MOST = 10_000
"""Letters of what is said to be let in; what each may have is checked where it is read."""

Said = Annotated[str, Field(max_length=TEXT_MOST)]


@dataclass(frozen=True, kw_only=True)
class SessionWish:
    """An email address and password, with a code where there is a second factor; or an api key."""

    __pydantic_config__ = WISH

    email: Said = ""
    password: Said = ""
    code: Said = ""
    key: Said = ""


@dataclass(frozen=True, kw_only=True)
class FirstWish:
    """The first owner, by the link the server printed."""

    __pydantic_config__ = WISH

    token: Said
    email: Said
    password: Said
    name: Said = ""


@dataclass(frozen=True, kw_only=True)
class InvitationWish:
    """Somebody who was invited."""

    __pydantic_config__ = WISH

    token: Said
    password: Said
    name: Said = ""


@dataclass(frozen=True, kw_only=True)
class ResetWish:
    """A new password, by a link."""

    __pydantic_config__ = WISH

    token: Said
    password: Said


@dataclass(frozen=True, kw_only=True)
class LinkWish:
    """The secret of a link: what stands behind `#` in it."""

    __pydantic_config__ = WISH

    token: Said


@dataclass(frozen=True, kw_only=True)
class LinkShape:
    """What a link is for, and for whom; the first owner's is for nobody yet."""

    purpose: LinkPurpose
    email: str


@dataclass(frozen=True, kw_only=True)
class ProviderShape:
    """An identity provider to sign in with; begin at `GET /session/oidc`."""

    id: str
    label: str


@dataclass(frozen=True, kw_only=True)
class MethodsShape:
    """By what somebody can sign in."""

    password: bool
    oidc: list[ProviderShape]
    passkey: bool


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
    language: str
    """What the console is to speak to them; empty: whatever their browser does."""


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


class Sessions:
    """What the calls below have in common."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def shape(self, known: Known, cookie: str = "") -> SessionShape:
        """How somebody stands here."""
        settings, caller = self._app.settings, known.caller
        first_start = False
        if not settings.console_open:
            async with self._app.state.view() as view:
                first_start = await nobody_yet(view)
        return SessionShape(
            signed_in=caller is not None,
            workspace=WorkspaceShape(name=settings.workspace_name, currency=settings.currency, zone=settings.time_zone),
            demo=settings.console_open,
            first_start=first_start,
            account=_account(caller, known.signed_in.account if known.signed_in is not None else None),
            permissions=in_order(caller.permissions) if caller is not None else [],
            csrf=csrf_of(self._app.secret, cookie) if caller is not None else "",
        )

    async def known(self, request: Request, cookie: str) -> SessionShape:
        """How somebody stands here whose cookie this is from now on."""
        scope = {**request.scope, "headers": [(b"cookie", f"{COOKIE}={cookie}".encode())]}
        return await self.shape(await signed_in_of(self._app, Request(scope)), cookie)

    def remember(self, response: Response, request: Request, cookie: str, seconds: int = COOKIE_SECONDS) -> None:
        """Have the browser send it from now on."""
        response.set_cookie(
            COOKIE,
            cookie,
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https" or self._app.settings.url.startswith("https://"),
        )

    async def let_in(self, request: Request, response: Response, account: Account) -> SessionShape:
        """Sign somebody in who has just shown who they are."""
        async with self._app.state.begin() as transaction:
            await end_before(transaction, request.cookies.get(COOKIE, ""))
            token = await begin_session(
                transaction, visitor_of(request), now=self._app.clock.now(), account_id=account.id
            )
        self.remember(response, request, token)
        return await self.known(request, token)

    async def cookie_for(self, wish: SessionWish, request: Request) -> str:
        """What is to be in the cookie of who comes with this. Raises Unauthorized, TooMany, Invalid."""
        if wish.key and not (wish.email or wish.password):
            return await self.by_key(request, wish.key)
        if not wish.email:
            hint = "Give `email` and `password`, or `key`."
            raise Invalid("nothing is said to be let in by.", path="$.email", hint=hint)
        app, before = self._app, request.cookies.get(COOKIE, "")
        said = Credentials(email=wish.email, password=wish.password, code=wish.code)
        return await sign_in(app.state, app.sealer, said, visitor_of(request), now=app.clock.now(), before=before)

    async def by_key(self, request: Request, said: str) -> str:
        """What is to be in the cookie of who comes by an api key."""
        key = self._app.access.key_of(said.strip())
        if key is None:
            now_ms = to_millis(self._app.clock.now())
            await count_wrong_key(self._app.state, visitor_of(request), now_ms=now_ms)
            hint = "Paste an api key in use; `holdfast keys add --kind api NAME` makes one."
            raise Unauthorized("nobody knows this key.", code="unknown_key", path="$.key", hint=hint)
        async with self._app.state.begin() as transaction:
            await end_before(transaction, request.cookies.get(COOKIE, ""))
            return await begin_session(transaction, visitor_of(request), now=self._app.clock.now(), key_name=key.name)


def _account(caller: Caller | None, account: Account | None) -> SignedInAccount | None:
    if caller is None or caller.role is None:
        return None
    return SignedInAccount(
        id=caller.account_id or caller.kind,
        email=account.email if account is not None else "",
        name=account.name if account is not None else caller.name,
        role=caller.role,
        two_factor=account is not None and is_on(account.two_factor),
        language=account.language if account is not None else "",
    )


async def _note_failure(app: Application, request: Request, refusal: Unauthorized) -> None:
    """Keep in the audit log that somebody was not let in. Tries are bounded, and so are these entries.

    Whoever only has no code yet is on their way in. What is no address is not kept: people type passwords there.
    """
    if refusal.code == "code_needed":
        return
    deed = deed_in(request)
    known = email_of(deed.by) is not None
    failed = replace(
        deed,
        action="session.failed",
        by=deed.by if known else "",
        by_name=deed.by_name if known else "",
        said={"reason": refusal.code},
    )
    await note_after(app.state, failed)


def session_routes(app: Application) -> APIRouter:
    """Signing in, out, and asking which."""
    routes = APIRouter(prefix="/session", tags=["Session"])
    sessions = Sessions(app)

    @routes.get("")
    async def which(request: Request, response: Response) -> SessionShape:
        """Whether this browser is signed in, as whom, and what they may do. An open console signs it in."""
        known = await signed_in_of(app, request)
        if known.caller is None and stands_open(app, request.headers):
            cookie = make_session(app.secret, OPEN_CALLER, to_millis(app.clock.now()) + OPEN_SECONDS * 1000)
            sessions.remember(response, request, cookie, OPEN_SECONDS)
            return await sessions.shape(Known(caller=DEMO), cookie)
        return await sessions.shape(known, request.cookies.get(COOKIE, ""))

    @routes.post("")
    async def begin(wish: SessionWish, request: Request, response: Response) -> SessionShape:
        """Sign in with an email address and a password, or with an api key.

        401 with the code `code_needed` asks for a code besides; 429 says when to try again.
        """
        try:
            cookie = await sessions.cookie_for(wish, request)
        except Unauthorized as refusal:
            await _note_failure(app, request, refusal)
            raise
        sessions.remember(response, request, cookie)
        return await sessions.known(request, cookie)

    @routes.delete("")
    async def end(request: Request, response: Response) -> SessionShape:
        """Sign out: the session is over, whoever else may have its cookie."""
        await end_session(app.state, request.cookies.get(COOKIE, ""))
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return await sessions.shape(Known())

    @routes.get("/methods")
    async def methods() -> MethodsShape:
        """By what somebody can sign in here."""
        provider = app.provider
        oidc = [ProviderShape(id="oidc", label=provider.label)] if provider is not None else []
        return MethodsShape(password=True, oidc=oidc, passkey=False)

    return routes


def link_routes(app: Application) -> APIRouter:
    """What links that work once are for."""
    routes = APIRouter(prefix="/session", tags=["Session"])
    sessions = Sessions(app)

    @routes.post("/link")
    async def link(wish: LinkWish) -> LinkShape:
        """What a link is for, and for whom. It stays good."""
        async with app.state.view() as view:
            purpose, email = await whose_link(view, wish.token, now=app.clock.now())
        return LinkShape(purpose=purpose, email=email)

    @routes.post("/first")
    async def first(wish: FirstWish, request: Request, response: Response) -> SessionShape:
        """Make the first owner's account, by the link the server printed, and sign them in."""
        said = Newcomer(name=wish.name, password=wish.password)
        account = await make_first_owner(app.state, wish.token, wish.email, said, now=app.clock.now())
        return await sessions.let_in(request, response, account)

    @routes.post("/invitation")
    async def accept(wish: InvitationWish, request: Request, response: Response) -> SessionShape:
        """Take up an invitation: choose a name and a password, and be signed in."""
        said = Newcomer(name=wish.name, password=wish.password)
        account = await accept_invitation(app.state, wish.token, said, now=app.clock.now())
        return await sessions.let_in(request, response, account)

    @routes.post("/reset")
    async def reset(wish: ResetWish, response: Response) -> SessionShape:
        """Choose a new password by a link. Every session of the account is over: sign in with it."""
        await take_reset(app.state, wish.token, wish.password, now=app.clock.now())
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return await sessions.shape(Known())

    return routes
