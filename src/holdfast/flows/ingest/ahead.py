"""Ahead: the next log entries are made events before they are asked for, where that costs little or nothing.

What others say is made events while a commit waits for the disk, for then the interpreter is free; what we tell
ourselves is remembered from the telling. This is only memory: whatever it does not hold is made when it is asked for.
What an entry says is made of that entry alone, and of one that was rewritten meanwhile, as by an erasure, it is made
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite

from holdfast.events.event import OWN_SOURCE, Event
from holdfast.flows.ingest.reading import BYTES_MOST, Placed, decoded, placed_in
from holdfast.ports.log import Entry, Log, Record
from holdfast.ports.state import BadRecord

EVENTS_AT_ONCE = 50
"""Events made before whoever waits has a turn: a third of a millisecond."""

TOLD_MOST = 20_000
"""Events of ours remembered from their telling until they are read; the oldest go first."""


class Ahead:
    """Reads on in the log for one who reads it entry by entry."""

    def __init__(self, log: Log) -> None:
        """Nothing is read yet."""
        self._log = log
        self._made: dict[int, tuple[Entry, list[Placed], list[BadRecord]]] = {}
        self._going: asyncio.Task[None] | None = None
        self._next = 0
        """The offset to read on from."""
        self._told: dict[bytes, Sequence[Event]] = {}
        """By the body they are told in."""
        self._told_events = 0

    def told(self, records: Sequence[tuple[Record, Sequence[Event]]]) -> None:
        """Remember what these records of ours say, that are about to be in the log."""
        for record, events in records:
            if record.body not in self._told and all(map(_comes_back_as_it_is, events)):
                self._told[record.body] = events
                self._told_events += len(events)
        while self._told_events > TOLD_MOST:
            self._told_events -= len(self._told.pop(next(iter(self._told))))

    def begin(self, offset: int, *, records: int, size: int = BYTES_MOST) -> None:
        """Make events of up to so many entries, and bytes, from that offset on, while nobody else works.

        Where that was begun before, and done with what there was, it goes on with what has come since.
        """
        if self._going is None:
            self._next = offset
        elif not self._going.done():
            return
        left = records - len(self._made)
        if left > 0:
            self._going = asyncio.ensure_future(self._go(left, size))

    def events_of(self, entries: Sequence[Entry]) -> tuple[list[Placed], list[BadRecord]]:
        """The events of these entries in their order, and what could be none; nothing is made ahead any more."""
        made = self._end()
        placed: list[Placed] = []
        bad: list[BadRecord] = []
        for entry in entries:
            known = made.get(entry.offset)
            if known is not None and known[0] == entry:
                _, events, others = known
            else:
                events, others = self._made_of(entry)
            placed += events
            bad += others
        return placed, bad

    def _made_of(self, entry: Entry) -> tuple[list[Placed], list[BadRecord]]:
        told = self._told.pop(entry.record.body, None) if entry.record.source == OWN_SOURCE else None
        if told is not None:
            self._told_events -= len(told)
            return placed_in(entry, enumerate(told)), []
        return decoded([entry])

    def _end(self) -> dict[int, tuple[Entry, list[Placed], list[BadRecord]]]:
        if self._going is not None:
            self._going.cancel()
            self._going = None
        made, self._made = self._made, {}
        return made

    async def _go(self, records: int, size: int) -> None:
        made, events = self._made, 0
        with suppress(Exception):  # The tick that reads it meets the same, and it is for that to tell.
            for entry in await self._log.read(self._next, max_records=records, max_bytes=size):
                made[entry.offset] = (entry, *self._made_of(entry))
                self._next = entry.offset + 1
                events += len(made[entry.offset][1])
                if events >= EVENTS_AT_ONCE:
                    events = 0
                    await asyncio.sleep(0)


def _comes_back_as_it_is(event: Event) -> bool:
    """Whether the event that is read is equal to the one that was told, for certain: nearly all of ours are plain."""
    return event.kind == "track" and not event.context and all(map(_is_plain, event.properties.values()))


def _is_plain(value: object) -> bool:
    kind = type(value)
    if kind is float:
        return isfinite(value)  # type: ignore[arg-type]
    return kind is str or kind is int or kind is bool or value is None
