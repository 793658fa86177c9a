"""Letting somebody in whom an identity provider vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from holdfast.flows.accounts.attempts import count_attempt
from holdfast.flows.accounts.browsers import Visitor, begin_session
from holdfast.flows.accounts.emails import email_of
from holdfast.flows.accounts.members import decode_role, joined_account
from holdfast.flows.accounts.oidc import Vouched
from holdfast.flows.accounts.signing_in import end_before
from holdfast.flows.teamwork.described import encoded
from holdfast.kernel.errors import TooMany, Unauthorized
from holdfast.kernel.moments import to_millis
from holdfast.kernel.shown import shown_of
from holdfast.ports.accounts import Account
from holdfast.ports.state import State, Transaction
from holdfast.ports.teamwork import AuditEntry

NAME_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Who is let in by a provider's word."""

    domains: Sequence[str] = ()
    """Of whose addresses; of any, where none is named."""
    role: str = ""
    """What somebody becomes who has no account and was not invited; empty: they are not let in."""


async def let_in_vouched(
    state: State, vouched: Vouched, welcome: Welcome, visitor: Visitor, *, now: datetime, before: str = ""
) -> str:
    """Let somebody in; returns what is to be in the cookie of their browser.

    They are known by the provider's name for them, which never changes; the first time by their address, which it must
    have verified. No code is asked for besides: that is the provider's to do.

    Raises Unauthorized for who is not to be let in, and keeps that in the audit log.
    """
    try:
        return await _let_in(state, vouched, welcome, visitor, now=now, before=before)
    except Unauthorized as refusal:
        await _note_refused(state, vouched, visitor, refusal, now=now)
        raise


async def _let_in(
    state: State, vouched: Vouched, welcome: Welcome, visitor: Visitor, *, now: datetime, before: str
) -> str:
    async with state.begin() as transaction:
        account = await transaction.account_by_subject(vouched.subject)
        if account is None:
            account = await _first_time(transaction, vouched, welcome, now=now)
        if account.state != "active":
            raise Unauthorized("this account is disabled.", code="account_disabled", hint="Ask an owner or admin.")
        await transaction.put_account(replace(account, seen_ms=to_millis(now)))
        await transaction.add_audit(_entry("session.begun", account.email, account.name, visitor, now))
        await end_before(transaction, before)
        return await begin_session(transaction, visitor, now=now, account_id=account.id)


async def _note_refused(
    state: State, vouched: Vouched, visitor: Visitor, refusal: Unauthorized, *, now: datetime
) -> None:
    """Note it, as often as somebody may try a password: anybody may have an account of a provider."""
    with suppress(TooMany):
        await count_attempt(state, vouched.subject, visitor, now_ms=to_millis(now))
        reason = encoded([{"path": "$.reason", "before": None, "after": refusal.code}])
        entry = _entry("session.failed", email_of(vouched.email) or "", "", visitor, now)
        async with state.begin() as transaction:
            await transaction.add_audit(replace(entry, changes=reason))


def _entry(action: str, email: str, name: str, visitor: Visitor, now: datetime) -> AuditEntry:
    """What is noted of it, as of whoever signs in by password: no call that changes something tells of this one."""
    return AuditEntry(
        at_ms=to_millis(now),
        by=email,
        by_name=name,
        action=action,
        kind="session",
        about="",
        changes=b"[]",
        source=visitor.address,
    )


async def _first_time(transaction: Transaction, vouched: Vouched, welcome: Welcome, *, now: datetime) -> Account:
    """The account of somebody the provider has not vouched for before, which it is tied to from now on."""
    email = email_of(vouched.email)
    if email is None or not vouched.verified:
        hint = "Have the provider verify your address."
        raise Unauthorized("the provider does not vouch for an address.", code="email_unverified", hint=hint)
    if welcome.domains and email.rpartition("@")[2] not in welcome.domains:
        raise _not_invited("addresses of that domain are not let in here")
    account = await transaction.account_by_email(email)
    if account is None:
        if not welcome.role:
            raise _not_invited("nobody of that address was invited")
        account = joined_account(email, decode_role(welcome.role, "oidc_default_role"), now=now)
    elif account.subject:
        raise _not_invited("the provider knew somebody else by that address")
    await transaction.drop_once_links("invitation", account.id)
    name = account.name or shown_of(vouched.name)[:NAME_MOST]
    state = "active" if account.state == "invited" else account.state
    return replace(account, subject=vouched.subject, name=name, state=state)


def _not_invited(why: str) -> Unauthorized:
    return Unauthorized(f"{why}.", code="not_invited", hint="Ask an owner or admin for an invitation.")
