"""Revenue against the same reckoned person by person in Python, on random nasty histories in chDB; and real orders."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import from_millis
from holdfast.measures.insight import Act
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.revenue import Revenue
from holdfast.measures.periods import moment_of
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
    local_period,
    moment,
    some_money,
    tell,
)
from tests.contracts.real_data import cdnow, real_history

QUESTIONS_AT_ONCE = 6
LONG_PERIODS = ("day", "week", "month", "quarter", "year")


@dataclass
class Line:
    """Who is in a line, and their orders."""

    people: set[int] = field(default_factory=set)
    orders: dict[int, list[Done]] = field(default_factory=lambda: defaultdict(list))
    loyal: set[int] = field(default_factory=set)


def some_question(draw: random.Random, told: Told) -> dict[str, Any]:
    def act() -> Any:
        where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
        return draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 2), "where": where}))

    view = draw.choice(("periods", "cohorts", "sources", "sources", "total"))
    question: dict[str, Any] = {
        "event": act(),
        "view": view,
        "period": draw.choice(LONG_PERIODS),
        "time_zone": draw.choice(ZONES),
        "since": draw.choice((moment(min(draw.choice(told.done).at_ms, NOW_MS)), "2026-01-01", DAYS[0])),
        "loyal_orders": draw.choice((1, 2, 5)),
        "loyal_days": draw.choice((None, None, 1, 2, 4)),
        "currency": draw.choice((None, "USD", "EUR", "JPY")),
    }
    question |= {name: act() for name in ("first", "active") if draw.random() < 0.6}
    later = [each.at_ms for each in told.done if each.at_ms > decode_like(question).span(NOW_MS, days=365)[0]]
    if later and draw.random() < 0.5:
        question["until"] = moment(draw.choice(later))
    if view == "sources":
        question |= {"top": draw.choice((1, 2, 40))} | draw.choice(({"source": "by"}, {"source_trait": "vip"}))
    if view != "periods" and draw.random() < 0.5:
        question["costs"] = [
            {
                "minor": draw.choice((0, 1, 12_345)),
                "source": draw.choice((None, "", "a", "ß", "true", "nowhere")),
                "at": draw.choice((*DAYS, "2025-01-01")),
            }
            for _ in range(draw.randrange(1, 5))
        ]
    if draw.random() < 0.3:
        question["segment"] = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
    return question


def decode_like(question: Mapping[str, Any]) -> Revenue:
    asked = decode_question("revenue", {**question, "view": "periods"})
    assert isinstance(asked, Revenue)
    return asked


def is_in(told: Told, asked: Revenue, person: int) -> bool:
    return asked.segment is None or bool(told.traits[person]["vip"])


def lines_of(told: Told, asked: Revenue) -> dict[Any, Line]:
    """The people and orders of each line that has any; a line of sources is (label, part)."""
    since_ms, until_ms = asked.span(NOW_MS, days=1)
    lines: dict[Any, Line] = defaultdict(Line)
    if asked.view == "periods":
        active = told.acts(asked.active or Act(events=NAMES), since_ms, until_ms)
        orders = told.acts(asked.event, since_ms, until_ms)
        for each in (each for each in (*active, *orders) if is_in(told, asked, each.person)):
            lines[local_period(each.at_ms, asked.period, asked.time_zone)].people.add(each.person)
        for each in (each for each in orders if is_in(told, asked, each.person)):
            lines[local_period(each.at_ms, asked.period, asked.time_zone)].orders[each.person].append(each)
        return lines
    began: dict[int, tuple[int, bool, bytes, str | None]] = {}
    for each in told.acts(asked.first or asked.event):
        said = label(each.properties, "by") if asked.source else None
        key = (each.at_ms, said is None, (said or "").encode("utf-8", "surrogatepass"), said)
        began[each.person] = min(began.get(each.person, key), key)
    people = {p: each for p, each in began.items() if since_ms <= each[0] < until_ms and is_in(told, asked, p)}
    labels = {
        p: label({"vip": told.traits[p]["vip"]}, "vip") if asked.source_trait else each[3] for p, each in people.items()
    }
    counts: dict[str, int] = defaultdict(int)
    for said in labels.values():
        if said is not None:
            counts[said] += 1
    top = sorted(counts, key=lambda said: (-counts[said], said.encode()))[: asked.top]
    zone = ZoneInfo(asked.time_zone)
    for person, (began_ms, *_) in people.items():
        said = labels[person]
        part = "none" if said is None else "value" if said in top else "other"
        line = {
            "cohorts": local_period(began_ms, asked.period, asked.time_zone),
            "sources": (said if part == "value" else None, part),
            "total": (),
        }[asked.view]
        orders = [each for each in told.acts(asked.event) if each.person == person]
        active = [each for each in told.acts(asked.active or Act(events=NAMES)) if each.person == person]
        first_day = from_millis(began_ms).astimezone(zone).date()
        days = {from_millis(each.at_ms).astimezone(zone).date() for each in active}
        lines[line].people.add(person)
        lines[line].orders[person] = orders
        if (
            (len(orders) >= asked.loyal_orders)
            if asked.loyal_days is None
            else (sum(each >= first_day for each in days) >= asked.loyal_days)
        ):
            lines[line].loyal.add(person)
    return lines


def money(asked: Revenue, orders: Iterable[Done]) -> list[int | None]:
    """In the currency of the answer; None for another currency; without money, left out."""
    found = (revenue_of(each.properties, "USD") for each in orders)
    wanted = asked.currency or "USD"
    return [each.minor if each.currency == wanted else None for each in found if each is not None]


def mean(total: int, number: int) -> int | None:
    return round(Fraction(total, number)) if number else None


def check_line(asked: Revenue, each: dict[str, Any], line: Line, cost: int | None) -> None:
    orders = [order for theirs in line.orders.values() for order in theirs]
    paid = [minor for minor in money(asked, orders) if minor is not None]
    buyers = [p for p, theirs in line.orders.items() if theirs]
    payers = [p for p, theirs in line.orders.items() if any(one is not None for one in money(asked, theirs))]
    repeat = [p for p, theirs in line.orders.items() if len(theirs) > 1]
    total = sum(paid)
    wanted: dict[str, Any] = {
        "people": len(line.people),
        "buyers": len(buyers),
        "payers": len(payers),
        "orders": len(orders),
        "priced_orders": len(paid),
        "other_currency": money(asked, orders).count(None),
        "revenue": total,
        "aov": mean(total, len(paid)),
        "repeat_rate": len(repeat) / len(buyers) if buyers else None,
    }
    if asked.view == "periods":
        wanted |= {"arpu": mean(total, len(line.people)), "arppu": mean(total, len(payers))}
    else:
        people = len(line.people)
        wanted |= {
            "ltv": mean(total, people),
            "loyal": len(line.loyal),
            "loyal_share": len(line.loyal) / people if people else None,
            "cost": cost,
            "cac": None if cost is None else mean(cost, people),
            "ltv_to_cac": total / cost if cost and people else None,
        }
    assert {name: each[name] for name in wanted} == wanted


def costs_of(asked: Revenue, lines: Mapping[Any, Line]) -> dict[Any, int]:
    found: dict[Any, int] = defaultdict(int)
    for each in asked.costs:
        assert each.at is not None
        line: Any = ()
        if asked.view == "cohorts":
            at = local_period(moment_of(each.at, asked.zone), asked.period, asked.time_zone)
            line = at
        elif asked.view == "sources":
            line = (each.source, "value") if each.source is not None else (None, "none")
            if line not in lines and each.source is not None and (None, "other") in lines:
                line = (None, "other")
        found[line] += each.minor
    return found


def decode_like_moment(text: str, asked: Revenue) -> int:
    from holdfast.measures.periods import moment_of

    return moment_of(text, asked.zone)


@settings(
    max_examples=7,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_revenue_is_what_one_counts_person_by_person(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=25, events=150, more=some_money)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        asked, rows = told.ask("revenue", question)
        assert isinstance(asked, Revenue)
        lines = lines_of(told, asked)
        costs = costs_of(asked, lines)
        keys = [key_of(asked, each) for each in rows]
        assert len(set(keys)) == len(keys)
        assert set(lines) <= set(keys)
        if asked.view == "sources":
            assert set(keys) == {*lines, *costs}
            order = [("value", "other", "none").index(each["part"]) for each in rows]
            assert order == sorted(order)
        for key, each in zip(keys, rows, strict=True):
            check_line(asked, each, lines.get(key, Line()), costs[key] if asked.costs else None)
        if rows:
            check_people(told, question, asked, lines, draw.choice(rows))


def key_of(asked: Revenue, each: dict[str, Any]) -> Any:
    if asked.view == "sources":
        return each["source"], each["part"]
    if asked.view == "total":
        return ()
    return local_period(each["start"], asked.period, asked.time_zone)


def check_people(
    told: Told, question: dict[str, Any], asked: Revenue, lines: Mapping[Any, Line], each: dict[str, Any]
) -> None:
    line = lines.get(key_of(asked, each), Line())
    cell: dict[str, Any] = {}
    if asked.view == "sources":
        cell = {"source": each["source"], "part": each["part"]}
    elif asked.view != "total":
        cell = {"start": moment(each["start"])}
    buyers = {p for p, theirs in line.orders.items() if theirs}
    payers = {p for p, theirs in line.orders.items() if any(one is not None for one in money(asked, theirs))}
    repeat = {p for p, theirs in line.orders.items() if len(theirs) > 1}
    everybody = {p for those in lines.values() for p in those.people}
    cells: list[tuple[dict[str, Any], set[int]]] = [({}, everybody), (cell, set(line.people))]
    whom = {"buyers": buyers, "payers": payers, "repeat": repeat}
    if asked.view != "periods":
        whom["loyal"] = set(line.loyal)
    cells += [({**cell, "who": who}, those) for who, those in whom.items()]
    told.check_people("revenue", question, cells, question)


def test_nothing_is_a_table_of_nothing(engine: Engine) -> None:
    told = tell(engine, 5, events=0)
    for view in ("periods", "cohorts", "total"):
        _, rows = told.ask("revenue", {"event": "A", "view": view, "since": "2026-11-01"})
        assert len(rows) == 1
        assert (rows[0]["people"], rows[0]["revenue"], rows[0]["aov"], rows[0]["repeat_rate"]) == (0, 0, None, None)
    assert told.ask("revenue", {"event": "A", "view": "sources", "source": "by"})[1] == []


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"event": "A", "view": "sources"}, "$.source", "contradiction"),
        ({"event": "A", "source": "by"}, "$.source", "contradiction"),
        ({"event": "A", "costs": [{"minor": 1}]}, "$.costs", "contradiction"),
        ({"event": "A", "view": "cohorts", "costs": [{"minor": 1}]}, "$.costs[0].at", "missing_field"),
        ({"event": "A", "view": "total", "costs": [{"minor": -1}]}, "$.costs[0].minor", "out_of_range"),
        ({"event": "A", "period": "hour"}, "$.period", "unknown_choice"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("revenue", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_cost_in_another_currency_is_refused(engine: Engine) -> None:
    told = tell(engine, 4, events=1)
    costs = [{"minor": 1, "currency": "USD"}, {"minor": 1, "currency": "EUR"}]
    with pytest.raises(Exposed) as refused:
        told.ask("revenue", {"event": "A", "view": "total", "costs": costs})
    assert (refused.value.path, refused.value.code) == ("$.costs[1].currency", "other_currency")
    for view, cell in (
        ("total", {"start": "2026-11-01"}),
        ("periods", {"who": "loyal"}),
        ("periods", {"source": "a"}),
        ("cohorts", {"start": "2026-11-02"}),
    ):
        with pytest.raises(Exposed) as refused:
            told.people("revenue", {"event": "A", "view": view}, cell)
        assert refused.value.code == "unknown_cell"


def test_a_real_quarter_of_new_customers(engine: Engine) -> None:
    """CDNOW: 23,570 people began early in 1997, and by mid-1998 their 69,659 orders came to 2,500,315.63 dollars."""
    orders = cdnow()
    history = real_history(engine, orders)
    question = {
        "event": "Order Completed",
        "view": "cohorts",
        "since": "1997-01-01",
        "until": "1997-04-01",
        "costs": [{"minor": 10_000_000, "at": "1997-02-14"}],
    }
    answer = asyncio.run(history.insight(decode_question("revenue", question), as_of_ms=NOW_MS))
    names = [each.name for each in answer.columns]
    rows = [dict(zip(names, each, strict=True)) for each in answer.rows]
    assert (sum(each["people"] for each in rows), sum(each["orders"] for each in rows)) == (23_570, 69_659)  # type: ignore[misc]  # Whole numbers.
    assert sum(each["revenue"] for each in rows) == 250_031_563  # type: ignore[misc]  # As above.
    people = orders.group_by("person").agg(pl.col("at").min(), pl.len(), pl.col("revenue_minor").sum())
    months = (
        people.group_by(pl.col("at").dt.month())
        .agg(
            people=pl.len(),
            ltv=pl.col("revenue_minor").sum() / pl.len(),
            repeat_rate=(pl.col("len") > 1).mean(),
            loyal=(pl.col("len") > 2).sum(),
        )
        .sort("at")
    )
    for found, wanted in zip(rows, months.to_dicts(), strict=True):
        assert (found["people"], found["loyal"]) == (wanted["people"], wanted["loyal"])
        assert found["ltv"] == round(wanted["ltv"])
        assert found["repeat_rate"] == pytest.approx(wanted["repeat_rate"])
    assert [each["cac"] for each in rows] == [0, round(10_000_000 / months["people"][1]), 0]
    assert rows[1]["ltv_to_cac"] == pytest.approx(months["ltv"][1] * months["people"][1] / 10_000_000)
