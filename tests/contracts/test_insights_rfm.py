"""RFM against the same reckoned person by person in Python, on random nasty histories in chDB, and on real orders."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import from_millis
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.rfm import Rfm
from holdfast.measures.revenue import revenue_of
from holdfast.measures.rfm_grid import NAMES as CELLS
from holdfast.measures.rfm_grid import of_five, worth
from holdfast.segments.amounts import MILLIONTHS, millionths
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import (
    DAYS,
    HOUR_MS,
    NAMES,
    NOW_MS,
    ZONES,
    Done,
    Told,
    moment,
    some_money,
    tell,
)
from tests.contracts.real_data import online_retail, real_history

DAY_MS = 24 * HOUR_MS
QUESTIONS_AT_ONCE = 5
Scores = tuple[int, int, int]

# The map of names, drawn anew: recency upwards, worth to the right.
MAP = """
new        potential  potential  champions  champions
promising  potential  potential  loyal      loyal
about      about      attention  loyal      loyal
hibernating hibernating risk     risk       cannot
lost       lost       risk       risk       cannot
"""
LONG = {"potential": "potential_loyalists", "about": "about_to_sleep", "attention": "need_attention"} | {
    "risk": "at_risk",
    "cannot": "cannot_lose",
}


def cell_name(scores: Scores, bins: int) -> str:
    recency, frequency, monetary = (half_up(1 + Fraction(4 * (each - 1), bins - 1)) for each in scores)
    both = half_up(Fraction(frequency + monetary, 2))
    short = MAP.split("\n")[6 - recency].split()[both - 1]
    return LONG.get(short, short)


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def some_question(draw: random.Random, told: Told) -> dict[str, Any]:
    bins = draw.choice((2, 3, 4, 5, 5, 7, 10))
    question: dict[str, Any] = {
        "event": draw.choice((NAMES[0], {"events": list(NAMES)}, {"events": draw.sample(NAMES, 2)})),
        "value": draw.choice(("revenue", "revenue", "x")),
        "frequency": draw.choice(("times", "days")),
        "bins": bins,
        "view": draw.choice(("cells", "grid", "scores", "moves")),
        "time_zone": draw.choice(ZONES),
        "since": draw.choice((None, moment(min(draw.choice(told.done).at_ms, NOW_MS)), "2026-01-01", DAYS[0])),
    }
    if question["value"] == "revenue" and draw.random() < 0.3:
        question["currency"] = draw.choice(("USD", "EUR"))
    later = [
        each.at_ms for each in told.done if each.at_ms > decode_question("rfm", question).span(NOW_MS, days=365)[0]
    ]
    if later and draw.random() < 0.5:
        question["until"] = moment(draw.choice(later))
    if question["view"] == "moves" and draw.random() < 0.5:
        question["before"] = {"since": "2026-03-01", "until": moment(draw.choice(told.done).at_ms)}
    if draw.random() < 0.3:
        question["segment"] = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
    if draw.random() < 0.3:
        numbers = range(1, 60)
        question["cuts"] = {
            "recency_days": sorted(draw.sample(numbers, bins - 1)),
            "frequency": sorted(draw.sample(numbers, bins - 1)),
            "monetary": sorted(draw.sample((-500, 0, 1, 1000, 1250, 2550, 5999, 11998, 10**8, 2.5, 30), bins - 1)),
        }
    return question


def value_of(asked: Rfm, done: Done) -> int:
    """In minor units, or in millionths."""
    if asked.value == "revenue":
        money = revenue_of(done.properties, "USD")
        return money.minor if money is not None and money.currency == (asked.currency or "USD") else 0
    said = done.properties.get(asked.value)
    return millionths(said) if isinstance(said, (int, float)) and not isinstance(said, bool) else 0


def is_foreign(asked: Rfm, done: Done) -> bool:
    money = revenue_of(done.properties, "USD")
    return asked.value == "revenue" and money is not None and money.currency != (asked.currency or "USD")


def cut_offs(values: Sequence[int], bins: int) -> list[int]:
    """The least values that so many bins' worth of the people have no more than."""
    return [
        min(each for each in values if sum(other <= each for other in values) * bins >= number * len(values))
        for number in range(1, bins)
    ]


def scored(asked: Rfm, made: Mapping[int, tuple[int, int, int]], bins: int, *, fixed: bool) -> dict[int, Scores]:
    """Scores, from recency in days, frequency and value."""
    if not made:
        return {}
    if fixed and asked.cuts is not None:
        unit = 1 if asked.value == "revenue" else MILLIONTHS
        return {
            person: (
                1 + sum(recency <= each for each in asked.cuts.recency_days),
                1 + sum(frequency >= each for each in asked.cuts.frequency),
                1 + sum(value >= each * unit for each in asked.cuts.monetary),
            )
            for person, (recency, frequency, value) in made.items()
        }
    recencies, frequencies, values = (cut_offs([each[n] for each in made.values()], bins) for n in range(3))
    return {
        person: (
            bins - sum(recency > each for each in recencies),
            1 + sum(frequency > each for each in frequencies),
            1 + sum(value > each for each in values),
        )
        for person, (recency, frequency, value) in made.items()
    }


def made_of(told: Told, asked: Rfm, since_ms: int, until_ms: int) -> dict[int, list[Done]]:
    theirs: dict[int, list[Done]] = defaultdict(list)
    for each in told.acts(asked.event, since_ms, until_ms):
        if asked.segment is None or told.traits[each.person]["vip"]:
            theirs[each.person].append(each)
    return theirs


def summed(asked: Rfm, theirs: Mapping[int, list[Done]], until_ms: int) -> dict[int, tuple[int, int, int]]:
    zone = ZoneInfo(asked.time_zone)
    return {
        person: (
            (until_ms - 1 - max(each.at_ms for each in events)) // DAY_MS,
            len(events)
            if asked.frequency == "times"
            else len({from_millis(each.at_ms).astimezone(zone).date() for each in events}),
            sum(value_of(asked, each) for each in events),
        )
        for person, events in theirs.items()
    }


def mean(total: int, number: int, unit: int) -> float | None:
    if not number:
        return None
    return round(Fraction(total, number)) if unit == 1 else total / number / unit


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_rfm_is_what_one_counts_person_by_person(engine: Engine, seed: int) -> None:
    draw = random.Random(seed)
    told = tell(engine, seed, people=draw.choice((3, 12, 30)), events=draw.choice((12, 150)), more=some_money)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        asked, rows = told.ask("rfm", question)
        assert isinstance(asked, Rfm)
        (since_ms, until_ms), *earlier = asked.spans(NOW_MS)
        theirs = made_of(told, asked, since_ms, until_ms)
        made = summed(asked, theirs, until_ms)
        scores = scored(asked, made, asked.bins, fixed=True)
        golden = {p for p, each in scored(asked, made, 4, fixed=False).items() if each == (4, 4, 4)}
        before: dict[int, Scores] = {}
        for first_ms, end_ms in earlier:
            before = scored(
                asked, summed(asked, made_of(told, asked, first_ms, end_ms), end_ms), asked.bins, fixed=True
            )
        lines: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number in {*scores, *before}:
            lines[line_of(asked, scores.get(number), before.get(number))].append(number)
        unit = 1 if asked.value == "revenue" else MILLIONTHS
        every = sum(value for _, _, value in made.values())
        names = KEYS[asked.view]
        found = {tuple(each[name] for name in names): each for each in rows}
        assert len(found) == len(rows)
        assert set(lines) <= set(found)
        if asked.view in ("scores", "moves"):
            assert set(lines) == set(found)
        for line, each in found.items():
            those = lines.get(line, [])
            there = [made[number] for number in those if number in made]
            total = sum(value for _, _, value in there)
            assert each["people"] == len(those), (question, line)
            assert each["gold"] == len(golden & set(those)), (question, line)
            assert each["share"] == (len(those) / len({*scores, *before}) if {*scores, *before} else None)
            recency = sum(one for one, _, _ in there) / len(those) if those else None
            assert each["average_recency_days"] == recency
            assert each["average_frequency"] == (sum(one for _, one, _ in there) / len(those) if those else None)
            value, of_all, average = (
                ("revenue", "share_of_revenue", "avm") if unit == 1 else ("total", "share_of_total", "average")
            )
            assert each[value] == pytest.approx(total / unit if unit != 1 else total, rel=1e-12)
            assert each[of_all] == (pytest.approx(total / every) if every > 0 else None)
            assert each[average] == (None if not those else pytest.approx(mean(total, len(those), unit), rel=1e-12))
            if unit == 1:
                foreign = [one for number in those for one in theirs.get(number, []) if is_foreign(asked, one)]
                assert each["other_currency"] == len(foreign)
        check_people(told, question, draw.choice(rows) if rows else None, lines, golden)


KEYS: Mapping[str, tuple[str, ...]] = {
    "cells": ("cell",),
    "grid": ("recency", "worth", "cell"),
    "scores": ("recency", "frequency", "monetary", "cell"),
    "moves": ("from_cell", "to_cell"),
}


def line_of(asked: Rfm, scores: Scores | None, before: Scores | None) -> tuple[Any, ...]:
    if asked.view == "moves":
        return tuple("absent" if each is None else cell_name(each, asked.bins) for each in (before, scores))
    assert scores is not None
    name = cell_name(scores, asked.bins)
    recency, frequency, monetary = (half_up(1 + Fraction(4 * (each - 1), asked.bins - 1)) for each in scores)
    if asked.view == "grid":
        return recency, half_up(Fraction(frequency + monetary, 2)), name
    return (*scores, name) if asked.view == "scores" else (name,)


def check_people(
    told: Told,
    question: dict[str, Any],
    row: dict[str, Any] | None,
    lines: Mapping[tuple[Any, ...], list[int]],
    golden: set[int],
) -> None:
    everybody = {person for people in lines.values() for person in people}
    cells: list[tuple[dict[str, Any], set[int]]] = [({}, everybody), ({"gold": True}, golden)]
    if row is None:
        told.check_people("rfm", question, cells, 0)
        return
    names = KEYS[question["view"]]
    key = tuple(row[name] for name in names)
    those = set(lines.get(key, []))
    cell = dict(zip(names, key, strict=True))
    cells += [(cell, those), ({**cell, "gold": False}, those - golden)]
    one = names[0]
    with_it = {person for line, people in lines.items() for person in people if line[0] == row[one]}
    told.check_people("rfm", question, [*cells, ({one: row[one]}, with_it)], question)


@pytest.mark.parametrize("bins", range(2, 11))
def test_every_score_of_any_number_of_bins_has_a_name(bins: int) -> None:
    every = range(1, bins + 1)
    stretched = [of_five(each, bins) for each in every]
    assert (stretched[0], stretched[-1], stretched) == (1, 5, sorted(stretched))
    assert worth(1, 1, bins) == 1
    assert worth(bins, bins, bins) == 5
    assert {cell_name((r, f, m), bins) for r in every for f in every for m in every} <= set(CELLS)


def test_the_same_people_have_the_same_scores_in_whatever_order_they_come(engine: Engine) -> None:
    """Ten payments of 0.1, in two orders beside one of 1.0: sums of floats would not all be the same."""
    told = tell(engine, 77, people=30, events=400, more=lambda draw: {"x": draw.choice((0.1, 0.2, 0.3, 0.7, 1e-6))})
    question = {"event": {"events": list(NAMES)}, "value": "x", "view": "scores", "since": "2026-01-01"}
    answers = [told.ask("rfm", question)[1] for _ in range(5)]
    assert answers == [answers[0]] * 5


@pytest.mark.parametrize("people", [30, 90])
def test_equal_parts_are_equal_whatever_floats_make_of_their_shares(engine: Engine, people: int) -> None:
    """In floats, seven tenths of 90 are a little less than 63."""
    history = chdb_history(engine)
    rows = [row(n, "Paid", NOW_MS - n * DAY_MS, properties={"x": n}, message_id=f"{n}") for n in range(1, people + 1)]
    asyncio.run(history.put_people([person(n) for n in range(1, people + 1)]))
    asyncio.run(history.add(rows, token="equal"))
    question = decode_question("rfm", {"event": "Paid", "value": "x", "bins": 10, "view": "scores"})
    answer = asyncio.run(history.insight(question, as_of_ms=NOW_MS))
    assert [each[:3] for each in answer.rows] == [(each, 1, 11 - each) for each in range(10, 0, -1)]
    assert {each[4] for each in answer.rows} == {people // 10}


def test_nobody_is_in_no_cell(engine: Engine) -> None:
    told = tell(engine, 5, events=0)
    _, rows = told.ask("rfm", {"event": "A"})
    assert [each["cell"] for each in rows] == list(CELLS)
    assert {(each["people"], each["revenue"], each["share"], each["avm"]) for each in rows} == {(0, 0, None, None)}
    assert told.ask("rfm", {"event": "A", "view": "moves"})[1] == []
    assert len(told.ask("rfm", {"event": "A", "view": "grid"})[1]) == 25


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"event": "A", "bins": 1}, "$.bins", "out_of_range"),
        ({"event": "A", "currency": "usd"}, "$.currency", "unknown_currency"),
        ({"event": "A", "value": "x", "currency": "USD"}, "$.currency", "contradiction"),
        ({"event": "A", "before": {"since": "2026-01-01", "until": "2026-02-01"}}, "$.before", "contradiction"),
        (
            {"event": "A", "cuts": {"recency_days": [1], "frequency": [1], "monetary": [1]}},
            "$.cuts.recency_days",
            "contradiction",
        ),
        (
            {"event": "A", "bins": 3, "cuts": {"recency_days": [1, 2], "frequency": [2, 1], "monetary": [1, 2]}},
            "$.cuts.frequency",
            "out_of_order",
        ),
        ({"event": "A", "view": "cell"}, "$.view", "unknown_choice"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("rfm", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_cell_that_is_not_there_is_refused(engine: Engine) -> None:
    told = tell(engine, 4, events=1)
    for view, cell, path in (
        ("cells", {"recency": 1}, "$.cell.recency"),
        ("scores", {"frequency": 6}, "$.cell.frequency"),
        ("grid", {"from_cell": "new"}, "$.cell.from_cell"),
        ("moves", {"cell": "new"}, "$.cell.cell"),
    ):
        with pytest.raises(Exposed) as refused:
            told.people("rfm", {"event": "A", "view": view}, cell)
        assert (refused.value.code, refused.value.path) == ("unknown_cell", path)
    backwards = {"event": "A", "view": "moves", "before": {"since": "2026-02-01", "until": "2026-01-01"}}
    with pytest.raises(Exposed) as refused:
        told.ask("rfm", backwards)
    assert refused.value.path == "$.before.until"


def test_the_orders_of_a_real_shop(engine: Engine) -> None:
    """A year of a shop's invoices, scored in Polars by other means: ranks instead of cut-offs."""
    orders = online_retail()
    told = real_history(engine, orders)
    question = {"event": "Order Completed", "since": "2010-12-01", "until": "2011-12-10", "view": "scores"}
    answer = asyncio.run(told.insight(decode_question("rfm", question), as_of_ms=NOW_MS))
    end = pl.datetime(2011, 12, 10, time_zone="UTC", time_unit="ms")
    people = orders.group_by("person").agg(
        r=(end - pl.duration(milliseconds=1) - pl.col("at").max()).dt.total_days(),
        f=pl.len(),
        m=pl.col("revenue_minor").sum(),
    )

    def bin_of(name: str) -> pl.Expr:
        """Which fifth: a value is over the k-th cut-off if at least k n / 5 people are under it."""
        under = (pl.col(name).rank("min") - 1).cast(pl.Int64)
        return 1 + (under * 5) // pl.len()

    want: Callable[[str], pl.Expr] = bin_of
    expected = (
        people.select(recency=6 - want("r"), frequency=want("f"), monetary=want("m"), m="m")
        .group_by("recency", "frequency", "monetary")
        .agg(people=pl.len(), revenue=pl.col("m").sum())
        .sort("recency", "frequency", "monetary", descending=True)
    )
    names = [each.name for each in answer.columns]
    found = [dict(zip(names, each, strict=True)) for each in answer.rows]
    assert [{name: each[name] for name in expected.columns} for each in found] == expected.to_dicts()
    # As is published of this data: customers with a purchase.
    assert sum(int(each["people"] or 0) for each in found) == 4338
