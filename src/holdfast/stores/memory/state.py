"""The state store in memory, for tests, stories and simulations: the contract is the same as SQLite's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from msgspec import structs

from holdfast.decisions.visit import Visit
from holdfast.events.event import Event, IdentityKey
from holdfast.kernel.errors import Internal
from holdfast.ports.state import (
    AccessKey,
    Answered,
    BadRecord,
    Decision,
    Identity,
    Lane,
    PartTransaction,
    SavedSegment,
    Send,
    Settlement,
    StepCount,
    Transaction,
    View,
    says_the_same,
)
from holdfast.profiles.identity import Link
from holdfast.profiles.profile import Profile
from holdfast.stores.memory.accounts import ChangingAccounts
from holdfast.stores.memory.adaptive import ChangingAdaptive
from holdfast.stores.memory.boards import ChangingBoards
from holdfast.stores.memory.catalogues import ChangingCatalogues
from holdfast.stores.memory.connections import ChangingConnections
from holdfast.stores.memory.devices import ChangingDevices
from holdfast.stores.memory.dictionary import ChangingDictionary
from holdfast.stores.memory.erasure import ChangingErasure
from holdfast.stores.memory.experiments import ChangingExperiments
from holdfast.stores.memory.holdouts import ChangingHoldouts
from holdfast.stores.memory.inbox import ChangingInbox
from holdfast.stores.memory.live import ChangingLive
from holdfast.stores.memory.reading import MemoryView
from holdfast.stores.memory.receipts import ChangingReceipts
from holdfast.stores.memory.runs import MemoryChangingRuns
from holdfast.stores.memory.sharing import ChangingSharing
from holdfast.stores.memory.tables import Tables
from holdfast.stores.memory.teamwork import ChangingTeamwork
from holdfast.stores.memory.templates import ChangingTemplates
from holdfast.stores.memory.turns import MemoryChangingTurns
from holdfast.stores.memory.words import ChangingWords


class MemoryTransaction(
    ChangingErasure,
    MemoryChangingRuns,
    ChangingLive,
    MemoryChangingTurns,
    ChangingTemplates,
    ChangingExperiments,
    ChangingCatalogues,
    ChangingConnections,
    ChangingInbox,
    ChangingReceipts,
    ChangingDevices,
    ChangingAdaptive,
    ChangingBoards,
    ChangingDictionary,
    ChangingSharing,
    ChangingHoldouts,
    ChangingAccounts,
    ChangingTeamwork,
    ChangingWords,
    MemoryView,
):
    """The transaction under way, on tables of its own: what was committed is never touched."""

    # Who.
    async def add_identities(self, keys: Sequence[IdentityKey], at_ms: int) -> dict[IdentityKey, Identity]:
        tables = self._tables
        if len(set(keys)) < len(keys) or any(key in tables.numbers for key in keys):
            raise Internal("identities to add must be new and distinct")
        first = await self.last_identity() + 1
        added = {key: Identity(id=number, key=key, person=number) for number, key in enumerate(keys, first)}
        tables.identities = tables.identities | {each.id: each for each in added.values()}
        tables.numbers = tables.numbers | {key: each.id for key, each in added.items()}
        return added

    async def put_profiles(self, profiles: Mapping[int, Profile]) -> None:
        self._tables.profiles = self._tables.profiles | dict(profiles)

    async def add_link(self, link: Link) -> Link:
        (added,) = await self.add_links([link])
        return added

    async def add_links(self, links: Sequence[Link]) -> list[Link]:
        tables = self._tables
        added = [replace(link, id=number) for number, link in enumerate(links, max(tables.links, default=0) + 1)]
        tables.links = tables.links | {link.id: link for link in added}
        return added

    async def undo_link(self, link_id: int, *, at_ms: int, by: str) -> None:
        tables = self._tables
        link = tables.links.get(link_id)
        if link is not None and link.stands:
            tables.links = tables.links | {link_id: replace(link, undone_ms=at_ms, undone_by=by)}

    async def assign(self, moves: Mapping[int, int]) -> None:
        tables = self._tables
        known = {each: person for each, person in moves.items() if each in tables.identities}
        moved = {each: structs.replace(tables.identities[each], person=person) for each, person in known.items()}
        tables.identities = tables.identities | moved

    async def touch_people(self, persons: Sequence[int]) -> int:
        tables = self._tables
        if not persons:
            return 0
        tables.sequence += 1
        tables.stale = tables.stale | {(tables.sequence, person) for person in persons}
        return tables.sequence

    async def untouch_people(self, told: Sequence[tuple[int, int]]) -> None:
        tables = self._tables
        upto = dict(told)
        tables.stale = frozenset(each for each in tables.stale if each[0] > upto.get(each[1], 0))

    # What came in.
    async def set_offset(self, group: str, offset: int) -> None:
        self._tables.offsets = self._tables.offsets | {group: offset}

    async def mark_seen(self, positions: Mapping[int, int], at_ms: int) -> None:
        marks = {number: (position, at_ms) for number, position in positions.items()}
        self._tables.seen = marks | self._tables.seen  # The first position stays.

    async def forget_seen(self, before_ms: int) -> None:
        tables = self._tables
        tables.seen = {number: mark for number, mark in tables.seen.items() if mark[1] >= before_ms}
        tables.skipped = {position: at_ms for position, at_ms in tables.skipped.items() if at_ms >= before_ms}

    async def mark_skipped(self, positions: Sequence[int], at_ms: int) -> None:
        self._tables.skipped = dict.fromkeys(positions, at_ms) | self._tables.skipped

    async def add_bad_records(self, records: Sequence[BadRecord]) -> None:
        tables = self._tables
        kept = {each.origin for each in tables.bad_records.values() if each.origin}
        added: dict[int, BadRecord] = {}
        for record in records:
            if record.origin not in kept:
                number = max((*tables.bad_records, *added), default=0) + 1
                added[number] = replace(record, id=number)
                kept.update({record.origin} - {""})
        tables.bad_records = tables.bad_records | added

    async def mark_replayed(self, ids: Sequence[int], at_ms: int) -> None:
        tables = self._tables
        marked = {
            each: replace(tables.bad_records[each], replayed_ms=at_ms) for each in ids if each in tables.bad_records
        }
        tables.bad_records = tables.bad_records | marked

    async def emit(self, events: Sequence[Event]) -> None:
        tables = self._tables
        added = dict(enumerate(events, tables.emitted_last + 1))
        tables.emitted_last += len(added)
        tables.emitted = tables.emitted | added

    async def forget_emitted(self, up_to_id: int) -> None:
        tables = self._tables
        tables.emitted = {number: event for number, event in tables.emitted.items() if number > up_to_id}

    # Decisions.
    async def put_decision(self, decision: Decision) -> None:
        tables = self._tables
        place = (decision.id, decision.version)
        before = tables.decisions.get(place)
        # What was published is never rewritten.
        kept = decision if before is None else replace(before, state=decision.state)
        tables.decisions = tables.decisions | {place: kept}

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        tables = self._tables
        added = [visit.numbered(number) for number, visit in enumerate(visits, max(tables.visits, default=0) + 1)]
        tables.visits = tables.visits | {visit.id: visit for visit in added}
        return added

    async def put_visits(self, visits: Sequence[Visit]) -> None:
        tables = self._tables
        tables.visits = tables.visits | {visit.id: visit for visit in visits if visit.id in tables.visits}

    async def count_steps(self, passed: Sequence[StepCount]) -> None:
        counts = dict(self._tables.step_counts)
        for each in passed:
            place = (each.origin, each.version, each.step, each.exit)
            counts[place] = counts.get(place, 0) + each.count
        self._tables.step_counts = counts

    # Sends.
    async def add_sends(self, sends: Sequence[Send]) -> None:
        table = dict(self._tables.sends)
        for send in sends:
            table.setdefault(send.key, send)
        self._tables.sends = table

    async def claim_sends(
        self,
        now_ms: int,
        rooms: Mapping[Lane, int],
        *,
        without: Sequence[str] = (),
        claimed_by: str = "",
        send_by_ms: int | None = None,
    ) -> list[Send]:
        waiting: dict[Lane, list[Send]] = {lane: [] for lane in rooms}
        for send in self._tables.sends.values():
            if send.state == "pending" and send.not_before_ms <= now_ms and send.origin not in without:
                waiting.get(send.lane, []).append(send)
        claimed = [
            structs.replace(
                send,
                state="claimed",
                claimed_ms=now_ms,
                attempts=send.attempts + 1,
                claimed_by=claimed_by,
                send_by_ms=send_by_ms,
                tried_ms=now_ms if send.tried_ms is None else send.tried_ms,
            )
            for lane, room in rooms.items()
            for send in sorted(waiting[lane], key=lambda send: send.not_before_ms)[:room]
        ]
        self._tables.sends = self._tables.sends | {send.key: send for send in claimed}
        return claimed

    async def settle_sends(self, settlements: Sequence[Settlement], at_ms: int) -> None:
        table, answers = dict(self._tables.sends), dict(self._tables.answers)
        for each in settlements:
            send = table.get(each.key)
            if send is None or send.state != "claimed" or each.claimed_by not in (None, send.claimed_by):
                continue
            table[each.key] = _settled(send, each, at_ms)
            if not each.untried and each.state in ("pending", "failed", "in_doubt"):
                answers[each.key] = (*answers.get(each.key, ()), Answered(at_ms=at_ms, said=each.reason))
        self._tables.answers = answers
        self._tables.sends = table

    async def replay_dead_letters(self, keys: Sequence[str], at_ms: int) -> list[str]:
        return self._raise_dead(
            keys,
            state="pending",
            attempts=0,
            tried_ms=None,
            claimed_ms=None,
            send_by_ms=None,
            settled_ms=None,
            not_before_ms=at_ms,
        )

    async def drop_dead_letters(self, keys: Sequence[str]) -> list[str]:
        return self._raise_dead(keys)

    def _raise_dead(self, keys: Sequence[str], **changes: Any) -> list[str]:  # noqa: ANN401 - Fields of Send.
        sends = self._tables.sends
        found = [key for key in dict.fromkeys(keys) if key in sends and sends[key].dead]
        self._tables.sends = sends | {key: structs.replace(sends[key], dead=False, **changes) for key in found}
        return found

    async def withhold_sends(self, keys: Sequence[str], reason: str, at_ms: int) -> None:
        waiting = {key: self._tables.sends[key] for key in keys if key in self._tables.sends}
        self._tables.sends = self._tables.sends | {
            key: structs.replace(send, state="withheld", reason=reason, settled_ms=at_ms)
            for key, send in waiting.items()
            if send.state == "pending"
        }

    async def spend(self, amounts: Mapping[tuple[str, str], int]) -> None:
        before = self._tables.spending
        self._tables.spending = before | {each: before.get(each, 0) + amount for each, amount in amounts.items()}

    async def suppress(self, channel: str, address: str, reason: str, at_ms: int) -> None:
        self._tables.suppressions = self._tables.suppressions | {(channel, address.lower()): reason}
        self._tables.suppressed_ms = self._tables.suppressed_ms | {(channel, address.lower()): at_ms}

    # Small things.
    async def put_key(self, key: AccessKey) -> None:
        self._tables.keys = self._tables.keys | {key.name: key}

    async def revoke_key(self, name: str, at_ms: int) -> None:
        key = self._tables.keys.get(name)
        if key is not None and key.revoked_ms is None:
            await self.put_key(replace(key, revoked_ms=at_ms))

    async def note_key_used(self, name: str, at_ms: int) -> None:
        key = self._tables.keys.get(name)
        if key is not None:
            await self.put_key(replace(key, used_ms=at_ms))

    async def put_segment(self, segment: SavedSegment) -> SavedSegment:
        newest = self._newest_segments().get(segment.id)
        if newest is not None and not newest.deleted and says_the_same(newest, segment):
            return newest
        return self._add_segment(replace(segment, deleted=False), newest)

    async def delete_segment(self, segment_id: str, *, at_ms: int, by: str = "") -> SavedSegment | None:
        newest = self._newest_segments().get(segment_id)
        if newest is None or newest.deleted:
            return None
        return self._add_segment(replace(newest, deleted=True, updated_ms=at_ms, by=by), newest)

    def _add_segment(self, segment: SavedSegment, newest: SavedSegment | None) -> SavedSegment:
        added = replace(segment, version=newest.version + 1 if newest else 1)
        self._tables.segments = self._tables.segments | {(added.id, added.version): added}
        return added

    async def take_part(self, part: int) -> bool:
        """All of them are ours."""
        return True

    async def take_budgets(self) -> bool:
        return True

    async def set_note(self, name: str, value: str) -> None:
        self._tables.notes = self._tables.notes | {name: value}


class MemoryState:
    """Answers `ports.state.State`."""

    def __init__(self) -> None:
        self._committed = Tables()
        self._turn = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """One transaction at a time; undone when the block raises."""
        async with self._turn:
            self._check_open()
            tables = replace(self._committed)
            transaction = self._transaction(tables)
            try:
                yield transaction
                self._committed = tables
            finally:
                transaction.end()

    @asynccontextmanager
    async def begin_part(self, part: int) -> AsyncIterator[PartTransaction | None]:
        """One like any other: whoever comes second waits."""
        async with self.begin() as transaction:
            yield cast("MemoryTransaction", transaction)

    @asynccontextmanager
    async def view(self) -> AsyncIterator[View]:
        """A consistent snapshot."""
        self._check_open()
        view = MemoryView(self._committed)
        try:
            yield view
        finally:
            view.end()

    async def purge(self) -> bool:
        """Nothing is in any file."""
        return True

    async def close(self) -> None:
        """Refuse every later call."""
        async with self._turn:
            self._closed = True

    def _transaction(self, tables: Tables) -> MemoryTransaction:
        return MemoryTransaction(tables)

    def _check_open(self) -> None:
        if self._closed:
            raise Internal("the state is closed")


def _settled(send: Send, settlement: Settlement, at_ms: int) -> Send:
    if settlement.state == "pending":
        return structs.replace(
            send,
            state="pending",
            reason=settlement.reason,
            not_before_ms=settlement.not_before_ms,
            claimed_ms=None,
            send_by_ms=None,
            attempts=send.attempts - settlement.untried,
            tried_ms=send.tried_ms if send.attempts > settlement.untried else None,
        )
    return structs.replace(
        send, state=settlement.state, reason=settlement.reason, settled_ms=at_ms, dead=settlement.dead
    )
