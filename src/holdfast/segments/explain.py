"""Why a person is in a segment or not: every condition of it, true or false, with what decided it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from holdfast.events.event import Json
from holdfast.kernel.moments import to_millis
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, Facts, Part, PastEvent, Truth
from holdfast.segments.conditions.group import Group
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.conditions.trait import Trait
from holdfast.segments.groups import GROUP_ID
from holdfast.segments.library import inner
from holdfast.segments.spans import Span, past_in, span_for

EVIDENCE_MOST = 20
"""Events shown for one condition: the newest of those that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An event that counts for a condition: of its name, in its window, with its `where`."""

    event: str
    past: PastEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One condition of the tree."""

    path: str
    """Where it stands, such as `$.of[0]`; in what a segment named there is saved as, `$.of[0] → loyal: $`."""
    condition: Condition
    truth: Truth
    traits: Mapping[str, Json]
    """The traits it looks at, as they are; one that is missing is not there."""
    events: tuple[Evidence, ...]
    """The newest events that count for it, newest first, at most EVIDENCE_MOST."""
    event_count: int | None
    """How many count in all; None when they are not known, or it looks at no events."""
    groups: tuple[Mapping[str, Json], ...] = ()
    """For a condition about groups: those they joined, each with its id and the trait that is asked about."""


def explain(condition: Condition, facts: Facts, now: datetime) -> list[Explained]:
    """Every condition, the outermost first, each before those inside it."""
    return [_explained(path, each, facts, now) for path, each in _parts(condition, "$")]


def events_of(condition: Condition) -> list[str]:
    """The names of all events the condition looks at, at any depth; each once, in alphabetical order."""
    return sorted({event for _, each in _parts(condition, "$") for event, _ in _asked(each)})


def _parts(condition: Condition, path: str) -> Iterator[tuple[str, Condition]]:
    yield path, condition
    for place, each in inner(condition):
        yield from _parts(each, path + place)


def _fields(of: Condition | Part) -> Iterator[tuple[str, object]]:
    for field in fields(of):  # type: ignore[arg-type]  # Conditions and their parts are dataclasses.
        if field.init:
            yield field.name, getattr(of, field.name)


def _explained(path: str, condition: Condition, facts: Facts, now: datetime) -> Explained:
    asked = list(_asked(condition))
    found: list[Evidence] | None = [] if asked else None
    for event, where in asked:
        past = past_in(facts, event, where, _looked_at(condition, facts, now), now)
        if past is None or found is None:
            found = None
            break
        found += [Evidence(event=event, past=each) for each in past if condition.decided_by(each)]
    newest = sorted(found or (), key=lambda each: each.past.timestamp, reverse=True)
    return Explained(
        path=path,
        condition=condition,
        truth=condition.holds(facts, now),
        traits={name: facts.traits[name] for name in _traits(condition) if name in facts.traits},
        groups=_groups(condition, facts),
        events=tuple(newest[:EVIDENCE_MOST]),
        event_count=None if found is None else len(found),
    )


def _asked(of: Condition | Part) -> Iterator[tuple[str, tuple[Comparison, ...]]]:
    """The events a condition looks at itself: as it says, else by the fields they have in common."""
    said = of.events_asked() if isinstance(of, Condition) else None
    if said is not None:
        yield from said
        return
    given = dict(_fields(of))
    event, where = given.get("event"), given.get("where", ())
    if isinstance(event, str) and isinstance(where, tuple):
        yield event, where
    for value in given.values():
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Part):
                yield from _asked(each)


def _looked_at(condition: Condition, facts: Facts, now: datetime) -> Span:
    """The window, as far as it bounds what is looked at; a first or last time is looked for in all that was."""
    names = {name for name, _ in _fields(condition)}
    if "before_days" in names or not {"within_days", "since", "until"} <= names:
        return Span(-1, to_millis(now))
    return span_for(condition, facts, now)  # type: ignore[arg-type]  # It has the fields of a window.


def _traits(condition: Condition) -> Iterator[str]:
    if isinstance(condition, Trait):
        yield condition.trait
    if not isinstance(condition, InSegment):  # What is saved is explained by itself.
        yield from condition.hidden_traits()


def _groups(condition: Condition, facts: Facts) -> tuple[Mapping[str, Json], ...]:
    if not isinstance(condition, Group):
        return ()
    names = (GROUP_ID, condition.trait)
    groups = [{name: each[name] for name in names if name in each} for each in facts.groups() or ()]
    return tuple(sorted(groups, key=lambda each: str(each.get(GROUP_ID)))[:EVIDENCE_MOST])
