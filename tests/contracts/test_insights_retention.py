"""Retention against the same reckoned person by person in Python, on random nasty histories in chDB."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.retention import Retention
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import DAYS, NAMES, NOW_MS, ZONES, Told, moment, tell

QUESTIONS_AT_ONCE = 8


def some_question(draw: random.Random, told: Told) -> dict[str, Any]:
    def act() -> Any:
        where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
        return draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 2), "where": where}))

    kind = draw.choice(("n_day", "bracket", "unbounded"))
    question: dict[str, Any] = {
        "first": act(),
        "period": draw.choice(("day", "week", "month")),
        "kind": kind,
        "periods": draw.choice((1, 3, 12, 40, 400)),
        "time_zone": draw.choice(ZONES),
        "since": draw.choice((None, moment(min(draw.choice(told.done).at_ms, NOW_MS)), "2026-01-01", DAYS[0])),
    }
    if draw.random() < 0.6:
        question["again"] = act()
    if kind == "bracket" and draw.random() < 0.7:
        question["brackets"] = draw.choice(([1, 3, 7], [2], [1, 1, 30, 60]))
    later = [
        each.at_ms
        for each in told.done
        if each.at_ms > decode_question("retention", question).span(NOW_MS, days=400)[0]
    ]
    if later and question["since"] and draw.random() < 0.5:
        question["until"] = moment(draw.choice(later))
    if draw.random() < 0.3:
        question["segment"] = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
    return question


def period_number(at_ms: int, asked: Retention) -> int:
    """How many periods after the year 1 the wall's calendar says it is."""
    wall = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)
    day = wall.astimezone(ZoneInfo(asked.time_zone)).date()
    ways = {"day": day.toordinal(), "week": (day.toordinal() - 1) // 7, "month": day.year * 12 + day.month}
    return ways[asked.period]


def columns_of(asked: Retention) -> list[tuple[int, int]]:
    """The first and the last period of each column."""
    if asked.kind != "bracket":
        return [(number, number) for number in range(asked.periods)]
    lengths = list(asked.brackets)
    while not asked.brackets and sum(lengths) < asked.periods:
        lengths.append(min(max(1, sum(lengths)), asked.periods - sum(lengths)))
    return [(sum(lengths[:n]), sum(lengths[: n + 1]) - 1) for n in range(len(lengths))]


def reckoned(told: Told, asked: Retention) -> dict[int, dict[int, set[int]]]:
    """Cohort to person to the periods after it in which they did it again."""
    since_ms, until_ms = asked.span(NOW_MS, days=84)
    cohorts: dict[int, dict[int, set[int]]] = defaultdict(dict)
    for person, traits in told.traits.items():
        began = min((each.at_ms for each in told.acts(asked.first) if each.person == person), default=None)
        if began is None or not since_ms <= began < until_ms or (asked.segment is not None and not traits["vip"]):
            continue
        cohort = period_number(began, asked)
        theirs = [
            each for each in told.acts(asked.again or asked.first) if each.person == person and each.at_ms > began
        ]
        cohorts[cohort][person] = {period_number(each.at_ms, asked) - cohort for each in theirs}
    return cohorts


def was_there(asked: Retention, periods: set[int], first: int, last: int) -> bool:
    if asked.kind == "unbounded":
        return any(each >= first for each in periods)
    return any(first <= each <= last for each in periods)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_retention_is_what_one_counts_person_by_person(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=30, events=200)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        if question["since"] is None:
            question["since"] = "2026-02-20"
        asked, rows = told.ask("retention", question)
        assert isinstance(asked, Retention)
        cohorts = reckoned(told, asked)
        since_ms, until_ms = asked.span(NOW_MS, days=1)
        today = period_number(NOW_MS, asked)
        wanted: dict[tuple[int | None, int], tuple[int, int, int, bool]] = {}
        numbers = range(period_number(since_ms, asked), period_number(until_ms - 1, asked) + 1)
        for first, last in columns_of(asked):
            size_of_all = people_of_all = 0
            for cohort in numbers:
                if cohort + first > today:
                    continue
                those = cohorts[cohort]
                people = sum(was_there(asked, periods, first, last) for periods in those.values())
                complete = cohort + last < today
                wanted[cohort, first] = (len(those), last, people, complete)
                size_of_all += len(those) * complete
                people_of_all += people * complete
            if any(wanted[cohort, first][3] for cohort in numbers if (cohort, first) in wanted):
                wanted[None, first] = (size_of_all, last, people_of_all, True)
        found = {}
        for each in rows:
            key = None if each["cohort"] is None else period_number(each["cohort"], asked)
            found[key, each["period"]] = (each["size"], each["last_period"], each["people"], each["complete"])
            share = each["people"] / each["size"] if each["size"] else None
            assert each["retention"] == share
            assert each["churn"] == (None if share is None else pytest.approx(1 - share, abs=1e-12))
        assert len(found) == len(rows)
        assert found == wanted, question
        check_people(told, question, asked, cohorts, draw.choice(rows[: max(1, len(rows) // 2)]))


def check_people(told: Told, question: dict[str, Any], asked: Retention, cohorts: Any, each: dict[str, Any]) -> None:
    cell = {"period": each["period"], "cohort": None if each["cohort"] is None else moment(each["cohort"])}
    those = {
        person: periods
        for cohort, people in cohorts.items()
        for person, periods in people.items()
        if each["cohort"] is None or cohort == period_number(each["cohort"], asked)
    }
    there = sorted(p for p, periods in those.items() if was_there(asked, periods, each["period"], each["last_period"]))
    assert told.people("retention", question, cell) == there
    assert told.people("retention", question, {**cell, "state": "gone"}) == sorted(set(those) - set(there))
    assert told.people("retention", question, {"cohort": cell["cohort"]}) == sorted(those)


def test_weeks_begin_on_monday_where_the_people_are(engine: Engine) -> None:
    told = tell(engine, 9)
    _, rows = told.ask("retention", {"first": "A", "since": "2026-03-01", "time_zone": "Australia/Lord_Howe"})
    starts = {each["cohort"] for each in rows if each["cohort"] is not None}
    walls = [datetime.fromtimestamp(each / 1000, ZoneInfo("Australia/Lord_Howe")) for each in starts]
    assert {(each.weekday(), each.hour, each.minute) for each in walls} == {(0, 0, 0)}
    assert min(walls).date() == date(2026, 2, 23)


def test_the_first_cohort_is_whole_unless_asked_otherwise(engine: Engine) -> None:
    told = tell(engine, 10)
    question = {"first": {"events": list(NAMES)}, "period": "month", "until": "2026-05-20"}
    asked, rows = told.ask("retention", question)
    assert isinstance(asked, Retention)
    first_ms, second_ms = asked.cohorts(NOW_MS)[:2]
    firsts = [min(each.at_ms for each in told.done if each.person == p) for p in {each.person for each in told.done}]
    assert rows[0]["size"] == sum(first_ms <= each < second_ms for each in firsts)


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({"again": "B"}, "$", "missing_field"),
        ({"first": "A", "brackets": [1]}, "$.brackets", "contradiction"),
        ({"first": "A", "kind": "bracket", "brackets": [1, 0]}, "$.brackets[1]", "out_of_range"),
        ({"first": "A", "kind": "bracket", "brackets": [300, 300]}, "$.brackets", "out_of_range"),
        ({"first": "A", "period": "hour"}, "$.period", "unknown_choice"),
        ({"first": "A", "periods": 0}, "$.periods", "out_of_range"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("retention", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_cell_that_is_not_there_is_refused(engine: Engine) -> None:
    told = tell(engine, 4, events=1)
    for cell in ({"period": 13}, {"cohort": "2026-03-31"}):
        with pytest.raises(Exposed) as refused:
            told.people("retention", {"first": "A"}, cell)
        assert refused.value.code == "unknown_cell"
