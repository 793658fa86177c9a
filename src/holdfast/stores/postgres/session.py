"""A session: one connection for as long as a snapshot or transaction lasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import asyncpg

from holdfast.kernel.errors import Internal
from holdfast.stores.postgres.refusals import in_our_words
from holdfast.stores.postgres.text import escaped, restored

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Row = tuple[Any, ...]


class Session:
    """The ground the readers and writers of each topic stand on. Calls of one session never overlap."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._over = False

    def end(self) -> None:
        """Refuse every later call: the snapshot or transaction is no more."""
        self._over = True

    async def _rows(self, query: str, *values: object) -> list[Row]:
        if self._over:
            raise Internal("this view or transaction is over; begin another")
        with in_our_words(self._connection):
            found = await self._connection.fetch(query, *map(_bound, values))
        return [_read(row) for row in found]

    async def _row(self, query: str, *values: object) -> Row | None:
        rows = await self._rows(query, *values)
        return rows[0] if rows else None

    async def _number(self, query: str, *values: object) -> int:
        row = await self._row(query, *values)
        return int(row[0]) if row else 0

    async def _do(self, query: str, *values: object) -> None:
        await self._rows(query, *values)

    async def _do_all(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """One statement for many rows: each column goes as one array, for `unnest`."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        if columns:
            await self._rows(query, *columns)


def numbers(values: Iterable[int]) -> list[int]:
    """Whole numbers as one bound value: each once and in order, so that pages are met once."""
    return sorted(set(values))


def _bound(value: object) -> object:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, list) and isinstance(next((each for each in value if each is not None), None), str):
        return [each if each is None else escaped(each) for each in value]
    return value


def _read(row: Iterable[object]) -> Row:
    # Written for speed: thousands of rows pass here in one tick, and hardly a text that was escaped.
    return tuple([restored(value) if value.__class__ is str else value for value in row])
