"""Accounts, in SQLite."""

from __future__ import annotations

from typing import Any

from holdfast.ports.accounts import Account, Attempts, BrowserSession, LinkPurpose, OnceLink
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, briefly, in_thread

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

    @in_thread
    def accounts(self) -> list[Account]:
        return [_account(row) for row in self._rows(_SQL["accounts"])]

    @briefly
    def account(self, account_id: str) -> Account | None:
        row = self._row(_SQL["account"], account_id)
        return _account(row) if row else None

    @briefly
    def account_by_email(self, email: str) -> Account | None:
        row = self._row(_SQL["account_by_email"], email)
        return _account(row) if row else None

    @briefly
    def account_by_subject(self, subject: str) -> Account | None:
        row = self._row(_SQL["account_by_subject"], subject)
        return _account(row) if row else None

    @briefly
    def browser_session(self, hashed: str) -> BrowserSession | None:
        row = self._row(_SQL["browser_session"], hashed)
        return _session(row) if row else None

    @in_thread
    def browser_sessions(self, account_id: str) -> list[BrowserSession]:
        return [_session(row) for row in self._rows(_SQL["browser_sessions"], account_id)]

    @briefly
    def once_link(self, hashed: str) -> OnceLink | None:
        row = self._row(_SQL["once_link"], hashed)
        return _link(row) if row else None

    @in_thread
    def once_links(self, purpose: LinkPurpose) -> list[OnceLink]:
        return [_link(row) for row in self._rows(_SQL["once_links"], purpose)]

    @briefly
    def attempts(self, key: str) -> Attempts | None:
        row = self._row(_SQL["attempts"], key)
        return Attempts(key=row[0], count=row[1], until_ms=row[2]) if row else None


class ChangingAccounts(ReadingAccounts):
    """Changes of accounts."""

    @briefly
    def put_account(self, account: Account) -> None:
        self._do(_SQL["put_account"], *(getattr(account, name) for name in _ACCOUNT))

    @briefly
    def drop_account(self, account_id: str) -> None:
        self._do(_SQL["drop_browser_sessions"], account_id, "")
        self._do(_SQL["drop_links_of"], account_id)
        self._do(_SQL["drop_account"], account_id)

    @briefly
    def put_browser_session(self, session: BrowserSession) -> None:
        self._do(_SQL["put_browser_session"], *(getattr(session, name) for name in _SESSION))

    @briefly
    def drop_browser_session(self, session_id: str) -> None:
        self._do(_SQL["drop_browser_session"], session_id)

    @briefly
    def drop_browser_sessions(self, account_id: str, *, but: str = "") -> None:
        self._do(_SQL["drop_browser_sessions"], account_id, but)

    @briefly
    def put_once_link(self, link: OnceLink) -> None:
        self._do(_SQL["put_once_link"], *(getattr(link, name) for name in _LINK))

    @briefly
    def drop_once_link(self, hashed: str) -> None:
        self._do(_SQL["drop_once_link"], hashed)

    @briefly
    def drop_once_links(self, purpose: LinkPurpose, account_id: str) -> None:
        self._do(_SQL["drop_once_links"], account_id, purpose)

    @briefly
    def put_attempts(self, attempts: Attempts) -> None:
        self._do(_SQL["put_attempts"], attempts.key, attempts.count, attempts.until_ms)

    @briefly
    def drop_attempts(self, key: str) -> None:
        self._do(_SQL["drop_attempts"], key)

    @in_thread
    def sweep_accounts(self, now_ms: int) -> None:
        for query in ("sweep_sessions", "sweep_links", "sweep_attempts"):
            self._do(_SQL[query], now_ms)
