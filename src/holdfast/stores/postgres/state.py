"""The state store on PostgreSQL: many processes, one writer at a time, snapshots for readers.

Whoever changes the state holds one lock for as long as the transaction lasts: `begin` takes it first thing
(`pg_advisory_xact_lock`), and commit, rollback or the loss of the connection let go of it. So transactions of all
processes stand in one row, as on SQLite, and mean what they mean there:

- A process that was paused and comes back, or loses its connection, has lost lock and transaction together: whatever it
  does next fails, and nothing of what it did is left. It begins another transaction, which reads the log offset and all
  else anew. There is no lease that could run out while its owner still believes in it, hence no epoch to check.
- READ COMMITTED it must be: each statement sees what was committed before it began, and the first that counts begins
  once the lock is held. Under REPEATABLE READ the snapshot would be that of the statement that waits for the lock, and
  miss what the last owner committed.
- A transaction that hangs is ended by the server, which is told to (`Limits`); whoever waits for its turn too long is
  told who has it.

A lost connection may leave a commit in doubt: made, but not confirmed. That is an error like any other, and harmless:
the next transaction reads how far things are.

The lock's number comes from the workspace's name. Those who only move people on, each of another part, share it: see
`parts`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.kernel.errors import Busy, Internal
from holdfast.ports.state import PartTransaction, Transaction, View
from holdfast.stores.postgres.accounts import ChangingAccounts, ReadingAccounts
from holdfast.stores.postgres.adaptive import ChangingAdaptive, ReadingAdaptive
from holdfast.stores.postgres.boards import ChangingBoards, ReadingBoards
from holdfast.stores.postgres.catalogues import ChangingCatalogues, ReadingCatalogues
from holdfast.stores.postgres.connections import ChangingConnections, ReadingConnections
from holdfast.stores.postgres.devices import ChangingDevices, ReadingDevices
from holdfast.stores.postgres.dictionary import ChangingDictionary, ReadingDictionary
from holdfast.stores.postgres.erasure import ChangingErasure, ReadingErasure
from holdfast.stores.postgres.experiments import ChangingExperiments, ReadingExperiments
from holdfast.stores.postgres.feed import ChangingFeed, ReadingFeed
from holdfast.stores.postgres.holdouts import ChangingHoldouts, ReadingHoldouts
from holdfast.stores.postgres.inbox import ChangingInbox, ReadingInbox
from holdfast.stores.postgres.journeys import ChangingJourneys, ReadingJourneys
from holdfast.stores.postgres.live import ChangingLive, ReadingLive
from holdfast.stores.postgres.migrating import check_made, migrate, migrations
from holdfast.stores.postgres.opening import Limits, Server, hang_up, undo
from holdfast.stores.postgres.outbox import ChangingOutbox, ReadingOutbox
from holdfast.stores.postgres.parts import MovingPart
from holdfast.stores.postgres.people import ChangingPeople, ReadingPeople
from holdfast.stores.postgres.receipts import ChangingReceipts, ReadingReceipts
from holdfast.stores.postgres.refusals import LOST, in_our_words
from holdfast.stores.postgres.runs import ChangingRuns, ReadingRuns
from holdfast.stores.postgres.segments import ChangingSegments, ReadingSegments
from holdfast.stores.postgres.session import Connection
from holdfast.stores.postgres.sharing import ChangingSharing, ReadingSharing
from holdfast.stores.postgres.small import ChangingSmall, ReadingSmall
from holdfast.stores.postgres.teamwork import ChangingTeamwork, ReadingTeamwork
from holdfast.stores.postgres.templates import ChangingTemplates, ReadingTemplates
from holdfast.stores.postgres.turns import ChangingTurns, ReadingTurns
from holdfast.stores.postgres.words import ChangingWords, ReadingWords
from holdfast.stores.postgres.writing import Writer

WORKSPACE = "holdfast"
"""The schema that holds the state unless another is named."""
IDLE_MOST = 4
"""Connections kept for the next snapshots."""

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT 1"  # BEGIN alone takes no snapshot yet.


class PostgresView(
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


class PostgresTransaction(
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


class PostgresPartTransaction(MovingPart, PostgresTransaction):
    """One under way for a part of the people."""


class PostgresState:
    """Answers `ports.state.State`. Made by `open`; it belongs to the event loop that opened it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._limits = server.limits
        self._writer = Writer(server, "pg_advisory_xact_lock")
        self._mover = Writer(server, "pg_advisory_xact_lock_shared")
        self._places = asyncio.Semaphore(server.limits.views_most)
        self._idle: list[Connection] = []
        self._closed = False
        self._made = False
        """Whether the schema is known to have what we need."""

    @classmethod
    async def open(
        cls, url: str, *, workspace: str = WORKSPACE, limits: Limits | None = None, migrates: bool = True
    ) -> PostgresState:
        """Open the state, making its schema, or bringing that up to date, as needed.

        Args:
            url: such as `postgresql://user:password@host:5432/database`.
            workspace: the schema that holds the state; one database may hold several.
            limits: how long things may take.
            migrates: False for one who leaves the schema as it is, which may be a newer one. Nothing is asked of the
                server yet; that it has what we need is looked at before the first snapshot, which is refused with Busy
                as long as it has not.

        Raises Busy when the server cannot be reached, Invalid when it does not let us in, Conflict when a newer
        Holdfast wrote the state.
        """
        server = Server(url=url, workspace=workspace, limits=limits or Limits())
        if migrates:
            await migrate(server, migrations())
        state = cls(server)
        state._made = migrates
        return state

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """One transaction at a time among all processes; durable when the block ends, undone when it raises.

        Raises Busy when the turn does not come, or the connection is lost: nothing is left of the transaction then, but
        for one whose commit was not confirmed, of which nobody knows.
        """
        async with self._writer.transaction(PostgresTransaction) as transaction:
            yield transaction

    @asynccontextmanager
    async def begin_part(self, part: int) -> AsyncIterator[PartTransaction | None]:
        """A transaction for one part of the people, beside those of other parts; None when somebody has it.

        Raises Busy as `begin` does.
        """
        async with self._mover.transaction(self._part_of) as transaction:
            yield transaction if await transaction.take_part(part) else None

    @asynccontextmanager
    async def view(self) -> AsyncIterator[View]:
        """A consistent snapshot. Keep it short: rows that changed since cannot be cleared away while it is open."""
        self._check_open()
        if not self._made:
            await check_made(self._server, migrations())
            self._made = True
        await self._take_place()
        try:
            self._check_open()
            connection = await self._snapshot()
            view = PostgresView(connection)
            try:
                yield view
            finally:
                view.end()
                await undo(connection)
                await self._keep(connection)
        finally:
            self._places.release()

    async def purge(self) -> bool:
        """The server clears deleted rows away by itself (autovacuum); what its files hold until then is its own."""
        return True

    async def close(self) -> None:
        """Let go of the connections. Waits for the transaction under way."""
        if self._closed:
            return
        self._closed = True
        for writer in (self._writer, self._mover):
            await writer.close()
        for connection in self._idle:
            await hang_up(connection)

    def _part_of(self, connection: Connection) -> PostgresPartTransaction:
        return PostgresPartTransaction(connection, self._server.workspace)

    def _check_open(self) -> None:
        if self._closed:
            raise Internal("the state is closed")

    async def _take_place(self) -> None:
        try:
            async with asyncio.timeout(self._limits.turn_seconds):
                await self._places.acquire()
        except TimeoutError as error:
            raise Busy(
                f"{self._limits.views_most} snapshots of the state are open, and none has ended for too long.",
                code="state_busy",
                hint="Try again.",
            ) from error

    async def _snapshot(self) -> Connection:
        """A reader's connection that has begun a snapshot."""
        while self._idle:
            connection = self._idle.pop()
            if await self._looks(connection):
                return connection
        connection = await self._server.connect(idle_seconds=self._limits.view_idle_seconds)
        try:
            with in_our_words():
                await connection.execute(_SNAPSHOT)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _looks(self, connection: Connection) -> bool:
        """Begin a snapshot; False when the connection, which had waited idle, is lost."""
        try:
            await connection.execute(_SNAPSHOT)
            return True
        except LOST:
            connection.terminate()
            return False
        except BaseException:
            connection.terminate()
            raise

    async def _keep(self, connection: Connection) -> None:
        if connection.is_closed():
            return
        if self._closed or len(self._idle) >= IDLE_MOST:
            await hang_up(connection)
        else:
            self._idle.append(connection)
