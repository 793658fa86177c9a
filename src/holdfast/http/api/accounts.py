"""/api/accounts: who works here, by what role, and where they are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request

from holdfast.flows.accounts.mailing import invitation_words, reset_words
from holdfast.flows.accounts.members import (
    Change,
    change_account,
    end_second_factor,
    find_account,
    invite,
    remove_account,
    reset_link,
)
from holdfast.flows.accounts.second_factor import is_on
from holdfast.http.needs import caller_in, needs
from holdfast.http.shapes import WISH, moment, moment_text
from holdfast.http.team_mail import mail_colleague
from holdfast.kernel.errors import NotFound
from holdfast.ports.accounts import Account, AccountState, BrowserSession
from holdfast.wiring import Application


@dataclass(frozen=True, kw_only=True)
class AccountShape:
    """Somebody who works here."""

    id: str
    email: str
    name: str
    role: str
    state: AccountState
    """`invited` until they took up the invitation; `disabled` gets in no more."""
    two_factor: bool
    last_seen_at: str | None
    created_at: str

    @classmethod
    def of(cls, account: Account) -> AccountShape:
        return cls(
            id=account.id,
            email=account.email,
            name=account.name,
            role=account.role,
            state=account.state,
            two_factor=is_on(account.two_factor),
            last_seen_at=moment(account.seen_ms),
            created_at=moment_text(account.created_ms),
        )


@dataclass(frozen=True, kw_only=True)
class AccountList:
    """Every account, the oldest first."""

    accounts: list[AccountShape]


@dataclass(frozen=True, kw_only=True)
class InvitationTo:
    """Whom to invite, and as what."""

    __pydantic_config__ = WISH

    email: str
    role: str


@dataclass(frozen=True, kw_only=True)
class LinkTo:
    """A link that works once. It is shown in this answer and never again: hand it to whom it is for."""

    account: AccountShape
    link: str
    mailed: bool
    """Whether it was mailed to them too: where mail goes out, and this process sends."""


@dataclass(frozen=True, kw_only=True)
class AccountWish:
    """What is to be different; what is left out stays."""

    __pydantic_config__ = WISH

    role: str | None = None
    state: Literal["active", "disabled"] | None = None
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class BrowserShape:
    """A browser that is signed in."""

    id: str
    device: str
    """What it says of itself."""
    address: str
    """Where it was seen last."""
    created_at: str
    last_seen_at: str
    current: bool
    """Whether it is the one that asks."""

    @classmethod
    def of(cls, session: BrowserSession, current: str | None) -> BrowserShape:
        return cls(
            id=session.id,
            device=session.device,
            address=session.address,
            created_at=moment_text(session.created_ms),
            last_seen_at=moment_text(session.seen_ms),
            current=session.id == current,
        )


@dataclass(frozen=True, kw_only=True)
class BrowserList:
    """Where somebody is signed in, the browser seen last first."""

    sessions: list[BrowserShape]


async def browsers_of(app: Application, account_id: str, current: str | None) -> BrowserList:
    """Where an account is signed in."""
    async with app.state.view() as view:
        found = await view.browser_sessions(account_id)
    return BrowserList(sessions=[BrowserShape.of(each, current) for each in found])


async def end_browser(app: Application, account_id: str, session_id: str) -> None:
    """Sign one browser of an account out. Raises NotFound when it has no such session."""
    async with app.state.begin() as transaction:
        if all(each.id != session_id for each in await transaction.browser_sessions(account_id)):
            raise NotFound(f"there is no such session {session_id!r:.60}.", hint="It may be over by now.")
        await transaction.drop_browser_session(session_id)


def account_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/accounts", tags=["Accounts"], dependencies=[needs("accounts:write")])

    def link(page: str, token: str) -> str:
        # Behind the `#`, where no server and no log along the way is told of it.
        return f"{app.settings.url}/{page}#{token}"

    @routes.get("", dependencies=[needs("read")])
    async def listed() -> AccountList:
        """Everybody who works here."""
        async with app.state.view() as view:
            return AccountList(accounts=[AccountShape.of(each) for each in await view.accounts()])

    @routes.post("/invitations", status_code=201)
    async def invited(wish: InvitationTo, request: Request) -> LinkTo:
        """Invite somebody; the link works once, for seven days. Invited again, the link before is worthless."""
        caller = caller_in(request)
        account, token = await invite(app.state, caller, wish.email, wish.role, now=app.clock.now())
        address, workspace = link("invitation", token), app.settings.workspace_name
        by = caller.name if caller.kind == "account" else workspace
        told = await mail_colleague(app, account.email, invitation_words(workspace, by, address))
        return LinkTo(account=AccountShape.of(account), link=address, mailed=told)

    @routes.put("/{account_id}")
    async def change(account_id: str, wish: AccountWish, request: Request) -> AccountShape:
        """Give another role or name, disable an account or enable it again. It holds at once, in every process."""
        change = Change(role=wish.role, state=wish.state, name=wish.name)
        return AccountShape.of(await change_account(app.state, caller_in(request), account_id, change))

    @routes.delete("/{account_id}", status_code=204)
    async def remove(account_id: str, request: Request) -> None:
        """Forget an account, or take an invitation back. What was done by it stays noted under its name."""
        await remove_account(app.state, caller_in(request), account_id)

    @routes.post("/{account_id}/reset", status_code=201)
    async def reset(account_id: str, request: Request) -> LinkTo:
        """A link to a new password; it works once, for a day."""
        account, token = await reset_link(app.state, caller_in(request), account_id, now=app.clock.now())
        address = link("reset", token)
        told = await mail_colleague(app, account.email, reset_words(app.settings.workspace_name, address))
        return LinkTo(account=AccountShape.of(account), link=address, mailed=told)

    @routes.delete("/{account_id}/two-factor")
    async def no_second_factor(account_id: str, request: Request) -> AccountShape:
        """Ask somebody for no code any more who lost their telephone and every recovery code."""
        return AccountShape.of(await end_second_factor(app.state, caller_in(request), account_id))

    @routes.get("/{account_id}/sessions")
    async def sessions(account_id: str, request: Request) -> BrowserList:
        """Where somebody is signed in."""
        async with app.state.view() as view:
            account = await find_account(view, account_id)
        return await browsers_of(app, account.id, caller_in(request).session_id)

    @routes.delete("/{account_id}/sessions", status_code=204)
    async def end_all(account_id: str) -> None:
        """Sign somebody out everywhere."""
        async with app.state.begin() as transaction:
            account = await find_account(transaction, account_id)
            await transaction.drop_browser_sessions(account.id)

    @routes.delete("/{account_id}/sessions/{session_id}", status_code=204)
    async def end_one(account_id: str, session_id: str) -> None:
        """Sign one browser out."""
        async with app.state.view() as view:
            account = await find_account(view, account_id)
        await end_browser(app, account.id, session_id)

    return routes
