"""Inboxes, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.inbox import InboxItem
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread, numbers, texts

_SQL = load("inbox")


class ReadingInbox(Session):
    """Questions about inboxes."""

    @in_thread
    def inbox(self, identities: Sequence[int], *, now_ms: int, limit: int) -> list[InboxItem]:
        return [_item(row) for row in self._rows(_SQL["inbox"], numbers(set(identities)), now_ms, limit)]

    @in_thread
    def inbox_items(self, keys: Sequence[str]) -> dict[str, InboxItem]:
        found = [_item(row) for row in self._rows(_SQL["inbox_items"], texts(list(dict.fromkeys(keys))))]
        return {each.key: each for each in found}

    @in_thread
    def inbox_after(self, key: str, *, limit: int) -> list[InboxItem]:
        return [_item(row) for row in self._rows(_SQL["inbox_after"], key, limit)]


class ChangingInbox(ReadingInbox):
    """Changes of inboxes."""

    @in_thread
    def add_inbox(self, items: Sequence[InboxItem]) -> None:
        self._do_all(_SQL["add_item"], (_values(each) for each in items))

    @in_thread
    def mark_inbox(self, items: Sequence[InboxItem]) -> None:
        self._do_all(_SQL["mark_item"], ((each.key, *_values(each)[6:]) for each in items))

    @in_thread
    def trim_inbox(self, identities: Sequence[int], most: int) -> None:
        self._do(_SQL["trim_inbox"], numbers(set(identities)), most)

    @in_thread
    def expire_inbox(self, now_ms: int, *, limit: int) -> int:
        return self._change(_SQL["expire_inbox"], now_ms, limit)


def _values(item: InboxItem) -> tuple[object, ...]:
    return (
        item.key,
        item.identity,
        item.medium,
        item.words,
        item.added_ms,
        item.expires_ms,
        item.delivered_ms,
        item.opened_ms,
        item.clicked_ms,
        item.dismissed_ms,
    )


def _item(row: Row) -> InboxItem:
    key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms = row
    return InboxItem(
        key=key,
        identity=identity,
        medium=medium,
        words=words,
        added_ms=added_ms,
        expires_ms=expires_ms,
        delivered_ms=delivered_ms,
        opened_ms=opened_ms,
        clicked_ms=clicked_ms,
        dismissed_ms=dismissed_ms,
    )
