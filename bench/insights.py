"""Trend, funnel and retention: our compiled SQL against the best of several written by hand, on the same rows.

Every way gives the same answer, or nothing is measured. What is written by hand knows what it is asked about: that the
property is always a text, that no event is two steps, that weeks have no odd days.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

from bench.benchmark import Benchmark, Measured, Row
from bench.shop_events import NOW_MS, STEPS, fill
from holdfast.kernel.sql import Sql, sql
from holdfast.measures.insight_catalogue import decode_question
from holdfast.segments.condition import Scope
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.history import ChdbHistory

RATIO_MOST = 1.1
ROUNDS = 9
SINCE = "2026-01-05"

Rows = Sequence[Sequence[Any]]
PERSON: LiteralString = "if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, identity, j)"
DAY_OF: LiteralString = "intDiv(toUnixTimestamp64Milli(ts) - 1767571200000, 86400000)"
WEEK_OF: LiteralString = "intDiv(toUnixTimestamp64Milli(ts) - 1767571200000, 604800000)"
LATELY: LiteralString = (
    "ts >= toDateTime64('2026-01-05', 3, 'UTC') AND ts <= toDateTime64('2026-04-01', 3, 'UTC') AND workspace = 1"
)
NAMES: LiteralString = "'Product Viewed', 'Cart Added', 'Checkout Started', 'Payment Entered', 'Order Completed'"
VIEWED: LiteralString = "FROM events WHERE event = 'Product Viewed' AND " + LATELY
STEPPED: LiteralString = "FROM events WHERE event IN (" + NAMES + ") AND " + LATELY
BOTH: LiteralString = (
    "FROM events WHERE workspace = 1 AND (event = 'Product Viewed' OR event = 'Order Completed' AND " + LATELY + ") "
    "AND ts <= toDateTime64('2026-04-01', 3, 'UTC')"
)
IN_TIME: LiteralString = "began >= 1767571200000 AND began < 1774828800000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """One question, the ways to ask it, and what their answers come to."""

    what: str
    kind: str
    question: Mapping[str, Any]
    by_hand: Mapping[str, Sql]
    ours_as: Callable[[Rows], object]
    theirs_as: Callable[[Rows], object]


TREND = Contest(
    what="people a day, by category",
    kind="trend",
    question={"event": "Product Viewed", "measure": "people", "since": SINCE, "breakdown": "category", "top": 20},
    by_hand={
        "exact uniques": sql(
            "SELECT " + DAY_OF + " AS day, text['category'] AS category, uniqExact(" + PERSON + ") " + VIEWED
            + " GROUP BY day, category"
        ),
        "distinct identities first": sql(
            "SELECT day, category, uniqExact(" + PERSON + ") FROM (SELECT DISTINCT " + DAY_OF + " AS day, "
            "text['category'] AS category, identity " + VIEWED + ") GROUP BY day, category"
        ),
        "grouped twice": sql(
            "SELECT day, category, count() FROM (SELECT " + DAY_OF + " AS day, text['category'] AS category, "
            + PERSON + " AS who " + VIEWED + " GROUP BY day, category, who) GROUP BY day, category"
        ),
    },
    ours_as=lambda rows: sorted((int(day), label, int(people)) for day, _, label, _, people, _ in rows),
    theirs_as=lambda rows: sorted((int(day), label, int(people)) for day, label, people in rows),
)  # fmt: skip

FUNNEL = Contest(
    what="five steps within seven days",
    kind="funnel",
    question={"steps": list(STEPS), "within_days": 7, "since": SINCE},
    by_hand={
        "windowFunnel": sql(
            "SELECT level, count() FROM (SELECT " + PERSON + " AS who, windowFunnel(604800000)("
            "toUInt64(toUnixTimestamp64Milli(ts)), event = 'Product Viewed', event = 'Cart Added', "
            "event = 'Checkout Started', event = 'Payment Entered', event = 'Order Completed') AS level "
            + STEPPED + " GROUP BY who) WHERE level > 0 GROUP BY level"
        ),
        "windowFunnel over numbers": sql(
            "SELECT level, count() FROM (SELECT who, windowFunnel(604800000)(at, step = 1, step = 2, step = 3, "
            "step = 4, step = 5) AS level FROM (SELECT " + PERSON + " AS who, toUInt64(toUnixTimestamp64Milli(ts)) "
            "AS at, transform(event, [" + NAMES + "], [1, 2, 3, 4, 5], 0) AS step " + STEPPED + ") GROUP BY who) "
            "WHERE level > 0 GROUP BY level"
        ),
        "windowFunnel of those who began": sql(
            "SELECT level, count() FROM (SELECT " + PERSON + " AS who, windowFunnel(604800000)("
            "toUInt64(toUnixTimestamp64Milli(ts)), event = 'Product Viewed', event = 'Cart Added', "
            "event = 'Checkout Started', event = 'Payment Entered', event = 'Order Completed') AS level "
            + STEPPED + " AND " + PERSON + " IN (SELECT DISTINCT " + PERSON + " " + VIEWED + ") GROUP BY who) "
            "WHERE level > 0 GROUP BY level"
        ),
    },
    ours_as=lambda rows: [rows[0][2], *rows[0][3]],
    theirs_as=lambda rows: [sum(int(n) for level, n in rows if int(level) > step) for step in range(len(STEPS))],
)  # fmt: skip

RETENTION = Contest(
    what="twelve weeks of twelve cohorts",
    kind="retention",
    question={
        "first": "Product Viewed", "again": "Order Completed", "period": "week", "since": SINCE, "until": "2026-03-30",
        "periods": 12,
    },
    by_hand={
        "arrays of moments": sql(
            "SELECT cohort, period, count() FROM (SELECT intDiv(began - 1767571200000, 604800000) AS cohort, "
            "arrayJoin(arrayPushFront(arrayDistinct(arrayFilter(x -> x >= 0 AND x < 12, arrayMap("
            "at -> intDiv(at - 1767571200000, 604800000) - cohort, arrayFilter(at -> at > began, later)))), -1)) "
            "AS period FROM (SELECT " + PERSON + " AS who, minIf(toUnixTimestamp64Milli(ts), event = 'Product Viewed') "
            "AS began, groupArrayIf(toUnixTimestamp64Milli(ts), event = 'Order Completed') AS later " + BOTH
            + " GROUP BY who HAVING countIf(event = 'Product Viewed') > 0) WHERE " + IN_TIME
            + ") GROUP BY cohort, period"
        ),
        "weeks, and the last moment of each": sql(
            "SELECT cohort, period, count() FROM (SELECT DISTINCT who, "
            "intDiv(began - 1767571200000, 604800000) AS cohort, "
            "arrayJoin(arrayPushFront(arrayMap(x -> x.1 - cohort, arrayFilter(x -> x.2 > began AND x.1 - cohort < 12, "
            "weeks)), -1)) AS period FROM (SELECT who, min(first) AS began, "
            "groupArrayIf((week, last), last > 0) AS weeks "
            "FROM (SELECT " + PERSON + " AS who, if(event = 'Order Completed', " + WEEK_OF + ", -1) AS week, "
            "minIf(toUnixTimestamp64Milli(ts), event = 'Product Viewed') AS its, "
            "if(its = 0, 9000000000000, its) AS first, "
            "maxIf(toUnixTimestamp64Milli(ts), event = 'Order Completed') AS last " + BOTH + " GROUP BY who, week) "
            "GROUP BY who) WHERE " + IN_TIME + ") GROUP BY cohort, period"
        ),
        "two scans and a join": sql(
            "SELECT cohort, period, uniqExact(who) FROM (SELECT who, "
            "intDiv(began - 1767571200000, 604800000) AS cohort, arrayJoin([-1, if(theirs.at > began, "
            "intDiv(theirs.at - 1767571200000, 604800000) - cohort, -1)]) AS period "
            "FROM (SELECT " + PERSON + " AS who, min(toUnixTimestamp64Milli(ts)) AS began FROM events WHERE "
            "workspace = 1 AND event = 'Product Viewed' AND ts <= toDateTime64('2026-04-01', 3, 'UTC') GROUP BY who "
            "HAVING " + IN_TIME + ") AS begun LEFT JOIN (SELECT " + PERSON + " AS who, max(toUnixTimestamp64Milli(ts)) "
            "AS at FROM events WHERE event = 'Order Completed' AND " + LATELY + " GROUP BY who, " + WEEK_OF + ") "
            "AS theirs USING (who)) WHERE period < 12 GROUP BY cohort, period"
        ),
    },
    ours_as=lambda rows: sorted((int(cohort), int(period), int(people)) for _, _, cohort, period, people, *_ in rows),
    theirs_as=lambda rows: sorted((int(cohort), int(period), int(people)) for cohort, period, people in rows),
)  # fmt: skip


def run(quick: bool) -> Measured:
    """Ask each question in turn, each way as often."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return asyncio.run(_run(Path(directory) / "history", events=6_000_000 if quick else 20_000_000))


async def _run(directory: Path, *, events: int) -> Measured:
    engine = Engine(directory, limits=Limits(seconds=120), durable=False)
    history = await ChdbHistory.on(engine)
    try:
        engine.run_here(lambda handle: fill(handle, events=events, people=events // 20))
        rows: list[Row] = []
        ratios = []
        for contest in (TREND, FUNNEL, RETENTION):
            found, ratio = _held(engine, contest)
            rows += found
            ratios.append(ratio)
    finally:
        await history.close()
    note = f"{events:,} events; medians of {ROUNDS} rounds; the last line is the worst of the ratios."
    return Measured(headline=max(ratios), rows=tuple(rows), notes=(note, ""))


def _held(engine: Engine, contest: Contest) -> tuple[list[Row], float]:
    """The lines of the table for one question, and the ratio of ours to the best of the others."""
    ours = decode_question(contest.kind, contest.question).sql(Scope(workspace=1, as_of_ms=NOW_MS))
    spent: dict[str, list[float]] = {name: [] for name in (*contest.by_hand, "ours")}
    for _ in range(ROUNDS):
        answers = []
        for name, question in (*contest.by_hand.items(), ("ours", ours)):
            cpu = time.process_time()
            rows: Rows = engine.run_here(_asking(question))
            spent[name].append((time.process_time() - cpu) * 1_000)
            answers.append((contest.ours_as if name == "ours" else contest.theirs_as)(rows))
        assert all(each == answers[-1] for each in answers), f"{contest.what}: the ways disagree"
    cpu_ms = {name: statistics.median(each) for name, each in spent.items()}
    best = min(cpu_ms[name] for name in contest.by_hand)
    ratio = cpu_ms["ours"] / best
    told = [
        Row(what=f"{contest.what}, by hand: {name}", value=cpu_ms[name], unit="CPU ms", ratio=cpu_ms[name] / best)
        for name in contest.by_hand
    ]
    limit = f"at most {RATIO_MOST}"
    mine = Row(
        what=f"{contest.what}, compiled",
        value=cpu_ms["ours"],
        unit="CPU ms",
        ratio=ratio,
        limit=limit,
        met=ratio <= RATIO_MOST,
    )
    return [*told, mine], ratio


def _asking(question: Sql) -> Callable[[Handle], Rows]:
    return lambda handle: handle.rows(question)


BENCHMARK = Benchmark(about="compiled trend, funnel and retention against SQL written by hand", run=run)
