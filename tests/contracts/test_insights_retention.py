"""Retention against the same reckoned person by person in Python, on random nasty histories in chDB."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed
from holdfast.measures.insight import Act
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.retention import Retention
from holdfast.measures.revenue import revenue_of
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import (
    DAYS,
    NAMES,
    NOW_MS,
    ZONES,
    Done,
    Told,
    label,
    moment,
    some_money,
    tell,
)

QUESTIONS_AT_ONCE = 5


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
    if draw.random() < 0.3:
        question |= {"first": some_condition(draw), "again": act()}
    if draw.random() < 0.5:
        by = {"trait": "home"} if "type" in question["first"] or draw.random() < 0.5 else "by"
        question |= {"breakdown": by, "top": draw.choice((1, 3, 40))}
    if kind != "unbounded" and draw.random() < 0.5:
        question |= {"value": "revenue", "currency": draw.choice((None, None, "EUR"))}
        question["refunds"] = draw.choice((None, act()))
        if draw.random() < 0.6:  # So that many bring something at first, and more or less later.
            question |= {"first": {"events": list(NAMES)}, "again": None, "refunds": None, "period": "month"}
    return question


def some_condition(draw: random.Random, *, lasting: bool = False, deep: bool = True) -> dict[str, Any]:
    """A condition that turns true with an event."""
    if deep and draw.random() < 0.4:
        kind = draw.choice(("all", "any"))
        parts = [some_condition(draw, lasting=lasting or kind == "all", deep=False) for _ in range(draw.choice((1, 2)))]
        return {"type": kind, "of": parts}
    did: dict[str, Any] = {"type": "did", "event": draw.choice(NAMES), "at_least": draw.choice((1, 1, 2, 3))}
    if not lasting and draw.random() < 0.6:
        did["within_days"] = draw.choice((1 / 86_400_000, 1 / 24, 1, 7, 30))
    if draw.random() < 0.3:
        did["where"] = [{"property": "x", "operator": "at_least", "value": 1}]
    return did


def is_so(condition: dict[str, Any], theirs: list[Done], now_ms: int) -> bool:
    """Whether the condition is true of somebody who did these, at a moment."""
    if condition["type"] != "did":
        parts = [is_so(each, theirs, now_ms) for each in condition["of"]]
        return all(parts) if condition["type"] == "all" else any(parts)
    since_ms = now_ms - round(condition["within_days"] * 86_400_000) if "within_days" in condition else -1
    those = [each for each in theirs if each.name == condition["event"] and since_ms < each.at_ms <= now_ms]
    if condition.get("where"):
        those = [each for each in those if is_positive(each.properties.get("x"))]
    return len(those) >= int(condition["at_least"])


def is_positive(value: Json) -> bool:
    """Whether it is a number, and at least 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1


def began_at(question: dict[str, Any], asked: Retention, told: Told, person: int) -> int | None:
    """The first moment they did the act, or met the condition: looked for event by event."""
    if isinstance(asked.first, Act):
        return min((each.at_ms for each in told.acts(asked.first) if each.person == person), default=None)
    theirs = [each for each in told.done if each.person == person and each.at_ms <= NOW_MS]
    moments = sorted({each.at_ms for each in theirs})
    return next((at_ms for at_ms in moments if is_so(question["first"], theirs, at_ms)), None)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody in a cohort: the periods they came back in, and what they brought in each, in minor units."""

    periods: set[int]
    brought: Mapping[int, int]

    def brought_in(self, first: int, last: int) -> int:
        """In these periods; never less than nothing."""
        return max(0, sum(minor for period, minor in self.brought.items() if first <= period <= last))


Line = tuple[str | None, str]


def reckoned(question: dict[str, Any], told: Told, asked: Retention) -> dict[Line, dict[int, dict[int, Member]]]:
    """Value to cohort to person to what became of them."""
    since_ms, until_ms = asked.span(NOW_MS, days=84)
    people: dict[int, tuple[str | None, int, Member]] = {}
    for person, traits in told.traits.items():
        began = began_at(question, asked, told, person)
        if began is None or not since_ms <= began < until_ms or (asked.segment is not None and not traits["vip"]):
            continue
        cohort = period_number(began, asked)
        again = [each for each in told.acts(asked.returning) if each.person == person]
        member = Member(
            periods={period_number(each.at_ms, asked) - cohort for each in again if each.at_ms > began},
            brought=brought(asked, told, person, began, cohort),
        )
        said = label(traits, "home")
        if isinstance(asked.first, Act) and asked.breakdown is not None and asked.breakdown.property is not None:
            firsts = [each for each in told.acts(asked.first) if each.person == person and each.at_ms == began]
            labels = [label(each.properties, asked.breakdown.property) for each in firsts]
            said = min(labels, key=lambda each: (each is None, (each or "").encode()))
        people[person] = (said, cohort, member)
    counts = Counter(said for said, _, _ in people.values() if said is not None)
    top = sorted(counts, key=lambda said: (-counts[said], said.encode()))[: asked.top]
    lines: dict[Line, dict[int, dict[int, Member]]] = defaultdict(lambda: defaultdict(dict))
    if asked.breakdown is None:
        lines[None, "value"] = defaultdict(dict)
    for person, (said, cohort, member) in people.items():
        part = "none" if said is None else "value" if said in top else "other"
        line = (said if part == "value" else None, part) if asked.breakdown is not None else (None, "value")
        lines[line][cohort][person] = member
    return lines


def brought(asked: Retention, told: Told, person: int, began: int, cohort: int) -> Mapping[int, int]:
    """What they brought in each period from when they began, refunds taken off."""
    found: dict[int, int] = defaultdict(int)
    acts = [(asked.returning, 1)] + ([(asked.refunds, -1)] if asked.refunds is not None else [])
    for act, sign in acts:
        for each in told.acts(act):
            money = revenue_of(each.properties, "USD")
            if each.person != person or each.at_ms < began or money is None:
                continue
            if money.currency == (asked.currency or "USD"):
                minor = money.minor if sign == 1 else -abs(money.minor)
                found[period_number(each.at_ms, asked) - cohort] += minor
    return found


def is_there(asked: Retention, member: Member, first: int, last: int) -> bool:
    if asked.value is not None:
        return member.brought_in(first, last) > 0
    return was_there(asked, member.periods, first, last)


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
    told = tell(engine, seed, people=30, events=200, more=some_money)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        if question["since"] is None:
            question["since"] = "2026-02-20"
        asked, rows = told.ask("retention", question)
        assert isinstance(asked, Retention)
        lines = reckoned(question, told, asked)
        wanted = {
            (*line, *key): cells for line, cohorts in lines.items() for key, cells in table_of(asked, cohorts).items()
        }
        found = {}
        for each in rows:
            key = None if each["cohort"] is None else period_number(each["cohort"], asked)
            money = [each[name] for name in ("starting_revenue", "revenue", "kept_revenue") if name in each]
            cells = (each["size"], each["last_period"], each["people"], each["complete"], *money)
            found[each.get("breakdown"), each.get("part", "value"), key, each["period"]] = cells
            share = each["people"] / each["size"] if each["size"] else None
            assert each["retention"] == share
            assert each["churn"] == (None if share is None else pytest.approx(1 - share, abs=1e-12))
            if money:
                starts = money[0] * (each["last_period"] - each["period"] + 1)
                assert each["net_retention"] == (money[1] / starts if starts else None)
                assert each["gross_retention"] == (money[2] / starts if starts else None)
                assert money[2] <= min(money[1], starts)
        assert len(found) == len(rows)
        assert found == wanted, question
        if rows:
            each = draw.choice(rows[: max(1, len(rows) // 2)])
            check_people(told, question, asked, lines[each.get("breakdown"), each.get("part", "value")], each)


def table_of(asked: Retention, cohorts: dict[int, dict[int, Member]]) -> dict[tuple[int | None, int], tuple[Any, ...]]:
    """The lines of the table by cohort and first period: size, last period, people, whether over, and money."""
    since_ms, until_ms = asked.span(NOW_MS, days=1)
    today = period_number(NOW_MS, asked)
    numbers = range(period_number(since_ms, asked), period_number(until_ms - 1, asked) + 1)
    wanted: dict[tuple[int | None, int], tuple[Any, ...]] = {}
    for first, last in columns_of(asked):
        sums: list[list[int]] = []
        for cohort in numbers:
            if cohort + first > today:
                continue
            those = cohorts.get(cohort, {}).values()
            people = sum(is_there(asked, each, first, last) for each in those)
            complete = cohort + last < today
            money: tuple[int, ...] = ()
            if asked.value is not None:
                starts = sum(each.brought_in(0, 0) for each in those)
                kept = (min(each.brought_in(first, last), each.brought_in(0, 0) * (last - first + 1)) for each in those)
                money = (starts, sum(each.brought_in(first, last) for each in those), sum(kept))
            wanted[cohort, first] = (len(those), last, people, complete, *money)
            if complete:
                sums.append([len(those), people, *money])
        if sums:
            size, people, *rest = (sum(column) for column in zip(*sums, strict=True))
            wanted[None, first] = (size, last, people, True, *rest)
    return wanted


def check_people(told: Told, question: dict[str, Any], asked: Retention, cohorts: Any, each: dict[str, Any]) -> None:
    cell = {"period": each["period"], "cohort": None if each["cohort"] is None else moment(each["cohort"])}
    line = {"breakdown": each.get("breakdown"), "part": each.get("part")}
    those = {
        person: member
        for cohort, people in cohorts.items()
        for person, member in people.items()
        if each["cohort"] is None or cohort == period_number(each["cohort"], asked)
    }
    there = sorted(p for p, member in those.items() if is_there(asked, member, each["period"], each["last_period"]))
    assert told.people("retention", question, cell | line) == there
    assert told.people("retention", question, {**cell, **line, "state": "gone"}) == sorted(set(those) - set(there))
    assert told.people("retention", question, {"cohort": cell["cohort"], **line}) == sorted(those)


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
        ({"first": "A", "value": "margin"}, "$.value", "unknown_choice"),
        ({"first": "A", "value": "revenue", "kind": "unbounded"}, "$.value", "contradiction"),
        ({"first": "A", "refunds": "B"}, "$.refunds", "contradiction"),
        ({"first": "A", "currency": "EUR"}, "$.currency", "contradiction"),
        ({"first": {"type": "did", "event": "A"}}, "$.again", "contradiction"),
        ({"first": {"type": "did", "event": "A"}, "again": "B", "breakdown": "x"}, "$.breakdown", "contradiction"),
        ({"first": {"type": "trait", "trait": "x", "operator": "is_set"}, "again": "B"}, "$.first", "no_entry_moment"),
        ({"first": {"type": "did", "event": "A", "at_most": 3}, "again": "B"}, "$.first", "no_entry_moment"),
        (
            {"first": {"type": "all", "of": [{"type": "did", "event": "A", "within_days": 1}]}, "again": "B"},
            "$.first.of[0]",
            "no_entry_moment",
        ),
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
