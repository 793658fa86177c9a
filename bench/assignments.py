"""What the history takes to say what became of a million people who were assigned something: a trial, and a step.

A year of a shop's five million events, and among them a million people who were sent down seven paths in its last sixty
days, four in five of whom got a message.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from bench.benchmark import Benchmark, Measured, Row
from bench.shop_events import DAY_MS, NOW_MS, fill
from holdfast.measures.learning.question import TriedGoal, TriedQuestion
from holdfast.measures.metrics import DAY_SECONDS, Assigned, Outcomes
from holdfast.measures.usual_metrics import Chosen, metrics_of
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.history import ChdbHistory

PEOPLE, PEOPLE_QUICK = 1_000_000, 100_000
EVENTS_EACH = 5
ROUNDS = 3
MOMENTS = 16
SECONDS_MOST = 2.0
ORDERED = "Order Completed"

_TOLD = (
    """INSERT INTO events
    (workspace, event, identity, ts, received_at, id, message_id, kind, source, user_id, text, number, other)
    SELECT 1, 'Variant Assigned', toUInt32(1 + number),
        fromUnixTimestamp64Milli(toInt64({now}) - toInt64(cityHash64(number, 9) % {span}), 'UTC') AS at, at,
        cityHash64(number, 8), 'a' || toString(number), 'track', 'holdfast', 'user-' || toString(number + 1),
        map('experiment', 'welcome.fork', 'variant', 'path-' || toString(cityHash64(number, 11) % 7), 'arm', 'treated',
            'origin', 'welcome'),
        map('propensity', 1 / 7), map('evenly', 'false')
    FROM numbers({people})""",
    """INSERT INTO events
    (workspace, event, identity, ts, received_at, id, message_id, kind, source, user_id, text)
    SELECT 1, 'Message Sent', toUInt32(1 + number),
        fromUnixTimestamp64Milli(toInt64({now}) - toInt64(cityHash64(number, 9) % {span}) + 60000, 'UTC') AS at, at,
        cityHash64(number, 18), 's' || toString(number), 'track', 'holdfast', 'user-' || toString(number + 1),
        map('send', toString(number), 'origin', 'welcome', 'step', 'mail', 'channel', 'email')
    FROM numbers({people}) WHERE number % 10 < 8""",
)


def run(quick: bool) -> Measured:
    """Ask both again and again; the calmest time counts: neighbours on the machine only ever add."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return asyncio.run(_run(Path(directory) / "history", PEOPLE_QUICK if quick else PEOPLE))


async def _run(directory: Path, people: int) -> Measured:
    engine = Engine(directory, limits=Limits(seconds=300), durable=False)
    history = await ChdbHistory.on(engine)
    try:
        engine.run_here(lambda handle: _filled(handle, people))
        question = _question()
        alone = replace(question, metrics=question.metrics[2:3])
        moments = [NOW_MS - 60 * DAY_MS * back // MOMENTS for back in range(MOMENTS - 1, -1, -1)]
        goal = TriedGoal(event=ORDERED, within_seconds=7 * DAY_SECONDS)
        tried = TriedQuestion(experiment="welcome.fork", goals=(goal,), as_of_ms=NOW_MS, since_ms=NOW_MS - 180 * DAY_MS)
        rows = [
            await _timed(f"a trial's {len(question.metrics)} metrics", lambda: history.trial_tallies(question)),
            await _timed("where its capped revenue is capped", lambda: history.trial_cap(alone)),
            await _timed(f"its course, one metric at {MOMENTS} moments", lambda: history.trial_course(alone, moments)),
            await _timed("the same, moment by moment", lambda: _each(history, alone, moments)),
            await _timed("what a learning step's paths brought", lambda: history.tried(tried), limit=SECONDS_MOST),
        ]
    finally:
        await history.close()
    found = next(each for each in rows if each.limit)
    note = f"{people:,} people assigned, {people * EVENTS_EACH:,} events beside; the calmest of {ROUNDS} turns."
    return Measured(headline=(found.ratio or 0.0), rows=tuple(rows), notes=(note, ""))


async def _each(history: ChdbHistory, question: Outcomes, moments: list[int]) -> None:
    for each in moments:
        await history.trial_tallies(replace(question, as_of_ms=each))


def _question() -> Outcomes:
    chosen = Chosen(
        goal=ORDERED,
        windows=(7 * DAY_SECONDS, 28 * DAY_SECONDS),
        orders=ORDERED,
        returning=ORDERED,
        bracket_seconds=30 * DAY_SECONDS,
        brackets=3,
        guardrails=("Message Unsubscribed",),
    )
    whom = Assigned(experiment="welcome.fork")
    return Outcomes(whom=whom, metrics=metrics_of(chosen), as_of_ms=NOW_MS, currency="USD")


def _filled(handle: Handle, people: int) -> None:
    fill(handle, events=people * EVENTS_EACH, people=people)
    for statement in _TOLD:
        handle.command(statement.format(people=people, now=NOW_MS, span=60 * DAY_MS))


async def _timed(what: str, ask: Callable[[], Awaitable[object]], limit: float | None = None) -> Row:
    """The calmest wall-clock time, beside the processor's seconds it took."""
    spent = []
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        await ask()
        spent.append((time.perf_counter() - began, time.process_time() - worked))
    seconds, worked = min(spent)
    return Row(
        what=f"{what} ({worked:.1f} s of processor)",
        value=seconds,
        unit="s",
        ratio=seconds,
        limit="" if limit is None else f"at most {limit:g} s",
        met=limit is None or seconds <= limit,
    )


BENCHMARK = Benchmark(about="what became of a million assignments, as the history says it", run=run)
