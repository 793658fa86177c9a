"""A tick with 1,000 live segments against one with none; and the timers that wake people for what time alone changes.

Each event concerns ten of the segments. Both workspaces take in the same events, in turns, and are measured in time of
the processor, so that a busy machine slows both. The state is SQLite with every commit on disk; the log is in memory.
BENCH_TIMERS sets how many timers there are.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.benchmark import Benchmark, Measured, Row
from holdfast.flows.audience import live_segments
from holdfast.flows.audience.segment_drafts import drafts_of
from holdfast.flows.audience.segments import apply_segments
from holdfast.kernel.moments import to_millis
from holdfast.ports.log import Record
from holdfast.ports.state import Transaction
from holdfast.segments.builders import did, last_did
from holdfast.segments.condition import Condition
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.sqlite.state import FILE, SqliteState
from holdfast.testing import FakeClock
from holdfast.wiring import Application, assemble

NAMES = 100
PER_NAME = 10
HABITS = 10
"""Different events of one person."""
BATCH_EVENTS = 50
TIMERS_AT_ONCE = 2_000
RATIO_LEAST = 0.05
"""Ten evaluations in Python cost more than all else of a small event; it must not be a hundred times as much."""
LOOKS = 200
ALONE = 200
"""Events that come alone, for how long it takes until entering has come back by the log."""


@dataclass(slots=True)
class Side:
    """One workspace."""

    app: Application
    state: SqliteState
    clock: FakeClock
    cpu: list[float] = field(default_factory=list)
    """Processor seconds of each turn."""


def run(quick: bool) -> Measured:
    """Measure."""
    return asyncio.run(_run(quick))


async def _run(quick: bool) -> Measured:
    turns, events, people = (5, 2_000, 500) if quick else (20, 5_000, 5_000)
    warming = 5 if quick else 20
    draw = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        none, live = [await _side(Path(folder) / name) for name in ("none", "live")]
        drafts = drafts_of(
            [{"id": f"s-{n}", "name": f"S {n}", "definition": each, "live": True} for n, each in _segments()]
        )
        await apply_segments(live.state, drafts, by="bench", now=live.clock.now())
        evaluated = _counted()
        for turn in range(warming + turns):
            bodies = [_batch(draw, people, turn, number) for number in range(events // BATCH_EVENTS)]
            for side in (none, live) if turn % 2 else (live, none):
                await _turn(side, bodies)
            if turn == warming - 1:  # The first meet strangers, who come into one segment after the other.
                none.cpu.clear()
                live.cpu.clear()
                evaluated.clear()
        waits = [await _alone(live, number) for number in range(ALONE)]
        seen = events * turns
        for side in (none, live):
            await side.state.close()
        many = int(os.environ.get("BENCH_TIMERS", "100000" if quick else "1000000"))
        timers = await _timers(Path(folder) / "timers", many)
    cost = statistics.median(none.cpu) / statistics.median(live.cpu)
    return Measured(
        headline=cost,
        rows=(
            Row(what="none live", value=events / statistics.median(none.cpu), unit="events/s of processor"),
            Row(
                what=f"{NAMES * PER_NAME:,} live",
                value=events / statistics.median(live.cpu),
                unit="events/s of processor",
                ratio=cost,
                limit=f"at least {RATIO_LEAST}",
                met=cost >= RATIO_LEAST,
            ),
            Row(what="  evaluations an event", value=sum(evaluated) / seen, unit=""),
            Row(what="  event until its entry is taken in, p50", value=statistics.median(waits) * 1000, unit="ms"),
            *timers,
        ),
    )


async def _side(folder: Path) -> Side:
    clock, state = FakeClock(), SqliteState(_made(folder))
    settings = Settings.load(folder, {}, {}, working_dir=folder)
    app = await assemble(settings, clock=clock, log=MemoryLog(), state=state, history=MemoryHistory(), mail=None)
    return Side(app=app, state=state, clock=clock)


def _segments() -> list[tuple[int, Condition]]:
    made: list[Condition] = []
    for name in range(NAMES):
        event = f"Event {name}"
        made += [did(event, at_least=least, within_days=days) for least in (1, 3) for days in (1, 7, 30)]
        made += [~did(event, within_days=days) & did(event) for days in (0.02, 2)]
        made += [last_did(event, before_days=days) for days in (1, 14)]
    return list(enumerate(made))


def _batch(draw: random.Random, people: int, turn: int, number: int) -> bytes:
    batch = []
    for each in range(BATCH_EVENTS):
        person = draw.randrange(people)
        # Everybody does a few of the things there are, again and again.
        event = f"Event {(person * 7 + draw.randrange(HABITS)) % NAMES}"
        message_id = f"m-{turn}-{number}-{each}"
        batch.append({"type": "track", "userId": f"user-{person}", "event": event, "messageId": message_id})
    return msgspec.json.encode({"batch": batch})


def _counted() -> list[int]:
    """How many evaluations each tick made, from now on."""
    counts: list[int] = []
    write = live_segments.Turnings.write

    async def counted(self: live_segments.Turnings, transaction: Transaction) -> int:
        counts.append(self.evaluated)
        return await write(self, transaction)

    live_segments.Turnings.write = counted  # type: ignore[method-assign]  # Only to count.
    return counts


async def _turn(side: Side, bodies: list[bytes]) -> None:
    side.clock.advance(minutes=20)
    at_ms = to_millis(side.clock.now())
    await side.app.log.append([Record(kind="batch", source="web", received_ms=at_ms, body=each) for each in bodies])
    began = time.process_time()
    await _settle(side.app)
    side.cpu.append(time.process_time() - began)


async def _settle(app: Application) -> None:
    while not (await app.reactor.tick()).idle or await app.reactor.pump():
        pass


async def _alone(side: Side, number: int) -> float:
    """One event of a newcomer, until what is told of it has come back: that is when a journey begins by it."""
    batch = [{"type": "track", "userId": f"new-{number}", "event": "Event 1", "messageId": f"alone-{number}"}]
    at_ms = to_millis(side.clock.now())
    body = msgspec.json.encode({"batch": batch})
    began = time.perf_counter()
    await side.app.log.append([Record(kind="batch", source="web", received_ms=at_ms, body=body)])
    await side.app.reactor.tick()
    await side.app.reactor.pump()
    await side.app.reactor.tick()
    return time.perf_counter() - began


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


async def _timers(folder: Path, many: int) -> tuple[Row, ...]:
    state = SqliteState(_made(folder))
    draw = random.Random(3)
    timers = [(1_800_000_000_000 + draw.randrange(30 * 86_400_000), person) for person in range(1, many + 1)]
    began = time.perf_counter()
    for start in range(0, many, TIMERS_AT_ONCE):
        async with state.begin() as transaction:
            await transaction.arm(timers[start : start + TIMERS_AT_ONCE])
    armed = many / (time.perf_counter() - began)
    size = (folder / FILE).stat().st_size
    looked = await _looks(state)
    began, popped = time.perf_counter(), 0
    while True:
        async with state.begin() as transaction:
            due = await transaction.due_members(2_000_000_000_000, limit=TIMERS_AT_ONCE)
            await transaction.disarm(due)
        popped += len(due)
        if not due or popped >= many // 2:
            break
    rate = popped / (time.perf_counter() - began)
    await state.close()
    return (
        Row(what=f"timers set, up to {many:,}", value=armed, unit="timers/s"),
        Row(what="  on disk, each", value=size / many, unit="bytes"),
        Row(what="  a look whether any has gone off, p50", value=statistics.median(looked) * 1e6, unit="µs"),
        Row(what="  gone off", value=rate, unit="timers/s"),
    )


async def _looks(state: SqliteState) -> list[float]:
    """How long each tick takes to see that no timer has gone off."""
    looked = []
    for _ in range(LOOKS):
        async with state.begin() as transaction:
            began = time.perf_counter()
            assert not await transaction.due_members(0, limit=TIMERS_AT_ONCE)
            looked.append(time.perf_counter() - began)
    return looked


BENCHMARK = Benchmark(about="a tick with 1,000 live segments against one with none, and their timers", run=run)
