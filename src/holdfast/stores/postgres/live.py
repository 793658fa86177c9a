"""Live segments in PostgreSQL: who is in them, and the timers of those whom time alone may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from holdfast.ports.live import NOBODYS, LiveSegment, Membership
from holdfast.stores.packing import decoder, pack
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, numbers
from holdfast.stores.postgres.watching import ChangingWatches, ReadingWatches

_SQL = load("live")
_MEMBERSHIPS = decoder(Membership)


class ReadingLive(ReadingWatches):
    """Questions about live segments."""

    async def segment_changes(self) -> int:
        return await self._number(_SQL["segment_changes"])

    async def live_segments(self) -> list[LiveSegment]:
        return [_live(row) for row in await self._rows(_SQL["live_segments"])]

    async def memberships(self, persons: Sequence[int]) -> dict[int, Membership]:
        rows = await self._rows(_SQL["memberships"], numbers(persons))
        return {person: _MEMBERSHIPS.decode(body) for person, body in rows}

    async def segment_members(self, number: int, *, limit: int, after_person: int = 0) -> list[tuple[int, int]]:
        rows = await self._rows(_SQL["segment_members"], number, after_person, limit)
        return [(person, since) for person, since in rows]

    async def due_members(self, now_ms: int, *, limit: int) -> list[tuple[int, int]]:
        return [(due_ms, person) for due_ms, person in await self._rows(_SQL["due_members"], now_ms, limit)]

    async def member_reviews(self, *, limit: int) -> list[tuple[int, bool]]:
        return [(person, told) for person, told in await self._rows(_SQL["member_reviews"], limit)]

    async def persons_after(self, person: int, *, limit: int) -> list[int]:
        return [each for (each,) in await self._rows(_SQL["persons_after"], person, limit)]


class ChangingLive(ReadingLive, ChangingWatches):
    """Changes of live segments."""

    async def add_live_segment(self, segment: LiveSegment) -> LiveSegment:
        number = await self._number(_SQL["add_live_segment"], *_values(segment))
        return replace(segment, number=number, size=0)

    async def put_live_segment(self, segment: LiveSegment) -> None:
        await self._do(_SQL["put_live_segment"], segment.number, *_values(segment))

    async def drop_live_segment(self, number: int) -> None:
        await self._do(_SQL["drop_live_segment"], number)

    async def put_memberships(self, memberships: Mapping[int, Membership]) -> None:
        kept = [(person, pack(each)) for person, each in sorted(memberships.items()) if each != NOBODYS]
        await self._do_all(_SQL["put_memberships"], kept)
        forgotten = [person for person, each in memberships.items() if each == NOBODYS]
        if forgotten:
            await self._do(_SQL["forget_memberships"], numbers(forgotten))

    async def enter_members(self, entered: Sequence[tuple[int, int, int]]) -> None:
        await self._do_all(_SQL["enter_members"], entered)

    async def leave_members(self, left: Sequence[tuple[int, int]]) -> None:
        await self._do_all(_SQL["leave_members"], sorted(set(left)))

    async def clear_members(self, number: int, *, limit: int) -> int:
        return await self._number(_SQL["clear_members"], number, limit)

    async def arm(self, timers: Sequence[tuple[int, int]]) -> None:
        await self._do_all(_SQL["arm"], sorted(set(timers)))

    async def disarm(self, timers: Sequence[tuple[int, int]]) -> None:
        await self._do_all(_SQL["disarm"], sorted(set(timers)))

    async def review_members(self, persons: Sequence[int], *, told: bool) -> None:
        await self._do_all(_SQL["review_members"], [(person, told) for person in numbers(persons)])

    async def reviewed(self, persons: Sequence[int]) -> None:
        await self._do(_SQL["reviewed"], numbers(persons))


def _values(segment: LiveSegment) -> tuple[object, ...]:
    return (
        segment.segment,
        segment.version,
        segment.fingerprint,
        segment.since_ms,
        segment.filled_to,
        segment.filled_ms,
        segment.ended_ms,
    )


def _live(row: Row) -> LiveSegment:
    number, segment, version, fingerprint, since_ms, filled_to, filled_ms, ended_ms, size = row
    return LiveSegment(
        number=number,
        segment=segment,
        version=version,
        fingerprint=fingerprint,
        since_ms=since_ms,
        filled_to=filled_to,
        filled_ms=filled_ms,
        ended_ms=ended_ms,
        size=size,
    )
