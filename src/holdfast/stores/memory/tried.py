"""Who was sent down which path, and what came of it, from events in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import permutations
from typing import Protocol

from holdfast.events.event import OWN_SOURCE, Json
from holdfast.measures.learning.question import BINS, CompanyQuestion, CompanyRow, TriedGoal, TriedQuestion, TriedRow
from holdfast.profiles.variants import VARIANT_ASSIGNED


class Happened(Protocol):
    """What is asked of an event."""

    @property
    def identity(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, Json]: ...


def tried(events: Iterable[Happened], person_of: Callable[[int], int], question: TriedQuestion) -> list[TriedRow]:
    """The rows, in order of what names them."""
    known = [each for each in events if each.at_ms <= question.as_of_ms]
    assigned = _assigned(known, person_of, question.experiment, question.since_ms)
    goals = {each.event: each for each in question.goals}
    firsts: dict[tuple[int, str], Happened] = {}
    for each in known:
        person, goal = person_of(each.identity), goals.get(each.name)
        if goal is None or person not in assigned:
            continue
        since_ms = assigned[person].at_ms
        if since_ms < each.at_ms <= since_ms + goal.within_seconds * 1000:
            firsts[person, each.name] = min(firsts.get((person, each.name), each), each, key=_moment)
    reached: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (person, name), each in firsts.items():
        at_ms = assigned[person].at_ms
        bin_ = (each.at_ms - at_ms - 1) // question.bin_ms
        if bin_ < question.age(at_ms // question.bin_ms):
            reached[person].append((bin_, _worth(each, goals[name])))
    groups: dict[tuple[str, int, str, bool, float], list[int]] = defaultdict(list)
    for person, each in assigned.items():
        said = each.properties
        batch, evenly = each.at_ms // question.bin_ms, said.get("evenly") is True
        group = (_text(said, "variant"), batch, _text(said, "cell"), evenly, _number(said.get("propensity")))
        groups[group].append(person)
    return [_row(group, [reached[person] for person in people]) for group, people in sorted(groups.items())]


def company(events: Iterable[Happened], person_of: Callable[[int], int], question: CompanyQuestion) -> list[CompanyRow]:
    """The rows, in order of what names them."""
    known = [each for each in events if each.at_ms <= question.as_of_ms]
    by_step = [_assigned(known, person_of, each, question.since_ms) for each in question.experiments]
    now, found = question.as_of_ms // question.bin_ms, defaultdict[tuple[int, int, str, int, str], float](float)
    for step, other in permutations(range(len(by_step)), 2):
        for person in by_step[step].keys() & by_step[other].keys():
            event, beside = by_step[step][person], by_step[other][person]
            passed = now - event.at_ms // question.bin_ms
            age = min(BINS, max(0, passed - 1))
            weight = 1.0 if question.half_life_bins is None else 0.5 ** (max(passed, 0) / question.half_life_bins)
            variant, other_variant = (_text(each.properties, "variant") for each in (event, beside))
            found[step, other, variant, age, other_variant] += weight
    return [
        CompanyRow(step=step, other=other, variant=variant, age=age, other_variant=other_variant, people=people)
        for (step, other, variant, age, other_variant), people in sorted(found.items())
    ]


def _assigned(
    events: Iterable[Happened], person_of: Callable[[int], int], experiment: str, since_ms: int
) -> dict[int, Happened]:
    first: dict[int, Happened] = {}
    for each in events:
        ours = each.name == VARIANT_ASSIGNED and each.source == OWN_SOURCE
        if ours and each.properties.get("experiment") == experiment:
            person = person_of(each.identity)
            first[person] = min(first.get(person, each), each, key=_order)
    return {
        person: each
        for person, each in first.items()
        if each.at_ms >= since_ms and _text(each.properties, "arm") in ("", "treated")
    }


def _row(group: tuple[str, int, str, bool, float], people: list[list[tuple[int, float]]]) -> TriedRow:
    variant, batch, cell, evenly, propensity = group
    every = [each for theirs in people for each in theirs]
    return TriedRow(
        variant=variant,
        batch=batch,
        cell=cell,
        evenly=evenly,
        propensity=propensity,
        people=len(people),
        reached=tuple(sum(1 for at, _ in every if at == bin_) for bin_ in range(BINS)),
        worth=tuple(float(sum(worth for at, worth in every if at == bin_)) for bin_ in range(BINS)),
        squares=float(sum(sum(worth for _, worth in theirs) ** 2 for theirs in people)),
    )


def _order(event: Happened) -> tuple[int, str, str]:
    return event.at_ms, _text(event.properties, "variant"), event.message_id


def _moment(event: Happened) -> tuple[int, str]:
    return event.at_ms, event.message_id


def _worth(event: Happened, goal: TriedGoal) -> float:
    return goal.worth * (_number(event.properties.get(goal.value)) if goal.value else 1.0)


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _text(said: Mapping[str, Json], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
