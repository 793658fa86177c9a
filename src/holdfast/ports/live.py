"""Live segments in the state: who is in each of them now, when that may change by time alone, and what is to be done.

A live segment goes by a number, which is never given again. What is known of one person, of all live segments, stands
in one place (`Membership`), and one timer wakes the person for the first thing that may change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from holdfast.ports.watching import WatchTransaction, WatchView


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSegment:
    """A saved segment that is live, and how far everybody who was there before has been looked at."""

    number: int
    """Given by the store; never given again."""
    segment: str
    """The id it is saved under."""
    version: int
    """Of what is saved."""
    fingerprint: str
    """Of its definition with all it names: when that changes, everybody is looked at again."""
    since_ms: int
    """Since when it is live as it is."""
    filled_to: int = 0
    """Everybody up to this person has been looked at."""
    filled_ms: int | None = None
    """When everybody had been; None while that goes on."""
    ended_ms: int | None = None
    """When it was live no more; its members are then taken out bit by bit."""
    size: int = 0
    """How many are in it; kept by the store."""


class Membership(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one person, by the numbers of live segments."""

    inside: dict[int, int] = {}
    """The segments they are in, and since when."""
    due: dict[int, int] = {}
    """When each may change by time alone. It may stand too early, never too late."""
    armed_ms: int | None = None
    """When their timer goes off: no later than the first of these. Other timers of theirs are left over."""


NOBODYS = Membership()
"""Of somebody in nothing, whom time does not change."""


class LiveView(WatchView, Protocol):
    """Reading who is in live segments."""

    async def segment_changes(self) -> int:
        """A number that is greater whenever a segment was saved or deleted since."""
        ...

    async def live_segments(self) -> list[LiveSegment]:
        """Every one, in order of number; those that are being taken down too."""
        ...

    async def memberships(self, persons: Sequence[int]) -> dict[int, Membership]:
        """What is known of these persons; those of whom nothing is are left out."""
        ...

    async def segment_members(self, number: int, *, limit: int, after_person: int = 0) -> list[tuple[int, int]]:
        """Persons in a live segment, in order, those above `after_person`, and since when (ms)."""
        ...

    async def due_members(self, now_ms: int, *, limit: int) -> list[tuple[int, int]]:
        """Timers that have gone off, soonest first: (due_ms, person)."""
        ...

    async def member_reviews(self, *, limit: int) -> list[tuple[int, bool]]:
        """Persons to be looked at anew, in order, and whether what changes by it is told."""
        ...

    async def persons_after(self, person: int, *, limit: int) -> list[int]:
        """The persons above this one, in order."""
        ...


class LiveTransaction(LiveView, WatchTransaction, Protocol):
    """Changing who is in live segments."""

    async def add_live_segment(self, segment: LiveSegment) -> LiveSegment:
        """Add one; returns it with its number. Nobody is in it."""
        ...

    async def put_live_segment(self, segment: LiveSegment) -> None:
        """Change one by its number; its size stays what it is."""
        ...

    async def drop_live_segment(self, number: int) -> None:
        """Take away one that nobody is in any more."""
        ...

    async def put_memberships(self, memberships: Mapping[int, Membership]) -> None:
        """Write what is known of persons, in place of what was; of whom nothing is, nothing is kept."""
        ...

    async def enter_members(self, entered: Sequence[tuple[int, int, int]]) -> None:
        """Put persons into live segments: (number, person, since_ms). Whoever is in already stays since then."""
        ...

    async def leave_members(self, left: Sequence[tuple[int, int]]) -> None:
        """Take persons out of live segments: (number, person)."""
        ...

    async def clear_members(self, number: int, *, limit: int) -> int:
        """Take up to so many persons out of a live segment; returns how many."""
        ...

    async def arm(self, timers: Sequence[tuple[int, int]]) -> None:
        """Set timers: (due_ms, person). One that is set already stays."""
        ...

    async def disarm(self, timers: Sequence[tuple[int, int]]) -> None:
        """Take timers away."""
        ...

    async def review_members(self, persons: Sequence[int], *, told: bool) -> None:
        """Ask for persons to be looked at anew. Once it is to be told, it is, whatever is asked after."""
        ...

    async def reviewed(self, persons: Sequence[int]) -> None:
        """They have been looked at."""
        ...
