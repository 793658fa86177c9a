"""Funnels against every attempt tried out in Python, on random nasty histories in chDB."""

from __future__ import annotations

import random
from collections import defaultdict
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed
from holdfast.measures.insight_catalogue import decode_cell, decode_question
from holdfast.measures.insights.funnel import Funnel
from holdfast.stores.clickhouse.engine import Engine
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.insight_world import DAYS, NAMES, NOW_MS, Done, Told, label, moment, tell

QUESTIONS_AT_ONCE = 6
POSITIVE = {"property": "x", "operator": "at_least", "value": 1}


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
    if draw.random() < 0.5:
        question |= {"breakdown": "by", "top": draw.choice((1, 3, 40))}
    if draw.random() < 0.3:
        question["segment"] = {"type": "trait", "trait": "vip", "operator": "equals", "value": True}
    return question


def candidates(asked: Funnel, told: Told, person: int) -> list[tuple[int, list[int], Done]]:
    """The person's events that could be a step, in order: when, and which steps."""
    since_ms, until_ms = asked.span(NOW_MS, days=1)
    could_be: list[tuple[int, list[int], Done]] = []
    for done in told.done:
        if done.person != person or not since_ms <= done.at_ms <= NOW_MS:
            continue
        steps = [
            n
            for n, act in enumerate(asked.steps)
            if done.name in act.events and all(w.holds(done.properties) for w in act.where)
        ]
        if done.at_ms >= until_ms and 0 in steps:
            steps.remove(0)
        if steps and done.at_ms < until_ms + asked.within_ms:
            could_be.append((done.at_ms, steps, done))
    could_be.sort(key=lambda each: (each[0], each[1][0], sum(1 << n for n in each[1])))
    return could_be


def attempts(asked: Funnel, told: Told, person: int) -> tuple[list[int | None], tuple[str | None]] | None:
    """The time to each step, by trying out every attempt there is; and the value the person belongs to."""
    could_be = candidates(asked, told, person)
    ends: dict[int, dict[int, int]] = defaultdict(dict)  # Step to position to when the latest attempt began.

    def go_on(step: int, at: int, began_ms: int) -> None:
        if ends[step].get(at, -1) >= began_ms:
            return
        ends[step][at] = began_ms
        following = (
            range(at + 1, len(could_be)) if asked.order == "loose" else range(at + 1, min(at + 2, len(could_be)))
        )
        for later in following:
            at_ms, steps, _ = could_be[later]
            if step + 1 in steps and at_ms - began_ms <= asked.within_ms:
                go_on(step + 1, later, began_ms)

    for position, (at_ms, steps, _) in enumerate(could_be):
        if 0 in steps:
            go_on(0, position, at_ms)
    if not ends[0]:
        return None
    first_ms = could_be[min(ends[0])][0]
    said = [label(done.properties, "by") for at_ms, steps, done in could_be if at_ms == first_ms and 0 in steps]
    value = min(said, key=lambda each: (each is None, (each or "").encode()))
    took = [could_be[min(ends[n])][0] - ends[n][min(ends[n])] if ends[n] else None for n in range(len(asked.steps))]
    return took, (value,)


def reckoned(told: Told, asked: Funnel) -> dict[tuple[str | None, str], dict[int, list[int | None]]]:
    """For each line, the people in it and their time to each step."""
    found = {
        person: its
        for person in told.traits
        if (asked.segment is None or told.traits[person]["vip"]) and (its := attempts(asked, told, person)) is not None
    }
    counts: dict[str, int] = defaultdict(int)
    for _, (said,) in found.values():
        if said is not None:
            counts[said] += 1
    top = sorted(counts, key=lambda said: (-counts[said], said.encode()))[: asked.top]
    lines: dict[tuple[str | None, str], dict[int, list[int | None]]] = defaultdict(dict)
    for person, (took, (said,)) in found.items():
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
    told = tell(engine, seed, people=12, events=250, spread_days=2)
    draw = random.Random(seed)
    for _ in range(QUESTIONS_AT_ONCE):
        question = some_question(draw, told)
        asked, rows = told.ask("funnel", question)
        assert isinstance(asked, Funnel)
        lines = reckoned(told, asked)
        found = {(each.get("breakdown"), each.get("part", "value"), each["step"]): each for each in rows}
        assert len(found) == len(rows)
        known = {*lines} if asked.breakdown is not None else {(None, "value")}
        assert {key[:2] for key in found} == known, question
        for (said, part, step), each in found.items():
            times = [took[step - 1] for took in lines[said, part].values()]
            those = [time for time in times if time is not None]
            before = [took for took in lines[said, part].values() if took[max(0, step - 2)] is not None]
            assert each["people"] == len(those), (question, said, step)
            assert each["share"] == (len(those) / len(times) if times else None)
            assert each["share_of_step_before"] == (len(those) / len(before) if before else None)
            assert each["median_seconds"] == (median(those) / 1000 if those else None), (question, said, step)
        everybody = {person: took for line in lines.values() for person, took in line.items()}
        step = draw.randrange(2, len(asked.steps) + 1)
        reached = [person for person, took in everybody.items() if took[step - 1] is not None]
        lost = [p for p, took in everybody.items() if took[step - 1] is None and took[step - 2] is not None]
        assert told.people("funnel", question, {"step": step}) == sorted(reached)
        assert told.people("funnel", question, {"step": step, "lost": True}) == sorted(lost)
        if lines:
            said, part = draw.choice(sorted(lines, key=repr))
            cell = {"step": 1, "breakdown": said, "part": part}
            assert told.people("funnel", question, cell) == sorted(lines[said, part])


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
