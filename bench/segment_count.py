"""A segment of three conditions: our compiled SQL against the best of several written by hand, on the same rows."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.benchmark import Benchmark, Measured, Row
from holdfast.kernel.sql import Sql, sql
from holdfast.segments.builders import did, prop, trait
from holdfast.segments.condition import Condition, Scope
from holdfast.stores.clickhouse import questions
from holdfast.stores.clickhouse.engine import Engine, Handle, Limits
from holdfast.stores.clickhouse.history import ChdbHistory

RATIO_MOST = 1.1
NOW_MS = 1_775_001_600_000  # 2026-04-01.
ROUNDS = 15

SEGMENT: Condition = (
    did("Order Completed", at_least=3, within_days=30, where=prop("revenue") > 50)
    & ~did("App Uninstalled", within_days=90)
    & (trait("country") == "DE")
)

# Ninety days of a shop: half of all events are page views, one in ten is an order, one in two hundred an uninstall.
# Every twentieth identity was joined into the one before it.
FILL = (
    """INSERT INTO events (workspace, event, identity, ts, received_at, id, message_id, kind, source, text, number)
    SELECT 1,
        multiIf(r < 50, 'Page Viewed', r < 60, 'Order Completed', r = 60 AND number % 2 = 0, 'App Uninstalled',
            'Event ' || toString(r)),
        1 + intDiv(pow(cityHash64(number, 2) % 1000000 / 1000000, 1.5) * {people}, 1) AS who,
        fromUnixTimestamp64Milli(1775001600000 - toInt64(cityHash64(number, 3) % 7776000000), 'UTC') AS at, at,
        cityHash64(number), toString(number), 'track', 'web',
        map('category', 'c' || toString(number % 20), 'sku', 's' || toString(cityHash64(number, 5) % 2000)),
        map('price', cityHash64(number, 6) % 100, 'revenue', cityHash64(number, 7) % 120)
    FROM (SELECT number, cityHash64(number, 1) % 100 AS r FROM numbers({events}))""",
    """INSERT INTO people (workspace, person, user_id, known, first_seen, last_seen, text, version, gone)
    SELECT 1, number + 1, 'user-' || toString(number), 1, toDateTime64(0, 3), toDateTime64(0, 3),
        map('country', ['DE', 'AT', 'FR', 'GB'][1 + number % 4], 'plan', 'gold'), 1, (number + 1) % 20 = 0
    FROM numbers({people})""",
    "INSERT INTO identity_map SELECT 1, number, number - 1, 1 FROM numbers(1, {people}) WHERE number % 20 = 0",
    "INSERT INTO identity_person SELECT workspace, identity, person FROM identity_map FINAL",
)

_ORDERS = """FROM events WHERE workspace = 1 AND event = 'Order Completed' AND ts > toDateTime64('2026-03-02', 3, 'UTC')
    AND ts <= toDateTime64('2026-04-01', 3, 'UTC') AND number['revenue'] > 50"""
_GONE = """FROM events WHERE workspace = 1 AND event = 'App Uninstalled' AND ts > toDateTime64('2026-01-01', 3, 'UTC')
    AND ts <= toDateTime64('2026-04-01', 3, 'UTC')"""
_GERMANS = "FROM people FINAL WHERE workspace = 1 AND text['country'] = 'DE'"

BY_HAND: dict[str, Sql] = {
    "joins with the map": sql(
        "SELECT count() FROM (SELECT if(m.person = 0, e.identity, m.person) AS who FROM "
        "(SELECT identity, count() AS times " + _ORDERS + " GROUP BY identity) AS e "
        "LEFT JOIN (SELECT identity, person FROM identity_map FINAL WHERE workspace = 1) AS m USING (identity) "
        "GROUP BY who HAVING sum(times) >= 3) WHERE who IN (SELECT person " + _GERMANS + ") AND who NOT IN "
        "(SELECT if(m.person = 0, e.identity, m.person) FROM (SELECT DISTINCT identity " + _GONE + ") AS e "
        "LEFT JOIN (SELECT identity, person FROM identity_map FINAL WHERE workspace = 1) AS m USING (identity))"
    ),
    "looks up the map, from the events": sql(
        "SELECT count() FROM (SELECT if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, "
        "identity, j) AS who, sum(times) AS all_times FROM (SELECT identity, count() AS times "
        + _ORDERS
        + " GROUP BY identity) "
        "GROUP BY who HAVING all_times >= 3) WHERE who IN (SELECT person " + _GERMANS + ") AND who NOT IN "
        "(SELECT if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, identity, j) "
        "FROM (SELECT DISTINCT identity " + _GONE + "))"
    ),
    "looks up the map of every row": sql(
        "SELECT count() FROM (SELECT if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, "
        "identity, j) AS who " + _ORDERS + " GROUP BY who HAVING count() >= 3) "
        "WHERE who IN (SELECT person " + _GERMANS + ") AND who NOT IN "
        "(SELECT DISTINCT if(joinGet('identity_person', 'person', toUInt32(1), identity) AS j = 0, identity, j) "
        + _GONE
        + ")"
    ),
    "looks up the map, from the people": sql(
        "SELECT count() "
        + _GERMANS
        + " AND person IN (SELECT if(joinGet('identity_person', 'person', toUInt32(1), identity) "
        "AS j = 0, identity, j) AS who FROM (SELECT identity, count() AS times " + _ORDERS + " GROUP BY identity) "
        "GROUP BY who HAVING sum(times) >= 3) AND person NOT IN (SELECT if(joinGet('identity_person', 'person', "
        "toUInt32(1), identity) AS j = 0, identity, j) FROM (SELECT DISTINCT identity " + _GONE + "))"
    ),
}


def run(quick: bool) -> Measured:
    """Count the same people in turn, each way as often."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        return asyncio.run(_run(Path(directory) / "history", events=6_000_000 if quick else 20_000_000))


async def _run(directory: Path, *, events: int) -> Measured:
    people = events // 20
    engine = Engine(directory, limits=Limits(), durable=False)
    history = await ChdbHistory.on(engine)
    try:
        for statement in FILL:
            text = statement.format(events=events, people=people)
            engine.run_here(_running(text))
        ways = BY_HAND | {"ours": _ours()}
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        answers = set()
        for _ in range(ROUNDS):
            for name, question in ways.items():
                began, cpu = time.perf_counter(), time.process_time()
                answers.add(engine.run_here(_asking(question)))
                spent[name].append((time.perf_counter() - began, time.process_time() - cpu))
        assert len(answers) == 1, f"the ways disagree: {answers}"
    finally:
        await history.close()
    return _measured(spent, events, answers.pop())


def _measured(spent: dict[str, list[tuple[float, float]]], events: int, answer: int) -> Measured:
    cpu = {name: statistics.median(cpu for _, cpu in each) * 1_000 for name, each in spent.items()}
    best = min(value for name, value in cpu.items() if name != "ours")
    rows = [Row(what=f"by hand: {name}", value=cpu[name], unit="CPU ms", ratio=cpu[name] / best) for name in BY_HAND]
    ratio = cpu["ours"] / best
    limit = f"at most {RATIO_MOST}"
    rows.append(
        Row(what="compiled", value=cpu["ours"], unit="CPU ms", ratio=ratio, limit=limit, met=ratio <= RATIO_MOST)
    )
    wall = statistics.median(wall for wall, _ in spent["ours"]) * 1_000
    note = f"{events:,} events, {answer:,} people found; medians of {ROUNDS} rounds; compiled took {wall:,.0f} ms."
    return Measured(headline=ratio, rows=tuple(rows), notes=(note, ""))


def _running(text: str) -> Callable[[Handle], None]:
    return lambda handle: handle.command(text)


def _asking(question: Sql) -> Callable[[Handle], int]:
    return lambda handle: handle.number(question)


def _ours() -> Sql:
    return questions.count(Scope(workspace=1, as_of_ms=NOW_MS), SEGMENT)


BENCHMARK = Benchmark(about="a compiled segment of three conditions against SQL written by hand", run=run)
