"""The log on NATS servers, one and a cluster of three, against segment files on the same disk, in turns.

Every server and every segment syncs before anything is acknowledged. The servers, three of them on one machine, share
its disk and its processors with the load: on machines of their own they are faster.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.benchmark import Benchmark, Measured, Row
from holdfast.ports.log import Log, Record
from holdfast.stores.log import SegmentLog
from holdfast.stores.nats import NatsLog
from tests.nats_cluster import Cluster
from tests.nats_server import NatsServer, running

EVENT_BYTES = 473
LOADS = ((1, 1), (1, 32), (100, 1), (100, 32), (1000, 1))
"""Events in an append, and how many callers append at once."""
COMPARED = (100, 32)
"""The load of the headline: what a collector under load appends."""
TURN_SECONDS = 0.7
RATIO_LEAST = 0.2
FOLLOWED = 100


@dataclass(slots=True)
class Place:
    """A log under load, the same log opened by another process, and what was measured."""

    name: str
    log: Log
    reader: Log
    rates: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    waits: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    read_rates: list[float] = field(default_factory=list)
    news: list[float] = field(default_factory=list)
    """Seconds from the beginning of an append to the other process having read it."""


def run(quick: bool) -> Measured:
    """Turn by turn, as many as time allows."""
    return uvloop.run(_run(turns=2 if quick else 8))


async def _run(turns: int) -> Measured:
    async with _places() as places:
        for place in places:  # Warms everything up.
            await _append(place, COMPARED)
        for place in places:
            place.rates.clear()
            place.waits.clear()
        for _ in range(turns):
            for place in places:
                begun = await place.log.end()
                for load in LOADS:
                    await _append(place, load)
                await _read(place, begun)
                await _follow(place)
        return _measured(places, turns)


@contextlib.asynccontextmanager
async def _places() -> AsyncIterator[list[Place]]:
    async with contextlib.AsyncExitStack() as opened:
        directory = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        segments = SegmentLog(directory / "segments")
        opened.push_async_callback(segments.close)
        server = opened.enter_context(running(NatsServer(directory / "server")))
        cluster = await opened.enter_async_context(Cluster.running(directory / "cluster"))
        places = [Place("segment files", segments, segments)]
        for name, urls in (("NATS, one server", [server.url]), ("NATS, three servers", cluster.urls)):
            logs = [await NatsLog.open(urls) for _ in range(2)]
            for log in logs:
                opened.push_async_callback(log.close)
            places.append(Place(name, logs[0], logs[1]))
        yield places


async def _append(place: Place, load: tuple[int, int]) -> None:
    events, callers = load
    record = Record(kind="batch", source="web", received_ms=1, body=b"x" * (EVENT_BYTES * events))
    waits: list[float] = []
    began = time.perf_counter()

    async def call() -> None:
        while (at := time.perf_counter()) < began + TURN_SECONDS:
            await place.log.append([record])
            waits.append(time.perf_counter() - at)

    await asyncio.gather(*(call() for _ in range(callers)))
    place.rates.setdefault(load, []).append(len(waits) * events / (time.perf_counter() - began))
    place.waits.setdefault(load, []).extend(waits)


async def _read(place: Place, offset: int) -> None:
    """Read all that came after the offset, as one that has fallen behind does."""
    count = 0
    began = time.perf_counter()
    while entries := await place.reader.read(offset, max_records=2_000, max_bytes=16_000_000):
        count += sum(len(entry.record.body) for entry in entries) // EVENT_BYTES
        offset = entries[-1].offset + 1
    place.read_rates.append(count / (time.perf_counter() - began))


async def _follow(place: Place) -> None:
    offset = await place.log.end()
    for _ in range(FOLLOWED):
        body = uuid.uuid4().bytes
        waiting = asyncio.create_task(place.reader.wait(offset, timeout_seconds=10))
        await asyncio.sleep(0)
        began = time.perf_counter()
        appending = asyncio.create_task(
            place.log.append([Record(kind="track", source="web", received_ms=1, body=body)])
        )
        await waiting
        (entry,) = await place.reader.read(offset, max_records=1, max_bytes=1)
        place.news.append(time.perf_counter() - began)
        assert entry.record.body == body
        await appending
        offset = entry.offset + 1


def _measured(places: list[Place], turns: int) -> Measured:
    beside = places[0]
    rows: list[Row] = []
    for place in places:
        rows.append(Row(what=place.name, value=float(turns), unit="turns"))
        for load in LOADS:
            events, callers = load
            ratio = statistics.median(place.rates[load]) / statistics.median(beside.rates[load])
            headline = load == COMPARED and place is places[1]
            rows += (
                Row(
                    what=f"  appends of {events:,}, {callers} at once",
                    value=statistics.median(place.rates[load]),
                    unit="events/s",
                    ratio=ratio,
                    limit=f"at least {RATIO_LEAST}" if headline else "",
                    met=ratio >= RATIO_LEAST,
                ),
                Row(what="    until durable, p50", value=statistics.median(place.waits[load]) * 1000, unit="ms"),
            )
        rows += (
            Row(
                what="  reading what was missed",
                value=statistics.median(place.read_rates),
                unit="events/s",
                ratio=statistics.median(place.read_rates) / statistics.median(beside.read_rates),
            ),
            Row(what="  append to read elsewhere, p50", value=statistics.median(place.news) * 1000, unit="ms"),
        )
    ratio = statistics.median(places[1].rates[COMPARED]) / statistics.median(beside.rates[COMPARED])
    note = f"Events of {EVENT_BYTES} bytes; ratios against segment files; the three servers share one disk."
    return Measured(headline=ratio, rows=tuple(rows), notes=(note, ""))


BENCHMARK = Benchmark(about="the log in NATS, on one server and on three, against segment files", run=run)
