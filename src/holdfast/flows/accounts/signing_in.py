"""Signing in by email address and password, and a code where somebody has a second factor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from holdfast.flows.accounts.attempts import count_attempt, name_key
from holdfast.flows.accounts.browsers import Visitor, begin_session, token_hash
from holdfast.flows.accounts.emails import email_of
from holdfast.flows.accounts.passwords import is_outdated, is_password, kept_password
from holdfast.flows.accounts.second_factor import is_on, pack, unpack, used
from holdfast.kernel.errors import Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sealing import Sealer
from holdfast.ports.accounts import Account
from holdfast.ports.state import State, Transaction

EMAIL_SAID_MOST = 1_000
"""Letters of a name that are looked at: what is longer is nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody says to be let in."""

    email: str
    password: str = field(repr=False)
    code: str = field(default="", repr=False)


def wrong_credentials() -> Unauthorized:
    """The answer to whoever is not let in: the same whether the name or the password is wrong."""
    return Unauthorized(
        "this address and password do not go together.",
        code="wrong_credentials",
        hint="Check both; whoever forgot their password gets a link from an owner or admin.",
    )


async def sign_in(
    state: State, sealer: Sealer, said: Credentials, visitor: Visitor, *, now: datetime, before: str = ""
) -> str:
    """Let somebody in; returns what is to be in the cookie of their browser.

    Args:
        before: what is in its cookie now; that session ends.

    Raises TooMany after too many tries, else Unauthorized, with the code `code_needed` where only that is missing.
    """
    name = email_of(said.email) or said.email[:EMAIL_SAID_MOST]
    await count_attempt(state, name, visitor, now_ms=to_millis(now))
    async with state.view() as view:
        account = await view.account_by_email(name)
    kept = account.password if account is not None and account.state == "active" else ""
    if not await is_password(kept, said.password) or account is None:
        raise wrong_credentials()
    if is_on(account.two_factor) and not said.code.strip():
        raise Unauthorized(
            "a code is needed besides.", code="code_needed", hint="Your telephone shows one; a recovery code will do."
        )
    renewed = await kept_password(said.password) if is_outdated(kept) else kept
    async with state.begin() as transaction:
        # Read again, in the transaction that lets them in: a code is good once, and who was just put out stays out.
        current = await transaction.account(account.id)
        if current is None or current.state != "active" or current.password != kept:
            raise wrong_credentials()
        current = _with_code(current, said.code, sealer, now=now)
        await transaction.put_account(replace(current, password=renewed, seen_ms=to_millis(now)))
        await transaction.drop_attempts(name_key(name))
        await end_before(transaction, before)
        return await begin_session(transaction, visitor, now=now, account_id=current.id)


def _with_code(account: Account, code: str, sealer: Sealer, *, now: datetime) -> Account:
    """The account once its code was taken, where it has a second factor."""
    factor = unpack(account.two_factor)
    if factor is None or not factor.confirmed:
        return account
    taken = used(factor, code, sealer, account.id, now_seconds=to_millis(now) // 1000)
    if taken is None:
        hint = "Wait for the next one: each is good once, and the telephone's clock must be right."
        raise Unauthorized("this code is wrong, or was used before.", code="wrong_code", path="$.code", hint=hint)
    return replace(account, two_factor=pack(taken))


async def end_before(transaction: Transaction, token: str) -> None:
    """End the session a browser had until now, so that nobody keeps it who knows it."""
    session = await transaction.browser_session(token_hash(token)) if token else None
    if session is not None:
        await transaction.drop_browser_session(session.id)
