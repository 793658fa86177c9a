"""The usage interval against the same reckoned person by person in Python, on random nasty histories in chDB."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.interval import Interval, bracket_of
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import chdb_history, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NAMES, NOW_MS, ZONES, Told, moment, tell
from tests.contracts.real_data import real_file, real_history

QUESTIONS_AT_ONCE = 6
DAY_MS = 86_400_000
VIP = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}


def some_question(draw: random.Random) -> dict[str, Any]:
    where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
    question: dict[str, Any] = {
        "event": draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 3), "where": where})),
        "gap": draw.choice(("nth", "every", "median")),
        "share": draw.choice((0.5, 0.8, 0.95)),
        "within_days": draw.choice((1, 7, 40, 200, 300)),
        "least_people": draw.choice((1, 4, 30)),
        "time_zone": draw.choice(ZONES),
    }
    if question["gap"] == "nth":
        question["nth"] = draw.choice((1, 1, 2, 5))
    if draw.random() < 0.7:
        question["since"] = draw.choice(("2026-01-01", "2026-03-20", "2026-03-29T13:30:00Z", "2026-10-20"))
        if draw.random() < 0.5:
            at = datetime.fromisoformat(question["since"]).replace(tzinfo=UTC) + timedelta(days=draw.choice((3, 30)))
            question["until"] = moment(int(at.timestamp()) * 1000)
    if draw.random() < 0.3:
        question["segment"] = VIP
    return question


def wall_day(at_ms: int, zone: str) -> date:
    """What the calendar on the wall says."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(zone)).date()


def gaps_of(told: Told, asked: Interval) -> dict[int, list[tuple[int, bool]]]:
    """Person to their gaps: days, and whether it has ended."""
    since_ms, until_ms = asked.span(NOW_MS, days=365)
    today = wall_day(NOW_MS + 1, asked.time_zone)
    first, last = wall_day(since_ms, asked.time_zone), wall_day(until_ms - 1, asked.time_zone)
    found: dict[int, list[tuple[int, bool]]] = {}
    for who in told.traits:
        if asked.segment is not None and not told.traits[who]["vip"]:
            continue
        theirs = {wall_day(each.at_ms, asked.time_zone) for each in told.acts(asked.event) if each.person == who}
        days = sorted(each for each in theirs if each < today)
        gaps = [
            (number, day, days[number] if number < len(days) else None)
            for number, day in enumerate(days, 1)
            if first <= day <= last
        ]
        ended = [(later - day).days for _, day, later in gaps if later is not None]
        match asked.gap:
            case "median":
                found[who] = [(math.ceil(median(ended)), True)] if ended else []
                continue
            case "nth":
                gaps = [each for each in gaps if each[0] == asked.nth]
        found[who] = [
            ((today - timedelta(days=1) - day).days, False) if later is None else ((later - day).days, True)
            for _, day, later in gaps
        ]
    return found


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_the_interval_is_what_one_reckons_person_by_person(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=25, events=250, spread_days=20)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw)
        asked, rows = told.ask("interval", question)
        assert isinstance(asked, Interval)
        theirs = gaps_of(told, asked)
        gaps = [each for those in theirs.values() for each in those]
        assert [each["days"] for each in rows] == list(range(1, asked.within_days + 1))
        away: float | None = 1.0
        returned: list[float | None] = []
        for each in rows:
            day = each["days"]
            at_risk = sum(days >= day for days, _ in gaps)
            came_back = sum(days == day and ended for days, ended in gaps)
            if not at_risk and away:
                away = None
            if away is not None and at_risk:
                away *= 1 - came_back / at_risk
            assert (each["at_risk"], each["came_back"]) == (at_risk, came_back), (question, day)
            returned.append(None if away is None else 1 - away)
            assert each["returned"] == (None if away is None else pytest.approx(1 - away))
        end = returned[-1]
        shares = [one / end if one is not None and end else None for one in returned]
        assert [each["share"] for each in rows] == [None if one is None else pytest.approx(one) for one in shares]
        check_finding(asked, rows, theirs, shares)
        check_people(told, question, theirs, draw.choice(rows)["days"])


def check_finding(asked: Interval, rows: Any, theirs: Any, shares: list[float | None]) -> None:
    repeaters = sum(any(ended and days <= asked.within_days for days, ended in those) for those in theirs.values())
    wanted = None
    if repeaters >= asked.least_people:
        wanted = next((n for n, one in enumerate(shares, 1) if one is not None and one >= asked.share - 1e-12), None)
    found = {(each["interval_days"], each["period"], each["bracket_periods"], each["finding"]) for each in rows}
    assert len(found) == 1
    days, period, number, finding = found.pop()
    assert days == wanted
    assert (period, number) == ((None, None) if wanted is None else bracket_of(wanted))
    if wanted is not None:
        assert f"{asked.share:.0%} of those who come back do so within {wanted} day" in finding
    elif repeaters < asked.least_people:
        assert f"{repeaters}, where {asked.least_people} are needed" in finding
    else:
        assert "Nobody has been watched" in finding


def check_people(told: Told, question: Any, theirs: Any, day: int) -> None:
    meanings: dict[str, Callable[[int, bool], bool]] = {
        "came_back": lambda days, ended: ended and days == day,
        "within": lambda days, ended: ended and days <= day,
        "at_risk": lambda days, _: days >= day,
        "not_yet": lambda days, ended: not ended and days >= day,
    }
    for state, holds in meanings.items():
        wanted = sorted(who for who, those in theirs.items() if any(holds(*each) for each in those))
        assert told.people("interval", question, {"days": day, "state": state}) == wanted, (question, state)


def told_of(engine: Engine, days_of: list[list[int]]) -> Told:
    """People who used it so many days before today, each day at noon."""
    history = chdb_history(engine)
    noon_ms = NOW_MS // DAY_MS * DAY_MS + DAY_MS // 2
    rows = [
        row(number, "Used", noon_ms - back * DAY_MS, message_id=f"m{number}-{back}")
        for number, days in enumerate(days_of, 1)
        for back in days
    ]
    asyncio.run(put(history, [person(number) for number in range(1, len(days_of) + 1)], rows))
    return Told(history=history, done=(), traits={})


def test_those_who_may_still_come_are_neither_here_nor_gone(engine: Engine) -> None:
    # Ten came back after a week, two after twenty days. Ten have been watched for five days only.
    told = told_of(engine, [[100, 93]] * 10 + [[100, 80]] * 2 + [[6]] * 10)
    _, rows = told.ask("interval", {"event": "Used", "within_days": 30, "least_people": 12})
    # Of the twelve that were watched for a week and longer, ten: the other ten are not held against it.
    assert rows[6]["returned"] == pytest.approx(10 / 12)
    assert rows[4]["at_risk"] == 22
    assert rows[5]["at_risk"] == 12
    assert {each["interval_days"] for each in rows} == {7}
    assert {(each["period"], each["bracket_periods"]) for each in rows} == {("week", 1)}


def test_never_coming_back_does_not_stretch_the_interval_of_those_who_do(engine: Engine) -> None:
    told = told_of(engine, [[90, 88]] * 9 + [[90, 50]] + [[90]] * 90)
    _, rows = told.ask("interval", {"event": "Used", "within_days": 60, "least_people": 10})
    assert rows[-1]["returned"] == pytest.approx(0.1)
    assert rows[1]["share"] == pytest.approx(0.9)
    assert {each["interval_days"] for each in rows} == {2}


def test_a_short_history_and_few_people_tell_nothing_and_say_so(engine: Engine) -> None:
    short = told_of(engine, [[10, 9]] * 40 + [[10]])
    _, rows = short.ask("interval", {"event": "Used"})
    assert rows[0]["interval_days"] is None
    assert rows[0]["finding"] == ("Nobody has been watched for 90 days yet: ask for a curve of 9 days or fewer.")
    _, rows = short.ask("interval", {"event": "Used", "within_days": 9})
    assert rows[0]["interval_days"] == 1
    few = told_of(engine, [[200, 100]] * 29 + [[200, 150]])
    assert few.ask("interval", {"event": "Used"})[1][0]["finding"] == (
        "Too few came back within 90 days to tell: 1, where 30 are needed."
    )
    _, rows = told_of(engine, []).ask("interval", {"event": "Used"})
    assert {(each["at_risk"], each["returned"], each["share"]) for each in rows} == {(0, None, None)}


def test_today_counts_once_it_is_over(engine: Engine) -> None:
    told = told_of(engine, [[1, 0]] * 3)
    _, rows = told.ask("interval", {"event": "Used", "within_days": 1, "least_people": 1})
    assert (rows[0]["at_risk"], rows[0]["came_back"]) == (0, 0)


@pytest.mark.parametrize(
    ("days", "bracket"),
    [(1, ("day", 1)), (2, ("week", 1)), (7, ("week", 1)), (8, ("month", 1)), (31, ("month", 1)), (32, ("month", 2))],
)
def test_an_interval_implies_a_bracket(days: int, bracket: tuple[str, int]) -> None:
    assert bracket_of(days) == bracket


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"event": "A", "gap": "every", "nth": 2}, "$.nth", "contradiction"),
        ({"event": "A", "share": 1}, "$.share", "out_of_range"),
        ({"event": "A", "within_days": 0}, "$.within_days", "out_of_range"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("interval", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_cell_that_is_not_there_is_refused(engine: Engine) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 4, events=1).people("interval", {"event": "A", "within_days": 9}, {"days": 10})
    assert (refused.value.path, refused.value.code) == ("$.cell.days", "unknown_cell")


def test_repeat_buyers_of_cdnow_are_as_many_as_published(engine: Engine) -> None:
    """Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way": of the 2,357 customers of the one-in-ten
    sample, 1,411 made no repeat purchase in the 39 weeks to the end of September 1997.
    """
    sample = real_file("cdnow_sample.parquet").select(
        person="customer_id",
        at=pl.col("date").dt.replace_time_zone("UTC").dt.cast_time_unit("ms"),
        revenue_minor=(pl.col("dollar_value") * 100).round().cast(pl.Int64),
    )
    history = real_history(engine, sample)
    asked = decode_question("interval", {"event": "Order Completed", "within_days": 273})
    as_of_ms = int(datetime(1997, 10, 1, tzinfo=UTC).timestamp()) * 1000
    rows = asyncio.run(history.insight(asked, as_of_ms=as_of_ms)).rows
    assert rows[0][1] == 2357
    assert sum(int(came_back or 0) for _, _, came_back, *_ in rows) == 2357 - 1411
