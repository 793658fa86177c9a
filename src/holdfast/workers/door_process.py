"""One life of the door as the server sees it: started, given connections, heard, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log, Record
from holdfast.workers.beside import begin
from holdfast.workers.door_wire import (
    Back,
    Come,
    FromDoor,
    Group,
    Kept,
    Keys,
    Ready,
    Stop,
    pass_connection,
    passed_connection,
)
from holdfast.workers.listening import GOODBYE_SECONDS
from holdfast.workers.whole_requests import WholeRequests
from holdfast.workers.wire import Wire

_log = logging.getLogger(__name__)

START_SECONDS = 30.0
"""How long it may take until it is ready."""
END_SECONDS = 7.0
"""How long it may take to end once it is told to: longer than it gives itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What is behind the door."""

    log: Log
    clock: Clock
    queue_bytes: int
    """The most bytes that may wait at the door, as at the log."""
    came: Callable[[int], None]
    """Told how many requests came through the door."""
    make_protocol: Callable[[bytes], WholeRequests]
    """Makes what serves a connection that comes back, of which so much was read before."""


class DoorProcess:
    """The process, from the moment it is begun."""

    def __init__(self, behind: Behind, sources: dict[str, str], *, ended: Callable[[], None]) -> None:
        """Begin it.

        Args:
            sources: the names of the write keys in use, by their hashes.
            ended: called should it end by itself once it was ready.

        Raises OSError when there can be no further process.
        """
        self._behind = behind
        self._ended_by_itself = ended
        self._sources = sources
        self._names = frozenset(sources.values())
        self._works: set[asyncio.Task[None]] = set()
        self._told, self._ended = asyncio.Event(), asyncio.Event()
        self._was_ready = self._stopping = False
        self._wire: Wire[FromDoor] = Wire(FromDoor, self._heard, self._has_ended)
        self._ours, theirs = socket.socketpair()
        self._connections, their_connections = socket.socketpair()
        with theirs, their_connections:
            queue_bytes = str(behind.queue_bytes)
            self._process = begin("holdfast.workers.door", theirs, their_connections, also=(queue_bytes,))
        for each in (self._ours, self._connections):
            each.setblocking(False)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def open(self) -> None:
        """Speak with it, until it is ready. Raises OSError or TimeoutError when it is not, and never will be."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self._wire, sock=self._ours)
        self._wire.say(Keys(self._sources))
        async with asyncio.timeout(START_SECONDS):
            await self._told.wait()
        if self._ended.is_set():
            raise BrokenPipeError("it has ended")

    @property
    def is_ready(self) -> bool:
        """Whether connections can be given to it."""
        return self._was_ready and not self._ended.is_set() and not self._stopping

    def know(self, sources: dict[str, str]) -> None:
        """The write keys in use are these from now on."""
        self._sources, self._names = sources, frozenset(sources.values())
        self._wire.say(Keys(sources))

    def take(self, connection: asyncio.Transport) -> bool:
        """Give it a connection; whether it has it now. Then it is to be closed here."""
        if not self.is_ready or not pass_connection(self._connections, connection):
            return False
        self._wire.say(Come())
        return True

    async def end(self) -> None:
        """Have it answer what is under way, and end it; what is in its groups is kept until then.

        What it leaves to us meanwhile is answered here.
        """
        self._stopping = True
        self._wire.say(Stop())
        if self._was_ready:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    await self._ended.wait()
        self._process.kill()  # Does nothing to one that has ended.
        await asyncio.to_thread(self._process.wait)
        if self._works:
            await asyncio.wait(self._works)
        self._connections.close()

    def _has_ended(self) -> None:
        self._ended.set()
        self._told.set()
        if self._was_ready and not self._stopping:
            self._ended_by_itself()

    def _heard(self, said: FromDoor) -> None:
        match said:
            case Group():
                self._behind.came(len(said.bodies))
                self._do(self._keep(said))
            case Back():
                self._do(self._welcome_back(passed_connection(self._connections), said.read))
            case Ready():
                self._was_ready = True
                self._told.set()

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def _keep(self, group: Group) -> None:
        """Make its bodies durable, and say so."""
        kept = Kept(group.number, [])
        received_ms = to_millis(self._behind.clock.now())
        records = []
        for place, (kind, source, body) in enumerate(group.bodies):
            if source in self._names:
                records.append(Record(kind=kind, source=source, received_ms=received_ms, body=body))
            else:
                kept.not_ours.append(place)  # The key was revoked before the door knew.
        try:
            await self._behind.log.append(records)
        except Busy as busy:
            kept.refusal = (busy.message, busy.code, busy.path, busy.hint)
        except Exception:  # noqa: BLE001 - Whoever waits for it is to be told.
            _log.exception("what came through the door could not be kept")
            kept.failed = True
        self._wire.say(kept)

    async def _welcome_back(self, connection: socket.socket | None, read: bytes) -> None:
        if connection is None:
            return
        try:
            _, protocol = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._behind.make_protocol(read), connection
            )
        except OSError:
            return  # It has been closed on its way.
        if self._stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await protocol.end()
