"""The engine: ClickHouse, in this process (chDB) or on a server, asked by a few threads with a handle each."""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import LiteralString, TypeVar

from holdfast.kernel.errors import Busy
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.ports.asking import Asking, UnderWay, asking_now
from holdfast.stores.clickhouse.apart import Apart
from holdfast.stores.clickhouse.embedded import Embedded
from holdfast.stores.clickhouse.handle import Handle, Limits, Ticket, cancelled, too_slow
from holdfast.stores.clickhouse.spelling import spelt
from holdfast.stores.clickhouse.ways import QUERY_BYTES_MOST, QUERY_PIECES_MOST, Refusal, Way

__all__ = [
    "QUERY_BYTES_MOST",
    "QUERY_PIECES_MOST",
    "Engine",
    "Handle",
    "Limits",
    "Refusal",
    "Ticket",
    "cancelled",
    "spelt",
    "too_slow",
]

T = TypeVar("T")

_log = logging.getLogger(__name__)

_OVERRUN_SECONDS = 5.0
"""How much longer than its limit a statement may take before it is given up: the limit is kept between blocks only."""
_HELD_UP_EXIT = 70
"""The exit code of a process in which a statement did not end; EX_SOFTWARE of sysexits.h."""
_LOOK_SECONDS = 0.5
"""How often it is looked whether a statement goes on for too long."""
_CLOSE_SECONDS = 5.0
"""How long what others asked may take to end when the engine is closed."""
_KILL_EVERY_SECONDS = 0.05
"""A statement is seen a little after it is sent; until the question has ended, it is killed again and again."""


class Engine:
    """The way to one database of ours. Handles are made as threads need them.

    Args:
        where: a directory, for the one engine of this process; or the way to a server.
        durable: of a directory, whether what an insert returned from survives a power cut; if not, only the end of
            the process.
    """

    def __init__(self, where: Path | Way, *, limits: Limits, threads: int = 4, durable: bool = True) -> None:
        self.way: Way = Embedded(where, durable=durable) if isinstance(where, Path) else where
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="history")
        # Asking how far questions are, and ending them, must not wait for the questions.
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history-beside")
        self.adding = threading.Lock()
        """Held while events are inserted: the numbers of their blocks come to light in order."""
        self._own = threading.local()
        self._apart = Apart()
        self._spare: list[Handle] = []
        self._handles: list[Handle] = []
        self._tickets: dict[str, Ticket] = {}
        self._name = f"asked-{secrets.token_hex(8)}-"
        # Others may ask the same server: what they ask is not ours to follow or to end.
        self._numbers = count(1)
        self._lock = threading.Lock()
        # A process that ends without closing has joined the threads by then. The engine's own end must come before that
        # of the library it is part of, or the process dies of it.
        atexit.register(self._let_go)

    async def run(self, work: Callable[[Handle], T]) -> T:
        """Do the work on one of the threads, with its handle; what it asks is asked as `asking_now()` says.

        When the waiting is given up, so is what is asked.
        """
        ticket = self._new_ticket()
        future = self._pool.submit(self._do, ticket, work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            ticket.called_off = True
            if future.cancel():
                self._tickets.pop(ticket.tag, None)
            else:
                self._beside.submit(self._kill, [ticket])
            raise

    async def run_apart(self, work: Callable[[Handle], T]) -> T:
        """The same for what others wrote, on threads on which nothing else waits.

        Raises Busy `too_slow` when the engine does not come back from a statement in time, though it may go on.
        """
        ticket = self._new_ticket()
        try:
            piece = self._apart.begin(lambda: self._do_apart(ticket, work))
        except Busy:
            self._tickets.pop(ticket.tag, None)
            raise
        waiting = asyncio.wrap_future(piece.future)
        try:
            while not (await asyncio.wait({waiting}, timeout=_LOOK_SECONDS))[0]:
                if ticket.overran(self._limits.seconds + _OVERRUN_SECONDS):
                    self._tickets.pop(ticket.tag, None)
                    self._apart.give_up(piece)
                    waiting.cancel()
                    _log.error("A question does not end, and keeps a core busy: %s", ticket.asking.words or "SQL")
                    raise too_slow(self._limits)
            return waiting.result()
        except asyncio.CancelledError:
            ticket.called_off = True
            waiting.cancel()
            if piece.future.cancelled():
                self._tickets.pop(ticket.tag, None)
            else:
                self._beside.submit(self._kill, [ticket])
            raise

    def run_here(self, work: Callable[[Handle], T]) -> T:
        """Do the work on one of the threads and wait for it."""
        return self._pool.submit(self._do, self._new_ticket(), work).result()

    async def under_way(self) -> list[UnderWay]:
        """What was asked under an id and is not answered yet, the oldest first."""
        return await asyncio.get_running_loop().run_in_executor(self._beside, self._progress)

    async def cancel(self, asking_id: str) -> bool:
        """Call off what is asked under an id; False when nothing is."""
        meant = [each for each in list(self._tickets.values()) if each.asking.id == asking_id]
        for each in meant:
            each.asking.cancelled = True
        if meant:
            await asyncio.get_running_loop().run_in_executor(self._beside, self._kill, meant)
        return bool(meant)

    def close(self) -> None:
        """Wait for work in hand, then let go of the directory. What others asked is called off."""
        self._pool.shutdown(wait=True)
        until = time.monotonic() + _CLOSE_SECONDS
        while not self._apart.is_empty() and time.monotonic() < until:
            for each in list(self._tickets.values()):
                each.asking.cancelled = True
            self._handle().run(fill(_END_ALL, {"kill": self.way.kill, "ours": self._ours()}))
            time.sleep(_KILL_EVERY_SECONDS)
        self._beside.shutdown(wait=True)
        atexit.unregister(self._let_go)
        if self._apart.is_empty() or not self.way.alone:
            self._let_go()
        else:
            atexit.register(_leave)

    def _let_go(self) -> None:
        if not self._apart.is_empty() and self.way.alone:
            _leave()
        for handle in self._handles:
            handle.close()
        self._handles.clear()
        self.way.close()

    def _new_ticket(self) -> Ticket:
        ticket = Ticket(tag=f"{self._name}{next(self._numbers)}", asking=asking_now() or Asking(id=""))
        self._tickets[ticket.tag] = ticket
        return ticket

    def _do(self, ticket: Ticket, work: Callable[[Handle], T]) -> T:
        handle = self._handle()
        try:
            with handle.working_on(ticket):
                return work(handle)
        finally:
            ticket.done = True
            self._tickets.pop(ticket.tag, None)

    def _do_apart(self, ticket: Ticket, work: Callable[[Handle], T]) -> T:
        with self._lock:
            handle = self._spare.pop() if self._spare else self._new_handle(analyst=True)
        try:
            with handle.working_on(ticket):
                return work(handle)
        finally:
            ticket.done = True
            self._tickets.pop(ticket.tag, None)
            self._spare.append(handle)

    def _progress(self) -> list[UnderWay]:
        tickets: dict[str, list[Ticket]] = {}
        for each in list(self._tickets.values()):
            if each.asking.id:
                tickets.setdefault(each.asking.id, []).append(each)
        told: dict[str, list[int]] = {}
        if tickets:
            asked = fill(_UNDER_WAY, {"processes": self.way.processes, "ours": self._ours()})
            for tag, *numbers in self._handle().rows(asked):
                before = told.get(tag, [0, 0, 0])  # On a cluster, each node has a part of it.
                told[tag] = [one + int(more) for one, more in zip(before, numbers, strict=True)]
        return [_together(each, [told[one.tag] for one in each if one.tag in told]) for each in tickets.values()]

    def _kill(self, tickets: Sequence[Ticket]) -> None:
        until = time.monotonic() + self._limits.seconds
        while any(not each.done for each in tickets) and time.monotonic() < until:
            tags = bind("Array(String)", [each.tag for each in tickets])
            self._handle().run(fill(_END, {"kill": self.way.kill, "tags": tags}))
            time.sleep(_KILL_EVERY_SECONDS)

    def _handle(self) -> Handle:
        handle: Handle | None = getattr(self._own, "handle", None)
        if handle is None:
            with self._lock:
                handle = self._new_handle()
            self._own.handle = handle
        return handle

    def _new_handle(self, *, analyst: bool = False) -> Handle:
        handle = Handle(self.way.connect(analyst=analyst), self.way, self._limits)
        self._handles.append(handle)
        return handle

    def _ours(self) -> Sql:
        return bind("String", self._name)


_END: LiteralString = "[[kill]] WHERE Settings['log_comment'] IN [[tags]] ASYNC"
_END_ALL: LiteralString = "[[kill]] WHERE startsWith(Settings['log_comment'], [[ours]]) ASYNC"


def _leave() -> None:
    """End the process at once: a statement runs that does not end, and the library would die of being closed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_HELD_UP_EXIT)


_UNDER_WAY: LiteralString = (
    "SELECT Settings['log_comment'], read_rows, total_rows_approx, memory_usage FROM [[processes]] "
    "WHERE startsWith(Settings['log_comment'], [[ours]])"
)


def _together(tickets: Sequence[Ticket], told: Sequence[Sequence[int]]) -> UnderWay:
    """The progress of all that is asked under one id. What waits for a thread has read nothing."""
    read, total, memory = (sum(each[index] for each in told) for index in range(3))
    return UnderWay(
        id=tickets[0].asking.id,
        words=tickets[0].asking.words,
        elapsed_seconds=time.monotonic() - min(each.since for each in tickets),
        rows_read=read,
        rows_total=total,
        memory_bytes=max(0, memory),
    )
