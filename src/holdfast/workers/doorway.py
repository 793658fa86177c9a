"""The doorway: where connections that bring many events leave the server for its door, a process of its own.

Reading requests, checking and answering them is most of what the server does where thousands of events come each
second, and the interpreter that does it is the one that ticks. So it is left to another process as soon as there is so
much of it. A server that has less to do starts none.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine

from holdfast.flows.upkeep.keys import Access
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.settings import Settings
from holdfast.workers.beside import cores
from holdfast.workers.door_process import Behind, DoorProcess
from holdfast.workers.whole_requests import WholeRequests

_log = logging.getLogger(__name__)

METER_SECONDS = 0.25
"""How long requests are counted to see how many there are."""
SHARE_TO_START = 3
"""A door is started from one in so many of the requests from which it is given connections: it is ready by then."""
SPANS_TO_START = 4
"""So many times in a row there are to be as many: a second of them, and not a few at once."""
AGAIN_SECONDS = 10.0
"""How long after one the next door is started at the soonest."""


class Doorway:
    """The server's side of the door.

    Args:
        settings: say from how many requests a second there is one.
    """

    def __init__(self, settings: Settings) -> None:
        self._least = settings.door_requests if cores() > 1 and sys.executable else 0
        self._queue_bytes = settings.log_queue_bytes
        self._behind: Behind | None = None
        self._sources: dict[str, str] = {}
        self._door: DoorProcess | None = None
        self._works: set[asyncio.Task[None]] = set()
        self._start_at = 0.0
        self._counted = 0
        self._counted_since = 0.0
        self._spans = 0
        """How often in a row there were as many as a door is started for."""
        self._is_busy = False

    def open(self, log: Log, clock: Clock, access: Access, make_protocol: Callable[[bytes], WholeRequests]) -> None:
        """Let connections leave from now on.

        Args:
            log: where what they bring is kept.
            make_protocol: makes what serves a connection that comes back, of which so much was read before.
        """
        if self._least:
            self._behind = Behind(
                log=log, clock=clock, queue_bytes=self._queue_bytes, came=self.came, make_protocol=make_protocol
            )
            access.watch(self._know)

    def came(self, count: int = 1) -> None:
        """So many more requests that bring events are here."""
        if self._behind is None:
            return
        self._counted += count
        now = asyncio.get_running_loop().time()
        if (passed := now - self._counted_since) >= METER_SECONDS:
            rate = self._counted / passed
            self._counted, self._counted_since = 0, now
            self._is_busy = rate >= self._least
            self._spans = self._spans + 1 if rate * SHARE_TO_START >= self._least else 0
            if self._spans >= SPANS_TO_START and self._door is None and now >= self._start_at:
                self._start_at = now + AGAIN_SECONDS
                self._start(self._behind)

    @property
    def is_open(self) -> bool:
        """Whether connections are taken now."""
        return self._is_busy and self._door is not None and self._door.is_ready

    def take(self, connection: asyncio.Transport) -> bool:
        """Give the connection to the door; whether it has it now. Then it is to be closed here."""
        return self._door is not None and self._door.take(connection)

    async def close(self) -> None:
        """Have the door answer what is under way, and end it. The log is to take what comes until then."""
        self._behind = None
        if self._door is not None:
            await self._door.end()
        if self._works:
            await asyncio.wait(self._works)

    def _know(self, sources: dict[str, str]) -> None:
        """The write keys are these now."""
        self._sources = sources
        if self._door is not None:
            self._door.know(sources)

    def _start(self, behind: Behind) -> None:
        try:
            self._door = door = DoorProcess(behind, self._sources, ended=self._has_ended)
        except OSError as error:
            _log.warning("No process can be started to take events in; the server does it itself: %s", error)
            return
        self._do(self._welcome(door))

    async def _welcome(self, door: DoorProcess) -> None:
        try:
            await door.open()
        except (OSError, TimeoutError):
            if self._behind is None:
                return  # We are to end, and so it was.
            _log.warning("The process that is to take events in is not ready; the server does it itself.")
            await self._bury(door)
        else:
            _log.info("Process %d takes events in from now on: there are many.", door.pid)

    def _has_ended(self) -> None:
        _log.warning("The process that takes events in has ended; whoever it had not answered is to send again.")
        if self._door is not None:
            self._do(self._bury(self._door))

    async def _bury(self, door: DoorProcess) -> None:
        await door.end()
        if self._door is door:
            self._door = None

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)
