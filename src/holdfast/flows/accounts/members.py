"""Who works here: the first owner, invitations, roles, and leaving."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from holdfast.flows.accounts.browsers import new_token, token_hash
from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.emails import decode_email
from holdfast.flows.accounts.passwords import decode_password, kept_password
from holdfast.flows.accounts.permissions import ROLES, Role
from holdfast.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.kernel.shown import can_be_shown
from holdfast.ports.accounts import Account, LinkPurpose, OnceLink
from holdfast.ports.state import State, Transaction, View

FIRST_SECONDS = 7 * 86_400
INVITATION_SECONDS = 7 * 86_400
RESET_SECONDS = 86_400
ACCOUNTS_MOST = 10_000
NAME_MOST = 200
_LINK_HINT = "Each works once and for a while; ask an owner or admin for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """What somebody says of themselves who makes their account."""

    name: str
    password: str


async def nobody_yet(view: View) -> bool:
    """Whether nobody has an account, though some may be invited."""
    return all(each.state == "invited" for each in await view.accounts())


async def first_owner_link(state: State, *, now: datetime) -> str | None:
    """The secret of a link by which the first owner makes their account; None when somebody has one."""
    async with state.begin() as transaction:
        await transaction.sweep_accounts(to_millis(now))
        if not await nobody_yet(transaction):
            return None
        return await _new_link(transaction, "first", "", FIRST_SECONDS, now=now)


async def make_first_owner(state: State, token: str, email: str, said: Newcomer, *, now: datetime) -> Account:
    """Make the first account, an owner's. Raises Unauthorized when the link is not good, or not any more."""
    plain = decode_email(email, "$.email")
    name, password = _decode_newcomer(said, plain)
    async with state.view() as view:
        await _link(view, "first", token, now=now)  # Before the hashing, which costs.
    kept = await kept_password(password)
    async with state.begin() as transaction:
        await _link(transaction, "first", token, now=now)
        if not await nobody_yet(transaction):
            raise _no_link()
        for link in await transaction.once_links("first"):
            await transaction.drop_once_link(link.hash)
        invited = await transaction.account_by_email(plain) or _invited(plain, "owner", now=now)
        account = replace(invited, name=name, role="owner", state="active", password=kept)
        await transaction.put_account(account)
        await transaction.drop_once_links("invitation", account.id)
    return account


async def invite(state: State, caller: Caller, email: str, role: str, *, now: datetime) -> tuple[Account, str]:
    """Invite somebody; returns their account and the secret of their link. Invited again, the link before is worthless.

    Raises Conflict when they have an account in use, Forbidden when the caller may not give that role.
    """
    plain, wanted = decode_email(email, "$.email"), decode_role(role, "$.role")
    async with state.begin() as transaction:
        await transaction.sweep_accounts(to_millis(now))
        found = await transaction.account_by_email(plain)
        if found is not None and found.state != "invited":
            hint = "Change their role, or enable their account again, in Settings → Accounts."
            raise Conflict(f"{plain} has an account already.", code="account_exists", path="$.email", hint=hint)
        if found is None and len(await transaction.accounts()) >= ACCOUNTS_MOST:
            raise Conflict(f"there are {ACCOUNTS_MOST:,} accounts.", hint="Remove some that are not needed.")
        _check_owners(caller, wanted, *([found.role] if found is not None else []))
        account = replace(found, role=wanted) if found is not None else _invited(plain, wanted, now=now)
        await transaction.put_account(account)
        await transaction.drop_once_links("invitation", account.id)
        return account, await _new_link(
            transaction, "invitation", account.id, INVITATION_SECONDS, now=now, by=caller.by
        )


async def accept_invitation(state: State, token: str, said: Newcomer, *, now: datetime) -> Account:
    """Make an invited account one in use. Raises Unauthorized when the link is not good, or not any more."""
    async with state.view() as view:
        account = await _account_of(view, "invitation", token, now=now)
    name, password = _decode_newcomer(said, account.email)
    kept = await kept_password(password)
    async with state.begin() as transaction:
        account = await _account_of(transaction, "invitation", token, now=now)
        if account.state != "invited":
            raise _no_link()
        account = replace(account, name=name, password=kept, state="active")
        await transaction.put_account(account)
        await transaction.drop_once_links("invitation", account.id)
    return account


async def reset_link(state: State, caller: Caller, account_id: str, *, now: datetime) -> tuple[Account, str]:
    """The secret of a link by which somebody chooses a new password; the ones before are worthless."""
    async with state.begin() as transaction:
        account = await find_account(transaction, account_id)
        _check_owners(caller, account.role)
        if account.state != "active":
            hint = "Invite them again." if account.state == "invited" else "Enable the account first."
            raise Conflict("the account is not in use.", code="not_active", hint=hint)
        await transaction.drop_once_links("reset", account.id)
        return account, await _new_link(transaction, "reset", account.id, RESET_SECONDS, now=now, by=caller.by)


async def take_reset(state: State, token: str, password: str, *, now: datetime) -> Account:
    """Choose a new password by a link; every session ends. A second factor stays, and is asked for."""
    async with state.view() as view:
        account = await _account_of(view, "reset", token, now=now)
    kept = await kept_password(decode_password(password, "$.password", email=account.email))
    async with state.begin() as transaction:
        account = await _account_of(transaction, "reset", token, now=now)
        if account.state != "active":
            raise _no_link()
        account = replace(account, password=kept)
        await transaction.put_account(account)
        await transaction.drop_once_links("reset", account.id)
        await transaction.drop_browser_sessions(account.id)
    return account


async def whose_link(view: View, token: str, *, now: datetime) -> tuple[LinkPurpose, str]:
    """What a link is for, and the address it is for; it stays good. Raises Unauthorized when it is not."""
    link = await view.once_link(token_hash(token))
    if link is None or link.until_ms <= to_millis(now):
        raise _no_link()
    account = await view.account(link.account_id) if link.account_id else None
    return link.purpose, account.email if account is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different about an account; None leaves it as it is."""

    role: str | None = None
    state: Literal["active", "disabled"] | None = None
    name: str | None = None


async def change_account(state: State, caller: Caller, account_id: str, change: Change) -> Account:
    """Change somebody's role, name, or whether they get in. Whoever is put out is so at once, everywhere.

    Raises NotFound, Forbidden where an owner is concerned and the caller is none, Conflict where no owner would be
    left.
    """
    async with state.begin() as transaction:
        account = await find_account(transaction, account_id)
        changed = account
        if change.role is not None:
            changed = replace(changed, role=decode_role(change.role, "$.role"))
        if change.state is not None:
            changed = replace(changed, state=_state_after(account, change.state))
        if change.name is not None:
            changed = replace(changed, name=decode_name(change.name))
        if (changed.role, changed.state) != (account.role, account.state):
            _check_owners(caller, account.role, changed.role)
        await transaction.put_account(changed)
        await _check_somebody_owns(transaction, account)
        if changed.state == "disabled":
            await _put_out(transaction, account.id)
    return changed


async def remove_account(state: State, caller: Caller, account_id: str) -> Account:
    """Forget an account: all that is kept of it. What it did stays noted under its name."""
    async with state.begin() as transaction:
        account = await find_account(transaction, account_id)
        _check_owners(caller, account.role)
        await transaction.drop_account(account.id)
        await _check_somebody_owns(transaction, account)
    return account


async def end_second_factor(state: State, caller: Caller, account_id: str) -> Account:
    """Let somebody in by password alone who lost their telephone, and every recovery code."""
    async with state.begin() as transaction:
        account = await find_account(transaction, account_id)
        _check_owners(caller, account.role)
        account = replace(account, two_factor=b"")
        await transaction.put_account(account)
        await transaction.drop_browser_sessions(account.id, but=caller.session_id or "")
    return account


async def find_account(view: View, account_id: str) -> Account:
    """The account of an id, or of an email address. Raises NotFound."""
    account = await view.account(account_id) or await view.account_by_email(account_id.lower())
    if account is None:
        raise NotFound(f"there is no account {account_id!r:.120}.", hint="GET /api/accounts lists them.")
    return account


def decode_role(said: str, path: str) -> Role:
    """The role of that name. Raises Invalid."""
    for role in ROLES:
        if role == said:
            return role
    raise Invalid(f"{said!r:.60} is no role.", path=path, hint=f"There are {', '.join(ROLES)}.")


def decode_name(said: str) -> str:
    """Somebody's name, fit to be shown. Raises Invalid."""
    plain = " ".join(said.split())
    if len(plain) > NAME_MOST or not can_be_shown(plain):
        hint = f"Use at most {NAME_MOST} letters, and none that cannot be seen."
        raise Invalid("this cannot be a name here.", path="$.name", hint=hint)
    return plain


def _decode_newcomer(said: Newcomer, email: str) -> tuple[str, str]:
    return decode_name(said.name), decode_password(said.password, "$.password", email=email)


def _state_after(account: Account, wanted: Literal["active", "disabled"]) -> Literal["invited", "active", "disabled"]:
    if wanted == "active" and not account.password and not account.subject:
        return "invited"  # They never came: there is nothing yet by which they could.
    return wanted


def joined_account(email: str, role: Role, *, now: datetime) -> Account:
    """The account of somebody who comes without having been invited, and may."""
    return replace(_invited(email, role, now=now), state="active")


def _invited(email: str, role: Role, *, now: datetime) -> Account:
    return Account(id=_new_id(), email=email, name="", role=role, state="invited", created_ms=to_millis(now))


def _check_owners(caller: Caller, *roles: str) -> None:
    """Only an owner makes owners and unmakes them."""
    if "owner" in roles and caller.role != "owner":
        raise Forbidden("only an owner may do this to an owner.", code="owners_only", hint="Ask one of the owners.")


def _owns(account: Account) -> bool:
    return account.role == "owner" and account.state == "active"


async def _check_somebody_owns(view: View, before: Account) -> None:
    """Raise Conflict when the one who was changed was the last who owned it."""
    if _owns(before) and not any(_owns(each) for each in await view.accounts()):
        raise Conflict(
            "nobody would be left who owns this.", code="last_owner", hint="Make somebody else an owner first."
        )


async def _put_out(transaction: Transaction, account_id: str) -> None:
    await transaction.drop_browser_sessions(account_id)
    await transaction.drop_once_links("invitation", account_id)
    await transaction.drop_once_links("reset", account_id)


async def _new_link(
    transaction: Transaction, purpose: LinkPurpose, account_id: str, seconds: int, *, now: datetime, by: str = ""
) -> str:
    token, now_ms = new_token(), to_millis(now)
    await transaction.put_once_link(
        OnceLink(
            hash=token_hash(token),
            purpose=purpose,
            account_id=account_id,
            created_ms=now_ms,
            until_ms=now_ms + seconds * 1000,
            by=by,
        )
    )
    return token


async def _link(view: View, purpose: LinkPurpose, token: str, *, now: datetime) -> OnceLink:
    link = await view.once_link(token_hash(token))
    if link is None or link.purpose != purpose or link.until_ms <= to_millis(now):
        raise _no_link()
    return link


async def _account_of(view: View, purpose: LinkPurpose, token: str, *, now: datetime) -> Account:
    account = await view.account((await _link(view, purpose, token, now=now)).account_id)
    if account is None:
        raise _no_link()
    return account


def _no_link() -> Unauthorized:
    return Unauthorized("this link is not good, or not any more.", code="link_over", path="$.token", hint=_LINK_HINT)


def _new_id() -> str:
    return "acc_" + secrets.token_hex(8)
