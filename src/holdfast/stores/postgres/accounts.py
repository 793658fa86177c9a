"""Accounts, in PostgreSQL."""

from __future__ import annotations

from typing import Any

from holdfast.ports.accounts import Account, Attempts, BrowserSession, LinkPurpose, OnceLink
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session

_SQL = load("accounts")
_ACCOUNT = (
    *("id", "email", "name", "role", "state", "created_ms", "seen_ms"),
    *("language", "password", "two_factor", "subject"),
)
_SESSION = ("id", "hash", "account_id", "key_name", "created_ms", "seen_ms", "until_ms", "device", "address")
_LINK = ("hash", "purpose", "account_id", "created_ms", "until_ms", "by")


def _account(row: tuple[Any, ...]) -> Account:
    return Account(**dict(zip(_ACCOUNT, row, strict=True)))


def _session(row: tuple[Any, ...]) -> BrowserSession:
    return BrowserSession(**dict(zip(_SESSION, row, strict=True)))


def _link(row: tuple[Any, ...]) -> OnceLink:
    return OnceLink(**dict(zip(_LINK, row, strict=True)))


class ReadingAccounts(Session):
    """Questions about accounts."""

    async def accounts(self) -> list[Account]:
        return [_account(row) for row in await self._rows(_SQL["accounts"])]

    async def account(self, account_id: str) -> Account | None:
        row = await self._row(_SQL["account"], account_id)
        return _account(row) if row else None

    async def account_by_email(self, email: str) -> Account | None:
        row = await self._row(_SQL["account_by_email"], email)
        return _account(row) if row else None

    async def account_by_subject(self, subject: str) -> Account | None:
        row = await self._row(_SQL["account_by_subject"], subject)
        return _account(row) if row else None

    async def browser_session(self, hashed: str) -> BrowserSession | None:
        row = await self._row(_SQL["browser_session"], hashed)
        return _session(row) if row else None

    async def browser_sessions(self, account_id: str) -> list[BrowserSession]:
        return [_session(row) for row in await self._rows(_SQL["browser_sessions"], account_id)]

    async def once_link(self, hashed: str) -> OnceLink | None:
        row = await self._row(_SQL["once_link"], hashed)
        return _link(row) if row else None

    async def once_links(self, purpose: LinkPurpose) -> list[OnceLink]:
        return [_link(row) for row in await self._rows(_SQL["once_links"], purpose)]

    async def attempts(self, key: str) -> Attempts | None:
        row = await self._row(_SQL["attempts"], key)
        return Attempts(key=row[0], count=row[1], until_ms=row[2]) if row else None


class ChangingAccounts(ReadingAccounts):
    """Changes of accounts."""

    async def put_account(self, account: Account) -> None:
        await self._do(_SQL["put_account"], *(getattr(account, name) for name in _ACCOUNT))

    async def drop_account(self, account_id: str) -> None:
        await self._do(_SQL["drop_browser_sessions"], account_id, "")
        await self._do(_SQL["drop_links_of"], account_id)
        await self._do(_SQL["drop_account"], account_id)

    async def put_browser_session(self, session: BrowserSession) -> None:
        await self._do(_SQL["put_browser_session"], *(getattr(session, name) for name in _SESSION))

    async def drop_browser_session(self, session_id: str) -> None:
        await self._do(_SQL["drop_browser_session"], session_id)

    async def drop_browser_sessions(self, account_id: str, *, but: str = "") -> None:
        await self._do(_SQL["drop_browser_sessions"], account_id, but)

    async def put_once_link(self, link: OnceLink) -> None:
        await self._do(_SQL["put_once_link"], *(getattr(link, name) for name in _LINK))

    async def drop_once_link(self, hashed: str) -> None:
        await self._do(_SQL["drop_once_link"], hashed)

    async def drop_once_links(self, purpose: LinkPurpose, account_id: str) -> None:
        await self._do(_SQL["drop_once_links"], account_id, purpose)

    async def put_attempts(self, attempts: Attempts) -> None:
        await self._do(_SQL["put_attempts"], attempts.key, attempts.count, attempts.until_ms)

    async def drop_attempts(self, key: str) -> None:
        await self._do(_SQL["drop_attempts"], key)

    async def sweep_accounts(self, now_ms: int) -> None:
        for query in ("sweep_sessions", "sweep_links", "sweep_attempts"):
            await self._do(_SQL[query], now_ms)
