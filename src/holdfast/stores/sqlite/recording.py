"""Recording in SQLite: what another process would write, kept as statements with their values.

The other process, a hand, has a connection of its own that only reads. Whatever its transaction is told to write it
keeps, and the one connection that writes executes it later, among the rest of its tick: see `ports.hands`. What depends
on what others write meanwhile, as the numbers of new visits do, is kept as it is and made statements then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from holdfast.decisions.visit import Visit
from holdfast.kernel.errors import Internal
from holdfast.ports.hands import Recorded, UnknownHere
from holdfast.ports.state import Identity, Send
from holdfast.stores.sqlite.journeys import Moved, new_row
from holdfast.stores.sqlite.names import Names
from holdfast.stores.sqlite.opening import open_reader
from holdfast.stores.sqlite.outbox import grouped
from holdfast.stores.sqlite.session import Row
from holdfast.stores.sqlite.state import FILE, SqliteTransaction, take_snapshot
from holdfast.stores.sqlite.taking_over import (
    AddSends,
    AddVisits,
    Do,
    DoAll,
    PutVisits,
    TouchPeople,
    Write,
    encode,
)

_T = TypeVar("_T")
UNTHREADED = ThreadPoolExecutor(1)
"""Given where a thread is asked for; it never gets any work, and so never begins one."""


class RecordedTransaction(SqliteTransaction):
    """Answers `ports.hands.Recorded`. It reads where it is asked to: its process does nothing else meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """On a connection that has taken its snapshot."""
        super().__init__(connection, UNTHREADED, Names(0))
        self._writes: list[Write] = []
        self._presumed: dict[int, Identity] = {}

    def presume(self, identities: Sequence[Identity]) -> None:
        self._presumed.update((each.id, each) for each in identities)

    async def members(self, persons: Sequence[int]) -> dict[int, list[Identity]]:
        found = await super().members(persons)
        found.update((each, [self._presumed[each]]) for each in persons if each in self._presumed)
        return found

    def written(self) -> bytes:
        return encode(self._writes) if self._writes else b""

    @property
    def is_behind(self) -> bool:
        return False

    async def hop(self, work: Callable[[], _T]) -> _T:
        return self.at_once(work)

    def leave(self, query: str, *values: object, rows: int) -> None:
        self._check()
        if rows:
            self._do(query, *values)

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        self._writes.append(AddVisits([new_row(visit) for visit in visits]))
        return list(visits)  # They have no numbers yet, and nobody asks for them here.

    async def put_visits(self, visits: Sequence[Visit]) -> None:
        self._writes.append(PutVisits(Moved.of(visits)))

    async def add_sends(self, sends: Sequence[Send]) -> None:
        self._writes.append(AddSends(grouped(sends)))

    async def touch_people(self, persons: Sequence[int]) -> int:
        if persons:
            self._writes.append(TouchPeople(list(persons)))
        return 0  # Likewise.

    async def take_over(self, writes: bytes) -> None:
        raise Internal("a hand takes nothing over")

    def _rows(self, query: str, *values: object) -> list[Row]:
        self._check_unwritten()
        return super()._rows(query, *values)

    def _row(self, query: str, *values: object) -> Row | None:
        self._check_unwritten()
        try:
            return super()._row(query, *values)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_READONLY:
                raise UnknownHere("what becomes of it is not known before it is written") from error
            raise

    def _do(self, query: str, *values: object) -> None:
        self._writes.append(Do(query, values))

    def _do_all(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        self._writes.append(DoAll(query, [tuple(row) for row in rows]))

    def _change(self, query: str, *values: object) -> int:
        raise UnknownHere("how many rows it changes is not known before it is done")

    def _change_all(self, query: str, rows: Iterable[Sequence[object]]) -> int:
        return self._change(query)

    def _check_unwritten(self) -> None:
        if self._writes:
            raise Internal("what is to be written may be what is asked for, and is not there yet")


class SqliteRecorder:
    """Answers `ports.hands.Recorder`, beside the process that has the state open."""

    def __init__(self, directory: Path) -> None:
        """Over the state in the directory. Raises sqlite3.OperationalError when there is none."""
        self._connection = open_reader(directory / FILE)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Recorded]:
        transaction = RecordedTransaction(self._connection)
        take_snapshot(self._connection)
        try:
            yield transaction
        finally:
            transaction.end()
            self._connection.rollback()

    async def close(self) -> None:
        self._connection.close()
