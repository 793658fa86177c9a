"""The seat of the process that acts: a lock of a session of its own, which goes when its process or connection does."""

from __future__ import annotations

from holdfast.kernel.errors import Exposed
from holdfast.kernel.ids import hash64
from holdfast.stores.packing import signed
from holdfast.stores.postgres.opening import Limits, Server, hang_up
from holdfast.stores.postgres.refusals import in_our_words
from holdfast.stores.postgres.session import Connection
from holdfast.stores.postgres.state import WORKSPACE

LOOK_SECONDS = 5.0
"""How long it may take to hear whether the seat is still ours. Who hears nothing takes it for lost."""
SILENT_SECONDS = 60.0
"""How long who has the seat may ask nothing before the server ends the connection, and so frees the seat. They ask
several times a second while they are well; one that is paused, or hangs, would keep it for as long as that lasts."""

_HELPERS = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = ($1::bigint >> 32) & 4294967295 AND objid::bigint = $1::bigint & 4294967295
"""


class PostgresSeat:
    """Answers `ports.seat.Seat`. It only saves work: what is written is fenced by `flows.ingest.acting`.

    It is asked for again and again rather than waited for: who waits in a statement keeps a snapshot open, and with it
    old rows from being cleared away.
    """

    def __init__(self, url: str, *, workspace: str = WORKSPACE, silent_seconds: float = SILENT_SECONDS) -> None:
        """Nothing is asked yet."""
        self._silent_seconds = silent_seconds
        self._server = Server(url=url, workspace=workspace, limits=Limits())
        self._lock = signed(hash64("seat", workspace))
        self._helping = signed(hash64("helpers", workspace))
        self._connection: Connection | None = None
        self._ours = self._counted = False

    async def take(self) -> bool:
        connection = await self._connected()
        with in_our_words(connection):
            if not self._ours:
                asked = "SELECT pg_try_advisory_lock($1)"
                self._ours = bool(await connection.fetchval(asked, self._lock, timeout=LOOK_SECONDS))
            if self._ours and self._counted:
                await connection.fetchval("SELECT pg_advisory_unlock_shared($1)", self._helping, timeout=LOOK_SECONDS)
                self._counted = False
        return self._ours

    async def stand_by(self) -> None:
        connection = await self._connected()
        with in_our_words(connection):
            if not self._counted:
                asked = "SELECT pg_try_advisory_lock_shared($1)"  # Nobody ever has it alone.
                self._counted = bool(await connection.fetchval(asked, self._helping, timeout=LOOK_SECONDS))

    async def helpers(self) -> int:
        try:
            connection = await self._connected()
            with in_our_words(connection):
                return int(await connection.fetchval(_HELPERS, self._helping, timeout=LOOK_SECONDS))
        except Exposed:
            return 0

    async def is_held(self) -> bool:
        connection = self._connection
        if not self._ours or connection is None or connection.is_closed():
            self._ours = False
            return False
        try:
            with in_our_words(connection):
                await connection.fetchval("SELECT 1", timeout=LOOK_SECONDS)
        except Exposed:
            # The server may still think that we sit there: closing the connection tells it that we do not.
            connection.terminate()
            self._ours = False
        return self._ours

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._ours = self._counted = False
            self._connection = await self._server.connect(idle_seconds=0, silent_seconds=self._silent_seconds)
        return self._connection

    async def leave(self) -> None:
        self._ours = self._counted = False
        if self._connection is not None:
            await hang_up(self._connection)
            self._connection = None
