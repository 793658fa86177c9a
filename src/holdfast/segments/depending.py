"""What a condition depends on: which events and traits may change it, so that nothing else need be asked about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from holdfast.segments.codec import kind_of
from holdfast.segments.condition import Condition, Part, Truth
from holdfast.segments.conditions.bucket import Bucket
from holdfast.segments.facts import HistoryFacts
from holdfast.segments.library import conditions_in
from holdfast.segments.looked_at import trait_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Depends:
    """What may change whether a condition holds of somebody, beside time."""

    events: frozenset[str]
    """Names of the events that count for it."""
    traits: frozenset[str]
    anybody: bool
    """Whether it may hold of somebody of whom nothing is known: of a newcomer, or by their name alone."""


def depends_on(condition: Condition, now: datetime) -> Depends:
    """What a condition, with all it names bound to it, depends on."""
    by_name = any(isinstance(each, Bucket) for each in conditions_in(condition))
    return Depends(
        events=frozenset(_events(condition)),
        traits=trait_names(condition),
        anybody=by_name or condition.holds(HistoryFacts({}, {}), now) is not Truth.FALSE,
    )


def _events(of: Condition | Part) -> Iterator[str]:
    if isinstance(of, Condition):
        yield from of.hidden_events()
    for field in fields(of):  # type: ignore[arg-type]  # Conditions and their parts are dataclasses.
        value = getattr(of, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, (Condition, Part)):
                yield from _events(each)
            elif field.init and isinstance(each, str) and _is_event(type(of), field.name):
                yield each


def _is_event(shape: type[Condition | Part], name: str) -> bool:
    kind = kind_of(shape, name)
    return kind is not None and kind.name == "event"
