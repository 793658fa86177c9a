"""Funnels against every attempt tried out in Python, on random nasty histories in chDB."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_cell, decode_question
from holdfast.measures.insights.funnel import Funnel
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import DAYS, NAMES, NOW_MS, Done, Told, label, moment, tell

QUESTIONS_AT_ONCE = 6
POSITIVE = {"property": "x", "operator": "at_least", "value": 1}
VIP = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
KINDS: tuple[Json, ...] = ("p", "q", 1, "1", None)


def some_question(draw: random.Random, told: Told) -> dict[str, Any]:
    def step() -> Any:
        if draw.random() < 0.5:
            return draw.choice(NAMES)
        return {"events": draw.sample(NAMES, draw.choice((1, 2))), "where": draw.choice(([], [POSITIVE]))}

    one = draw.choice([each for each in told.done if each.at_ms <= NOW_MS])
    gaps = [each.at_ms - one.at_ms for each in told.done if each.person == one.person and each.at_ms > one.at_ms]
    question: dict[str, Any] = {
        "steps": [step() for _ in range(draw.choice((2, 2, 3, 4, 6)))],
        # As long as it took somebody, to the millisecond, or far too long.
        "within_days": draw.choice((draw.choice(gaps or [1]) / 86_400_000, 1 / 86_400_000, 7, 400)),
        "order": draw.choice(("loose", "strict")),
        "since": draw.choice((moment(min(draw.choice(told.done).at_ms, NOW_MS)), "2026-01-01", DAYS[0])),
    }
    later = [
        each.at_ms for each in told.done if each.at_ms > decode_question("funnel", question).span(NOW_MS, days=1)[0]
    ]
    if later and draw.random() < 0.5:
        question["until"] = moment(draw.choice(later))
    match draw.randrange(4):
        case 0 | 1:
            question |= {"breakdown": draw.choice(("by", {"trait": "home"})), "top": draw.choice((1, 3, 40))}
        case 2:
            question["compare"] = {
                "\\'é": VIP,
                "everybody": {"type": "all", "of": []},
                "nobody": {"type": "any", "of": []},
            }
    if draw.random() < 0.4:
        question["holding"] = "kind"
    if draw.random() < 0.5:
        question["without"] = [between(draw, len(question["steps"]), step) for _ in range(draw.choice((1, 1, 2)))]
    if draw.random() < 0.3:
        question["segment"] = VIP
    return question


def between(draw: random.Random, steps: int, step: Callable[[], Any]) -> Any:
    """What may not come between some two of so many steps."""
    what = draw.choice(("C", step()))  # Of “C” no step is ever made.
    if draw.random() < 0.3 and isinstance(what, str):
        return what
    after = draw.randrange(1, steps)
    act = {"events": [what]} if isinstance(what, str) else what
    return {**act, "after": after, "before": draw.choice((None, draw.randrange(after + 1, steps + 1)))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An event that could be a step, or may not come between: which steps, and at which steps it ends attempts."""

    at_ms: int
    steps: tuple[int, ...]
    ends: frozenset[int]
    done: Done


def candidates(asked: Funnel, told: Told, person: int, held: str | None) -> list[Candidate]:
    """The person's events of that value that could be anything, in order."""
    since_ms, until_ms = asked.span(NOW_MS, days=1)
    places = [*asked.steps, *(each.act for each in asked.without)]
    those = [{id(each) for each in told.acts(act, since_ms)} for act in places]
    number = len(asked.steps)
    found: list[tuple[tuple[int, int, int], Candidate]] = []
    for done in told.done:
        if done.person != person or done.at_ms >= until_ms + asked.within_ms:
            continue
        if asked.holding is not None and label(done.properties, asked.holding) != held:
            continue
        is_it = [n for n, acts in enumerate(those) if id(done) in acts and (n or done.at_ms < until_ms)]
        if not is_it:
            continue
        ends = frozenset(
            step
            for n in is_it
            if n >= number
            for step in range(asked.without[n - number].after - 1, (asked.without[n - number].before or number) - 1)
        )
        steps = tuple(n for n in is_it if n < number)
        order = (done.at_ms, is_it[0], sum(1 << n for n in is_it))
        found.append((order, Candidate(at_ms=done.at_ms, steps=steps, ends=ends, done=done)))
    found.sort(key=lambda each: each[0])
    return [each for _, each in found]


def attempts_of_value(asked: Funnel, could_be: list[Candidate]) -> list[tuple[int, int] | None]:
    """When each step was reached first, and how long it took, by trying out every attempt there is."""
    ends: dict[int, dict[int, int]] = defaultdict(dict)  # Step to position to when the latest attempt began.

    def go_on(step: int, at: int, began_ms: int) -> None:
        if ends[step].get(at, -1) >= began_ms:
            return
        ends[step][at] = began_ms
        for later in range(at + 1, len(could_be)):
            each = could_be[later]
            if step + 1 in each.steps and each.at_ms - began_ms <= asked.within_ms:
                go_on(step + 1, later, began_ms)
            if step in each.ends or (asked.order == "strict" and each.steps):
                break

    for position, each in enumerate(could_be):
        if 0 in each.steps:
            go_on(0, position, each.at_ms)
    firsts = {n: min(positions) for n, positions in ends.items() if positions}
    return [
        (could_be[firsts[n]].at_ms, could_be[firsts[n]].at_ms - ends[n][firsts[n]]) if n in firsts else None
        for n in range(len(asked.steps))
    ]


def attempts(asked: Funnel, told: Told, person: int) -> tuple[list[int | None], str | None] | None:
    """The time to each step, of whatever value it was reached with first; and the value the person belongs to."""
    values = {None} if asked.holding is None else {label(each.properties, asked.holding) for each in told.done} - {None}
    histories = [candidates(asked, told, person, held) for held in values]
    reached = [attempts_of_value(asked, each) for each in histories]
    took = [
        min((each[n] for each in reached if each[n] is not None), default=None)  # type: ignore[type-var]  # Not None.
        for n in range(len(asked.steps))
    ]
    if took[0] is None:
        return None
    firsts = [each for history in histories for each in history if 0 in each.steps]
    first_ms = min(each.at_ms for each in firsts)
    said = [label(each.done.properties, "by") for each in firsts if each.at_ms == first_ms]
    value = min(said, key=lambda each: (each is None, (each or "").encode()))
    if asked.breakdown is not None and asked.breakdown.trait is not None:
        value = label(told.traits[person], asked.breakdown.trait)
    return [None if each is None else each[1] for each in took], value


def reckoned(told: Told, asked: Funnel) -> dict[tuple[str | None, str], dict[int, list[int | None]]]:
    """For each line, the people in it and their time to each step."""
    found = {
        person: its
        for person in told.traits
        if (asked.segment is None or told.traits[person]["vip"]) and (its := attempts(asked, told, person)) is not None
    }
    lines: dict[tuple[str | None, str], dict[int, list[int | None]]] = defaultdict(dict)
    if asked.compare:
        names = {name: told.traits for name, _ in asked.compare} | {"nobody": {}}
        names["\\'é"] = {person: traits for person, traits in told.traits.items() if traits["vip"]}
        return {(name, "value"): {p: took for p, (took, _) in found.items() if p in names[name]} for name in names}
    counts: dict[str, int] = defaultdict(int)
    for _, said in found.values():
        if said is not None:
            counts[said] += 1
    top = sorted(counts, key=lambda said: (-counts[said], said.encode()))[: asked.top]
    for person, (took, said) in found.items():
        part = "none" if said is None else "value" if said in top else "other"
        line = (said if part == "value" else None, part) if asked.breakdown is not None else (None, "value")
        lines[line][person] = took
    return lines


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(seed=st.integers(0, 2**32))
def test_a_funnel_is_what_trying_out_every_attempt_finds(engine: Engine, seed: int) -> None:
    told = tell(
        engine,
        seed,
        people=12,
        events=250,
        spread_days=2,
        more=lambda draw: {"kind": draw.choice(KINDS)},
        names=(*NAMES, "C"),
    )
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        asked, rows = told.ask("funnel", question)
        assert isinstance(asked, Funnel)
        lines = reckoned(told, asked)
        by = "segment" if asked.compare else "breakdown"
        found = {(each.get(by), each.get("part", "value"), each["step"]): each for each in rows}
        assert len(found) == len(rows)
        known = {*lines} if asked.breakdown is not None or asked.compare else {(None, "value")}
        assert {key[:2] for key in found} == known, question
        for (said, part, step), each in found.items():
            times = [took[step - 1] for took in lines[said, part].values()]
            those = [time for time in times if time is not None]
            before = [took for took in lines[said, part].values() if took[max(0, step - 2)] is not None]
            assert each["people"] == len(those), (question, said, step)
            assert each["share"] == (len(those) / len(times) if times else None)
            assert each["share_of_step_before"] == (len(those) / len(before) if before else None)
            assert each["median_seconds"] == (median(those) / 1000 if those else None), (question, said, step)
            mean = pytest.approx(sum(those) / len(those) / 1000) if those else None
            assert each["average_seconds"] == mean, (question, said, step)
            late = pytest.approx(float(np.percentile(those, 90)) / 1000, rel=1e-12) if those else None
            assert each["percentile_90_seconds"] == late, (question, said, step)
        if draw.random() < 0.3:
            check_times(told, question, lines, draw)
        everybody = {person: took for line in lines.values() for person, took in line.items()}
        step = draw.randrange(2, len(asked.steps) + 1)
        reached = [person for person, took in everybody.items() if took[step - 1] is not None]
        lost = [p for p, took in everybody.items() if took[step - 1] is None and took[step - 2] is not None]
        assert told.people("funnel", question, {"step": step}) == sorted(reached)
        assert told.people("funnel", question, {"step": step, "lost": True}) == sorted(lost)
        if lines:
            said, part = draw.choice(sorted(lines, key=repr))
            cell = {"step": 1, by: said, "part": part}
            assert told.people("funnel", question, cell) == sorted(lines[said, part])


def check_times(told: Told, question: dict[str, Any], lines: Any, draw: random.Random) -> None:
    """Each stretch of time has those whose time lies in it."""
    asked, rows = told.ask("funnel", {**question, "show": "times"})
    assert isinstance(asked, Funnel)
    by = "segment" if asked.compare else "breakdown"
    for each in rows:
        from_ms, to_ms = each["from_seconds"] * 1000, each["to_seconds"] * 1000
        longest = to_ms == asked.within_ms
        people = lines.get((each.get(by), each.get("part", "value")), {})
        times = {p: took[each["step"] - 1] for p, took in people.items() if took[each["step"] - 1] is not None}
        there = sorted(p for p, took in times.items() if from_ms <= took and (took < to_ms or longest))
        assert each["people"] == len(there), (question, each)
        assert each["share_of_step"] == (len(there) / len(times) if times else None)
        if there and draw.random() < 0.1:
            cell = {"step": each["step"], by: each.get(by), "from_seconds": each["from_seconds"]}
            assert told.people("funnel", question, {**cell, "part": each.get("part")}) == there
    assert {asked.within_ms} >= {round(each["to_seconds"] * 1000) for each in rows[-1:]}


def test_twenty_steps_of_one_event_are_twenty_events(engine: Engine) -> None:
    told = tell(engine, 3, people=3, events=400, spread_days=2)
    _, rows = told.ask("funnel", {"steps": ["A"] * 20, "within_days": 400, "since": "2026-01-01"})
    times = [sum(each.person == person for each in told.acts(decode_act("A"))) for person in told.traits]
    assert [each["people"] for each in rows] == [sum(n >= step for n in times) for step in range(1, 21)]
    assert max(times) >= 20


def decode_act(name: str) -> Any:
    question = decode_question("funnel", {"steps": [name, name]})
    assert isinstance(question, Funnel)
    return question.steps[0]


@pytest.mark.parametrize(
    ("question", "path", "code"),
    [
        ({"steps": ["A"]}, "$.steps", "too_few"),
        ({"steps": ["A"] * 21}, "$.steps", "too_large"),
        ({"steps": ["A", 3]}, "$.steps[1]", "wrong_type"),
        ({"steps": ["A", {"events": ["B"], "when": 1}]}, "$.steps[1].when", "unknown_field"),
        ({"steps": ["A", "B"], "within_days": 0}, "$.within_days", "out_of_range"),
        ({"steps": ["A", "B"], "order": "any"}, "$.order", "unknown_choice"),
        ({"steps": ["A", "B"], "without": [{"events": ["C"], "after": 2}]}, "$.without[0].after", "out_of_range"),
        ({"steps": ["A", "B"], "without": [{"events": ["C"], "before": 3}]}, "$.without[0].before", "out_of_range"),
        ({"steps": ["A", "B"], "without": ["C"] * 9}, "$.without", "too_large"),
        ({"steps": ["A", "B"], "breakdown": {"property": "x", "trait": "y"}}, "$.breakdown", "contradiction"),
        ({"steps": ["A", "B"], "breakdown": {}}, "$.breakdown", "contradiction"),
        ({"steps": ["A", "B"], "breakdown": {"trait": 3}}, "$.breakdown.trait", "wrong_type"),
        ({"steps": ["A", "B"], "compare": {"v": VIP}, "breakdown": "x"}, "$.compare", "contradiction"),
        ({"steps": ["A", "B"], "compare": {"v": {"type": "did"}}}, "$.compare.v", "missing_field"),
    ],
)
def test_a_wrong_question_says_where(question: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Exposed) as refused:
        decode_question("funnel", question)
    assert (refused.value.path, refused.value.code) == (path, code)
    assert refused.value.hint


def test_a_cell_that_is_not_there_is_refused(engine: Engine) -> None:
    told = tell(engine, 4, events=1)
    with pytest.raises(Exposed, match="no step 3"):
        told.people("funnel", {"steps": ["A", "B"]}, {"step": 3})
    with pytest.raises(Exposed, match="Nobody is lost"):
        decode_cell("funnel", {"step": 1, "lost": True})
