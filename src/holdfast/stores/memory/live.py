"""Live segments in memory: who is in them, and the timers of those whom time alone may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from holdfast.ports.live import NOBODYS, LiveSegment, Membership
from holdfast.stores.memory.watching import ChangingWatches, ReadingWatches


class ReadingLive(ReadingWatches):
    """Questions about live segments."""

    async def segment_changes(self) -> int:
        return len(self._tables.segments)  # Every change is a version.

    async def live_segments(self) -> list[LiveSegment]:
        sizes: dict[int, int] = {}
        for number, _ in self._tables.segment_members:
            sizes[number] = sizes.get(number, 0) + 1
        return [replace(each, size=sizes.get(number, 0)) for number, each in sorted(self._tables.live_segments.items())]

    async def memberships(self, persons: Sequence[int]) -> dict[int, Membership]:
        known = self._tables.memberships
        return {person: known[person] for person in persons if person in known}

    async def segment_members(self, number: int, *, limit: int, after_person: int = 0) -> list[tuple[int, int]]:
        found = (
            (person, since)
            for (live, person), since in self._tables.segment_members.items()
            if live == number and person > after_person
        )
        return sorted(found)[:limit]

    async def due_members(self, now_ms: int, *, limit: int) -> list[tuple[int, int]]:
        return sorted(timer for timer in self._tables.member_timers if timer[0] <= now_ms)[:limit]

    async def member_reviews(self, *, limit: int) -> list[tuple[int, bool]]:
        return sorted(self._tables.member_reviews.items())[:limit]

    async def persons_after(self, person: int, *, limit: int) -> list[int]:
        found = (each.id for each in self._tables.identities.values() if each.id > person and each.person == each.id)
        return sorted(found)[:limit]


class ChangingLive(ReadingLive, ChangingWatches):
    """Changes of live segments."""

    async def add_live_segment(self, segment: LiveSegment) -> LiveSegment:
        tables = self._tables
        tables.live_last += 1
        added = replace(segment, number=tables.live_last, size=0)
        tables.live_segments = tables.live_segments | {added.number: added}
        return added

    async def put_live_segment(self, segment: LiveSegment) -> None:
        tables = self._tables
        if segment.number in tables.live_segments:
            tables.live_segments = tables.live_segments | {segment.number: segment}

    async def drop_live_segment(self, number: int) -> None:
        tables = self._tables
        tables.live_segments = {each: segment for each, segment in tables.live_segments.items() if each != number}

    async def put_memberships(self, memberships: Mapping[int, Membership]) -> None:
        tables = self._tables
        put = tables.memberships | dict(memberships)
        tables.memberships = {person: each for person, each in put.items() if each != NOBODYS}

    async def enter_members(self, entered: Sequence[tuple[int, int, int]]) -> None:
        added = {(number, person): since for number, person, since in reversed(entered)}
        self._tables.segment_members = added | self._tables.segment_members

    async def leave_members(self, left: Sequence[tuple[int, int]]) -> None:
        gone, tables = set(left), self._tables
        tables.segment_members = {each: since for each, since in tables.segment_members.items() if each not in gone}

    async def clear_members(self, number: int, *, limit: int) -> int:
        first = [(number, person) for person, _ in await self.segment_members(number, limit=limit)]
        await self.leave_members(first)
        return len(first)

    async def arm(self, timers: Sequence[tuple[int, int]]) -> None:
        self._tables.member_timers = self._tables.member_timers | set(timers)

    async def disarm(self, timers: Sequence[tuple[int, int]]) -> None:
        self._tables.member_timers = self._tables.member_timers - set(timers)

    async def review_members(self, persons: Sequence[int], *, told: bool) -> None:
        asked = self._tables.member_reviews
        self._tables.member_reviews = asked | {person: told or asked.get(person, False) for person in persons}

    async def reviewed(self, persons: Sequence[int]) -> None:
        tables = self._tables
        tables.member_reviews = {each: told for each, told in tables.member_reviews.items() if each not in persons}
