"""Writing: the connection on which this process changes the state, one transaction after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import asyncpg

from holdfast.kernel.errors import Busy, Internal
from holdfast.stores.postgres.opening import Server, hang_up, undo
from holdfast.stores.postgres.refusals import in_our_words, takes_no_changes
from holdfast.stores.postgres.session import Connection

_HOLDER = """
SELECT pid, application_name, extract(epoch FROM clock_timestamp() - xact_start)::integer
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = ($1::bigint >> 32) & 4294967295 AND objid::bigint = $1::bigint & 4294967295
"""


class _Ends(Protocol):
    """What a transaction hands out, and takes back."""

    def end(self) -> None: ...


T = TypeVar("T", bound=_Ends)


class Writer:
    """One connection, made when it is first needed, and again when it was lost."""

    def __init__(self, server: Server, lock: str) -> None:
        """Nothing is asked of the server yet.

        Args:
            lock: the function that takes the state's lock for as long as the transaction lasts.
        """
        self._server = server
        self._begin = f"BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SELECT {lock}({server.turn:d})"
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def transaction(self, made_of: Callable[[Connection], T]) -> AsyncIterator[T]:
        """A transaction that holds the lock; durable when the block ends, undone when it raises.

        Raises Busy when the turn does not come, or the connection is lost.
        """
        async with self._turn:
            if self._closed:
                raise Internal("the state is closed")
            connection = await self._started()
            transaction = made_of(connection)
            try:
                yield transaction
                transaction.end()
                await _commit(connection)
            except BaseException:
                await undo(connection)
                raise
            finally:
                transaction.end()

    async def close(self) -> None:
        """Let go of the connection. Waits for the transaction under way."""
        async with self._turn:
            self._closed = True
            if self._connection is not None:
                await hang_up(self._connection)
                self._connection = None

    async def _started(self) -> Connection:
        """The connection, in a transaction that holds the lock."""
        before = self._connection
        if before is not None and not before.is_closed():
            try:
                await self._start(before)
                return before
            except Busy:
                if not before.is_closed():
                    raise
                # The server was restarted meanwhile, say. Nothing was done yet, so another connection does as well.
        self._connection = connection = await self._new()
        await self._start(connection)
        return connection

    async def _new(self) -> Connection:
        connection = await self._server.connect(idle_seconds=self._server.limits.idle_seconds)
        try:
            with in_our_words():
                # Stricter settings stand; but a commit that is not on disk would be none.
                await connection.execute(
                    "SELECT set_config('synchronous_commit', 'on', false) "
                    "WHERE current_setting('synchronous_commit') = 'off'"
                )
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _start(self, connection: Connection) -> None:
        try:
            with in_our_words():
                await connection.execute(self._begin)
        except Busy as error:
            await undo(connection)
            if isinstance(error.__cause__, asyncpg.LockNotAvailableError):
                raise await self._kept_waiting(connection) from error
            raise
        except asyncpg.FeatureNotSupportedError as error:
            # So a standby says that a transaction cannot be one that writes; there is nothing else it could mean here.
            await undo(connection)
            raise takes_no_changes() from error
        except BaseException:
            await undo(connection)
            raise

    async def _kept_waiting(self, connection: Connection) -> Busy:
        with in_our_words():
            holders = await connection.fetch(_HOLDER, self._server.turn)
        who = [f"{name} (server process {pid}, for {seconds} s)" for pid, name, seconds in holders]
        return Busy(
            f"the state is being changed by {', '.join(who) or 'one process after the other'}.",
            code="state_busy",
            hint="Try again; if it stays so, see what that process is doing, and stop it if it hangs.",
        )


async def _commit(connection: Connection) -> None:
    with in_our_words():
        ended = await connection.execute("COMMIT")
    if ended != "COMMIT":  # PostgreSQL answers ROLLBACK, and no error, when a statement failed before.
        raise Internal("the transaction was undone: a statement in it had failed, and the block went on")
