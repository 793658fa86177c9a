"""What people change about their own account: name, language, password, second factor."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime

from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.members import decode_name, find_account
from holdfast.flows.accounts.passwords import decode_password, is_password, kept_password
from holdfast.flows.accounts.second_factor import is_on, new_factor, pack, unpack, used
from holdfast.kernel.errors import Conflict, Invalid, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import Sealer
from holdfast.ports.accounts import Account
from holdfast.ports.state import State

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A password to have from now on."""

    current: str = field(repr=False)
    """The one until now; empty for who has none, and comes by an identity provider."""
    new: str = field(repr=False)


def own_id(caller: Caller) -> str:
    """The id of the caller's account. Raises Conflict for who has none."""
    if caller.account_id is None:
        raise Conflict("only somebody with an account has these.", code="no_account", hint="Sign in with an account.")
    return caller.account_id


async def change_oneself(state: State, caller: Caller, *, name: str | None, language: str | None) -> Account:
    """Change one's name, or the language of the console."""
    async with state.begin() as transaction:
        account = await find_account(transaction, own_id(caller))
        if name is not None:
            account = replace(account, name=decode_name(name))
        if language is not None:
            account = replace(account, language=_decode_language(language))
        await transaction.put_account(account)
    return account


def _decode_language(said: str) -> str:
    if said and not _LANGUAGE.fullmatch(said):
        raise Invalid("this is no language.", path="$.language", hint="Write one like en or de.")
    return said


async def change_password(state: State, caller: Caller, said: NewPassword) -> None:
    """Choose another password; every other session of the account ends. Raises Unauthorized for a wrong current one."""
    async with state.view() as view:
        account = await find_account(view, own_id(caller))
    plain = decode_password(said.new, "$.password.new", email=account.email)
    await check_password(account, said.current, "$.password.current")
    kept = await kept_password(plain)
    async with state.begin() as transaction:
        current = await find_account(transaction, account.id)
        if current.password != account.password:
            raise Conflict("the password was changed just now.", hint="Try again with the one there is now.")
        await transaction.put_account(replace(current, password=kept))
        await transaction.drop_once_links("reset", account.id)
        await transaction.drop_browser_sessions(account.id, but=caller.session_id or "")


async def check_password(account: Account, said: str, path: str) -> None:
    """Raise Unauthorized unless it is the account's password; who has none has none to say."""
    if account.password and not await is_password(account.password, said):
        raise Unauthorized(
            "this is not your password.", code="wrong_password", path=path, hint="Say the one you have now."
        )


async def begin_second_factor(state: State, sealer: Sealer, caller: Caller) -> tuple[Account, str, list[str]]:
    """A new second factor, to be confirmed; returns its secret and recovery codes. Until then the one before counts.

    Raises Conflict when there is one in use: it is to be removed first.
    """
    async with state.begin() as transaction:
        account = await find_account(transaction, own_id(caller))
        if is_on(account.two_factor):
            raise Conflict("there is a second factor.", code="two_factor_on", hint="Remove the one there is first.")
        factor, secret, codes = new_factor(sealer, account.id)
        await transaction.put_account(replace(account, two_factor=pack(factor)))
    return account, secret, codes


async def confirm_second_factor(state: State, sealer: Sealer, caller: Caller, code: str, *, now: datetime) -> Account:
    """Show that the telephone has it: from then on a code is asked for. Every other session ends."""
    async with state.begin() as transaction:
        account = await find_account(transaction, own_id(caller))
        factor = unpack(account.two_factor)
        if factor is None or factor.confirmed:
            raise Conflict(
                "there is nothing to confirm.", code="nothing_to_confirm", hint="Ask for a new secret first."
            )
        taken = used(factor, code, sealer, account.id, now_seconds=to_millis(now) // 1000)
        if taken is None:
            raise Unauthorized(
                "this code is wrong.", code="wrong_code", path="$.code", hint="Check the clock of the telephone."
            )
        account = replace(account, two_factor=pack(replace(taken, confirmed=True)))
        await transaction.put_account(account)
        await transaction.drop_browser_sessions(account.id, but=caller.session_id or "")
    return account


async def remove_second_factor(state: State, caller: Caller, password: str) -> Account:
    """Do without a second factor. Raises Unauthorized for a wrong password."""
    async with state.view() as view:
        account = await find_account(view, own_id(caller))
    await check_password(account, password, "$.password")
    async with state.begin() as transaction:
        account = replace(await find_account(transaction, account.id), two_factor=b"")
        await transaction.put_account(account)
    return account
