"""Stickiness against the same counted day by day in Python, on random nasty histories in chDB."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.stickiness import Stickiness
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import chdb_history, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NAMES, NOW_MS, ZONES, Told, moment, tell
from tests.contracts.real_data import online_retail, real_history

QUESTIONS_AT_ONCE = 8
DAY_MS = 86_400_000
VIP = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
SINCE = ("2026-03-01", "2026-03-20", "2026-03-28", "2026-10-20", "2026-03-29T13:30:00Z", "2026-03-08T05:30:00Z")


def some_question(draw: random.Random) -> dict[str, Any]:
    where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
    question: dict[str, Any] = {
        "event": draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 3), "where": where})),
        "show": draw.choice(("rolling", "power_users")),
        "time_zone": draw.choice(ZONES),
    }
    if draw.random() < 0.9:
        question["since"] = draw.choice(SINCE)
        if draw.random() < 0.8:
            at = datetime.fromisoformat(question["since"]).replace(tzinfo=UTC) + timedelta(
                days=draw.choice((1, 7, 31, 60)), hours=draw.choice((0, 0, 1, 13))
            )
            question["until"] = moment(int(at.timestamp()) * 1000)
    if draw.random() < 0.3:
        question["segment"] = VIP
    return question


def wall_day(at_ms: int, zone: str) -> date:
    """What the calendar on the wall says."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone)).date()


def active_days(told: Told, asked: Stickiness, until_ms: int) -> dict[int, set[date]]:
    """Person to their days."""
    found: dict[int, set[date]] = {}
    for each in told.acts(asked.event, until_ms=until_ms):
        if asked.segment is None or told.traits[each.person]["vip"]:
            found.setdefault(each.person, set()).add(wall_day(each.at_ms, asked.time_zone))
    return found


def days_asked(asked: Stickiness, until_ms: int) -> list[date]:
    last = wall_day(until_ms - 1, asked.time_zone)
    first = last - timedelta(days=29)
    if asked.since is not None:
        first = wall_day(asked.span(NOW_MS, days=1)[0], asked.time_zone)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def active_in(days: set[date], last: date, number: int) -> bool:
    return any(last - timedelta(days=number) < each <= last for each in days)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_stickiness_is_what_one_counts_day_by_day(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=12, events=300, spread_days=40)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw)
        asked, rows = told.ask("stickiness", question)
        assert isinstance(asked, Stickiness)
        _, until_ms = asked.span(NOW_MS, days=30)
        people, days = active_days(told, asked, until_ms), days_asked(asked, until_ms)
        check = check_windows if asked.show == "rolling" else check_curve
        check(told, question, asked, rows, people=people, days=days, draw=draw)


def check_windows(
    told: Told, question: Any, asked: Stickiness, rows: Any, *, people: Any, days: list[date], draw: random.Random
) -> None:
    assert [wall_day(each["start"], asked.time_zone) for each in rows] == days
    _, until_ms = asked.span(NOW_MS, days=30)
    for each, day in zip(rows, days, strict=True):
        for name, number in (("daily", 1), ("weekly", 7), ("monthly", 30)):
            assert each[name] == sum(active_in(theirs, day, number) for theirs in people.values()), (question, day)
        for name, part, whole in (
            ("daily_of_monthly", "daily", "monthly"),
            ("daily_of_weekly", "daily", "weekly"),
            ("weekly_of_monthly", "weekly", "monthly"),
        ):
            assert each[name] == (each[part] / each[whole] if each[whole] else None)
        assert each["complete"] == (wall_day(until_ms, asked.time_zone) > day)
    each = draw.choice(rows)
    day = wall_day(each["start"], asked.time_zone)
    cells = [
        (
            {"start": moment(each["start"]), "window": window},
            [person for person, theirs in people.items() if active_in(theirs, day, number)],
        )
        for window, number in (("day", 1), ("week", 7), ("month", 30))
    ]
    told.check_people("stickiness", question, cells, each["start"])


def check_curve(
    told: Told, question: Any, asked: Stickiness, rows: Any, *, people: Any, days: list[date], draw: random.Random
) -> None:
    assert [each["days"] for each in rows] == list(range(1, len(days) + 1))
    numbers = {person: len(theirs & set(days)) for person, theirs in people.items()}
    everybody = sum(number > 0 for number in numbers.values())
    for each in rows:
        assert each["people"] == sum(number == each["days"] for number in numbers.values())
        assert each["people_or_more"] == sum(number >= each["days"] for number in numbers.values())
        assert each["share"] == (each["people"] / everybody if everybody else None)
        assert each["share_or_more"] == (each["people_or_more"] / everybody if everybody else None)
    those = draw.choice(rows)["days"]
    exactly = sorted(person for person, number in numbers.items() if number == those)
    more = sorted(person for person, number in numbers.items() if number >= those)
    assert told.people("stickiness", question, {"days": those}) == exactly
    assert told.people("stickiness", question, {"days": those, "or_more": True}) == more


def test_a_february_has_its_days_and_the_last_thirty_are_thirty(engine: Engine) -> None:
    told = tell(engine, 3, events=1)
    february = {"event": "A", "show": "power_users", "since": "2026-02-01", "until": "2026-03-01"}
    assert len(told.ask("stickiness", february)[1]) == 28
    for show in ("rolling", "power_users"):
        for zone in ZONES:
            assert len(told.ask("stickiness", {"event": "A", "show": show, "time_zone": zone})[1]) == 30


def test_windows_reach_back_before_the_question_and_no_further(engine: Engine) -> None:
    history = chdb_history(engine)
    first_ms = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp()) * 1000
    back = (30 * DAY_MS, 30 * DAY_MS + 1, 29 * DAY_MS, 29 * DAY_MS + 1, 7 * DAY_MS, 6 * DAY_MS, 1, 0)
    rows = [row(who, "A", first_ms - each, message_id=f"m{who}") for who, each in enumerate(back, 1)]
    asyncio.run(put(history, [person(who) for who in range(1, len(back) + 1)], rows))
    told = Told(history=history, done=(), traits={})
    question = {"event": "A", "since": "2026-11-01", "until": "2026-11-03"}
    _, table = told.ask("stickiness", question)
    assert [(each["daily"], each["weekly"], each["monthly"]) for each in table] == [(1, 3, 5), (0, 2, 4)]
    assert told.people("stickiness", question, {"start": "2026-11-01", "window": "month"}) == [3, 5, 6, 7, 8]
    assert told.people("stickiness", question, {"start": "2026-11-02", "window": "month"}) == [5, 6, 7, 8]


def test_nothing_that_happened_is_a_table_of_zeros(engine: Engine) -> None:
    told = tell(engine, 3, events=1)
    _, rows = told.ask("stickiness", {"event": "never"})
    assert {(each["daily"], each["monthly"], each["daily_of_monthly"]) for each in rows} == {(0, 0, None)}
    _, rows = told.ask("stickiness", {"event": "never", "show": "power_users"})
    assert {(each["people"], each["share"]) for each in rows} == {(0, None)}


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"event": "A", "show": "l30"}, "$.show", "unknown_choice"),
        ({"event": "A", "since": "2026-02-30"}, "$.since", "bad_moment"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("stickiness", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_curve_of_too_many_days_is_refused(engine: Engine) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 3, events=1).ask("stickiness", {"event": "A", "show": "power_users", "since": "2024-01-01"})
    assert (refused.value.path, refused.value.code) == ("$.since", "out_of_range")


@pytest.mark.parametrize(
    ("show", "cell"),
    [
        ("rolling", {}),
        ("rolling", {"start": "2026-01-01"}),
        ("rolling", {"days": 3}),
        ("power_users", {"days": 31}),
        ("power_users", {"start": "2026-11-20"}),
        ("power_users", {}),
    ],
)
def test_a_cell_that_is_not_there_is_refused(engine: Engine, show: str, cell: dict[str, Any]) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 4, events=1).people("stickiness", {"event": "A", "show": show}, cell)
    assert refused.value.code == "unknown_cell"
    assert refused.value.hint


def test_buyers_of_a_month_in_online_retail_by_their_days(engine: Engine) -> None:
    """November 2011, of a shop's invoices; counted anew here."""
    orders = online_retail()
    asked = decode_question(
        "stickiness",
        {"event": "Order Completed", "show": "power_users", "since": "2011-11-01", "until": "2011-12-01"},
    )
    rows = asyncio.run(real_history(engine, orders).insight(asked, as_of_ms=NOW_MS)).rows
    november = orders.filter((pl.col("at").dt.year() == 2011) & (pl.col("at").dt.month() == 11))
    days = november.group_by("person").agg(days=pl.col("at").dt.date().n_unique())["days"].to_list()
    assert [people for _, people, *_ in rows] == [days.count(number) for number in range(1, 31)]
    assert rows[0][3] == november["person"].n_unique()
