"""Sessions of browsers: begun at sign-in, seen, and ended, by whoever has them or by an admin.

What is in the cookie is a random number, and only its hash is kept. Every sign-in begins a new one, so nobody can give
somebody else a session and share it with them.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from holdfast.flows.accounts.caller import Caller
from holdfast.flows.accounts.permissions import OF_A_KEY, ROLES, Permission, permissions_of
from holdfast.kernel.moments import to_millis
from holdfast.ports.accounts import Account, BrowserSession
from holdfast.ports.state import AccessKey, State, Transaction, View

IDLE_SECONDS = 7 * 86_400
"""A session nobody uses for so long is over."""
WHOLE_SECONDS = 30 * 86_400
"""And so is every one after so long."""
SEEN_SECONDS = 60
"""How often it is noted that somebody is here."""
DEVICE_MOST, ADDRESS_MOST = 200, 64
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a request comes from."""

    device: str
    address: str

    def __post_init__(self) -> None:
        for name, most in (("device", DEVICE_MOST), ("address", ADDRESS_MOST)):
            plain = "".join(each for each in getattr(self, name) if each.isprintable())
            object.__setattr__(self, name, plain[:most])


def token_hash(token: str) -> str:
    """What the secret of a cookie or a link is recognised by."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """A secret nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


async def begin_session(
    transaction: Transaction, visitor: Visitor, *, now: datetime, account_id: str = "", key_name: str = ""
) -> str:
    """Begin a session; returns what is to be in the cookie."""
    token, now_ms = new_token(), to_millis(now)
    await transaction.sweep_accounts(now_ms)
    await transaction.put_browser_session(
        BrowserSession(
            id=secrets.token_hex(8),
            hash=token_hash(token),
            account_id=account_id,
            key_name=key_name,
            created_ms=now_ms,
            seen_ms=now_ms,
            until_ms=now_ms + WHOLE_SECONDS * 1000,
            device=visitor.device,
            address=visitor.address,
        )
    )
    return token


async def end_session(state: State, token: str) -> None:
    """End the session of what is in a cookie, if there is one."""
    async with state.begin() as transaction:
        session = await transaction.browser_session(token_hash(token))
        if session is not None:
            await transaction.drop_browser_session(session.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session, and whose it is."""

    caller: Caller
    session: BrowserSession
    account: Account | None


async def signed_in(view: View, token: str, *, now: datetime) -> SignedIn | None:
    """Who is signed in with what is in a cookie; None when it is over, or was never there."""
    session, now_ms = await view.browser_session(token_hash(token)), to_millis(now)
    if session is None or now_ms >= min(session.until_ms, session.seen_ms + IDLE_SECONDS * 1000):
        return None
    if session.key_name:
        key = next((each for each in await view.keys() if each.name == session.key_name), None)
        caller = key_caller(key, session_id=session.id) if key is not None else None
        return SignedIn(caller=caller, session=session, account=None) if caller is not None else None
    account = await view.account(session.account_id)
    caller = account_caller(account, session_id=session.id) if account is not None else None
    return SignedIn(caller=caller, session=session, account=account) if caller is not None else None


def key_caller(key: AccessKey, *, session_id: str | None = None) -> Caller | None:
    """Who comes by a key; None where it opens nothing here."""
    if key.kind != "api" or key.revoked_ms is not None:
        return None
    permissions = OF_A_KEY if key.scopes is None else _known(key.scopes)
    return Caller(kind="key", name=key.name, by=key.name, permissions=permissions, session_id=session_id)


def account_caller(account: Account, *, session_id: str | None = None) -> Caller | None:
    """Who comes by an account; None where it is not in use."""
    role = next((each for each in ROLES if each == account.role), None)
    if account.state != "active" or role is None:
        return None
    return Caller(
        kind="account",
        name=account.name or account.email,
        by=account.email,
        permissions=permissions_of(role),
        account_id=account.id,
        role=role,
        session_id=session_id,
    )


def _known(scopes: tuple[str, ...]) -> frozenset[Permission]:
    # A permission that a later version brings is not had by a key that was made before it.
    return frozenset(each for each in permissions_of("owner") if each in scopes)


async def note_seen(state: State, found: SignedIn, visitor: Visitor, *, now: datetime) -> None:
    """Keep that somebody is here, about once a minute."""
    now_ms = to_millis(now)
    if now_ms - found.session.seen_ms < SEEN_SECONDS * 1000:
        return
    async with state.begin() as transaction:
        # Read again: it may have been ended, or the account changed, since it was looked at.
        session = await transaction.browser_session(found.session.hash)
        if session is not None:
            await transaction.put_browser_session(replace(session, seen_ms=now_ms, address=visitor.address))
        account = await transaction.account(found.session.account_id)
        if account is not None:
            await transaction.put_account(replace(account, seen_ms=now_ms))
