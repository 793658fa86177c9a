"""People through a journey of six steps by the real tick: on SQLite, on PostgreSQL, and by DBOS on the same disk.

On PostgreSQL a second time with four processes that let timers fire at once, as four of `holdfast react` do: the ratio
is that of the steps so taken, four against one. Events are taken in by one process either way. PostgreSQL works on the
same machine: what it takes of it is said.

The journey: wait, send, wait for an event for a day, split, send, leave. Half of the people do what is waited for, the
other half are woken by time. Every commit is on disk, the log's too. Coming to a step counts once, so six for each
person; what a workflow engine writes down as a step is counted alike.

What the journey tells the history (four events a person) waits until everybody has left and is taken in then, on a
line of its own: in a server both go on side by side, and `all in all` is what they come to.

People are 100,000, with `--quick` 20,000, or as many as BENCH_PEOPLE says. DBOS is measured where it can be
imported by this Python, or by the one BENCH_DBOS names: it is not among what Holdfast needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.benchmark import Benchmark, Measured, Row
from bench.hands import lent
from bench.helping_process import Helped
from bench.workflow_engine import Workflows, workflows
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.flows.journey.publishing import apply_decisions
from holdfast.kernel.moments import to_millis
from holdfast.ports.log import Record
from holdfast.ports.parts import PARTS
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.stores.log import SegmentLog
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import FakeClock
from holdfast.wiring import Application, assemble
from holdfast.workers.garbage import spare_ticks
from tests.postgres_server import PostgresServer, postgres_server

PEOPLE, PEOPLE_QUICK = 100_000, 20_000
BATCH_EVENTS = 100
STEPS = 6
"""Steps of the journey that each person comes to, after the one where they enter."""
RATE_LEAST = 60_000
RATIO_LEAST = 200
REACTORS = 4
REACTORS_RATIO_LEAST = 2.5
"""Steps by four processes against those by one."""
TICK_SECONDS = 1.0
"""How often whoever acts ticks while others let timers fire and no event comes, as `workers.loops` has it."""

_MAIL = {
    "type": "send",
    "channel": "email",
    "template": {"subject": "Hello", "html": "<p>Good day, {{ person.name }}.</p>"},
}
JOURNEY: dict[str, Any] = {
    "id": "bench",
    "name": "Bench",
    "goal": {"event": "Subscribed", "within_seconds": 864_000},
    "start": "start",
    "steps": {
        "start": {"type": "trigger", "event": "Signed Up", "again": "after_exit", "exits": {"entered": "delay"}},
        "delay": {"type": "wait", "seconds": 3_600, "exits": {"waited": "first"}},
        "first": {**_MAIL, "exits": {"sent": "ordered", "withheld": "end"}},
        "ordered": {
            "type": "until",
            "event": "Order Completed",
            "seconds": 86_400,
            "exits": {"happened": "fork", "expired": "fork"},
        },
        "fork": {"type": "split", "shares": {"a": 0.5, "b": 0.5}, "exits": {"a": "second", "b": "second"}},
        "second": {**_MAIL, "exits": {"sent": "end", "withheld": "end"}},
        "end": {"type": "exit"},
    },
}


@dataclass(slots=True)
class Stage:
    """One stretch of the way, with what it took."""

    what: str
    count: int
    unit: str
    seconds: float
    processor: float
    server: float = 0.0
    """Processor seconds of PostgreSQL."""
    by_time: bool = False
    """Whether it was time that woke them."""

    def row(self) -> Row:
        server = f", PostgreSQL at {self.server / self.seconds:.1f} cores" if self.server else ""
        return Row(
            what=f"  {self.what} ({self.count / self.processor:,.0f} per processor second{server})",
            value=self.count / self.seconds,
            unit=f"{self.unit}/s",
        )


@dataclass(slots=True)
class Place:
    """A workspace in which the people are moved."""

    name: str
    app: Application
    clock: FakeClock
    people: int
    stages: list[Stage] = field(default_factory=list)
    server: PostgresServer | None = None
    workspace: str = ""
    reactors: int = 1
    hands: int = 0
    helpers: list[subprocess.Popen[str]] = field(default_factory=list)
    """The processes that let timers fire, where there are several."""


def run(quick: bool) -> Measured:
    """Measure."""
    people = int(os.environ.get("BENCH_PEOPLE", PEOPLE_QUICK if quick else PEOPLE))
    spare_ticks()  # As a server does.
    return asyncio.run(_run(people, quick=quick))


async def _run(people: int, *, quick: bool) -> Measured:
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        folder = Path(directory)
        async with _place("SQLite, no hands", SqliteState(folder / "alone"), folder / "alone", people) as alone:
            await _journey(alone)
        async with _place("SQLite", SqliteState(folder / "sqlite"), folder / "sqlite", people) as place:
            app = place.app
            async with lent(app.reactor, app.settings, app.secret) as place.hands:
                await _journey(place)
        others: list[Place] = []
        engines: list[Workflows] = workflows("sqlite", str(folder / "workflows.sqlite"), seconds=5 if quick else 20)
        with contextlib.suppress(pytest.skip.Exception), postgres_server() as server:
            for reactors in (1, REACTORS):
                name = "PostgreSQL" if reactors == 1 else f"PostgreSQL, {reactors} reactors"
                workspace = server.workspace()
                state = await server.open(workspace)
                async with _place(name, state, folder / workspace, people) as other:
                    other.server, other.workspace, other.reactors = server, workspace, reactors
                    with _helping(other):
                        await _journey(other)
                others.append(other)
            engines += workflows("postgres", server.url, seconds=5 if quick else 20)
    return _measured(place, [alone, *others], engines)


@contextlib.asynccontextmanager
async def _place(name: str, state: State, folder: Path, people: int) -> AsyncIterator[Place]:
    log, clock = SegmentLog(folder / "log"), FakeClock()  # Makes the folder.
    settings = Settings.load(folder, {}, {}, working_dir=folder)
    app = await assemble(settings, clock=clock, log=log, state=state, history=MemoryHistory(), mail=None)
    await apply_decisions(state, drafts_of([{"kind": "journey", **JOURNEY}]), now=clock.now())
    try:
        yield Place(name=name, app=app, clock=clock, people=people)
    finally:
        await log.close()
        await state.close()


async def _journey(place: Place) -> None:
    """Everybody from the start to the end."""
    draw = random.Random(7)
    everybody = list(range(place.people))
    draw.shuffle(everybody)
    await _events(place, "identify", None, everybody)
    await _stage(place, "people made known", place.people, "events")
    await _events(place, "track", "Signed Up", everybody)
    await _stage(place, "entering by an event", place.people, "entries")
    place.clock.advance(hours=1)
    await _stage(place, "woken: wait, send, wait for an event", 3 * place.people, "visits", by_time=True)
    draw.shuffle(everybody)
    half = everybody[: place.people // 2]
    await _events(place, "track", "Order Completed", half)
    await _stage(place, "by the event: split, send, leave", 3 * len(half), "visits")
    place.clock.advance(hours=24)
    await _stage(place, "by time: split, send, leave", 3 * (place.people - len(half)), "visits", by_time=True)
    async with place.app.state.view() as view:
        left = {each.step: each.count for each in await view.step_counts("bench") if each.exit == "entered"}
        assert left["end"] == place.people, left
        assert (await view.send_totals("bench"))["pending"] == 2 * place.people
    await _stage(place, "what is told of it taken in", 4 * place.people, "events", told=True)


async def _events(place: Place, kind: str, name: str | None, people: list[int]) -> None:
    at_ms = to_millis(place.clock.now())
    for start in range(0, len(people), BATCH_EVENTS * 100):
        records = []
        for first in range(start, min(start + BATCH_EVENTS * 100, len(people)), BATCH_EVENTS):
            batch = [_event(kind, name, each) for each in people[first : first + BATCH_EVENTS]]
            body = msgspec.json.encode({"batch": batch})
            records.append(Record(kind="batch", source="web", received_ms=at_ms, body=body))
        await place.app.log.append(records)


def _event(kind: str, name: str | None, person: int) -> dict[str, object]:
    said: dict[str, object] = {"type": kind, "userId": f"user-{person}", "messageId": f"{kind}-{name}-{person}"}
    if name is None:
        return said | {"traits": {"email": f"user-{person}@example.com", "name": f"User {person}"}}
    return said | {"event": name, "properties": {"revenue": 12.5, "currency": "EUR"}}


async def _stage(place: Place, what: str, count: int, unit: str, *, told: bool = False, by_time: bool = False) -> None:
    """Tick until nothing is left to do; own events are left for the end."""
    reactor = place.app.reactor
    burnt = place.server.processor_seconds() if place.server else 0.0
    if by_time and place.reactors > 1:
        seconds, processor = await _by_several(place)
    else:
        began, used = time.perf_counter(), time.process_time()
        while not (await reactor.tick()).idle or (told and await reactor.pump()):
            pass
        seconds, processor = time.perf_counter() - began, time.process_time() - used
    place.stages.append(
        Stage(
            what=what,
            count=count,
            unit=unit,
            seconds=seconds,
            processor=processor,
            server=place.server.processor_seconds() - burnt if place.server else 0.0,
            by_time=by_time,
        )
    )


async def _by_several(place: Place) -> tuple[float, float]:
    """Let what is due fire by several processes while this one ticks on; how long it took, and of which processor time.

    Until the last of them has done its last; that they then look in vain for a while is not counted.
    """
    reactor, now_ms = place.app.reactor, to_millis(place.clock.now())
    reactor.leave_timers(to_others=True)
    used, began = time.process_time(), time.perf_counter()
    for each in place.helpers:
        assert each.stdin is not None
        each.stdin.write(f"{now_ms}\n")
        each.stdin.flush()
    answers = asyncio.gather(*(asyncio.to_thread(_said, each) for each in place.helpers))
    while not answers.done():
        await reactor.tick()
        await asyncio.wait([answers], timeout=TICK_SECONDS)
    processor = time.process_time() - used
    reactor.leave_timers(to_others=False)
    done = [msgspec.json.decode(each, type=Helped) for each in answers.result()]
    return max(each.ended for each in done) - began, processor + sum(each.processor for each in done)


@contextlib.contextmanager
def _helping(place: Place) -> Iterator[None]:
    """The processes of the place, ready to let timers fire."""
    assert place.server is not None
    command = [sys.executable, "-m", "bench.helping_process", place.server.url, place.workspace]
    for first in range(0, PARTS, PARTS // place.reactors) if place.reactors > 1 else ():
        now_ms = to_millis(place.clock.now())
        helper = subprocess.Popen(
            [*command, str(now_ms), str(first)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        place.helpers.append(helper)
    try:
        assert {_said(each) for each in place.helpers} <= {"ready\n"}
        yield
    finally:
        for each in place.helpers:
            each.communicate()


def _said(helper: subprocess.Popen[str]) -> str:
    assert helper.stdout is not None
    return helper.stdout.readline()


def _measured(place: Place, others: list[Place], engines: list[Workflows]) -> Measured:
    rows: list[Row] = []
    for each in (place, *others):
        rate = _rate(each, ("visits",))
        best = max((engine.steps_a_second for engine in engines if each.name.startswith(engine.database)), default=None)
        rows.append(
            Row(
                what=f"{each.name}, {each.people:,} people: steps",
                value=rate,
                unit="visits/s",
                ratio=None if best is None else rate / best,
                limit=f"at least {RATE_LEAST:,}" if each is place else "",
                met=rate >= RATE_LEAST,
            )
        )
        rows += [stage.row() for stage in each.stages]
        if each.reactors > 1:
            one = next(one for one in others if one.reactors == 1 and one.server is not None)
            ratio = _rate_by_time(each) / _rate_by_time(one)
            rows.append(
                Row(
                    what=f"  woken by time, {each.reactors} reactors against one",
                    value=_rate_by_time(each),
                    unit="visits/s",
                    ratio=ratio,
                    limit=f"at least {REACTORS_RATIO_LEAST}",
                    met=ratio >= REACTORS_RATIO_LEAST,
                )
            )
        rows.append(
            Row(
                what="  all in all, from entering to the last event told",
                value=_rate(each, ("entries", "visits", "events"), without="people made known"),
                unit="visits/s",
            )
        )
    rows += [
        Row(what=f"DBOS {each.version} on {each.database}: {each.way}", value=each.steps_a_second, unit="steps/s")
        for each in engines
    ]
    best = max((each.steps_a_second for each in engines if each.database == place.name), default=None)
    headline = _rate(place, ("visits",)) / (best or RATE_LEAST)
    against = f"DBOS on the same disk (at least {RATIO_LEAST})" if best else f"the {RATE_LEAST:,} that are asked"
    return Measured(headline=headline, rows=tuple(rows), notes=(f"Ratios against {against}.", ""))


def _rate(place: Place, units: tuple[str, ...], *, without: str = "") -> float:
    """Visits a second over the stages of these kinds."""
    seconds = sum(each.seconds for each in place.stages if each.unit in units and each.what != without)
    return STEPS * place.people / seconds


def _rate_by_time(place: Place) -> float:
    """Visits a second over the stages in which time woke people."""
    stages = [each for each in place.stages if each.by_time]
    return sum(each.count for each in stages) / sum(each.seconds for each in stages)


BENCHMARK = Benchmark(about="people through a journey of six steps, on SQLite, on PostgreSQL and by DBOS", run=run)
