"""What the whole server takes to start, and holds while nothing happens: empty, with people, and with events as well.

Events are 20 million, with `--quick` 2 million, or as many as BENCH_EVENTS says; people a twentieth of them, with
profiles in the state. The workspace is filled by a process of its own: the engine lives in one process only.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import shop_events
from bench.benchmark import Benchmark, Measured, Row
from bench.broadcast import fill
from bench.ingest_server import WRITE_KEY
from bench.served import served
from holdfast.stores.clickhouse.engine import Engine, Limits
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.sqlite.state import SqliteState

EVENTS, EVENTS_QUICK = 20_000_000, 2_000_000
EVENTS_A_PERSON = 20
START_SECONDS_MOST = 3.0
MEBIBYTES_MOST = 700.0
REST_SECONDS = 3.0
TURNS = 3
ASK_EVERY_SECONDS = 0.05
ASK_SECONDS_MOST = 60.0
MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One workspace's server; the medians of its starts."""

    taken_seconds: float
    """Until the first event was durable."""
    start_seconds: float
    mebibytes: float


def run(quick: bool) -> Measured:
    """Measure."""
    events = int(os.environ.get("BENCH_EVENTS", EVENTS_QUICK if quick else EVENTS))
    people = events // EVENTS_A_PERSON
    seen: dict[str, Seen] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        for name, has_people, has_events in (("empty", 0, 0), ("people", people, 0), ("events", people, events)):
            data = Path(directory) / name
            data.mkdir()
            command = [sys.executable, "-m", "bench.idle", str(data), str(has_people), str(has_events)]
            subprocess.run(command, check=True)
            seen[name] = _seen(data)
    return _measured(events, people, seen)


def _seen(data: Path) -> Seen:
    takes, starts, sizes = [], [], []
    beside = ThreadPoolExecutor(1)
    for _ in range(TURNS):
        port = _free_port()
        began = time.perf_counter()
        taking = beside.submit(_seconds_until_taken, port, began)
        with served(data, port=port) as server:
            takes.append(taking.result())
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("GET", "/api/people", headers={"Authorization": "Bearer ak_bench"})
            assert connection.getresponse().status == http.client.OK
            starts.append(time.perf_counter() - began)
            connection.close()
            time.sleep(REST_SECONDS)
            sizes.append(server.resident_bytes() / 2**20)
    return Seen(
        taken_seconds=sorted(takes)[TURNS // 2],
        start_seconds=sorted(starts)[TURNS // 2],
        mebibytes=sorted(sizes)[TURNS // 2],
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _seconds_until_taken(port: int, began: float) -> float:
    """How long it took until an event was taken in, asked again and again."""
    key = base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    while time.perf_counter() < began + ASK_SECONDS_MOST:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS_MOST)
        try:
            connection.request("POST", "/v1/track", b'{"userId":"early","event":"Came Early"}', headers)
            if connection.getresponse().status == http.client.OK:
                return time.perf_counter() - began
        except OSError:
            pass  # It does not listen yet.
        finally:
            connection.close()
        time.sleep(ASK_EVERY_SECONDS)
    raise TimeoutError("no event was taken in")


def _measured(events: int, people: int, seen: dict[str, Seen]) -> Measured:
    full = seen["events"]
    more = (seen["people"].mebibytes - seen["empty"].mebibytes) * MILLION / people
    rows = (
        Row(what="empty: until the first event is durable", value=seen["empty"].taken_seconds, unit="s"),
        Row(what="  until a question is answered", value=seen["empty"].start_seconds, unit="s"),
        Row(what="  held while idle", value=seen["empty"].mebibytes, unit="MiB"),
        Row(what=f"{people:,} people: held while idle", value=seen["people"].mebibytes, unit="MiB"),
        Row(what="  more than empty, for a million", value=more, unit="MiB"),
        Row(
            what=f"{events:,} events as well: until the first event is durable",
            value=full.taken_seconds,
            unit="s",
            limit=f"under {START_SECONDS_MOST:.0f}",
            met=full.taken_seconds < START_SECONDS_MOST,
        ),
        Row(
            what="  until a question is answered",
            value=full.start_seconds,
            unit="s",
            limit=f"under {START_SECONDS_MOST:.0f}",
            met=full.start_seconds < START_SECONDS_MOST,
        ),
        Row(
            what="  held while idle",
            value=full.mebibytes,
            unit="MiB",
            limit=f"under {MEBIBYTES_MOST:.0f}",
            met=full.mebibytes < MEBIBYTES_MOST,
        ),
    )
    return Measured(headline=full.mebibytes / MEBIBYTES_MOST, rows=rows, notes=(f"Medians of {TURNS} starts.", ""))


async def _fill(data: Path, *, people: int, events: int) -> None:
    state = SqliteState(data)
    await fill(state, people)
    await state.close()
    if events:
        engine = Engine(data / "history", limits=Limits(), durable=False)
        history = await ChdbHistory.on(engine)
        engine.run_here(lambda handle: shop_events.fill(handle, events=events, people=people))
        await history.close()


BENCHMARK = Benchmark(about="starting, and memory while idle: empty, with people, with events", run=run)

if __name__ == "__main__":
    asyncio.run(_fill(Path(sys.argv[1]), people=int(sys.argv[2]), events=int(sys.argv[3])))
