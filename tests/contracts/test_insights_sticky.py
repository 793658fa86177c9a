"""Sticky behaviour: its counts against the same counted person by person in Python, and what it finds in a history."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import defaultdict
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight import Act, Answer
from holdfast.measures.insight_catalogue import decode_cell, decode_question
from holdfast.measures.insights.sticky import VOLUMES, Sticky
from holdfast.ports.columns import EVENT_COLUMNS
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import chdb_history, person, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import HOUR_MS, NAMES, NOW_MS, ZONES, Told, moment, tell

DAY_MS = 24 * HOUR_MS
QUESTIONS_AT_ONCE = 6
ANYTHING = Act(events=NAMES)
Rows = dict[tuple[str | None, int, int], list[int]]


def some_question(draw: random.Random, told: Told) -> dict[str, Any]:
    def act() -> Any:
        where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
        return draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 2), "where": where}))

    early = draw.choice((1, 7, 30, 60))
    question: dict[str, Any] = {
        "early_days": early,
        "times": draw.choice(([1], [1, 2, 3, 5], [2, 9])),
        "behaviours": draw.choice(([], list(NAMES), [NAMES[1], NAMES[3]])),
        "time_zone": draw.choice(ZONES),
        "since": draw.choice(("2026-01-01", moment(min(draw.choice(told.done).at_ms, NOW_MS - DAY_MS)))),
    }
    question |= {name: act() for name in ("start", "stay") if draw.random() < 0.6}
    if draw.random() < 0.5:
        question["from_day"] = early + draw.choice((0, 1, 20))
        question["to_day"] = question["from_day"] + draw.choice((1, 30))
    if draw.random() < 0.4:  # The last moment at which somebody has been seen for long enough, or just not.
        began = draw.choice(told.done).at_ms
        days = (NOW_MS - began) // DAY_MS
        if days > early:
            question |= {"from_day": early, "to_day": draw.choice((days, days + 1))}
    if draw.random() < 0.3:
        question["segment"] = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
    return question


def lives(told: Told, asked: Sticky) -> dict[int, tuple[bool, int, int, dict[str, int]]]:
    """Of everybody who is in: whether they stayed, their early days and volume, and how often they did what."""
    since_ms, until_ms = asked.span(NOW_MS, days=365)
    found = {}
    for number, traits in told.traits.items():
        began = min((each.at_ms for each in told.acts(asked.start or ANYTHING) if each.person == number), default=None)
        if began is None or not since_ms <= began < until_ms or (asked.segment is not None and not traits["vip"]):
            continue
        if began + asked.last_day * DAY_MS > NOW_MS + 1:
            continue
        theirs = [each for each in told.acts(ANYTHING) if each.person == number and each.at_ms >= began]
        early = [each for each in theirs if each.at_ms < began + asked.early_days * DAY_MS]
        first, last = began + asked.first_day * DAY_MS, began + asked.last_day * DAY_MS
        stays = [each for each in told.acts(asked.stay or ANYTHING, first, last) if each.person == number]
        done: dict[str, int] = defaultdict(int)
        for each in early:
            if not asked.behaviours or each.name in asked.behaviours:
                done[each.name] += 1
        # Somebody of whom nothing is seen in all that time was never looked at.
        found[number] = (bool(stays), len({(each.at_ms - began) // DAY_MS for each in early}), len(early), dict(done))
    return found


def counted(asked: Sticky, people: dict[int, tuple[bool, int, int, dict[str, int]]]) -> Rows:
    rows: Rows = defaultdict(lambda: [0] * (2 * len(asked.times)))
    for number, (stayed, days, volume, done) in people.items():
        digest = hashlib.md5(f"sticky:{number}".encode(), usedforsecurity=False).digest()
        part = min(int.from_bytes(digest[:8], "big") % 8, 4)
        stratum = days * 1_000 + sum(each <= volume for each in VOLUMES)
        for name, often in [(None, 10**6), *done.items()]:
            for index, times in enumerate(asked.times):
                rows[name, part, stratum][2 * index] += often >= times
                rows[name, part, stratum][2 * index + 1] += often >= times and stayed
    return rows


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_people_are_counted_one_by_one(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=25, events=200)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        asked = decode_question("sticky", question)
        assert isinstance(asked, Sticky)
        statement = asked.sql(told.history._scope(NOW_MS))
        rows = asyncio.run(engine.run(lambda handle, statement=statement: handle.rows(statement)))  # type: ignore[misc]  # It is that statement.
        people = lives(told, asked)
        assert {(name, part, stratum): each for name, part, stratum, *each in rows} == counted(asked, people), question
        everybody = sorted(people)
        cells: list[tuple[dict[str, Any], list[int]]] = [({}, everybody)]
        name, times = draw.choice(asked.behaviours or NAMES), draw.choice((1, 2, 3))
        for did in (True, False):
            for stayed in (None, True, False):
                cell = {"behaviour": name, "times": times, "did": did, "stayed": stayed}
                wanted = [p for p in everybody if (people[p][3].get(name, 0) >= times) is did]
                wanted = [p for p in wanted if stayed in (None, people[p][0])]
                cells.append(({k: v for k, v in cell.items() if v is not None}, wanted))
        told.check_people("sticky", question, cells, draw.random())


def lived(engine: Engine, *, effect: float, people: int = 4_000) -> ChdbHistory:
    """A history of people who differ in how busy they are; who invited a friend stays more often by `effect`."""
    draw = np.random.default_rng(11)
    pace = draw.lognormal(1.0, 0.8, people)
    names = np.array(["Product Viewed", "Cart Added", "Order Completed", "Friend Invited", "Wishlist Added"])
    began = NOW_MS - 100 * DAY_MS
    often = draw.poisson(pace)
    who = np.repeat(np.arange(1, people + 1), often)
    what = draw.choice(names, len(who), p=[0.5, 0.2, 0.1, 0.1, 0.1])
    when = began + 1 + draw.integers(0, 7 * DAY_MS - 1, len(who))
    invited = np.isin(np.arange(1, people + 1), who[what == "Friend Invited"])
    stayed = np.flatnonzero(draw.random(people) < 0.1 + 0.4 * pace / (pace + 4) + effect * invited) + 1
    who = np.concatenate([np.arange(1, people + 1), who, stayed])
    what = np.concatenate([np.full(people, "Signed Up"), what, np.full(len(stayed), "Product Viewed")])
    when = np.concatenate([np.full(people, began), when, np.full(len(stayed), began + 20 * DAY_MS)])
    table = pl.DataFrame({"identity": who.astype(np.uint32), "event": what, "at": when}).select(
        "event",
        "identity",
        timestamp=pl.from_epoch("at", time_unit="ms").dt.replace_time_zone("UTC"),
        received_at=pl.from_epoch("at", time_unit="ms").dt.replace_time_zone("UTC"),
        message_id=pl.format("m{}", pl.int_range(pl.len())),
        kind=pl.lit("track"),
        source=pl.lit("test"),
        user_id=pl.format("u{}", "identity"),
        anonymous_id=pl.lit(""),
        properties=pl.lit("{}"),
        context=pl.lit("{}"),
    )
    history = chdb_history(engine)

    async def load() -> None:
        await history.put_people([person(number) for number in range(1, people + 1)])
        await history.add_table(table.to_arrow().cast(EVENT_COLUMNS), token="lived")

    asyncio.run(load())
    return history


def asked_of(history: ChdbHistory, **fields: Any) -> list[dict[str, Any]]:
    question = decode_question("sticky", {"start": "Signed Up", **fields})
    answer: Answer = asyncio.run(history.insight(question, as_of_ms=NOW_MS))
    return [dict(zip([column.name for column in answer.columns], each, strict=True)) for each in answer.rows]


def test_what_goes_with_staying_is_found_and_what_only_goes_with_volume_is_not(engine: Engine) -> None:
    history = lived(engine, effect=0.25)
    (line,) = [each for each in asked_of(history) if each["effect"] > 0]
    assert (line["behaviour"], line["confirmed"], line["of"]) == ("Friend Invited", True, 4_000)
    assert line["low"] <= 0.25 <= line["high"]
    assert line["says"].startswith("Who did “Friend Invited” in the first 7 days stayed ")
    assert line["says"].endswith("a hypothesis to test.")
    cell = decode_cell("sticky", {"behaviour": line["behaviour"], "times": line["times"]})
    question = decode_question("sticky", {"start": "Signed Up"})
    assert asyncio.run(history.insight_count(question, cell, as_of_ms=NOW_MS)) == line["people"]
    # Seen crudely, everything goes with staying.
    assert line["stayed_share"] - line["others_share"] > line["effect"]
    assert asked_of(history, people_least=5_000) == []


def test_where_only_volume_tells_nothing_is_said(engine: Engine) -> None:
    assert asked_of(lived(engine, effect=0.0)) == []


def test_days_begin_and_end_to_the_millisecond(engine: Engine) -> None:
    """Staying is from day 2 up to day 3, left out; and whoever began a millisecond too late was not seen to its end."""
    history = chdb_history(engine)
    began = NOW_MS + 1 - 3 * DAY_MS
    moments = (2 * DAY_MS - 1, 2 * DAY_MS, 3 * DAY_MS - 1, 3 * DAY_MS)
    rows = [row(n, "Began", began - DAY_MS, message_id=f"b{n}") for n in range(1, 5)]
    rows += [row(n, "Was", began - DAY_MS + after, message_id=f"w{n}") for n, after in enumerate(moments, 1)]
    rows += [row(5, "Began", began, message_id="b5"), row(6, "Began", began + 1, message_id="b6")]
    asyncio.run(history.put_people([person(number) for number in range(1, 7)]))
    asyncio.run(history.add(rows, token="edges"))
    question = decode_question("sticky", {"start": "Began", "early_days": 2, "to_day": 3})

    def those(**cell: object) -> list[Any]:
        table = asyncio.run(history.insight_people(question, decode_cell("sticky", cell), as_of_ms=NOW_MS))
        return list(table.column("person").to_pylist())

    assert those() == [1, 2, 3, 4, 5]
    assert those(stayed=True) == [2, 3]
    assert those(behaviour="Was") == [1]


def test_nobody_is_no_lines(engine: Engine) -> None:
    told = tell(engine, 5, events=0)
    assert told.ask("sticky", {})[1] == []
    assert told.people("sticky", {}, {}) == []


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({"early_days": 14, "from_day": 7}, "$.from_day", "contradiction"),
        ({"from_day": 7, "to_day": 7}, "$.to_day", "contradiction"),
        ({"times": []}, "$.times", "too_few"),
        ({"times": [0]}, "$.times[0]", "out_of_range"),
        ({"early_days": 61}, "$.early_days", "out_of_range"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("sticky", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_cell_without_a_behaviour_is_everybody(engine: Engine) -> None:
    told = tell(engine, 4, events=1)
    with pytest.raises(Exposed) as refused:
        told.people("sticky", {}, {"did": False})
    assert (refused.value.path, refused.value.code) == ("$.cell.behaviour", "unknown_cell")
