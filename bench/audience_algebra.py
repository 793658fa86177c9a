"""Audience algebra: twenty segments of half a million people, put together from kept sets and asked as plain SQL."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import combinations
from pathlib import Path

from bench.benchmark import Benchmark, Measured, Row
from holdfast.kernel.sql import Sql, join, sql
from holdfast.segments.builders import all_of, any_of, did, trait
from holdfast.segments.condition import Condition, Scope
from holdfast.stores.clickhouse.engine import Engine, Limits
from holdfast.stores.clickhouse.history import ChdbHistory

NOW_MS = 1_775_001_600_000  # 2026-04-01.
ROUNDS = 15
SECONDS_MOST = 0.5
EVENTS_A_PERSON = 10

# Everybody did about half of twenty things within ninety days, and each trait splits the people another way.
FILL = (
    """INSERT INTO events (workspace, event, identity, ts, received_at, id, message_id, kind, source)
    SELECT 1, 'Event ' || toString(cityHash64(number, 1) % 14), 1 + number % {people},
        fromUnixTimestamp64Milli(1775001600000 - toInt64(cityHash64(number, 3) % 7776000000), 'UTC') AS at, at,
        cityHash64(number), toString(number), 'track', 'web'
    FROM numbers({events})""",
    """INSERT INTO people (workspace, person, user_id, known, first_seen, last_seen, text, number, version, gone)
    SELECT 1, number + 1, 'user-' || toString(number), 1, toDateTime64(0, 3), toDateTime64(0, 3),
        map('country', ['DE', 'AT', 'FR', 'GB'][1 + number % 4], 'plan', ['gold', 'free'][1 + intDiv(number, 7) % 2]),
        map('age', cityHash64(number, 8) % 80, 'orders', cityHash64(number, 9) % 10), 1, 0
    FROM numbers({people})""",
)
SEGMENTS: tuple[Condition, ...] = (
    *(did(f"Event {number}", within_days=89) for number in range(14)),
    trait("country").is_any_of(["DE", "AT"]),
    trait("country").is_any_of(["AT", "FR"]),
    trait("plan") == "gold",
    trait("age") >= 40,
    trait("orders") >= 5,
    trait("orders").is_any_of([1, 3, 5, 7, 9]),
)


def _expression() -> Condition:
    """All twenty of them, five levels deep."""
    left = any_of(*(one & ~other for one, other in zip(SEGMENTS[:8:2], SEGMENTS[1:8:2], strict=True)))
    right = all_of(*(one | other for one, other in zip(SEGMENTS[8::2], SEGMENTS[9::2], strict=True)))
    return (left | right) & ~all_of(*SEGMENTS[:3])


def run(quick: bool) -> Measured:
    """The same people counted in turn, each way as often."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return asyncio.run(_run(Path(directory) / "history", people=250_000 if quick else 1_000_000))


async def _run(directory: Path, *, people: int) -> Measured:
    engine = Engine(directory, limits=Limits(), durable=False)
    history = await ChdbHistory.on(engine)
    try:
        for statement in FILL:
            text = statement.format(events=people * EVENTS_A_PERSON, people=people)
            engine.run_here(lambda handle, text=text: handle.command(text))  # type: ignore[misc]  # It is called at once.
        sizes = [await history.count(each, as_of_ms=NOW_MS) for each in SEGMENTS]
        first = await _first(history)
        spent = await _spent(history, engine)
    finally:
        await history.close()
    return _measured(spent, first, people, sizes)


async def _first(history: ChdbHistory) -> tuple[float, float]:
    """Wall and CPU seconds of making all twenty sets, and the one of everybody."""
    began, cpu = time.perf_counter(), time.process_time()
    await history.audiences.overlap(SEGMENTS, as_of_ms=NOW_MS)
    return time.perf_counter() - began, time.process_time() - cpu


async def _spent(history: ChdbHistory, engine: Engine) -> dict[str, tuple[float, float]]:
    """Median wall and CPU seconds of each way; ways that answer the same question must agree."""
    expression = _expression()

    async def kept_sets() -> object:
        return (await history.audiences.audience(expression, as_of_ms=NOW_MS)).people

    async def sub_selects() -> object:
        return await history.count(expression, as_of_ms=NOW_MS)

    async def kept_pairs() -> object:
        found = await history.audiences.overlap(SEGMENTS, as_of_ms=NOW_MS)
        return [found.common[one][other] for one, other in combinations(range(len(SEGMENTS)), 2)]

    async def plain_pairs() -> object:
        return (await engine.run(lambda handle: handle.rows(_pairs())))[0]

    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "algebra, kept sets": kept_sets,
        "algebra, sub-selects": sub_selects,
        "overlap, kept sets": kept_pairs,
        "overlap, sub-selects": plain_pairs,
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    answers: dict[str, object] = {}
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            began, cpu = time.perf_counter(), time.process_time()
            answer = await ask()
            taken[name].append((time.perf_counter() - began, time.process_time() - cpu))
            question = name.partition(",")[0]
            assert answers.setdefault(question, answer) == answer, f"the ways disagree: {name}"
    return {
        name: (statistics.median(wall for wall, _ in each), statistics.median(cpu for _, cpu in each))
        for name, each in taken.items()
    }


def _pairs() -> Sql:
    """Every two of them in one statement, which asks each segment once: the best of plain SQL."""
    scope = Scope(workspace=1, as_of_ms=NOW_MS, joined=False)
    names = [Sql((f"c{number}",)) for number in range(len(SEGMENTS))]
    asked = join(", ", (each.sql(scope) + sql(" AS ") + name for each, name in zip(SEGMENTS, names, strict=True)))
    counted = join(
        ", ", (sql("countIf(") + one + sql(" AND ") + other + sql(")") for one, other in combinations(names, 2))
    )
    return (
        sql("SELECT ")
        + counted
        + sql(" FROM (SELECT ")
        + asked
        + sql(" FROM people FINAL WHERE workspace = ")
        + scope.here
        + sql(")")
    )


def _measured(
    spent: dict[str, tuple[float, float]], first: tuple[float, float], people: int, sizes: list[int]
) -> Measured:
    rows = [Row(what="first time: twenty sets made, overlap told", value=first[0] * 1_000, unit="ms")]
    ratios = []
    for question in ("algebra", "overlap"):
        kept, plain = spent[f"{question}, kept sets"], spent[f"{question}, sub-selects"]
        ratios.append(kept[0] / plain[0])
        limit = f"at most {SECONDS_MOST * 1_000:g} ms"
        rows += [
            Row(what=f"{question}, sub-selects", value=plain[0] * 1_000, unit="ms", ratio=1.0),
            Row(
                what=f"{question}, kept sets",
                value=kept[0] * 1_000,
                unit="ms",
                ratio=ratios[-1],
                limit=limit,
                met=kept[0] <= SECONDS_MOST,
            ),
        ]
    note = (
        f"{people:,} people, {people * EVENTS_A_PERSON:,} events; twenty segments of {min(sizes):,} to {max(sizes):,} "
        f"people; medians of {ROUNDS} rounds. Overlap tells every two and the largest combinations from kept sets, and "
        "every two only from sub-selects."
    )
    return Measured(headline=ratios[0], rows=tuple(rows), notes=(note, ""))


BENCHMARK = Benchmark(about="twenty segments put together from kept sets against plain SQL sub-selects", run=run)
