"""Accounts, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from holdfast.kernel.errors import Internal
from holdfast.ports.accounts import Account, Attempts, BrowserSession, LinkPurpose, OnceLink
from holdfast.stores.memory.session import Session

_T = TypeVar("_T")


class ReadingAccounts(Session):
    """Questions about accounts."""

    async def accounts(self) -> list[Account]:
        return sorted(self._tables.accounts.values(), key=lambda each: (each.created_ms, each.id))

    async def account(self, account_id: str) -> Account | None:
        return self._tables.accounts.get(account_id)

    async def account_by_email(self, email: str) -> Account | None:
        return next((each for each in self._tables.accounts.values() if each.email == email), None)

    async def account_by_subject(self, subject: str) -> Account | None:
        found = (each for each in self._tables.accounts.values() if each.subject == subject)
        return next(found, None) if subject else None

    async def browser_session(self, hashed: str) -> BrowserSession | None:
        return next((each for each in self._tables.browser_sessions.values() if each.hash == hashed), None)

    async def browser_sessions(self, account_id: str) -> list[BrowserSession]:
        found = [each for each in self._tables.browser_sessions.values() if each.account_id == account_id]
        return sorted(found, key=lambda each: (-each.seen_ms, each.id))

    async def once_link(self, hashed: str) -> OnceLink | None:
        return self._tables.once_links.get(hashed)

    async def once_links(self, purpose: LinkPurpose) -> list[OnceLink]:
        found = [each for each in self._tables.once_links.values() if each.purpose == purpose]
        return sorted(found, key=lambda each: (each.created_ms, each.hash))

    async def attempts(self, key: str) -> Attempts | None:
        return self._tables.attempts.get(key)


class ChangingAccounts(ReadingAccounts):
    """Changes of accounts."""

    async def put_account(self, account: Account) -> None:
        for each in self._tables.accounts.values():
            if each.id != account.id and (
                each.email == account.email or (account.subject and each.subject == account.subject)
            ):
                raise Internal("two accounts would have the same address or subject")
        self._tables.accounts = self._tables.accounts | {account.id: account}

    async def drop_account(self, account_id: str) -> None:
        tables = self._tables
        tables.accounts = _without(tables.accounts, account_id)
        tables.browser_sessions = {
            key: each for key, each in tables.browser_sessions.items() if each.account_id != account_id
        }
        tables.once_links = {key: each for key, each in tables.once_links.items() if each.account_id != account_id}

    async def put_browser_session(self, session: BrowserSession) -> None:
        self._tables.browser_sessions = self._tables.browser_sessions | {session.id: session}

    async def drop_browser_session(self, session_id: str) -> None:
        self._tables.browser_sessions = _without(self._tables.browser_sessions, session_id)

    async def drop_browser_sessions(self, account_id: str, *, but: str = "") -> None:
        self._tables.browser_sessions = {
            key: each
            for key, each in self._tables.browser_sessions.items()
            if each.account_id != account_id or each.id == but
        }

    async def put_once_link(self, link: OnceLink) -> None:
        self._tables.once_links = self._tables.once_links | {link.hash: link}

    async def drop_once_link(self, hashed: str) -> None:
        self._tables.once_links = _without(self._tables.once_links, hashed)

    async def drop_once_links(self, purpose: LinkPurpose, account_id: str) -> None:
        self._tables.once_links = {
            key: each
            for key, each in self._tables.once_links.items()
            if each.account_id != account_id or each.purpose != purpose
        }

    async def put_attempts(self, attempts: Attempts) -> None:
        self._tables.attempts = self._tables.attempts | {attempts.key: attempts}

    async def drop_attempts(self, key: str) -> None:
        self._tables.attempts = _without(self._tables.attempts, key)

    async def sweep_accounts(self, now_ms: int) -> None:
        tables = self._tables
        tables.browser_sessions = {key: each for key, each in tables.browser_sessions.items() if each.until_ms > now_ms}
        tables.once_links = {key: each for key, each in tables.once_links.items() if each.until_ms > now_ms}
        tables.attempts = {key: each for key, each in tables.attempts.items() if each.until_ms > now_ms}


def _without(table: Mapping[str, _T], key: str) -> dict[str, _T]:
    return {each: value for each, value in table.items() if each != key}
