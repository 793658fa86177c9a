"""What comes in, in PostgreSQL: reading positions, messages seen, bad records, own events on their way to the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from holdfast.events.event import Event
from holdfast.ports.state import BadRecord
from holdfast.stores.packing import decoder, pack, signed, unsigned
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session, numbers

_SQL = load("feed")
_EVENTS = decoder(Event)
_NEWEST = 2**63 - 1


class ReadingFeed(Session):
    """Questions about what came in."""

    async def offset(self, group: str) -> int:
        return await self._number(_SQL["offset"], group)

    async def offsets(self) -> dict[str, int]:
        return dict(await self._rows(_SQL["offsets"]))

    async def seen(self, hashes: Sequence[int]) -> dict[int, int]:
        rows = await self._rows(_SQL["seen"], numbers(map(signed, hashes)))
        return {unsigned(number): position for number, position in rows}

    async def skipped(self, first: int, last: int) -> frozenset[int]:
        return frozenset(position for (position,) in await self._rows(_SQL["skipped"], first, last))

    async def bad_records(self, *, limit: int, before_id: int | None, replayed: bool | None) -> list[BadRecord]:
        name = {None: "bad_records", False: "bad_records_open", True: "bad_records_replayed"}[replayed]
        rows = await self._rows(_SQL[name], _NEWEST if before_id is None else before_id, limit)
        return [_bad_record(row) for row in rows]

    async def bad_records_by_id(self, ids: Sequence[int]) -> list[BadRecord]:
        return [_bad_record(row) for row in await self._rows(_SQL["bad_records_by_id"], numbers(ids))]

    async def count_bad_records(self, *, by_code: bool = False) -> dict[str, int]:
        return dict(await self._rows(_SQL["count_bad_records_by_code" if by_code else "count_bad_records"]))

    async def emitted(self, *, limit: int, after_id: int = 0) -> list[tuple[int, Event]]:
        return [(number, _EVENTS.decode(body)) for number, body in await self._rows(_SQL["emitted"], after_id, limit)]

    async def last_emitted(self) -> int:
        return await self._number(_SQL["last_emitted"])


class ChangingFeed(ReadingFeed):
    """Changes of what came in."""

    async def set_offset(self, group: str, offset: int) -> None:
        await self._do(_SQL["set_offset"], group, offset)

    async def mark_seen(self, positions: Mapping[int, int], at_ms: int) -> None:
        marks = sorted((signed(number), position) for number, position in positions.items())
        await self._do(_SQL["mark_seen"], [number for number, _ in marks], [position for _, position in marks], at_ms)

    async def forget_seen(self, before_ms: int) -> None:
        await self._do(_SQL["forget_seen"], before_ms)
        await self._do(_SQL["forget_skipped"], before_ms)

    async def mark_skipped(self, positions: Sequence[int], at_ms: int) -> None:
        await self._do(_SQL["mark_skipped"], sorted(positions), at_ms)

    async def add_bad_records(self, records: Sequence[BadRecord]) -> None:
        kept = {origin for (origin,) in await self._rows(_SQL["known_origins"], [each.origin for each in records])}
        last = await self._number(_SQL["last_bad_record"])
        added: list[BadRecord] = []
        for record in records:
            if record.origin not in kept:
                added.append(replace(record, id=last + len(added) + 1))
                kept.update({record.origin} - {""})
        await self._do_all(_SQL["add_bad_records"], map(_bad_record_row, added))

    async def mark_replayed(self, ids: Sequence[int], at_ms: int) -> None:
        await self._do(_SQL["mark_replayed"], numbers(ids), at_ms)

    async def emit(self, events: Sequence[Event]) -> None:
        await self._do_all(_SQL["emit"], [(event.message_id, pack(event)) for event in events])

    async def forget_emitted(self, up_to_id: int) -> None:
        await self._do(_SQL["forget_emitted"], up_to_id)


def _bad_record_row(record: BadRecord) -> tuple[object, ...]:
    return (
        record.id,
        record.at_ms,
        record.source,
        record.code,
        record.message,
        record.path,
        record.hint,
        record.body,
        record.origin,
        record.replayed_ms,
    )


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
