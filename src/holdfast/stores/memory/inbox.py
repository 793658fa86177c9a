"""Inboxes, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.inbox import InboxItem
from holdfast.stores.memory.session import Session


class ReadingInbox(Session):
    """Questions about inboxes."""

    async def inbox(self, identities: Sequence[int], *, now_ms: int, limit: int) -> list[InboxItem]:
        return [each for each in self._newest(identities) if each.expires_ms > now_ms][:limit]

    async def inbox_items(self, keys: Sequence[str]) -> dict[str, InboxItem]:
        return {key: self._tables.inbox[key] for key in keys if key in self._tables.inbox}

    async def inbox_after(self, key: str, *, limit: int) -> list[InboxItem]:
        return [each for _, each in sorted(self._tables.inbox.items()) if each.key > key][:limit]

    def _newest(self, identities: Sequence[int]) -> list[InboxItem]:
        wanted = set(identities)
        theirs = [each for each in self._tables.inbox.values() if each.identity in wanted]
        return sorted(theirs, key=lambda each: (-each.added_ms, each.key))


class ChangingInbox(ReadingInbox):
    """Changes of inboxes."""

    async def add_inbox(self, items: Sequence[InboxItem]) -> None:
        self._tables.inbox = {each.key: each for each in reversed(items)} | self._tables.inbox

    async def mark_inbox(self, items: Sequence[InboxItem]) -> None:
        kept = self._tables.inbox
        self._tables.inbox = kept | {each.key: _marked(kept[each.key], each) for each in items if each.key in kept}

    async def trim_inbox(self, identities: Sequence[int], most: int) -> None:
        self._drop({each.key for each in self._newest(identities)[most:]})

    async def expire_inbox(self, now_ms: int, *, limit: int) -> int:
        over = sorted((each.expires_ms, each.key) for each in self._tables.inbox.values() if each.expires_ms <= now_ms)
        self._drop({key for _, key in over[:limit]})
        return len(over[:limit])

    def _drop(self, keys: set[str]) -> None:
        self._tables.inbox = {key: each for key, each in self._tables.inbox.items() if key not in keys}


def _marked(kept: InboxItem, said: InboxItem) -> InboxItem:
    return replace(
        kept,
        delivered_ms=said.delivered_ms,
        opened_ms=said.opened_ms,
        clicked_ms=said.clicked_ms,
        dismissed_ms=said.dismissed_ms,
    )
