"""/api/me: what people see and change of their own account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from holdfast.flows.accounts.attempts import count_attempt
from holdfast.flows.accounts.members import find_account
from holdfast.flows.accounts.oneself import (
    NewPassword,
    begin_second_factor,
    change_oneself,
    change_password,
    confirm_second_factor,
    own_id,
    remove_second_factor,
)
from holdfast.flows.accounts.second_factor import address_of, is_on, unpack
from holdfast.http.api.accounts import AccountShape, BrowserList, browsers_of, end_browser
from holdfast.http.auth import visitor_of
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import WISH
from holdfast.kernel.moments import to_millis
from holdfast.ports.accounts import Account
from holdfast.wiring import Application

Said = Annotated[str, Field(max_length=10_000)]


@dataclass(frozen=True, kw_only=True)
class MeShape:
    """All that is kept of one's own account, but for what is secret."""

    account: AccountShape
    language: str
    has_password: bool
    provider: str
    """The identity provider one came by; empty where by none."""
    recovery_codes_left: int


@dataclass(frozen=True, kw_only=True)
class PasswordWish:
    """Another password. `current` stays empty for who has none."""

    __pydantic_config__ = WISH

    current: Said = ""
    new: Said


@dataclass(frozen=True, kw_only=True)
class MeWish:
    """What is to be different; what is left out stays."""

    __pydantic_config__ = WISH

    name: str | None = None
    language: str | None = None
    password: PasswordWish | None = None


@dataclass(frozen=True, kw_only=True)
class SecondFactorShape:
    """A second factor to be set up in an app for codes. It is shown in this answer and never again."""

    secret: str
    uri: str
    """The same as a picture would say it: `otpauth://…`."""
    recovery: list[str]
    """Each lets one in once in the place of a code: to be printed, or kept with passwords."""


@dataclass(frozen=True, kw_only=True)
class CodeWish:
    """The code the app shows now."""

    __pydantic_config__ = WISH

    code: Said


@dataclass(frozen=True, kw_only=True)
class OwnPassword:
    """One's password, to show that it is oneself; empty for who has none."""

    __pydantic_config__ = WISH

    password: Said = ""


def _shape(account: Account) -> MeShape:
    factor = unpack(account.two_factor)
    return MeShape(
        account=AccountShape.of(account),
        language=account.language,
        has_password=bool(account.password),
        provider=account.subject.partition("\x1f")[0],
        recovery_codes_left=len(factor.recovery) if factor is not None and is_on(account.two_factor) else 0,
    )


def me_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/me", tags=["Accounts"], dependencies=[needs("read")])

    async def counted(request: Request) -> None:
        """Whoever sits before a browser that was left open may not try passwords without end."""
        caller, now_ms = caller_in(request), to_millis(app.clock.now())
        own_id(caller)
        await count_attempt(app.state, caller.by, visitor_of(request), now_ms=now_ms)

    @routes.get("")
    async def me(request: Request) -> MeShape:
        """One's own account."""
        async with app.state.view() as view:
            return _shape(await find_account(view, own_id(caller_in(request))))

    @routes.put("")
    async def change(wish: MeWish, request: Request) -> MeShape:
        """Change one's name, the language of the console, or one's password, which signs every other browser out."""
        caller = caller_in(request)
        if wish.password is not None:
            await counted(request)
            said = NewPassword(current=wish.password.current, new=wish.password.new)
            await change_password(app.state, caller, said)
        return _shape(await change_oneself(app.state, caller, name=wish.name, language=wish.language))

    @routes.post("/two-factor", status_code=201)
    async def begin(request: Request) -> SecondFactorShape:
        """A second factor to set up. A code is asked for once PUT has shown that the app has it."""
        account, secret, codes = await begin_second_factor(app.state, app.sealer, caller_in(request))
        uri = address_of(secret, account.email, app.settings.workspace_name)
        return SecondFactorShape(secret=secret, uri=uri, recovery=codes)

    @routes.put("/two-factor")
    async def confirm(wish: CodeWish, request: Request) -> MeShape:
        """Show by a code that the app has it: from then on one is asked for. Every other browser is signed out."""
        await counted(request)
        caller = caller_in(request)
        return _shape(await confirm_second_factor(app.state, app.sealer, caller, wish.code, now=app.clock.now()))

    @routes.post("/two-factor/removal")
    async def remove(wish: OwnPassword, request: Request) -> MeShape:
        """Do without a second factor."""
        await counted(request)
        return _shape(await remove_second_factor(app.state, caller_in(request), wish.password))

    @routes.get("/sessions")
    async def sessions(request: Request) -> BrowserList:
        """Where one is signed in."""
        caller = caller_in(request)
        return await browsers_of(app, own_id(caller), caller.session_id)

    @routes.delete("/sessions", status_code=204)
    async def end_others(request: Request) -> None:
        """Sign every other browser out."""
        caller = caller_in(request)
        async with app.state.begin() as transaction:
            await transaction.drop_browser_sessions(own_id(caller), but=caller.session_id or "")

    @routes.delete("/sessions/{session_id}", status_code=204)
    async def end_one(session_id: str, request: Request) -> None:
        """Sign one browser out."""
        await end_browser(app, own_id(caller_in(request)), session_id)

    return routes
