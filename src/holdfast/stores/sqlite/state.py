"""The state store on SQLite: one file, one writer thread, snapshots for readers."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

from holdfast.kernel.errors import Internal
from holdfast.ports.state import PartTransaction, Transaction, View
from holdfast.stores.sqlite.accounts import ChangingAccounts, ReadingAccounts
from holdfast.stores.sqlite.adaptive import ChangingAdaptive, ReadingAdaptive
from holdfast.stores.sqlite.boards import ChangingBoards, ReadingBoards
from holdfast.stores.sqlite.catalogues import ChangingCatalogues, ReadingCatalogues
from holdfast.stores.sqlite.checkpoint import Checkpointer
from holdfast.stores.sqlite.connections import ChangingConnections, ReadingConnections
from holdfast.stores.sqlite.devices import ChangingDevices, ReadingDevices
from holdfast.stores.sqlite.dictionary import ChangingDictionary, ReadingDictionary
from holdfast.stores.sqlite.erasure import ChangingErasure, ReadingErasure
from holdfast.stores.sqlite.experiments import ChangingExperiments, ReadingExperiments
from holdfast.stores.sqlite.feed import ChangingFeed, ReadingFeed
from holdfast.stores.sqlite.holdouts import ChangingHoldouts, ReadingHoldouts
from holdfast.stores.sqlite.inbox import ChangingInbox, ReadingInbox
from holdfast.stores.sqlite.journeys import ChangingJourneys, ReadingJourneys
from holdfast.stores.sqlite.live import ChangingLive, ReadingLive
from holdfast.stores.sqlite.lock import Lock
from holdfast.stores.sqlite.names import Names, RememberingNames
from holdfast.stores.sqlite.opening import BUSY_SECONDS, migrate, migrations, open_reader, open_writer
from holdfast.stores.sqlite.outbox import ChangingOutbox, ReadingOutbox
from holdfast.stores.sqlite.people import ChangingPeople, ReadingPeople
from holdfast.stores.sqlite.receipts import ChangingReceipts, ReadingReceipts
from holdfast.stores.sqlite.runs import ChangingRuns, ReadingRuns
from holdfast.stores.sqlite.segments import ChangingSegments, ReadingSegments
from holdfast.stores.sqlite.sharing import ChangingSharing, ReadingSharing
from holdfast.stores.sqlite.small import ChangingSmall, ReadingSmall
from holdfast.stores.sqlite.taking_over import TakingOver
from holdfast.stores.sqlite.teamwork import ChangingTeamwork, ReadingTeamwork
from holdfast.stores.sqlite.templates import ChangingTemplates, ReadingTemplates
from holdfast.stores.sqlite.turns import ChangingTurns, ReadingTurns
from holdfast.stores.sqlite.words import ChangingWords, ReadingWords

FILE = "state.sqlite"
READERS_MOST = 4
"""Threads that read."""
VIEWS_MOST = 32
"""Snapshots open at once; whoever comes after them waits for one to end."""


_PATIENCE = f"PRAGMA busy_timeout = {int(1_000 * BUSY_SECONDS)}"
ROWS_AT_ONCE = 512
"""Rows on which a transaction works without going to its thread. There and back takes 60 µs, and one to three
milliseconds where others want the interpreter; a tick asks thirty times. More would keep requests waiting: these take
three milliseconds at most."""
KEYS_AT_ONCE = 16
"""The same for a snapshot: what a few messages need is read between two ticks, and not at the end of the next one."""


class SqliteView(
    ReadingPeople,
    ReadingFeed,
    ReadingJourneys,
    ReadingOutbox,
    ReadingSegments,
    ReadingTemplates,
    ReadingExperiments,
    ReadingErasure,
    ReadingSmall,
    ReadingTurns,
    ReadingLive,
    ReadingRuns,
    ReadingCatalogues,
    ReadingConnections,
    ReadingInbox,
    ReadingReceipts,
    ReadingDevices,
    ReadingAdaptive,
    ReadingBoards,
    ReadingDictionary,
    ReadingSharing,
    ReadingHoldouts,
    ReadingAccounts,
    ReadingTeamwork,
    ReadingWords,
):
    """A snapshot."""

    rows_at_once = KEYS_AT_ONCE


class SqliteTransaction(
    RememberingNames,
    TakingOver,
    ChangingPeople,
    ChangingFeed,
    ChangingJourneys,
    ChangingOutbox,
    ChangingSegments,
    ChangingTemplates,
    ChangingExperiments,
    ChangingErasure,
    ChangingSmall,
    ChangingTurns,
    ChangingLive,
    ChangingRuns,
    ChangingCatalogues,
    ChangingConnections,
    ChangingInbox,
    ChangingReceipts,
    ChangingDevices,
    ChangingAdaptive,
    ChangingBoards,
    ChangingDictionary,
    ChangingSharing,
    ChangingHoldouts,
    ChangingAccounts,
    ChangingTeamwork,
    ChangingWords,
):
    """The transaction under way."""

    rows_at_once = ROWS_AT_ONCE

    async def take_part(self, part: int) -> bool:
        """All of them are ours."""
        return True

    async def take_budgets(self) -> bool:
        """They are ours, too."""
        return True


class SqliteState:
    """Answers `ports.state.State`. It owns its directory while it is open."""

    def __init__(self, directory: Path) -> None:
        """Open the state in the directory, making both as needed.

        Raises Busy when another process has it open, Conflict when a newer Holdfast wrote it.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._path = directory / FILE
        self._lock = Lock(directory)
        try:
            self._writer = _prepared(self._path)
        except BaseException:
            self._lock.release()
            raise
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="holdfast-write")
        self._reading = ThreadPoolExecutor(READERS_MOST, thread_name_prefix="holdfast-read")
        self._turn = asyncio.Lock()
        self._names = Names()
        self._places = asyncio.Semaphore(VIEWS_MOST)
        self._idle: list[sqlite3.Connection] = []
        self._letting_go: set[asyncio.Future[None]] = set()
        """Snapshots that were broken off and whose threads are at work still."""
        self._checkpointer = Checkpointer(self._path)
        self._checkpointer.start()
        self._closed = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """One transaction at a time; durable when the block ends, undone when it raises."""
        async with self._turn:
            self._check_open()
            transaction = SqliteTransaction(self._writer, self._writing, self._names)
            try:
                if not transaction.at_once(self._start_now):
                    await transaction.hop(self._start)
                self._names.begin(transaction.at_once(self._others_version))
                before = self._writer.total_changes
                yield transaction
                if self._writer.total_changes == before and not transaction.is_behind:
                    transaction.at_once(self._writer.commit)  # There is nothing to be made durable.
                else:
                    await transaction.hop(self._commit)
            except BaseException:
                # Cancelled or not: the next transaction must not find this one open. Commit and rollback go through the
                # same thread, so a commit that was under way is finished by now and there is nothing to undo.
                self._names.clear()
                await asyncio.shield(transaction.undo())
                raise
            finally:
                transaction.end()

    @asynccontextmanager
    async def begin_part(self, part: int) -> AsyncIterator[PartTransaction | None]:
        """One like any other: there is one writer, and whoever comes second waits."""
        async with self.begin() as transaction:
            yield cast("SqliteTransaction", transaction)

    @asynccontextmanager
    async def view(self) -> AsyncIterator[View]:
        """A consistent snapshot. Keep it short: the write-ahead log cannot be reused while it is open."""
        async with self._places:
            self._check_open()
            connection = self._idle.pop() if self._idle else open_reader(self._path)
            view = SqliteView(connection, self._reading)
            try:
                # Neither waits for anybody, and both take less time than going to a thread.
                view.at_once(lambda: take_snapshot(connection))
                yield view
                view.at_once(connection.rollback)
            except BaseException:
                # Whoever was cancelled may have left work in a thread, and the connection waits for its end; whoever is
                # cancelled once more does not wait, and it is kept for nobody before that.
                letting_go = asyncio.ensure_future(self._let_go(view, connection))
                self._letting_go.add(letting_go)
                letting_go.add_done_callback(self._letting_go.discard)
                await asyncio.shield(letting_go)
                raise
            view.end()
            self._keep(connection)

    async def _let_go(self, view: SqliteView, connection: sqlite3.Connection) -> None:
        """Keep the connection once whatever its snapshot was asked is over."""
        try:
            await view.hop(connection.rollback)
        finally:
            view.end()
            self._keep(connection)

    async def purge(self) -> bool:
        """Whether what was deleted is in no file any more: the write-ahead log is emptied, unless somebody reads."""
        async with self._turn:
            self._check_open()
            return await asyncio.get_running_loop().run_in_executor(self._writing, self._empty_log)

    async def close(self) -> None:
        """Let go of threads, files and the directory. Waits for the transaction under way."""
        async with self._turn:
            if self._closed:
                return
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._writing, self._close)

    def _empty_log(self) -> bool:
        # Deleted rows are overwritten in the database itself (`secure_delete`); the log before it still has them.
        (busy, _, _) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def _start(self) -> None:
        self._writer.execute("BEGIN IMMEDIATE")

    def _start_now(self) -> bool:
        """Whether it could be begun without waiting: mostly nobody else writes, and a thread would take longer."""
        self._writer.execute("PRAGMA busy_timeout = 0")
        try:
            self._start()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # Its kinds have the same last byte.
                raise
            return False
        finally:
            self._writer.execute(_PATIENCE)
        return True

    def _others_version(self) -> int:
        """Another one whenever another connection has written."""
        (version,) = self._writer.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _commit(self) -> None:
        self._writer.commit()
        self._checkpointer.finish(self._writer)

    def _check_open(self) -> None:
        if self._closed:
            raise Internal("the state is closed")

    def _keep(self, connection: sqlite3.Connection) -> None:
        if self._closed or len(self._idle) >= READERS_MOST:
            connection.close()
        else:
            self._idle.append(connection)

    def _close(self) -> None:
        self._checkpointer.stop()
        self._reading.shutdown()
        for connection in self._idle:
            connection.close()
        with suppress(sqlite3.Error):  # A disk that is full: whoever opens it next finds all of it in the log.
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer.close()
        self._lock.release()
        self._writing.shutdown(wait=False)


def _prepared(path: Path) -> sqlite3.Connection:
    connection = open_writer(path)
    try:
        migrate(connection, migrations())
    except BaseException:
        connection.close()
        raise
    return connection


def take_snapshot(connection: sqlite3.Connection) -> None:
    """Let the connection see the state as it is now, until its transaction ends."""
    connection.execute("BEGIN")
    connection.execute("SELECT max(version) FROM schema_version").fetchone()  # BEGIN alone reads nothing yet.
