"""Trends against the same reckoned event by event in Python, on random nasty histories in chDB."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight import Act
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.trend import FORMULAS, MEASURES, Measured, Trend
from holdfast.measures.periods import PERIODS, PERIODS_MOST, starts
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import (
    DAYS,
    NAMES,
    NOW_MS,
    ZONES,
    Done,
    Told,
    amount,
    label,
    local_period,
    moment,
    tell,
)

LONG_PERIODS = ("day", "week", "month", "quarter", "year")
QUESTIONS_AT_ONCE = 6
ANYTHING = Act(events=NAMES)


def some_question(draw: random.Random, told: Told) -> dict[str, Any]:
    measure = draw.choice(sorted(MEASURES))
    act: Any = draw.choice(NAMES)
    if draw.random() < 0.5:
        comparison = draw.choice(
            ({"property": "x", "operator": "at_least", "value": 1}, {"property": "by", "operator": "is_set"})
        )
        act = {"events": draw.sample(NAMES, 2), "where": [comparison]}
    question: dict[str, Any] = {
        "event": act,
        "measure": measure,
        "period": draw.choice(LONG_PERIODS),
        "time_zone": draw.choice(ZONES),
        # The very moment of an event: it is in when it is the first, and out when it is the end.
        "since": draw.choice((moment(min(draw.choice(told.done).at_ms, NOW_MS)), "2026-01-01", DAYS[1])),
        "until": draw.choice((None, "2026-11-19", "2199-12-31T00:00:00Z")),
    }
    if question["until"] is not None and question["since"] >= question["until"]:
        question["until"] = None  # Both are ISO 8601 of the same zone, so their order is that of their texts.
    if measure not in ("count", "people"):
        question["property"] = "x"
        question["percentile"] = draw.choice((0, 12.5, 50, 90, 100))
    later = [
        each.at_ms for each in told.done if each.at_ms > decode_question("trend", question).span(NOW_MS, days=1)[0]
    ]
    if later and draw.random() < 0.5:
        question["until"] = moment(draw.choice(later))
    if draw.random() < 0.7:
        question |= {"breakdown": draw.choice(("by", "name", {"trait": "home"})), "top": draw.choice((1, 3, 40))}
    if draw.random() < 0.4:
        other = draw.choice(sorted(MEASURES))
        question |= {"formula": draw.choice(sorted(FORMULAS)), "b": {"event": draw.choice(NAMES), "measure": other}}
        if other not in ("count", "people"):
            question["b"] |= {"property": "x", "percentile": draw.choice((0, 50, 95))}
    if {measure, question.get("b", {}).get("measure", "sum")} <= {"count", "sum"} and draw.random() < 0.5:
        question["cumulative"] = True
    if draw.random() < 0.4:
        question["segment"] = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
    return question


def measured(asked: Measured, those: list[Done]) -> float | None:
    if asked.measure == "count":
        return len(those)
    if asked.measure == "people":
        return len({each.person for each in those})
    amounts = [number for each in those if (number := amount(each.properties, "x")) is not None]
    if asked.measure == "sum":
        return math.fsum(amounts)
    if not amounts:
        return None
    if asked.measure == "percentile":
        return float(np.percentile(amounts, asked.percentile))
    return {"average": math.fsum(amounts) / len(amounts), "min": min(amounts), "max": max(amounts)}[asked.measure]


def counted(told: Told, asked: Trend, each: Measured) -> list[Done]:
    """The events one of the measures is about."""
    those = told.acts(each.event, *asked.span(NOW_MS, days=1))
    if asked.segment is not None:
        those = [done for done in those if told.traits[done.person]["vip"]]
    return those if each.property is None else [d for d in those if amount(d.properties, "x") is not None]


def said_of(told: Told, asked: Trend, done: Done) -> str | None:
    """The value an event belongs to."""
    by = asked.breakdown
    if by is not None and by.trait is not None:
        return label(told.traits[done.person], by.trait)
    return label(done.properties, "by" if by is None or by.property is None else by.property)


Reckoned = dict[tuple[Any, str | None, str], tuple[list[Done], list[Done]]]


def reckoned(told: Told, asked: Trend) -> Reckoned:
    """The events of a and b in each line that has any."""
    sides = [counted(told, asked, each) for _, each in asked.sides]
    counts: dict[str, int] = defaultdict(int)
    for number, those in enumerate(sides):
        for each in those:
            if (said := said_of(told, asked, each)) is not None:
                counts[said] += number == 0
    top = sorted(counts, key=lambda said: (-counts[said], said.encode()))[: asked.top]
    lines: Reckoned = defaultdict(lambda: ([], []))
    for number, those in enumerate(sides):
        for each in those:
            said = said_of(told, asked, each)
            part = "none" if said is None else "value" if said in top else "other"
            if asked.breakdown is None:
                said, part = None, "value"
            key = local_period(each.at_ms, asked.period, asked.time_zone)
            lines[key, said if part == "value" else None, part][number].append(each)
    return lines


def value_of(asked: Trend, sides: list[tuple[list[Done], list[Done]]]) -> tuple[float | None, ...]:
    """What a line says of a period, from the events of all periods that count towards it: the value, and of what."""
    values = [measured(each, [done for those in sides for done in those[n]]) for n, (_, each) in enumerate(asked.sides)]
    if asked.formula is None:
        return (values[0],)
    a, b = values
    if a is None or b is None or (asked.formula == "a / b" and b == 0):
        return (None, a, b)
    return (
        {"a / b": lambda: a / b, "a - b": lambda: a - b, "a + b": lambda: a + b}.get(asked.formula, lambda: a * b)(),
        a,
        b,
    )


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_a_trend_is_what_one_counts_by_hand(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, more=lambda draw: {"name": draw.choice(("a", "b", "c"))})
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        asked, rows = told.ask("trend", question)
        assert isinstance(asked, Trend)
        wanted = reckoned(told, asked)
        found = {}
        before: dict[Any, list[tuple[list[Done], list[Done]]]] = defaultdict(list)
        for each in rows:
            line = (each.get("breakdown"), each.get("part", "value"))
            key = (local_period(each["start"], asked.period, asked.time_zone), *line)
            assert key not in found
            found[key] = each
            those = wanted.get(key, ([], []))
            before[line] = [*(before[line] if asked.cumulative else []), those]
            values = value_of(asked, before[line])
            assert (each["events"], each.get("events_b", 0)) == (len(those[0]), len(those[1])), (question, key)
            got = [each[name] for name in ("value", "a", "b") if name in each]
            assert [value is None for value in got] == [value is None for value in values], (question, key)
            near = [pytest.approx(value, rel=1e-9, abs=1e-9) for value in values if value is not None]
            assert [value for value in got if value is not None] == near, (question, key)
        assert {key for key, each in found.items() if each["events"] or each.get("events_b")} == set(wanted), question
        if wanted:
            key = draw.choice(sorted(wanted, key=repr))
            cell = {"start": moment(found[key]["start"]), "part": key[2], "breakdown": key[1]}
            for of in ("a", "b") if asked.b is not None else ("a",):
                behind = sorted({each.person for each in wanted[key][of == "b"]})
                assert told.people("trend", question, {**cell, "of": of}) == behind, (question, key, of)
            assert told.people("trend", question, cell) == sorted({e.person for those in wanted[key] for e in those})
        everybody = {each.person for sides in wanted.values() for those in sides for each in those}
        assert told.people("trend", question, {}) == sorted(everybody)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("period", LONG_PERIODS)
def test_periods_are_those_of_the_calendar_on_the_wall(zone: str, period: Any) -> None:
    edges = starts(1_767_000_000_000, NOW_MS, period, decode_question("trend", {"event": "A", "time_zone": zone}).zone)
    before = [local_period(each - 1, period, zone) for each in edges]
    at = [local_period(each, period, zone) for each in edges]
    assert len(set(at)) == len(at)
    assert at[:-1] == before[1:]


def test_minutes_and_hours_are_exactly_so_long(engine: Engine) -> None:
    told = tell(engine, 5)
    question = {
        "event": {"events": list(NAMES)},
        "time_zone": "Asia/Kathmandu",
        "since": "2026-10-24",
        "until": "2026-10-27",
    }
    for period, length_ms in (("hour", 3_600_000), ("minute", 60_000)):
        asked, rows = told.ask("trend", {**question, "period": period})
        edges = [each["start"] for each in rows]
        assert {b - a for a, b in pairwise(edges)} == {length_ms}
        assert edges[0] <= asked.span(NOW_MS, days=1)[0] < edges[0] + length_ms
        for each in rows:
            assert each["events"] == len(told.acts(ANYTHING, each["start"], each["start"] + length_ms))


def test_the_first_period_is_whole_unless_asked_otherwise(engine: Engine) -> None:
    told = tell(engine, 6)
    _, rows = told.ask("trend", {"event": {"events": list(NAMES)}, "period": "quarter", "until": "2026-11-02"})
    first_ms, second_ms = rows[0]["start"], rows[1]["start"]
    assert rows[0]["events"] == len(told.acts(ANYTHING, first_ms, second_ms))


@pytest.mark.parametrize("period", ["week", "quarter"])
@pytest.mark.parametrize(("measure", "of"), [("people", None), ("percentile", "x"), ("count", None)])
def test_values_that_read_the_same_share_a_line(engine: Engine, period: str, measure: str, of: str | None) -> None:
    odd = ("\ud83d", "\ud83e", "\ufffd", "plain")  # None but the last reads as anything else than a replacement sign.
    told = tell(engine, 9, people=6, more=lambda draw: {"odd": draw.choice(odd)})
    question = {
        "event": {"events": list(NAMES)},
        "measure": measure,
        "property": of,
        "period": period,
        "breakdown": "odd",
        "since": "2026-07-01",
    }
    asked, rows = told.ask("trend", question)
    assert isinstance(asked, Trend)
    edges = (*asked.edges(NOW_MS), NOW_MS + 1)
    assert {each["breakdown"] for each in rows} == {"\ufffd", "plain"}
    for each in rows:
        until_ms = edges[edges.index(each["start"]) + 1]
        those = [
            done
            for done in told.acts(ANYTHING, each["start"], until_ms)
            if label(done.properties, "odd") == each["breakdown"]
            and (of is None or amount(done.properties, of) is not None)
        ]
        assert each["events"] == len(those)
        assert each["value"] == pytest.approx(measured(asked.a, those))


def test_one_workspace_never_sees_another(engine: Engine) -> None:
    tell(engine, 7)
    told = tell(engine, 8, events=0)
    for breakdown in (None, "by"):
        _, rows = told.ask("trend", {"event": {"events": list(NAMES)}, "since": "2026-01-01", "breakdown": breakdown})
        assert sum(each["events"] for each in rows) == 0


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"event": ""}, "$.event", "empty"),
        ({"event": {"events": []}}, "$.event.events", "too_few"),
        ({"event": {"events": ["A", ""]}}, "$.event.events[1]", "empty"),
        ({"event": {"events": ["A"], "where": [{"operator": "is"}]}}, "$.event.where[0]", "missing_field"),
        ({"event": "A", "measure": "sum"}, "$.property", "missing_field"),
        ({"event": "A", "property": "x"}, "$.property", "contradiction"),
        ({"event": "A", "measure": "median"}, "$.measure", "unknown_choice"),
        ({"event": "A", "time_zone": "Mars/Olympus"}, "$.time_zone", "unknown_time_zone"),
        ({"event": "A", "time_zone": "../UTC"}, "$.time_zone", "unknown_time_zone"),
        ({"event": "A", "time_zone": ""}, "$.time_zone", "unknown_time_zone"),
        ({"event": "A", "since": "soon"}, "$.since", "bad_moment"),
        ({"event": "A", "since": "1969-12-31"}, "$.since", "bad_moment"),
        ({"event": "A", "top": 0}, "$.top", "out_of_range"),
        ({"event": "A", "formula": "a / b"}, "$.b", "contradiction"),
        ({"event": "A", "b": {"event": "B"}}, "$.formula", "contradiction"),
        ({"event": "A", "formula": "a / b", "b": {"event": "B", "measure": "sum"}}, "$.b.property", "missing_field"),
        ({"event": "A", "formula": "a ^ b", "b": {"event": "B"}}, "$.formula", "unknown_choice"),
        ({"event": "A", "measure": "people", "cumulative": True}, "$.cumulative", "contradiction"),
        ({"event": "A", "percentile": math.nan}, "$.percentile", "out_of_range"),
        ({"event": "A", "segment": {"type": "did"}}, "$.segment", "missing_field"),
        ({"event": "A", "evnt": "B"}, "$.evnt", "unknown_field"),
    ],
)  # fmt: skip
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("trend", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


@pytest.mark.parametrize("period", PERIODS)
def test_too_many_periods_are_refused_at_once(period: Any) -> None:
    question = decode_question("trend", {"event": "A", "since": "1970-01-01", "period": period})
    assert isinstance(question, Trend)
    if period in ("minute", "hour", "day"):
        with pytest.raises(Exposed, match=str(PERIODS_MOST)):
            question.edges(NOW_MS)
    else:
        assert len(question.edges(NOW_MS)) <= PERIODS_MOST


def test_no_time_at_all_is_refused() -> None:
    question = decode_question("trend", {"event": "A", "since": "2026-02-01", "until": "2026-02-01"})
    with pytest.raises(Exposed) as refused:
        question.span(NOW_MS, days=1)
    assert refused.value.code == "empty_time"
    question = decode_question("trend", {"event": "A", "since": "2100-01-01"})
    with pytest.raises(Exposed, match="has not begun") as refused:
        question.span(NOW_MS, days=1)
    assert refused.value.path == "$.since"
