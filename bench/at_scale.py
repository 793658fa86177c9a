"""Every question of the limits in one run: ours, the best SQL by hand on the same engine, and DuckDB at its best."""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, LiteralString, TypeAlias

from bench import duck
from bench.benchmark import Benchmark, Measured, Row
from bench.shop_events import DAY_MS, NOW_MS, STEPS, fill
from holdfast.kernel.sql import Sql, sql
from holdfast.measures.insight_catalogue import decode_question
from holdfast.segments.builders import did, prop, trait
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse import questions
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.clickhouse.typed_people import typed_people

RATIO_MOST = 1.1
ROUNDS = 7
ROUNDS_OF_MANY = 3
"""Rounds where there are more events than usual."""
USUAL_EVENTS = 20_000_000
SCOPE = Scope(workspace=1, as_of_ms=NOW_MS)
SOMEBODY = 4_713
THIRTY, NINETY, YEAR = (NOW_MS - days * DAY_MS for days in (30, 90, 365))
MONDAYS = tuple(1_767_571_200_000 + week * 7 * DAY_MS for week in range(13))  # 2026-01-05 and on.
WHO = "if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, identity, j)"
MS = "toUnixTimestamp64Milli(ts)"

Rows: TypeAlias = Any
"""A list of rows, or a table."""
Ask: TypeAlias = Callable[[Handle], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question, asked of each."""

    ours: Ask
    by_hand: Mapping[str, LiteralString]
    duck: Callable[[str], str]
    told: Callable[[Rows], object] = lambda rows: sorted(map(tuple, rows))
    """What is compared of the rows by hand and of DuckDB's."""
    as_table: bool = False
    """Whether the answer is read as Arrow."""


def _insight(kind: str, told: Callable[[Sequence[Mapping[str, Any]]], object], **fields: object) -> Ask:
    """An insight as the product answers it, and what is compared of the lines of its table."""
    question = decode_question(kind, fields)
    text = question.sql(SCOPE)

    def ask(handle: Handle) -> object:
        answer = question.answer(handle.rows(text), SCOPE)
        names = [each.name for each in answer.columns]
        return told([dict(zip(names, row, strict=True)) for row in answer.rows])

    return ask


def _rows(question: Sql, told: Callable[[Rows], object]) -> Ask:
    return lambda handle: told(handle.rows(question))


def _fifty(rows: Rows) -> int:
    """How many are shown; one more is asked for, to see whether a millisecond is cut."""
    return min(len(rows), 50)


def _span(since_ms: int, until_ms: int) -> str:
    return f"ts >= fromUnixTimestamp64Milli({since_ms}, 'UTC') AND ts < fromUnixTimestamp64Milli({until_ms}, 'UTC')"


_FROM = "FROM events WHERE workspace = 1"
_STEPS = ", ".join(f"'{each}'" for each in STEPS)

_ORDERS = f"{_FROM} AND event = 'Order Completed' AND {_span(THIRTY + 1, NOW_MS + 1)} AND number['revenue'] > 50"
_GONE = f"{_FROM} AND event = 'App Uninstalled' AND {_span(NINETY + 1, NOW_MS + 1)}"
_GERMANS = "FROM people FINAL WHERE workspace = 1 AND text['country'] = 'DE'"
_WEEK_MS = 7 * DAY_MS

TASKS: Mapping[str, Task] = {
    "segment of three conditions": Task(
        ours=_rows(
            questions.count(
                SCOPE,
                did("Order Completed", at_least=3, within_days=30, where=prop("revenue") > 50)
                & ~did("App Uninstalled", within_days=90)
                & (trait("country") == "DE"),
            ),
            lambda rows: [(rows[0][0],)],
        ),
        by_hand={
            "from the people": f"""SELECT count() {_GERMANS}
                AND person IN (SELECT {WHO} AS who {_ORDERS} GROUP BY who HAVING count() >= 3)
                AND person NOT IN (SELECT DISTINCT {WHO} {_GONE})""",
            "from the events": f"""SELECT count() FROM (SELECT {WHO} AS who {_ORDERS} GROUP BY who HAVING count() >= 3)
                WHERE who IN (SELECT person {_GERMANS}) AND who NOT IN (SELECT {WHO} {_GONE})""",
        },
        duck=lambda table: duck.segment(table, NOW_MS),
    ),
    "funnel of five steps": Task(
        ours=_insight(
            "funnel",
            lambda lines: [tuple(each["people"] for each in lines)],
            steps=list(STEPS),
            within_days=7,
            since="2026-01-01",
            until="2026-04-01",
        ),
        by_hand={
            "windowFunnel": f"""SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3),
                countIf(level >= 4), countIf(level >= 5) FROM (
                    SELECT {WHO} AS who, windowFunnel({_WEEK_MS})(toUInt64({MS}),
                        {", ".join(f"event = '{each}'" for each in STEPS)}) AS level
                    {_FROM} AND event IN ({_STEPS}) AND {_span(NINETY, NOW_MS)} GROUP BY who)""",
        },
        duck=lambda table: duck.funnel(table, STEPS, since_ms=NINETY, until_ms=NOW_MS, within_ms=_WEEK_MS),
    ),
    "retention, 12 weeks by 12": Task(
        ours=_insight(
            "retention",
            lambda lines: sorted(
                (round((each["cohort"] - MONDAYS[0]) / _WEEK_MS), each["period"], each["people"])
                for each in lines
                if each["cohort"] is not None and each["people"]
            ),
            first="Product Viewed",
            again="Order Completed",
            period="week",
            since="2026-01-05",
            until="2026-03-30",
        ),
        by_hand={
            "join": f"""SELECT cohort, week - cohort AS period, count() FROM (
                    SELECT {WHO} AS who, min({MS}) AS began, intDiv(began - {MONDAYS[0]}, {_WEEK_MS}) AS cohort
                    {_FROM} AND event = 'Product Viewed' GROUP BY who
                    HAVING began >= {MONDAYS[0]} AND began < {MONDAYS[12]}) AS a
                INNER JOIN (SELECT {WHO} AS who, intDiv({MS} - {MONDAYS[0]}, {_WEEK_MS}) AS week, max({MS}) AS last
                    {_FROM} AND event = 'Order Completed' AND {_span(MONDAYS[0], NOW_MS + 1)} GROUP BY who, week) AS b
                USING (who) WHERE last > began AND week >= cohort AND week < 12 + cohort GROUP BY cohort, period""",
        },
        duck=lambda table: duck.retention(table, since_ms=MONDAYS[0], until_ms=MONDAYS[12], now_ms=NOW_MS),
    ),
    "people a day, by category": Task(
        ours=_insight(
            "trend",
            lambda lines: sorted(round(each["value"]) for each in lines if each["value"]),
            event="Page Viewed",
            measure="people",
            breakdown="category",
            top=100,
            since="2026-01-01",
            until="2026-04-01",
        ),
        by_hand={
            "two keys": f"""SELECT intDiv({MS} - {NINETY}, {DAY_MS}) AS day, text['category'] AS category,
                    uniqExact({WHO})
                {_FROM} AND event = 'Page Viewed' AND {_span(NINETY, NOW_MS)} GROUP BY day, category""",
            "two keys, gathered first": f"""SELECT intDiv({MS} - {NINETY}, {DAY_MS}) AS day,
                    text['category'] AS category, arrayUniq(groupArray({WHO}))
                {_FROM} AND event = 'Page Viewed' AND {_span(NINETY, NOW_MS)} GROUP BY day, category""",
        },
        duck=lambda table: duck.trend(table, since_ms=NINETY, until_ms=NOW_MS),
        told=lambda rows: sorted(int(row[-1]) for row in rows),
    ),
    "RFM quintiles of a year": Task(
        ours=_insight(
            "rfm",
            lambda lines: sorted(
                (each["recency"], each["frequency"], each["monetary"], each["people"], each["revenue"])
                for each in lines
                if each["people"]
            ),
            event="Order Completed",
            value="revenue",
            since="2025-04-01",
            until="2026-04-01",
            view="scores",
        ),
        by_hand={
            "quantiles, then scores": f"""WITH
                    people AS (SELECT {WHO} AS who, intDiv({NOW_MS} - max({MS}), {DAY_MS}) AS days, count() AS times,
                        sum(revenue_minor) AS money
                        {_FROM} AND event = 'Order Completed' AND {_span(YEAR, NOW_MS)} GROUP BY who),
                    cuts AS (SELECT quantilesExactLow(0.2, 0.4, 0.6, 0.8)(days) AS d,
                        quantilesExactLow(0.2, 0.4, 0.6, 0.8)(times) AS f,
                        quantilesExactLow(0.2, 0.4, 0.6, 0.8)(money) AS m FROM people)
                SELECT 5 - arrayCount(x -> days > x, d) AS r, 1 + arrayCount(x -> times > x, f) AS q,
                    1 + arrayCount(x -> money > x, m) AS v, count(), sum(money)
                FROM people, cuts GROUP BY r, q, v""",
        },
        duck=lambda table: duck.rfm(table, since_ms=YEAR, until_ms=NOW_MS),
    ),
    "what follows an order, 30 days": Task(
        ours=_insight(
            "flow",
            lambda lines: sorted((each["times"], each["people"]) for each in lines),
            event="Order Completed",
            steps=1,
            start="each",
            collapse=False,
            since="2026-03-02",
            until="2026-04-01",
            within_days=30,
            top=50,
        ),
        by_hand={
            "arrays": f"""SELECT following, count(), uniqExact(who) FROM (
                    SELECT who, arrayJoin(arrayFilter(pair -> pair.1 = 'Order Completed', arrayZip(names,
                        arrayPushBack(arrayPopFront(names), '')))).2 AS following FROM (
                        SELECT {WHO} AS who, arraySort(groupArray(({MS}, toString(event)))).2 AS names
                        {_FROM} AND {_span(THIRTY, NOW_MS)} GROUP BY who))
                GROUP BY following""",
        },
        duck=lambda table: duck.flow(table, since_ms=THIRTY, until_ms=NOW_MS),
        told=lambda rows: sorted((int(row[1]), int(row[2])) for row in rows),
    ),
    "somebody's last fifty events": Task(
        ours=_rows(questions.timeline(SCOPE, [SOMEBODY], limit=51, before_ms=None, name=None), _fifty),
        by_hand={
            "all columns": f"""SELECT {WHO}, event, kind, {MS}, received_at, message_id, user_id, anonymous_id, source,
                    text, number, other, context
                {_FROM} AND identity = {SOMEBODY} ORDER BY ts DESC LIMIT 50""",
        },
        duck=lambda table: duck.timeline(table, SOMEBODY),
        told=len,
    ),
    "half of all people with five traits": Task(
        ours=lambda handle: (
            typed_people(
                handle,
                SCOPE,
                trait("country").is_any_of(["DE", "AT"]),
                ["country", "plan", "email", "first_name", "age"],
            ).num_rows
        ),
        by_hand={
            "columns": """SELECT person, user_id, first_seen, last_seen, text['country'], text['plan'], text['email'],
                    text['first_name'], number['age']
                FROM people FINAL WHERE workspace = 1 AND text['country'] IN ('DE', 'AT') ORDER BY person""",
        },
        duck=lambda _: duck.people_with_traits(["DE", "AT"]),
        told=len,
        as_table=True,
    ),
}


def run(quick: bool) -> Measured:
    """Ask everything of everybody in turn, each as often."""
    events = int(os.environ.get("BENCH_EVENTS", 2_000_000 if quick else USUAL_EVENTS))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return asyncio.run(_run(Path(directory), events=events))


async def _run(directory: Path, *, events: int) -> Measured:
    rounds = ROUNDS if events <= USUAL_EVENTS else ROUNDS_OF_MANY
    engine = Engine(directory / "history", limits=Limits(), durable=False)
    history = await ChdbHistory.on(engine)
    try:
        engine.run_here(lambda handle: fill(handle, events=events, people=events // 20))
        engine.run_here(lambda handle: duck.export(handle, directory))
        other = duck.Duck.filled(directory, threads=4)
        rows: list[Row] = []
        ratios: list[float] = []
        for name, task in TASKS.items():
            spent = _spent(engine, other, task, rounds)
            rows += _lines(name, spent)
            ratios.append(spent["ours"] / min(value for way, value in spent.items() if way.startswith("by hand")))
    finally:
        await history.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = f"{events:,} events, {events // 20:,} people; medians of {rounds} rounds; peak memory {peak:,.0f} MiB."
    return Measured(headline=max(ratios), rows=tuple(rows), notes=(note, ""))


def _spent(engine: Engine, other: duck.Duck, task: Task, rounds: int) -> dict[str, float]:
    """The median processor time of each way, in milliseconds. All of them must say the same."""
    ways: dict[str, Callable[[], object]] = {"ours": partial(engine.run_here, task.ours)}
    for name, text in task.by_hand.items():
        ways[f"by hand: {name}"] = partial(engine.run_here, partial(_by_hand, task, _written(text)))
    for name, table in duck.TABLE.items():
        ways[f"DuckDB {name}"] = partial(_by_duck, task, other, task.duck(table))
    spent: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, object] = {}
    for _ in range(rounds):
        for name, ask in ways.items():
            began = time.process_time()
            answers[name] = ask()
            spent[name].append((time.process_time() - began) * 1_000)
    different = [name for name, told in answers.items() if told != answers["ours"]]
    assert not different, f"{different} disagree: { {name: str(told)[:300] for name, told in answers.items()} }"
    return {name: statistics.median(each) for name, each in spent.items()}


def _by_hand(task: Task, question: Sql, handle: Handle) -> object:
    return task.told(handle.table(question) if task.as_table else handle.rows(question))


def _by_duck(task: Task, other: duck.Duck, text: str) -> object:
    return task.told(other.arrow(text) if task.as_table else other.rows(text))


def _lines(name: str, spent: Mapping[str, float]) -> list[Row]:
    best = min(value for way, value in spent.items() if way.startswith("by hand"))
    lines = []
    for way, value in spent.items():
        limit, ratio = "", value / best
        if way == "ours":
            limit = f"at most {RATIO_MOST}"
        elif way.startswith("DuckDB"):
            ratio, limit = value / spent["ours"], "ours is ahead"
            met = ratio >= 1
        lines.append(
            Row(
                what=f"{name}: {way}",
                value=value,
                unit="CPU ms",
                ratio=ratio,
                limit=limit,
                met=ratio <= RATIO_MOST if way == "ours" else (met if limit else True),
            )
        )
    return lines


def _written(text: LiteralString) -> Sql:
    return sql(text)  # Made of this file's own words and numbers.


BENCHMARK = Benchmark(
    about="all kinds of questions against SQL by hand and DuckDB; 20 million events, or BENCH_EVENTS", run=run
)
