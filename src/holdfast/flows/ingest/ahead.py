"""Ahead: the next log entries are made events while a commit waits for the disk, for then the interpreter is free.

This is only memory: whatever it does not hold is made when it is asked for. What an entry says is made of that entry
alone, and of one that was rewritten meanwhile, as by an erasure, it is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from holdfast.flows.ingest.reading import BYTES_MOST, Placed, decoded
from holdfast.ports.log import Entry, Log
from holdfast.ports.state import BadRecord

EVENTS_AT_ONCE = 50
"""Events made before whoever waits has a turn: a third of a millisecond."""


class Ahead:
    """Reads on in the log for one who reads it entry by entry."""

    def __init__(self, log: Log) -> None:
        """Nothing is read yet."""
        self._log = log
        self._made: dict[int, tuple[Entry, list[Placed], list[BadRecord]]] = {}
        self._going: asyncio.Task[None] | None = None

    def begin(self, offset: int, *, records: int) -> None:
        """Make events of up to so many entries from that offset on, while nobody else works."""
        self._going = asyncio.ensure_future(self._go(offset, records))

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
                events, others = decoded([entry])
            placed += events
            bad += others
        return placed, bad

    def _end(self) -> dict[int, tuple[Entry, list[Placed], list[BadRecord]]]:
        if self._going is not None:
            self._going.cancel()
            self._going = None
        made, self._made = self._made, {}
        return made

    async def _go(self, offset: int, records: int) -> None:
        made, events = self._made, 0
        with suppress(Exception):  # The tick that reads it meets the same, and it is for that to tell.
            for entry in await self._log.read(offset, max_records=records, max_bytes=BYTES_MOST):
                made[entry.offset] = (entry, *decoded([entry]))
                events += len(made[entry.offset][1])
                if events >= EVENTS_AT_ONCE:
                    events = 0
                    await asyncio.sleep(0)
