"""Flows against the same walked path by path in Python, on random nasty histories in chDB."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_question
from holdfast.measures.insights.flow import Flow
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import chdb_history, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import NAMES, NOW_MS, Done, Told, label, moment, tell

QUESTIONS_AT_ONCE = 6
VIP = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
SINCE = ("2026-03-01", "2026-03-28", "2026-10-20", "2026-03-29T13:30:00Z", "2026-03-08T05:30:00Z")
End = tuple[str, str | None]
Link = tuple[int, str, str | None]
"""The step, how the event nearer to the act reads, and how the other does; None where the path ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An event on somebody's way."""

    at_ms: int
    reads: str
    is_act: bool


def some_question(draw: random.Random) -> dict[str, Any]:
    where = draw.choice(([], [{"property": "x", "operator": "at_least", "value": 1}]))
    question: dict[str, Any] = {
        "event": draw.choice((draw.choice(NAMES), {"events": draw.sample(NAMES, 2), "where": where})),
        "direction": draw.choice(("after", "before", "both")),
        "steps": draw.choice((1, 2, 3, 10)),
        "start": draw.choice(("first", "each")),
        "collapse": draw.choice((True, False)),
        "within_days": draw.choice((1 / 86_400_000, 1 / 24, 1, 7, 40)),
        "top": draw.choice((1, 2, 10)),
        "since": draw.choice(SINCE),
    }
    if draw.random() < 0.4:
        question[draw.choice(("events", "leave_out"))] = draw.sample(NAMES, 2)
    if draw.random() < 0.4:
        question["by"] = draw.choice(("by", "x", "never"))
    if draw.random() < 0.4:
        question["gap_minutes"] = draw.choice((1 / 60_000, 1, 60, 1_440))
    if draw.random() < 0.6:
        at = datetime.fromisoformat(question["since"]).replace(tzinfo=UTC) + timedelta(days=draw.choice((1, 30, 200)))
        question["until"] = moment(int(at.timestamp()) * 1000)
    if draw.random() < 0.3:
        question["segment"] = VIP
    return question


def reading(each: Done, asked: Flow) -> str:
    value = None if asked.by is None else label(each.properties, asked.by)
    return each.name if value is None else f"{each.name} · {value}"


def way_of(told: Told, who: int, asked: Flow) -> list[Stop]:
    """Everything on the way of a person, in order."""
    acts = set(map(id, told.acts(asked.event)))
    found = []
    for each in told.done:
        is_act = id(each) in acts
        counts = each.name in asked.events if asked.events else each.name not in asked.leave_out
        if each.person == who and each.at_ms <= NOW_MS and (is_act or counts):
            found.append(Stop(at_ms=each.at_ms, reads=reading(each, asked), is_act=is_act))
    return sorted(found, key=lambda stop: (stop.at_ms, stop.reads.encode("utf-8", "surrogatepass"), not stop.is_act))


def path_from(way: list[Stop], start: int, asked: Flow) -> list[str]:
    """How the steps on from one of them read."""
    steps = [way[start]]
    for before, stop in zip(way[start:], way[start + 1 :], strict=False):
        if asked.gap_minutes is not None and stop.at_ms - before.at_ms > max(1, round(asked.gap_minutes * 60_000)):
            break
        if stop.at_ms - way[start].at_ms > asked.within_ms:
            break
        if not asked.collapse or stop.reads != before.reads:
            steps.append(stop)
    return [each.reads for each in steps[: asked.steps + 1]]


def links_of(path: list[str], asked: Flow, sign: int) -> list[Link]:
    ended: list[str | None] = [*path, None]
    return [(sign * n, path[n - 1], ended[n]) for n in range(1, min(len(path), asked.steps) + 1)]


def walked(told: Told, asked: Flow) -> list[tuple[int, Link]]:
    """Every link of every path, with who took it."""
    since_ms, until_ms = asked.span(NOW_MS, days=30)
    found: list[tuple[int, Link]] = []
    for who, traits in told.traits.items():
        if asked.segment is not None and not traits["vip"]:
            continue
        way = way_of(told, who, asked)
        starts = [n for n, stop in enumerate(way) if stop.is_act and since_ms <= stop.at_ms < until_ms]
        back = [replace(stop, at_ms=-stop.at_ms) for stop in reversed(way)]
        for start in starts[:1] if asked.start == "first" else starts:
            if asked.direction != "before":
                found.extend((who, link) for link in links_of(path_from(way, start, asked), asked, 1))
            if asked.direction != "after":
                path = path_from(back, len(way) - 1 - start, asked)
                found.extend((who, link) for link in links_of(path, asked, -1))
    return found


def told_apart(links: list[tuple[int, Link]], asked: Flow) -> dict[int, list[str]]:
    """Which events are told apart after so many steps; after 0, which acts."""
    found = {}
    numbers: dict[int, Counter[str]] = defaultdict(Counter)
    for _, (step, near, far) in links:
        if abs(step) == 1:
            numbers[0 if step > 0 else -100][near] += 1
        if far is not None:
            numbers[step][far] += 1
    for step, those in numbers.items():
        ranked = sorted(those, key=lambda one: (-those[one], one.encode("utf-8", "surrogatepass")))
        found[step] = ranked[: asked.top]
    return found


def as_told(link: Link, apart: dict[int, list[str]]) -> tuple[int, End, End]:
    step, near, far = link
    nearer = step - 1 if step > 0 else step + 1
    known = apart[nearer or (0 if step > 0 else -100)]
    one: End = ("value", near) if near in known else ("other", None)
    two: End = ("end", None)
    if far is not None:
        two = ("value", far) if far in apart[step] else ("other", None)
    return (step, one, two) if step > 0 else (step, two, one)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_a_flow_is_what_one_walks_path_by_path(engine: Engine, seed: int) -> None:
    told = tell(engine, seed, people=12, events=300, spread_days=10)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw)
        asked, rows = told.ask("flow", question)
        assert isinstance(asked, Flow)
        links = walked(told, asked)
        apart = told_apart(links, asked)
        taken: dict[tuple[int, End, End], list[int]] = defaultdict(list)
        for who, link in links:
            taken[as_told(link, apart)].append(who)
        found = {}
        for each in rows:
            found[each["step"], *ends_of(each)] = (each["times"], each["people"])
        assert len(found) == len(rows)
        assert found == {key: (len(those), len(set(those))) for key, those in taken.items()}, question
        order = [(each["step"] < 0, abs(each["step"]), -each["times"]) for each in rows]
        assert order == sorted(order)
        check_shares(rows)
        if rows:
            check_people(told, question, taken, draw.choice(rows))


def ends_of(each: dict[str, Any]) -> tuple[End, End]:
    from_part, to_part = each["from_part"], each["to_part"]
    assert from_part == "value" or each["from_event"] == f"({from_part})"
    assert to_part == "value" or each["to_event"] == f"({to_part})"
    return (
        (from_part, each["from_event"] if from_part == "value" else None),
        (to_part, each["to_event"] if to_part == "value" else None),
    )


def check_shares(rows: list[dict[str, Any]]) -> None:
    at_near: Counter[Any] = Counter()
    starts: Counter[bool] = Counter()
    for each in rows:
        at_near[near_of(each)] += each["times"]
        starts[each["step"] > 0] += each["times"] if abs(each["step"]) == 1 else 0
    for each in rows:
        assert each["share"] == each["times"] / at_near[near_of(each)]
        assert each["share_of_all"] == each["times"] / starts[each["step"] > 0]


def near_of(each: dict[str, Any]) -> Any:
    side = "from" if each["step"] > 0 else "to"
    return each["step"], each[f"{side}_part"], each[f"{side}_event"]


def check_people(told: Told, question: Any, taken: Any, each: dict[str, Any]) -> None:
    cell = {name: each[name] for name in ("step", "from_part", "from_event", "to_part", "to_event")}
    key = (each["step"], *ends_of(each))
    assert told.people("flow", question, cell) == sorted(set(taken[key])), (question, cell)
    to_there = {who for (step, _, end), those in taken.items() if (step, end) == (key[0], key[2]) for who in those}
    cell = {name: each[name] for name in ("step", "to_part", "to_event")}
    assert told.people("flow", question, cell) == sorted(to_there), (question, cell)
    at_all = {who for (step, *_), those in taken.items() if step == key[0] for who in those}
    assert told.people("flow", question, {"step": key[0]}) == sorted(at_all)


def walk(engine: Engine, *ways: str, source: str = "") -> Told:
    """People who did one letter after another, a minute apart."""
    history = chdb_history(engine)
    rows = [
        row(
            number,
            name,
            NOW_MS - 3_600_000 + minute * 60_000,
            message_id=f"m{number}-{minute}",
            **({"source": "holdfast"} if name in source else {}),
        )
        for number, way in enumerate(ways, 1)
        for minute, name in enumerate(way)
        if name != " "
    ]
    asyncio.run(put(history, [person(number) for number in range(1, len(ways) + 1)], rows))
    return Told(history=history, done=(), traits={})


def links(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {
        f"{each['step']}: {each['from_event'].strip('()')} > {each['to_event'].strip('()')}": each["times"]
        for each in rows
    }


def test_the_same_again_is_one_step_unless_asked_otherwise(engine: Engine) -> None:
    told = walk(engine, "ABBC", "AAB", "BCA")
    _, rows = told.ask("flow", {"event": "A", "steps": 2})
    assert links(rows) == {"1: A > B": 2, "1: A > end": 1, "2: B > C": 1, "2: B > end": 1}
    _, rows = told.ask("flow", {"event": "A", "steps": 2, "collapse": False})
    assert links(rows) == {
        "1: A > A": 1, "1: A > B": 1, "1: A > end": 1, "2: A > B": 1, "2: B > B": 1,
    }  # fmt: skip
    _, rows = told.ask("flow", {"event": "A", "direction": "before", "steps": 2})
    assert links(rows) == {"-1: end > A": 2, "-1: C > A": 1, "-2: B > C": 1}


def test_what_we_did_ourselves_is_on_no_path_but_where_it_is_asked_for(engine: Engine) -> None:
    told = walk(engine, "AMB", source="M")
    assert links(told.ask("flow", {"event": "A", "steps": 1})[1]) == {"1: A > B": 1}
    assert links(told.ask("flow", {"event": "A", "steps": 1, "events": ["M"]})[1]) == {"1: A > M": 1}
    assert links(told.ask("flow", {"event": "M", "steps": 1})[1]) == {"1: M > B": 1}


def test_a_pause_ends_a_path_and_so_does_the_time_it_may_take(engine: Engine) -> None:
    told = walk(engine, "AB   C")
    question = {"event": "A", "steps": 3}
    assert "2: B > C" in links(told.ask("flow", {**question, "gap_minutes": 4})[1])
    assert "2: B > end" in links(told.ask("flow", {**question, "gap_minutes": 3.9})[1])
    assert "2: B > C" in links(told.ask("flow", {**question, "within_days": 5 / 1_440})[1])
    assert "2: B > end" in links(told.ask("flow", {**question, "within_days": 4.9 / 1_440})[1])


def test_the_same_again_after_a_pause_ends_a_path_too(engine: Engine) -> None:
    told = walk(engine, "AB  BC")
    question = {"event": "A", "steps": 3}
    assert "2: B > C" in links(told.ask("flow", {**question, "gap_minutes": 3})[1])
    assert "2: B > end" in links(told.ask("flow", {**question, "gap_minutes": 2})[1])


def test_nothing_that_happened_is_an_empty_table(engine: Engine) -> None:
    assert tell(engine, 3, events=1).ask("flow", {"event": "never"})[1] == []


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({}, "$", "missing_field"),
        ({"event": "A", "steps": 11}, "$.steps", "out_of_range"),
        ({"event": "A", "events": ["B"], "leave_out": ["C"]}, "$.leave_out", "contradiction"),
        ({"event": "A", "within_days": 0}, "$.within_days", "out_of_range"),
        ({"event": "A", "direction": "up"}, "$.direction", "unknown_choice"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("flow", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


@pytest.mark.parametrize(("direction", "step"), [("after", -1), ("after", 0), ("after", 4), ("before", 1), ("both", 0)])
def test_a_cell_that_is_not_there_is_refused(engine: Engine, direction: str, step: int) -> None:
    with pytest.raises(Exposed) as refused:
        tell(engine, 4, events=1).people("flow", {"event": "A", "direction": direction}, {"step": step})
    assert (refused.value.path, refused.value.code) == ("$.cell.step", "unknown_cell")
