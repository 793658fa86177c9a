"""Live segments in SQLite: who is in them, and the timers of those whom time alone may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from holdfast.ports.live import NOBODYS, LiveSegment, Membership
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, briefly, few_at_once, in_thread, numbers, placed
from holdfast.stores.sqlite.watching import ChangingWatches, ReadingWatches

_SQL = load("live")
_packed = msgspec.msgpack.Encoder().encode
_unpacked = msgspec.msgpack.Decoder(Membership).decode


class ReadingLive(ReadingWatches):
    """Questions about live segments."""

    @briefly
    def segment_changes(self) -> int:
        return self._number(_SQL["segment_changes"])

    @in_thread
    def live_segments(self) -> list[LiveSegment]:
        return [_live(row) for row in self._rows(_SQL["live_segments"])]

    @in_thread
    def memberships(self, persons: Sequence[int]) -> dict[int, Membership]:
        rows = self._rows(_SQL["memberships"], numbers(set(persons)))
        return {person: _unpacked(body) for person, body in rows}

    @in_thread
    def segment_members(self, number: int, *, limit: int, after_person: int = 0) -> list[tuple[int, int]]:
        return [(person, since) for person, since in self._rows(_SQL["segment_members"], number, after_person, limit)]

    @few_at_once
    def due_members(self, now_ms: int, *, limit: int) -> list[tuple[int, int]]:
        return [(due_ms, person) for due_ms, person in self._rows(_SQL["due_members"], now_ms, limit)]

    @few_at_once
    def member_reviews(self, *, limit: int) -> list[tuple[int, bool]]:
        return [(person, bool(told)) for person, told in self._rows(_SQL["member_reviews"], limit)]

    @in_thread
    def persons_after(self, person: int, *, limit: int) -> list[int]:
        return [each for (each,) in self._rows(_SQL["persons_after"], person, limit)]


class ChangingLive(ReadingLive, ChangingWatches):
    """Changes of live segments."""

    @in_thread
    def add_live_segment(self, segment: LiveSegment) -> LiveSegment:
        number = self._number(_SQL["add_live_segment"], *_values(segment))
        return replace(segment, number=number, size=0)

    @in_thread
    def put_live_segment(self, segment: LiveSegment) -> None:
        self._do(_SQL["put_live_segment"], segment.number, *_values(segment))

    @in_thread
    def drop_live_segment(self, number: int) -> None:
        self._do(_SQL["drop_live_segment"], number)

    async def put_memberships(self, memberships: Mapping[int, Membership]) -> None:
        kept = {person: _packed(each) for person, each in sorted(memberships.items()) if each != NOBODYS}
        if kept:
            self.leave(_SQL["put_memberships"], *placed(kept), rows=len(kept))
        if len(kept) < len(memberships):
            gone = numbers(memberships.keys() - kept.keys())
            self.leave(_SQL["forget_memberships"], gone, rows=len(memberships) - len(kept))

    async def enter_members(self, entered: Sequence[tuple[int, int, int]]) -> None:
        self.leave(_SQL["enter_members"], _table(entered), rows=len(entered))

    @in_thread
    def leave_members(self, left: Sequence[tuple[int, int]]) -> None:
        self._do_all(_SQL["leave_member"], sorted(left))

    @in_thread
    def clear_members(self, number: int, *, limit: int) -> int:
        return self._change(_SQL["clear_members"], number, limit)

    async def arm(self, timers: Sequence[tuple[int, int]]) -> None:
        self.leave(_SQL["arm"], _table(timers), rows=len(timers))

    @in_thread
    def disarm(self, timers: Sequence[tuple[int, int]]) -> None:
        self._do_all(_SQL["disarm"], sorted(timers))

    @in_thread
    def review_members(self, persons: Sequence[int], *, told: bool) -> None:
        self._do_all(_SQL["review_member"], [(person, int(told)) for person in sorted(persons)])

    @in_thread
    def reviewed(self, persons: Sequence[int]) -> None:
        self._do_all(_SQL["reviewed"], [(person,) for person in sorted(persons)])


def _table(rows: Sequence[tuple[int, ...]]) -> str:
    """Rows of numbers as one bound value, for `json_each`: in order, so that pages are met once."""
    return msgspec.json.encode(sorted(rows)).decode()


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
