"""The log in a stream of NATS JetStream, written and read by several processes at once."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nats.aio.msg import Msg

from holdfast.events.segment_body import BODY_BYTES_MOST
from holdfast.kernel.errors import Busy, Conflict
from holdfast.ports.log import Entry, Record
from holdfast.stores.nats.appending import HEADERS_BYTES, Appender
from holdfast.stores.nats.connection import Connection
from holdfast.stores.nats.packing import end_of, first_of
from holdfast.stores.nats.reading import Reader, Recent
from holdfast.stores.nats.stream import DUPLICATES_SECONDS, SERVER_LEAST, BeginsAt, StreamNames, ready_stream

PAYLOAD_BYTES_LEAST = 1024 * 1024
"""What a server must take in one message: NATS's own default, in which the largest request fits."""
MESSAGE_BYTES_MOST = 4 * 1024 * 1024
"""Larger messages gain nothing, and keep others waiting."""
LOOK_SECONDS = 1.0
"""How often one who waits asks whether news was missed: they come unasked, but not for certain."""
assert BODY_BYTES_MOST + HEADERS_BYTES * 2 < PAYLOAD_BYTES_LEAST  # noqa: S101 — else a request could not be stored.


async def at_the_start() -> int:
    """Where a log begins of which nothing was read."""
    return 0


@dataclass(slots=True, eq=False)
class _Waiter:
    offset: int
    arrived: Future[bool]


class NatsLog:
    """A log in one stream of JetStream; made by `open`, and used in the event loop that opened it.

    What is acknowledged is synced to the disks of the servers that must have it (most of the stream's replicas) only if
    their configuration says `jetstream { sync_interval: always }`; a client cannot see whether it does.
    """

    def __init__(self, connection: Connection, names: StreamNames, *, cache_bytes: int, last: int) -> None:
        self._connection = connection
        self._names = names
        self._recent = Recent(cache_bytes)
        self._last = last
        self._waiters: list[_Waiter] = []
        self._looking: set[asyncio.Task[None]] = set()
        self._appender: Appender
        self._reader: Reader

    @classmethod
    async def open(
        cls,
        urls: Sequence[str],
        *,
        stream: str = "HOLDFAST",
        replicas: int | None = None,
        queue_bytes: int = 64 * 1024 * 1024,
        cache_bytes: int = 16 * 1024 * 1024,
        append_seconds: float = 10.0,
        read_seconds: float = 10.0,
        open_seconds: float = 20.0,
        request_seconds: float = 2.0,
        credentials: Path | None = None,
        tls: ssl.SSLContext | None = None,
        begins_at: BeginsAt = at_the_start,
    ) -> Self:
        """Connect, and make the stream if it is not there.

        Args:
            urls: of one or more servers of the cluster, such as `nats://user:password@10.0.0.1:4222`.
            stream: its name; several workspaces on the same servers have one each.
            replicas: on how many servers each record must be; None for three in a cluster, one on a single server.
            queue_bytes: appends are refused with Busy while more than this waits to be written.
            cache_bytes: how much of what was last written and read is kept in memory.
            append_seconds: how long an append may wait for the servers, through the change of a leader, before it is
                refused with Busy.
            read_seconds: how long a read may wait for them likewise.
            open_seconds: how long opening may wait for each, the connection and the stream.
            request_seconds: how long a server may leave a single request unanswered before the next is tried.
            credentials: a file of NATS credentials (JWT and seed).
            tls: for encrypted connections; `tls://` addresses do without it when the system knows the authority.
            begins_at: asked, when there is no stream, for the offset its first record must not be below: how far one
                that was there before has been read.

        Raises Busy when the servers cannot be reached, Conflict when they or the stream are set up so that records
        could be lost or not fit.
        """
        if not 0 < append_seconds <= DUPLICATES_SECONDS / 2:
            raise ValueError(f"append_seconds must be above 0 and at most {DUPLICATES_SECONDS // 2}")
        connection = Connection(request_seconds=request_seconds)
        await connection.open(urls, seconds=open_seconds, credentials=credentials, tls=tls)
        try:
            _check_server(connection)
            names = StreamNames(stream=stream)
            state = await ready_stream(connection, names, replicas=replicas, seconds=open_seconds, begins_at=begins_at)
            log = cls(connection, names, cache_bytes=cache_bytes, last=int(state["last_seq"]))
            await connection.listen(names.stored, log._heard)
        except BaseException:
            await connection.close()
            raise
        log._appender = Appender(
            connection,
            names,
            log._stored,
            message_bytes_most=min(connection.message_bytes_most - HEADERS_BYTES, MESSAGE_BYTES_MOST),
            queue_bytes=queue_bytes,
            seconds=append_seconds,
        )
        log._reader = Reader(
            connection, names, log._recent, seconds=read_seconds, learned=log._learned, last=lambda: log._last
        )
        connection.connected = log._look_soon
        return log

    async def append(self, records: Sequence[Record]) -> int:
        if not records:
            return await self.end()
        return await self._appender.append(records)

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        return await self._reader.read(offset, max_records=max(max_records, 1), max_bytes=max_bytes)

    async def end(self) -> int:
        return end_of(int((await self._reader.state())["last_seq"]))

    async def waiting(self, offset: int) -> int:
        return await self._reader.waiting(offset)

    async def size(self) -> int:
        return int((await self._reader.state())["bytes"])

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        if offset < end_of(self._last):
            return True
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_seconds
        waiter = _Waiter(offset, loop.create_future())
        self._waiters.append(waiter)
        try:
            while (left := until - loop.time()) > 0:
                await asyncio.wait([waiter.arrived], timeout=min(left, LOOK_SECONDS))
                if waiter.arrived.done():
                    return True
                self._look_soon()
        finally:
            self._waiters.remove(waiter)
        return False

    async def trim(self, before: int) -> None:
        await self._reader.trim(before)

    async def close(self) -> None:
        await self._appender.close()
        for look in self._looking:
            look.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        await self._connection.close()

    # What is known of the log's end.

    def _stored(self, sequence: int, records: Sequence[Record]) -> None:
        """A message of ours is durable."""
        first = first_of(sequence, len(records))
        self._recent.put(sequence, [Entry(offset=first + place, record=record) for place, record in enumerate(records)])
        self._learned(sequence)

    async def _heard(self, message: Msg) -> None:
        """The servers tell that a message is stored, whoever wrote it."""
        self._learned(int((message.headers or {}).get("Nats-Sequence", 0)))

    def _learned(self, sequence: int) -> None:
        if sequence <= self._last:
            return
        self._last = sequence
        for waiter in self._waiters:
            if waiter.offset < end_of(sequence) and not waiter.arrived.done():
                waiter.arrived.set_result(True)

    def _look_soon(self) -> None:
        """Ask for the log's end beside everything else, unless that is being asked."""
        if not self._looking:
            look = asyncio.create_task(self._look(), name="holdfast-log-look")
            self._looking.add(look)
            look.add_done_callback(self._looking.discard)

    async def _look(self) -> None:
        with contextlib.suppress(Busy):  # Who waits looks again; who reads is told.
            await self._reader.state()


def _check_server(connection: Connection) -> None:
    server = connection.server
    version = str(server.get("version", "0"))
    if tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2]) < SERVER_LEAST:
        raise Conflict(
            f"The NATS server is version {version}.",
            code="log_server_old",
            hint=f"Holdfast needs {SERVER_LEAST[0]}.{SERVER_LEAST[1]} or newer.",
        )
    if not server.get("jetstream"):
        raise Conflict(
            "The NATS server runs without JetStream, so it stores nothing.",
            code="log_without_jetstream",
            hint="Add `jetstream { store_dir: …, sync_interval: always }` to its configuration.",
        )
    if connection.message_bytes_most < PAYLOAD_BYTES_LEAST:
        raise Conflict(
            f"The NATS server takes messages of {connection.message_bytes_most} bytes at most.",
            code="log_messages_small",
            hint=f"Set `max_payload: {PAYLOAD_BYTES_LEAST}` or more in its configuration.",
        )
