"""Archive: copy what was accepted from the log into the history, and tell it who people are.

The archivist reads the same log as the reactor, never past it, and keeps the events the reactor kept: those that hold
the position under which their message id was first seen, and of those known by their numbers all that the reactor did
not skip. So it decides nothing of its own, and can start anywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import msgspec
import pyarrow as pa

from holdfast.events.event import Event, IdentityKey
from holdfast.events.segment_spec import decode
from holdfast.flows.ingest.copying import (
    NOBODY,
    SLICE,
    Copied,
    copying_events,
    copying_people,
    known_of,
    people_rows,
)
from holdfast.flows.ingest.reading import ARCHIVE as GROUP
from holdfast.flows.ingest.reading import INDEXES, POISON, REACT, numbers_of, position_of
from holdfast.flows.ingest.recent import Recent
from holdfast.flows.people.erased import names_of, under_erasure
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import to_millis
from holdfast.ports.copying import Copyist, TakesTables
from holdfast.ports.history import History, HistoryRow, PersonRow
from holdfast.ports.log import Entry, Log
from holdfast.ports.state import BadRecord, State, View

_log = logging.getLogger(__name__)

PEOPLE_MOST = 5_000
"""How many changed people are copied at a time."""
BEGUN = "archive/begun"
"""The note that says up to where the batch goes that is being added: `START-FOLLOWING`."""
TOLD_MOST = 100_000
"""How many identities are remembered as told of."""
BYTES_MOST = 16_000_000
"""How much of the log is read at a time."""
COPIED_LEAST = 200
"""So few events or people are laid out sooner here."""
COPIED_MOST = 2_000
"""Events in one message to whoever lays them out: it is made, and read, while nobody else has a turn."""

_Placed: TypeAlias = tuple[int, bool, Event]
"""Where an event stands in the log, whether it bears a number, and the event."""


class Archivist:
    """Keeps the history up with the state. Safe to call from several tasks: one works, the others wait."""

    def __init__(
        self,
        *,
        log: Log,
        state: State,
        history: History,
        added: Callable[[Sequence[HistoryRow]], None] = lambda rows: None,
        batch_records: int = 1_000,
        outlived: bool = False,
        recent: Recent | None = None,
    ) -> None:
        """Nothing is read or written yet; `added` is told of events once they are in the history.

        Args:
            recent: what the reactor remembers of what it took in; without it everything is read from the log.
            outlived: whether an insert may go on after its process has died, as one does on a server. Whoever comes
                after it sends the same batch under the same token, so that the two are one.
        """
        self._outlived = outlived
        self._copyist: Copyist | None = None
        # What is sent again must be what was sent before, also by whoever remembers nothing.
        self._recent = Recent() if recent is None or outlived else recent
        self._added = added
        self._log = log
        self._state = state
        self._history = history
        self._batch_records = batch_records
        self._turn = asyncio.Lock()
        self._doubtful_before: int | None = None
        self._told: dict[int, int] = {}

    def use(self, copyist: Copyist) -> None:
        """Have this one lay out what is copied, where the history is one that takes it so."""
        self._copyist = copyist

    async def flush(self) -> int:
        """Copy everything the reactor has taken in; returns how many events were added."""
        async with self._turn:
            added = 0
            try:
                while True:
                    events, more = await self._flush_events()
                    added += events
                    if not more:
                        break
            except BaseException:
                # It may have added events without noting its offset, as a process that died.
                self._doubtful_before = None
                raise
            while await self._flush_people():
                pass
            return added

    async def archived_since(self, offset: int | None) -> tuple[list[HistoryRow], int]:
        """Some of what was archived from that offset on, by whichever process; and the offset to go on from.

        Args:
            offset: None to begin with what is archived from now on.

        Raises Busy when log or state cannot be reached.
        """
        async with self._state.view() as view:
            end = await view.offset(GROUP)
        if offset is None or offset >= end:
            return [], end
        found = await self._log.read(offset, max_records=self._batch_records, max_bytes=BYTES_MOST)
        entries = [entry for entry in found if entry.offset < end]
        return (await self._rows(entries), entries[-1].offset + 1) if entries else ([], end)

    async def _flush_events(self) -> tuple[int, bool]:
        async with self._state.view() as view:
            start, end = await view.offset(GROUP), await view.offset(REACT)
            erasing = bool(await view.erasures(open_only=True))
        if self._doubtful_before is None:
            # What died or failed may have added events without noting its offset; nothing past this point, though.
            self._doubtful_before = end
        if start >= end:
            return 0, False
        # While anybody is being erased, it is looked at each event whether it is theirs.
        rows, following = ([], start) if erasing else self._recent.since(start, most=self._batch_records)
        if following == start:
            rows, following = await self._read(start, min(end, self._recent.next_after(start) or end))
        if following == start:
            rows, following = await self._read(start, end)
        if following == start:
            return 0, False
        if start < self._doubtful_before:
            rows = await self._unknown(rows)
        if rows:
            await self._add(rows, f"log:{start}-{following}")
        async with self._state.begin() as transaction:
            await transaction.set_offset(GROUP, following)
        self._recent.forget(following)
        return len(rows), following < end

    async def _read(self, start: int, end: int) -> tuple[list[HistoryRow], int]:
        """The next events of the log, none from `end` on, and the offset to go on from: `start` when there are none."""
        entries = await self._log.read(start, max_records=min(self._batch_records, end - start), max_bytes=BYTES_MOST)
        entries = [entry for entry in entries if entry.offset < end]
        if not entries:
            return [], start
        if self._outlived:
            entries = await self._begun(start, entries)
        return await self._rows(entries), entries[-1].offset + 1

    async def _begun(self, start: int, entries: list[Entry]) -> list[Entry]:
        """The batch that was begun here before, by whomever; else these, once it is written down that they are."""
        async with self._state.begin() as transaction:
            first, _, following = (await transaction.note(BEGUN) or "").partition("-")
            if first == str(start):
                return [entry for entry in entries if entry.offset < int(following)]
            await transaction.set_note(BEGUN, f"{start}-{entries[-1].offset + 1}")
        return entries

    async def _add(self, rows: list[HistoryRow], token: str) -> None:
        """Add the rows; should one break the whole, the halves, until it stands alone and is set aside."""
        try:
            if not await self._add_laid_out(rows, token):
                await self._history.add(rows, token=token)
        except POISON as fault:
            _log.exception("Adding %d events to the history failed.", len(rows))
            if len(rows) == 1:
                await self._set_aside(rows[0], fault)
                return
            middle = len(rows) // 2
            await self._add(rows[:middle], f"{token}/1")
            await self._add(rows[middle:], f"{token}/2")
        else:
            self._added(rows)

    async def _add_laid_out(self, rows: list[HistoryRow], token: str) -> bool:
        """Whether somebody has laid the rows out, and they were added so."""
        copyist, history = self._copyist, self._history
        if copyist is None or not copyist.may_copy or len(rows) < COPIED_LEAST or not isinstance(history, TakesTables):
            return False
        tables: list[pa.Table] = []
        for start in range(0, len(rows), COPIED_MOST):
            task = copying_events(rows[start : start + COPIED_MOST], history.laid_out_for)
            copied = None if task is None else await copyist.copy(task)
            if copied is None:
                return False
            tables.append(Copied.of(copied).as_table())
        # In one piece: that is how it is sent, and a retry is known by its pieces.
        await history.add_laid_out(pa.concat_tables(tables).combine_chunks(), token=token)
        return True

    async def _set_aside(self, row: HistoryRow, fault: Exception) -> None:
        event = row.event
        record = BadRecord(
            at_ms=to_millis(event.received_at),
            source=event.source,
            code="unforeseen",
            message=f"it could not be added to the history: {fault!r:.200}",
            path="$",
            hint="It counts for journeys, but not in answers. The server's log has the details.",
            body=msgspec.json.encode({"messageId": event.message_id, "event": event.name}).decode(),
            origin=f"archive:{event.message_id}",
        )
        async with self._state.begin() as transaction:
            await transaction.add_bad_records([record])

    async def _rows(self, entries: Sequence[Entry]) -> list[HistoryRow]:
        rows: list[HistoryRow] = []
        placed: list[_Placed] = []
        for entry in entries:
            record = entry.record
            try:
                decoded = decode(record.kind, record.body, received_ms=record.received_ms, source=record.source)
            except (Exposed, *POISON):
                continue  # The reactor met the same, and set the whole of it aside.
            numbered = bool(numbers_of(record).epoch)
            placed.extend((position_of(entry.offset, index), numbered, event) for index, event in decoded.events)
            if len(placed) >= SLICE:
                rows += await self._kept(placed)
                placed = []
                await asyncio.sleep(0)
        return rows + await self._kept(placed)

    async def _kept(self, placed: Sequence[_Placed]) -> list[HistoryRow]:
        """Those of the events that the reactor kept."""
        if not placed:
            return []
        async with self._state.view() as view:
            kept = await _kept(view, placed)
            erased = [(until, plan.keys) for until, plan in await under_erasure(view)]
            if erased:
                kept = [(position, event) for position, event in kept if not _erased(position, event, erased)]
            names = [event.identity for _, event in kept]
            known = await view.identities(list(set(names)))
        return [HistoryRow(identity=known[name].id, event=event) for name, (_, event) in zip(names, kept, strict=True)]

    async def _unknown(self, rows: list[HistoryRow]) -> list[HistoryRow]:
        if not rows:
            return rows
        moments = [to_millis(row.event.timestamp) for row in rows]
        there = await self._history.known([row.id for row in rows], first_ms=min(moments), last_ms=max(moments))
        return [row for row in rows if row.id not in there]

    async def _flush_people(self) -> bool:
        async with self._state.view() as view:
            stale = await view.stale_people(limit=PEOPLE_MOST)
            if not stale:
                return False
        copied = await self._copied(stale)
        rows: list[PersonRow] = []
        if copied is None:
            rows, moved = await self._people(stale)
        else:
            moved = copied.moved
        moved = {identity: person for identity, person in moved.items() if self._told.get(identity) != person}
        if moved:
            await self._history.map_identities(moved, version=max(sequence for _, sequence in stale))
            if len(self._told) > TOLD_MOST:
                self._told.clear()  # Telling it again costs a row, and changes nothing.
            self._told.update(moved)
        if copied is None:
            await self._history.put_people(rows)
        else:
            await cast("TakesTables", self._history).put_laid_out(copied.as_table())
        async with self._state.begin() as transaction:
            await transaction.untouch_people(stale)
        return len(stale) == PEOPLE_MOST

    async def _copied(self, stale: Sequence[tuple[int, int]]) -> Copied | None:
        """The changed people as somebody else has laid them out; None where nobody has."""
        copyist, history = self._copyist, self._history
        if copyist is None or not copyist.may_copy or len(stale) < COPIED_LEAST or not isinstance(history, TakesTables):
            return None
        copied = await copyist.copy(copying_people(stale, history.laid_out_for))
        return None if copied is None else Copied.of(copied)

    async def _people(self, stale: Sequence[tuple[int, int]]) -> tuple[list[PersonRow], dict[int, int]]:
        """The rows of changed people, and the identities to map anew."""
        async with self._state.view() as view:
            remembered = self._recent.taken(stale)
            # Whom nothing was ever joined to is what their one identity says.
            links = await view.links(list(remembered)) if remembered else []
            for person in {end for link in links for end in (link.first, link.second)}:
                remembered.pop(person, None)
            others = {person: sequence for person, sequence in stale if person not in remembered}
            known = await known_of(view, others) if others else NOBODY
        return [*remembered.values(), *await people_rows(known, others)], known.moved()


async def _kept(view: View, placed: Sequence[_Placed]) -> list[tuple[int, Event]]:
    """The events that the reactor kept, in their order: of those that bear numbers, what it did not skip."""
    hashes = {position: event.dedup_hash for position, numbered, event in placed if not numbered}
    seen = await view.seen(list(hashes.values())) if hashes else {}
    told = len(hashes) < len(placed)
    skipped = await view.skipped(placed[0][0], placed[-1][0]) if told else frozenset[int]()
    return [
        (position, event)
        for position, numbered, event in placed
        if (position not in skipped if numbered else seen.get(hashes[position]) == position)
    ]


def _erased(position: int, event: Event, erased: Sequence[tuple[int, frozenset[IdentityKey]]]) -> bool:
    """Whether it is of somebody who is being erased, from before: whoever has the name now is somebody else."""
    return any(position < until * INDEXES and not names.isdisjoint(names_of(event)) for until, names in erased)
