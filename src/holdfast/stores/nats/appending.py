"""Appending: everything that waits goes into one message, and the next gathers while that one is made durable.

One message is on its way at a time. So what a process was acknowledged is in the log in the order in which it was
acknowledged, whatever is sent again; and the busier it is, the more share a message and its sync.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from holdfast.kernel.errors import Busy, Internal, TooLarge
from holdfast.ports.log import Record
from holdfast.stores.log.frame import SOURCE_BYTES_MOST
from holdfast.stores.nats.connection import Connection, Unreachable, retry_seconds
from holdfast.stores.nats.packing import HEADER_BYTES, RECORDS_MOST, Summed, first_of, pack
from holdfast.stores.nats.stream import StreamNames

_log = logging.getLogger(__name__)

HEADERS_BYTES = 1024
"""What a message's own headers may take of the server's limit: in truth about a hundred."""
Stored = Callable[[int, Sequence[Record]], None]
"""Told of each message made durable, with its number, before those who wait for it."""


@dataclass(slots=True, eq=False)
class _Append:
    """Records on their way, and who waits for them."""

    done: Future[int]
    until: float
    """When the caller must have an answer, by the event loop's clock."""
    parts_left: int = 0
    first: int | None = None


@dataclass(slots=True, eq=False)
class _Part:
    """As much of an append as fits into a message."""

    append: _Append
    records: Sequence[Summed]
    size: int


class Appender:
    """The writing side of the log.

    Args:
        message_bytes_most: the largest message, without its headers.
        queue_bytes: appends are refused with Busy while more than this waits.
        seconds: how long an append may take, sent again and again if need be. Well within the time for which the
            servers know a message again.
    """

    def __init__(
        self,
        connection: Connection,
        names: StreamNames,
        stored: Stored,
        *,
        message_bytes_most: int,
        queue_bytes: int,
        seconds: float,
    ) -> None:
        self._connection = connection
        self._names = names
        self._stored = stored
        self._message_bytes_most = message_bytes_most
        self._queue_bytes = queue_bytes
        self._seconds = seconds
        self._name = uuid.uuid4().hex
        self._count = 0
        self._parts: deque[_Part] = deque()
        self._waiting_bytes = 0
        self._closed = False
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task = asyncio.create_task(self._write_for_ever(), name="holdfast-log")

    async def append(self, records: Sequence[Record]) -> int:
        """The offset of the first of one or more records, once all are durable."""
        if self._closed:
            raise Busy("The log is closed: the server is stopping.", hint="Send it again in a few seconds.")
        loop = asyncio.get_running_loop()
        append = _Append(loop.create_future(), loop.time() + self._seconds)
        parts = list(self._split(append, records))
        size = sum(part.size for part in parts)
        if self._waiting_bytes and self._waiting_bytes + size > self._queue_bytes:
            raise Busy(
                f"More than {self._queue_bytes} bytes are waiting to be written.", hint="Send it again in a second."
            )
        append.parts_left = len(parts)
        self._waiting_bytes += size
        self._parts += parts
        self._idle.clear()
        self._wake.set()
        return await append.done

    async def close(self) -> None:
        """Write what waits, as far as the servers let it be written in time, and take no more."""
        self._closed = True
        await self._idle.wait()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _split(self, append: _Append, records: Sequence[Record]) -> Iterable[_Part]:
        room = self._message_bytes_most - HEADER_BYTES
        fitting: list[Summed] = []
        size = 0
        for each in map(Summed.of, records):
            if len(each.source) > SOURCE_BYTES_MOST:
                raise ValueError(f"a record has up to {SOURCE_BYTES_MOST} bytes of source")
            if each.size > room:
                raise TooLarge(
                    f"A record of {each.size} bytes does not fit into a message of {self._message_bytes_most}.",
                    hint="Raise `max_payload` in the configuration of the NATS servers, or send less at once.",
                )
            if size + each.size > room or len(fitting) == RECORDS_MOST:
                yield _Part(append, fitting, size)
                fitting, size = [], 0
            fitting.append(each)
            size += each.size
        yield _Part(append, fitting, size)

    # Writing: all below runs in one task.

    async def _write_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            group = self._take_group()
            if not group:
                self._wake.clear()
                self._idle.set()
                continue
            try:
                await self._write(group)
            except Exception as error:  # noqa: BLE001 — whatever it was, those who wait must hear of it.
                self._refuse(group, error)

    def _take_group(self) -> list[_Part]:
        """As many of the parts that wait as fit into one message; at least one, if any waits."""
        group: list[_Part] = []
        size, count, now = HEADER_BYTES, 0, asyncio.get_running_loop().time()
        while self._parts:
            part = self._parts[0]
            if part.append.done.done():
                self._drop(self._parts.popleft())  # Its caller went away, or has its answer.
            elif part.append.until < now:
                self._refuse([self._parts.popleft()], self._too_late("others were before it"))
            elif group and (size + part.size > self._message_bytes_most or count + len(part.records) > RECORDS_MOST):
                break
            else:
                group.append(self._parts.popleft())
                size += part.size
                count += len(part.records)
        return group

    async def _write(self, group: Sequence[_Part]) -> None:
        records = [record for part in group for record in part.records]
        sequence = await self._publish(pack(records), until=min(part.append.until for part in group))
        self._stored(sequence, [each.record for each in records])
        first = first_of(sequence, len(records))
        for part in group:
            append = part.append
            if append.first is None:
                append.first = first
            append.parts_left -= 1
            if not append.parts_left and not append.done.done():
                append.done.set_result(append.first)
            self._waiting_bytes -= part.size
            first += len(part.records)

    async def _publish(self, message: bytes, *, until: float) -> int:
        """Have the message stored, once; its number. Raises Busy when it is not known to be in time."""
        self._count += 1
        headers = {
            # Sent again because an acknowledgement was lost, it is known again by this and not stored twice.
            "Nats-Msg-Id": f"{self._name}-{self._count}",
            "Nats-Expected-Stream": self._names.stream,
        }
        tries = 0
        while True:
            try:
                return self._acknowledged(await self._connection.ask(self._names.append, message, headers))
            except Unreachable as error:
                pause = retry_seconds(tries)
                if asyncio.get_running_loop().time() + pause > until:
                    raise self._too_late(str(error)) from error
                if not tries:
                    _log.warning("the log's stream %s took no message (%s); trying again", self._names.stream, error)
            await asyncio.sleep(pause)
            tries += 1

    def _acknowledged(self, answer: bytes) -> int:
        said = json.loads(answer)
        if error := said.get("error"):
            # No leader, no room, a copy of it still on its way to the other servers: all of that can pass.
            raise Unreachable(str(error.get("description")))
        if said["stream"] != self._names.stream:
            raise Internal(f"{self._names.append} is stored by the stream {said['stream']}")
        return int(said["seq"])

    def _too_late(self, reason: str) -> Busy:
        return Busy(
            f"The log could not be written within {self._seconds:g} seconds: {reason}.",
            hint="Send it again in a few seconds: what was stored all the same is known again by its message ids.",
        )

    def _refuse(self, group: Sequence[_Part], error: Exception) -> None:
        for part in group:
            if not part.append.done.done():
                part.append.done.set_exception(error)
            self._drop(part)

    def _drop(self, part: _Part) -> None:
        self._waiting_bytes -= part.size
