"""Days, hours and birthdays by the clock on somebody's wall: SQL and Python agree in every time zone, on hard days."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from holdfast.kernel.moments import from_millis, to_millis
from holdfast.kernel.sql import join, sql
from holdfast.ports.history import HistoryRow
from holdfast.segments.builders import calendar, did, did_in_order, first_did, last_did, mostly_at, step, trait
from holdfast.segments.calendars import UNITS
from holdfast.segments.clock_parts import WEEKDAYS
from holdfast.segments.codec import CONDITIONS_MOST
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.zones import zones
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

HARD_NOWS = {
    "Lord Howe puts clocks half an hour forward": datetime(2025, 10, 4, 15, 30, tzinfo=UTC),
    "Havana has midnight twice": datetime(2025, 11, 2, 4, 30, tzinfo=UTC),
    "Santiago has no midnight": datetime(2025, 9, 7, 4, 0, 0, 1000, tzinfo=UTC),
    "Santiago goes back at midnight": datetime(2025, 4, 6, 3, 30, tzinfo=UTC),
    "Apia leaves out a day": datetime(2011, 12, 30, 10, 0, tzinfo=UTC),
    "the day after the one left out": datetime(2012, 1, 1, 9, 59, 59, tzinfo=UTC),
    "Kathmandu moves by a quarter of an hour": datetime(1985, 12, 31, 18, 45, tzinfo=UTC),
    "a leap day": datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC),
    "the end of February without one": datetime(2026, 2, 28, 12, tzinfo=UTC),
    "new year somewhere": datetime(2025, 12, 31, 10, 0, tzinfo=UTC),
}
HOMES = (
    *("Australia/Lord_Howe", "America/Havana", "America/Santiago", "Pacific/Apia", "Asia/Kathmandu", "Europe/Berlin"),
    *("America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC", "Africa/Casablanca", "Mars/Olympus"),
)
OWN_ZONES = ("workspace", "person", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia")


@pytest.mark.parametrize("why", HARD_NOWS)
def test_windows_and_clocks_agree_on_hard_days(engine: Engine, why: str) -> None:
    now_ms = to_millis(HARD_NOWS[why])
    draw = random.Random(why)
    windows = list(product(UNITS, (1, 2), (0, 1), (False, True), OWN_ZONES))
    asked: list[Condition] = []
    for unit, count, back, rolling, time_zone in draw.sample(windows, 20):
        stretch = calendar(unit, count=count, back=back, rolling=rolling)
        make = draw.choice((did, first_did, last_did))
        asked.append(make("E", calendar=stretch, time_zone=time_zone))
    for time_zone in OWN_ZONES:
        local = from_millis(now_ms).date().isoformat()
        asked.append(did("E", at_least=2, since=local, time_zone=time_zone))
        asked.append(did_in_order("E", step("E", within_days=1), calendar="day", time_zone=time_zone))
        asked += [mostly_at("E", hour=draw.choice((0, 1, 23)), calendar="quarter", time_zone=time_zone)]
        asked += [mostly_at("E", weekday=draw.choice(WEEKDAYS), time_zone=time_zone)]
        asked += [mostly_at("E", hour=0, at_least_percent=30, calendar="week", time_zone=time_zone)]
    _compare(engine, now_ms, asked, _edges(now_ms, draw))


@pytest.mark.parametrize("why", HARD_NOWS)
def test_dates_agree_on_hard_days(engine: Engine, why: str) -> None:
    now_ms = to_millis(HARD_NOWS[why])
    asked: list[Condition] = []
    for time_zone in OWN_ZONES:
        date = trait("on", time_zone=time_zone)
        for days in (0, 1, 2, 365):
            asked += [date.days_since(days), date.days_since(at_least=days), date.days_since(at_most=days)]
            asked += [date.days_until(days), date.days_until(at_least=days), date.days_until(at_most=days)]
            asked += [date.anniversary_in(days), date.anniversary_within(days)]
        for day in ("2025-11-02", "2011-12-30", "2025-09-07"):
            asked += [
                date.before(day),
                date.after(day),
                date.on(day),
                date.before(f"{day}T00:30"),
                date.after(f"{day}T01:00Z"),
            ]
    _compare(engine, now_ms, random.Random(why).sample(asked, 50), [])


def test_every_zone_is_the_same_to_both(engine: Engine) -> None:
    """A person in every zone there is, and one moment that is in another day or hour for most of them."""
    now_ms = to_millis(datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC))
    at_ms = [now_ms - back * 3_600_000 for back in (0, 7, 13, 26, 24 * 200, 24 * 3_000, 24 * 15_000)]
    facts = {
        number: HistoryFacts(
            {"timezone": name}, {"E": [PastEvent(timestamp=from_millis(at), properties={}) for at in at_ms]}
        )
        for number, name in enumerate(zones(), 1)
    }
    asked: list[Condition] = [did("E", at_least=times, calendar="day", time_zone="person") for times in (1, 2, 3)]
    asked += [mostly_at("E", hour=hour, time_zone="person") for hour in (0, 8, 17)]
    asked += [mostly_at("E", weekday="saturday", at_least_percent=40, time_zone="person")]
    history = chdb_history(engine)
    rows = [row(number, "E", at, message_id=f"{number}-{at}") for number in facts for at in at_ms]
    asyncio.run(_load(history, facts, rows))
    _hold_equal(history, now_ms, asked, facts)


def test_the_largest_segment_can_be_asked(engine: Engine) -> None:
    """As many conditions as there may be, of those that take the most words."""
    days = [trait("on", time_zone="person").days_since(at_least=days) for days in range(CONDITIONS_MOST // 2)]
    windows = [
        did("E", calendar=calendar("day", count=count + 1), time_zone="person")
        for count in range(CONDITIONS_MOST // 2 - 1)
    ]
    history = chdb_history(engine)
    asyncio.run(history.put_people([person(1, {"on": "2026-01-01"}), person(2)]))
    now_ms = to_millis(datetime(2026, 3, 29, tzinfo=UTC))
    assert asyncio.run(history.count(Any(of=(*days, *windows)), as_of_ms=now_ms)) == 1


def _edges(now_ms: int, draw: random.Random) -> list[int]:
    """Moments at and beside which somebody's day, week or month begins, and clocks are put forward or back."""
    homes = [ZoneInfo(home) for home in HOMES if home in zones()]
    found = {now_ms, now_ms + 1, now_ms - 1}
    for unit, back, rolling in product(UNITS, (0, 1), (False, True)):
        for home in homes:
            found |= set(calendar(unit, back=back, rolling=rolling).edges_ms(now_ms, home))
    found |= {now_ms - hours * 1_800_000 for hours in range(100)}
    return draw.sample(sorted(each + nudge for each in found for nudge in (-1, 0) if each > 0), 250)


def _compare(engine: Engine, now_ms: int, asked: Sequence[Condition], moments: Sequence[int]) -> None:
    draw = random.Random(now_ms)
    facts: dict[int, HistoryFacts] = {}
    rows: list[HistoryRow] = []
    today = from_millis(now_ms).date()
    for number in range(1, 97):
        home = HOMES[number % len(HOMES)]
        theirs = draw.sample(moments, min(len(moments), 1 + number % 5))
        rows += [row(number, "E", at, message_id=f"{number}-{at}") for at in theirs]
        day = today.replace(year=draw.choice((today.year, today.year - 1, 1996)), day=min(today.day, 28))
        written = draw.choice(
            (day, day.replace(day=draw.randint(1, 28)), "2000-02-29", today, "2011-12-30", "2025-11-02")
        )
        clock = draw.choice(("", "", "T00:00", "T23:30:00Z", "T00:30:00-03:00", "T10:00:00.000+00:00", "T24:00"))
        facts[number] = HistoryFacts(
            {"timezone": home, "on": f"{written}{clock}"} if number % 11 else {"on": 20260101},
            {"E": [PastEvent(timestamp=from_millis(at), properties={}) for at in theirs]},
        )
    history = chdb_history(engine)
    asyncio.run(_load(history, facts, rows))
    _hold_equal(history, now_ms, asked, facts)


def _hold_equal(history: ChdbHistory, now_ms: int, asked: Sequence[Condition], facts: dict[int, HistoryFacts]) -> None:
    scope, now = history._scope(now_ms), from_millis(now_ms)
    columns = (sql("arraySort(groupArrayIf(person, ") + each.sql(scope) + sql("))") for each in asked)
    question = sql("SELECT ") + join(", ", columns) + sql(" FROM people FINAL WHERE workspace = ") + scope.here
    (answer,) = history._engine.run_here(lambda handle: handle.rows(question))
    ways = set()
    for condition, found in zip(asked, answer, strict=True):
        people = [number for number, theirs in facts.items() if condition.holds(theirs, now) is Truth.TRUE]
        assert found == people, (condition, {number: facts[number].traits for number in set(found) ^ set(people)})
        ways.add(0 < len(people) < len(facts))
    assert True in ways, "a test that is true of all or none proves nothing"


async def _load(history: ChdbHistory, facts: dict[int, HistoryFacts], rows: list[HistoryRow]) -> None:
    await history.put_people([person(number, each.traits) for number, each in facts.items()])
    if rows:
        await history.add(rows, token="zones")
