"""What comes in, in SQLite: reading positions, messages seen, bad records, own events on their way to the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from holdfast.events.event import Event
from holdfast.ports.state import BadRecord
from holdfast.stores.packing import decoder, pack, signed, unsigned
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, briefly, in_thread, numbers, placed

_SQL = load("feed")
_EVENTS = decoder(Event)
_NEWEST = 2**63 - 1


class ReadingFeed(Session):
    """Questions about what came in."""

    @briefly
    def offset(self, group: str) -> int:
        return self._number(_SQL["offset"], group)

    @in_thread
    def offsets(self) -> dict[str, int]:
        return dict(self._rows(_SQL["offsets"]))

    @in_thread
    def seen(self, hashes: Sequence[int]) -> dict[int, int]:
        rows = self._rows(_SQL["seen"], numbers(set(map(signed, hashes))))
        return {unsigned(number): position for number, position in rows}

    @briefly
    def skipped(self, first: int, last: int) -> frozenset[int]:
        return frozenset(position for (position,) in self._rows(_SQL["skipped"], first, last))

    @in_thread
    def bad_records(self, *, limit: int, before_id: int | None, replayed: bool | None) -> list[BadRecord]:
        name = {None: "bad_records", False: "bad_records_open", True: "bad_records_replayed"}[replayed]
        rows = self._rows(_SQL[name], _NEWEST if before_id is None else before_id, limit)
        return [_bad_record(row) for row in rows]

    @in_thread
    def bad_records_by_id(self, ids: Sequence[int]) -> list[BadRecord]:
        return [_bad_record(row) for row in self._rows(_SQL["bad_records_by_id"], numbers(set(ids)))]

    @in_thread
    def count_bad_records(self, *, by_code: bool = False) -> dict[str, int]:
        return dict(self._rows(_SQL["count_bad_records_by_code" if by_code else "count_bad_records"]))

    @briefly
    def emitted(self, *, limit: int, after_id: int = 0) -> list[tuple[int, Event]]:
        # A thread would let go of the interpreter at each row and want it back from the tick: both would take longer.
        return [(number, _EVENTS.decode(body)) for number, body in self._rows(_SQL["emitted"], after_id, limit)]

    @briefly
    def last_emitted(self) -> int:
        return self._number(_SQL["last_emitted"])


class ChangingFeed(ReadingFeed):
    """Changes of what came in."""

    async def set_offset(self, group: str, offset: int) -> None:
        self.leave(_SQL["set_offset"], group, offset, rows=1)

    async def mark_seen(self, positions: Mapping[int, int], at_ms: int) -> None:
        # In order of the hash, so that pages are met once.
        rows = dict(sorted((signed(number), position) for number, position in positions.items()))
        self.leave(_SQL["mark_seen"], msgspec.json.encode(rows).decode(), at_ms, rows=len(rows))

    @in_thread
    def forget_seen(self, before_ms: int) -> None:
        self._do(_SQL["forget_seen"], before_ms)
        self._do(_SQL["forget_skipped"], before_ms)

    @in_thread
    def mark_skipped(self, positions: Sequence[int], at_ms: int) -> None:
        self._do_all(_SQL["mark_skipped"], ((position, at_ms) for position in sorted(positions)))

    @in_thread
    def add_bad_records(self, records: Sequence[BadRecord]) -> None:
        self._do_all(
            _SQL["add_bad_record"],
            (
                (
                    each.at_ms,
                    each.source,
                    each.code,
                    each.message,
                    each.path,
                    each.hint,
                    each.body,
                    each.origin,
                    each.replayed_ms,
                )
                for each in records
            ),
        )

    @in_thread
    def mark_replayed(self, ids: Sequence[int], at_ms: int) -> None:
        self._do(_SQL["mark_replayed"], numbers(set(ids)), at_ms)

    async def emit(self, events: Sequence[Event]) -> None:
        bodies = {number: pack(event) for number, event in enumerate(events)}
        self.leave(_SQL["emit"], *placed(bodies), rows=len(bodies))

    async def forget_emitted(self, up_to_id: int) -> None:
        # Mostly a few, and then at once; but there may be thousands.
        few = 0 if self.is_behind else self.rows_at_once
        if not few or self.at_once(lambda: self._forget_some(up_to_id, few)) == few:
            await self.hop(lambda: self._do(_SQL["forget_emitted"], up_to_id))

    def _forget_some(self, up_to_id: int, most: int) -> int:
        return self._change(_SQL["forget_some_emitted"], up_to_id, most)


def _bad_record(row: Row) -> BadRecord:
    number, at_ms, source, code, message, path, hint, body, origin, replayed_ms = row
    return BadRecord(
        id=number,
        at_ms=at_ms,
        source=source,
        code=code,
        message=message,
        path=path,
        hint=hint,
        body=body,
        origin=origin,
        replayed_ms=replayed_ms,
    )
