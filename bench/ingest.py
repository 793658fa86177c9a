"""Ingest over HTTP, durable before the answer, against msgspec decoding the same batches and doing nothing else.

Both are measured in events per second of processor time, in turns, so that a busy machine slows both. The collector's
time is its whole process: sockets, HTTP, checking, checksums, the log and its syncs. The load comes from this process.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import uvloop

from bench.benchmark import Benchmark, Measured, Row
from bench.ingest_server import WRITE_KEY
from holdfast.events.segment_message import Message
from holdfast.stores.log import SegmentLog

BATCH_EVENTS = 100
BATCHES = 256  # All different, so that neither side works from the nearest cache.
CONNECTIONS = 32
RATIO_LEAST = 0.5
ANSWER = b'{"success":true}'


class Batch(msgspec.Struct, rename="camel"):
    batch: list[Message]
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one turn of each came to."""

    decoded: int
    decoding_seconds: float
    """Of the processor."""
    events: int
    collecting_seconds: float
    """Of the processor, in the server."""
    seconds: float
    """Of the clock, while it collected."""
    waits: list[float]
    """Seconds from request to answer."""


def run(quick: bool) -> Measured:
    """Turn by turn, as many as time allows."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return uvloop.run(_run(Path(directory) / "log", turns=7 if quick else 15))


async def _run(directory: Path, turns: int) -> Measured:
    bodies = list(_bodies())
    with _server(directory) as (process, port):
        load = Load(port, bodies)
        await load.run(1.0)  # Warms everything up.
        rounds = [await _round(process, load, bodies) for _ in range(turns)]
    stored = await _stored(directory)
    assert stored >= load.answered, f"{load.answered} batches were answered for and {stored} are in the log"
    return _measured(rounds, stored)


def _measured(rounds: list[Round], stored: int) -> Measured:
    events = sum(each.events for each in rounds)
    decoding = sum(each.decoded for each in rounds) / sum(each.decoding_seconds for each in rounds)
    collecting = events / sum(each.collecting_seconds for each in rounds)
    ratio = collecting / decoding
    waits = sorted(wait for each in rounds for wait in each.waits)
    rows = (
        Row(what="msgspec decoding alone", value=decoding, unit="events per CPU second", ratio=1.0),
        Row(
            what="the whole collector",
            value=collecting,
            unit="events per CPU second",
            ratio=ratio,
            limit=f"at least {RATIO_LEAST}",
            met=ratio >= RATIO_LEAST,
        ),
        Row(what="  answered for", value=events / sum(each.seconds for each in rounds), unit="events/s"),
        Row(what="  request to answer, p50", value=waits[len(waits) // 2] * 1000, unit="ms"),
        Row(what="  request to answer, p99", value=waits[len(waits) * 99 // 100] * 1000, unit="ms"),
    )
    how = f"{CONNECTIONS} connections, batches of {BATCH_EVENTS} events, {len(rounds)} turns of each."
    return Measured(
        headline=ratio, rows=rows, notes=(how, f"Every batch answered for is among the {stored:,} in the log.", "")
    )


async def _round(process: subprocess.Popen[str], load: Load, bodies: list[bytes]) -> Round:
    decoded, decoding_seconds = _decode(bodies)
    used, answered, load.waits = _processor_seconds(process.pid), load.answered, []
    began = time.perf_counter()
    await load.run(1.0)
    return Round(
        decoded=decoded,
        decoding_seconds=decoding_seconds,
        events=(load.answered - answered) * BATCH_EVENTS,
        collecting_seconds=_processor_seconds(process.pid) - used,
        seconds=time.perf_counter() - began,
        waits=load.waits,
    )


def _decode(bodies: list[bytes]) -> tuple[int, float]:
    """Half a second or so of decoding: how many events, and the processor seconds they took."""
    decode = msgspec.json.Decoder(Batch).decode
    count = 0
    began = time.process_time()
    while (took := time.process_time() - began) < 0.5:
        for body in bodies:
            decode(body)
        count += len(bodies) * BATCH_EVENTS
    return count, took


def _processor_seconds(pid: int) -> float:
    """What the process has used, threads and system calls included (Linux: any process's clock can be read)."""
    return time.clock_gettime((~pid << 3) | 2)


class Load:
    """Connections that each send a batch, wait for the answer, and send the next."""

    def __init__(self, port: int, bodies: list[bytes]) -> None:
        self._port = port
        authorization = base64.b64encode(f"{WRITE_KEY}:".encode())
        self._requests = itertools.cycle(
            b"POST /v1/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s" % (authorization, len(body), body)
            for body in bodies
        )
        self.answered = 0
        self.waits: list[float] = []

    async def run(self, seconds: float) -> None:
        """Keep every connection busy for so long, then wait for the last answers."""
        until = time.perf_counter() + seconds
        await asyncio.gather(*(self._send_until(until) for _ in range(CONNECTIONS)))

    async def _send_until(self, until: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while (began := time.perf_counter()) < until:
            writer.write(next(self._requests))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            assert await reader.readexactly(len(ANSWER)) == ANSWER
            self.waits.append(time.perf_counter() - began)
            self.answered += 1
        writer.close()


@contextmanager
def _server(directory: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.ingest_server", str(directory)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)


async def _stored(directory: Path) -> int:
    log = SegmentLog(directory)
    try:
        return await log.end()
    finally:
        await log.close()


def _bodies() -> Iterator[bytes]:
    """Batches as Segment's SDK for Python sends them from a shop."""
    draw = random.Random(20260101)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(BATCHES):
        events = [_event(draw, at := at + timedelta(milliseconds=draw.randrange(900))) for _ in range(BATCH_EVENTS)]
        yield msgspec.json.encode({"batch": events, "sentAt": at.isoformat(timespec="milliseconds")})


def _event(draw: random.Random, at: datetime) -> dict[str, object]:
    return {
        "integrations": {},
        "anonymousId": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
        "userId": f"customer-{draw.randrange(20_000)}",
        "properties": {
            "product_id": f"sku-{draw.randrange(4000)}",
            "name": draw.choice(("Blue cotton shirt", "Größentabelle", "Trail shoe", "Rain jacket, light")),
            "category": draw.choice(("Clothing", "Shoes", "Outdoor")),
            "price": draw.randrange(500, 20_000) / 100,
            "currency": "EUR",
            "quantity": draw.randrange(1, 5),
        },
        "timestamp": at.isoformat(timespec="milliseconds"),
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "type": "track",
        "event": draw.choice(("Product Viewed", "Product Added", "Checkout Started", "Order Completed")),
        "messageId": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
    }


BENCHMARK = Benchmark(about="ingest over HTTP, durable before the answer, against msgspec decoding alone", run=run)
