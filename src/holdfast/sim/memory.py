"""What is known of one simulated person at a moment of their past: the facts that conditions ask for."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from holdfast.events.event import Json
from holdfast.segments.condition import UTC_ZONE, Condition, Moments, PastEvent, Times
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.did import Did
from holdfast.segments.leaf import Leaf, Seen
from holdfast.sim.people import Population


class Memory:
    """When a person did what. Like a live profile it does not know the properties.

    It may hold what is still to come: every question has an end, and only what lies before it counts.
    """

    __slots__ = ("_at", "_person", "_population")

    def __init__(self, population: Population, person: int, at: dict[str, list[int]]) -> None:
        """`at` holds moments by event name, in milliseconds since 1970, in order."""
        self._population = population
        self._person = person
        self._at = at

    def keep(self, event: str, at_ms: int) -> None:
        """Remember that it happened."""
        insort(self._at.setdefault(event, []), at_ms)

    def happened_in(self, event: str, since_ms: int, until_ms: int) -> bool:
        """Whether it happened after `since_ms` and no later than `until_ms`."""
        kept = self._at.get(event, ())
        return bisect_right(kept, until_ms) > bisect_right(kept, since_ms)

    @property
    def user_id(self) -> str:
        return self._population.user_ids[self._person]

    @property
    def zone(self) -> ZoneInfo:
        return UTC_ZONE

    def groups(self) -> Sequence[Mapping[str, Json]]:
        return ()

    @property
    def traits(self) -> Mapping[str, Json]:
        return self._population.traits(self._person)

    def past(self, event: str) -> Iterable[PastEvent] | None:
        return None if event in self._at else []

    def times(self, event: str, *, after_ms: int, until_ms: int) -> Times:
        kept = self._at.get(event, ())
        return Times.exactly(bisect_right(kept, until_ms) - bisect_right(kept, after_ms))

    def moments(self, event: str) -> Moments:
        kept = self._at.get(event, [])
        return Moments(first_ms=kept[0] if kept else None, recent_ms=kept, whole=True)

    def seen(self, leaf: Leaf) -> Seen | None:
        return None

    def variant(self, experiment: str, *, until_ms: int | None = None) -> str:
        return ""


def needed(condition: Condition | None) -> frozenset[str]:
    """Events that must have happened at some time for the condition to hold; there may be further ones.

    Asking this first spares asking the condition of most people at most moments.
    """
    match condition:
        case Did() if condition.least > 0:
            return frozenset({condition.event})
        case All():
            return frozenset[str]().union(*(needed(each) for each in condition.of))
        case _:
            return frozenset()
