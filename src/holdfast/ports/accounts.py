"""Accounts, in the state: who works here, the sessions of their browsers, links that work once, and failed attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

AccountState = Literal["invited", "active", "disabled"]
LinkPurpose = Literal["first", "invitation", "reset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who works in the console."""

    id: str
    email: str
    """In small letters: the one name they sign in by. No two accounts have the same."""
    name: str
    role: str
    state: AccountState
    created_ms: int
    seen_ms: int | None = None
    """When they were here last, to about a minute."""
    language: str = ""
    """What the console speaks to them; empty: whatever their browser does."""
    password: str = field(default="", repr=False)
    """As Argon2 keeps it, with its salt; empty where none was chosen."""
    two_factor: bytes = field(default=b"", repr=False)
    """What their second factor is checked by, as `flows.accounts.second_factor` packs it; empty where there is none."""
    subject: str = ""
    """Who they are to the identity provider they came by, its address first; empty for who never came by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """A browser that is signed in, by an account or by an api key."""

    id: str
    hash: str = field(repr=False)
    """SHA-256 of what is in its cookie, in hexadecimal."""
    account_id: str = ""
    """Empty where it was signed in by an api key."""
    key_name: str = ""
    created_ms: int
    seen_ms: int
    until_ms: int
    """When it ends in any case."""
    device: str = ""
    """What the browser says of itself."""
    address: str = ""
    """Where it was seen last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceLink:
    """A link that works once: for the first owner, for who is invited, for who forgot their password."""

    hash: str = field(repr=False)
    """SHA-256 of its secret part, in hexadecimal."""
    purpose: LinkPurpose
    account_id: str = ""
    """Whose it is; empty for the first owner's."""
    created_ms: int
    until_ms: int
    by: str = ""
    """Who asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How often somebody tried to get in of late."""

    key: str
    """Whom it counts: a name tried, or an address they were tried from."""
    count: int
    until_ms: int
    """When it is forgotten."""


class AccountView(Protocol):
    """Reading accounts."""

    async def accounts(self) -> list[Account]:
        """Every account, the oldest first."""
        ...

    async def account(self, account_id: str) -> Account | None: ...

    async def account_by_email(self, email: str) -> Account | None:
        """The account of that very address, in small letters."""
        ...

    async def account_by_subject(self, subject: str) -> Account | None: ...

    async def browser_session(self, hashed: str) -> BrowserSession | None: ...

    async def browser_sessions(self, account_id: str) -> list[BrowserSession]:
        """An account's sessions, the one seen last first."""
        ...

    async def once_link(self, hashed: str) -> OnceLink | None: ...

    async def once_links(self, purpose: LinkPurpose) -> list[OnceLink]:
        """Every link for that purpose, the oldest first."""
        ...

    async def attempts(self, key: str) -> Attempts | None: ...


class AccountTransaction(AccountView, Protocol):
    """Changing accounts."""

    async def put_account(self, account: Account) -> None:
        """Keep it, in the place of the one of its id. No other may have its address or subject."""
        ...

    async def drop_account(self, account_id: str) -> None:
        """Forget it, with its sessions and links; one that is not there is passed over."""
        ...

    async def put_browser_session(self, session: BrowserSession) -> None:
        """Keep it, in the place of the one of its id."""
        ...

    async def drop_browser_session(self, session_id: str) -> None: ...

    async def drop_browser_sessions(self, account_id: str, *, but: str = "") -> None:
        """End every session of an account, but for the one of that id."""
        ...

    async def put_once_link(self, link: OnceLink) -> None: ...

    async def drop_once_link(self, hashed: str) -> None: ...

    async def drop_once_links(self, purpose: LinkPurpose, account_id: str) -> None:
        """Make every link worthless that an account has for a purpose."""
        ...

    async def put_attempts(self, attempts: Attempts) -> None: ...

    async def drop_attempts(self, key: str) -> None: ...

    async def sweep_accounts(self, now_ms: int) -> None:
        """Forget the sessions, links and attempts whose time is over."""
        ...
