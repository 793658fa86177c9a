"""React: the tick. One transaction takes in events, moves people through journeys and claims what is to be sent.

Everything a tick changes (profiles, identities, visits, sends, own events, how far the log is read) is committed
together, and only then are claimed sends handed over. A process that dies at any line leaves either all of a tick or
nothing of it.

Time inside a tick is the log record's, never the clock's, so that a replay decides the same. The clock is asked for one
thing: which timers are due, and never past the last record read while records wait, so that an event that came in time
is not overtaken by its own timeout.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from holdfast.decisions.gate import GateRules
from holdfast.decisions.machine import STOPPED
from holdfast.events.event import Event, IdentityKey
from holdfast.events.segment_spec import decode
from holdfast.flows.identify import apply_claims
from holdfast.flows.own import own_records, told_settled
from holdfast.flows.playbook import Playbook, load_playbook
from holdfast.flows.travel import Travel, Travelled, Traveller, load_travellers, still_refused
from holdfast.kernel.errors import Exposed, Invalid
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.log import Entry, Log
from holdfast.ports.state import BadRecord, Identity, Send, Settlement, State, Transaction
from holdfast.profiles.identity import Claim, claims_of
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.segments.condition import UTC_ZONE

_log = logging.getLogger(__name__)

GROUP = "react"
ARCHIVE = "archive"
"""The group that copies into the history what the reactor kept."""
INDEXES = 4096
"""Events in one log entry are fewer than this (the specification allows 2,500)."""
BYTES_MOST = 256_000
"""How much of the log one tick takes in: small enough that a tick does not keep requests waiting."""
POISON = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What an event nobody foresaw raises. Anything else (a full disk, a lost connection) is no fault of the event."""
DUE_MOST = 2_000
"""Timers fired in one tick."""
EMITTED_MOST = 2_000
"""Own events moved to the log at a time."""
DAY_MS = 86_400_000
END_OF_TIME_MS = 2**62


Delivered = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Tells which sends a provider took."""


def position_of(offset: int, index: int) -> int:
    """Where an event stands in the log, as one number."""
    return offset * INDEXES + index


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An event at its position, with the moment it was received."""

    position: int
    received_ms: int
    event: Event


@dataclass(slots=True)
class _People:
    """The identities of a tick and what is known of them; grows and changes as the tick goes on."""

    identities: dict[IdentityKey, Identity] = field(default_factory=dict)
    profiles: dict[int, Profile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What a tick came to."""

    events: int = 0
    fired: int = 0
    settled: int = 0
    claimed: int = 0
    set_aside: int = 0

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.events or self.fired or self.settled or self.claimed or self.set_aside)


class Reactor:
    """Runs ticks, one at a time."""

    def __init__(
        self,
        *,
        log: Log,
        state: State,
        clock: Clock,
        rules: GateRules,
        hand_over: Callable[[Sequence[Send]], None],
        room: Callable[[], int],
        batch_records: int = 100,
        dedup_days: int = 30,
        zone: ZoneInfo = UTC_ZONE,
    ) -> None:
        """Nothing is read or written yet.

        Args:
            hand_over: takes the sends a tick claimed, once the claim is durable.
            room: how many more sends may be under way; no more are claimed.
            batch_records: log entries read in one tick.
            zone: the workspace's time zone.
        """
        self._log = log
        self._state = state
        self._clock = clock
        self._rules = rules
        self._hand_over = hand_over
        self._room = room
        self._batch_records = batch_records
        self._zone = zone
        self._dedup_ms = dedup_days * DAY_MS
        self._settlements: list[Settlement] = []
        self._turn = asyncio.Lock()
        self._ticking: set[asyncio.Task[Ticked]] = set()
        self._forgotten_day = 0

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """What became of sends handed over; written by the next tick."""
        self._settlements.extend(settlements)

    async def tick(self) -> Ticked:
        """Take in what there is, up to a tick's limits; changes everything or nothing.

        Whoever asked for it may be cancelled; a tick that has begun goes on to its end. Between a commit and handing
        over what it claimed nothing may come: a send claimed and in nobody's hands would wait for the next start.
        """
        ticking = asyncio.ensure_future(self._tick_alone())
        self._ticking.add(ticking)
        ticking.add_done_callback(self._ticking.discard)
        return await asyncio.shield(ticking)

    async def _tick_alone(self) -> Ticked:
        async with self._turn:
            settlements, self._settlements = self._settlements, []
            try:
                return await self._tick_around_poison(settlements)
            except BaseException:
                # Those that were written after all change nothing when they are written again.
                self._settlements = settlements + self._settlements
                raise

    async def _tick_around_poison(self, settlements: Sequence[Settlement]) -> Ticked:
        """A tick; should a record break it, smaller ones until that record stands alone and is set aside."""
        records = self._batch_records
        blamed: Exception | None = None
        while True:
            try:
                done = await self._tick(settlements, records)
            except POISON as fault:
                if records == 0:
                    raise  # It fails without any record, so none is to blame.
                _log.exception("A tick of %d log entries failed.", records)
                blamed, records = fault, records // 2
                continue
            if records or blamed is None:
                return done
            await self._set_aside(blamed)
            return replace(done, set_aside=1)

    async def _set_aside(self, fault: Exception) -> None:
        """Put the next log entry among the bad records, and go on after it."""
        async with self._state.begin() as transaction:
            offset = await transaction.offset(GROUP)
            entries = await self._log.read(offset, max_records=1, max_bytes=BYTES_MOST)
            hint = "Everything in this request was set aside. The server's log has the details; replay it once mended."
            reason = Invalid(f"taking it in failed: {fault!r:.200}", code="unforeseen", hint=hint)
            await transaction.add_bad_records([_refused(entries[0], reason)])
            await transaction.set_offset(GROUP, offset + 1)

    async def pump(self) -> int:
        """Move own events into the log, so that they come in by the same door; returns how many.

        Told twice after a crash, they are dropped as duplicates: their message ids are made of what they tell.
        """
        async with self._state.view() as view:
            waiting = await view.emitted(limit=EMITTED_MOST)
        if not waiting:
            return 0
        received_ms = to_millis(self._clock.now())
        await self._log.append(own_records([event for _, event in waiting], received_ms))
        async with self._state.begin() as transaction:
            await transaction.forget_emitted(waiting[-1][0])
        return len(waiting)

    async def recover(self, delivered: Delivered | None = None) -> int:
        """After a start: settle the sends claimed by a process that is no more; returns how many are in doubt.

        Whether a provider took them cannot be known from here, and they are not sent again: at most once. A provider
        that can be asked settles the doubt: what it took is sent, what it did not take is sent now.

        Args:
            delivered: tells which of some sends the provider took, where it can be asked.
        """
        now_ms = to_millis(self._clock.now())
        async with self._state.view() as view:
            # Whatever the clock said when they were claimed: it may have been set back since.
            orphans = await view.claimed_before(END_OF_TIME_MS)
        taken = await delivered([send.key for send in orphans]) if delivered is not None and orphans else None
        settlements = [_recovered(send, taken) for send in orphans]
        async with self._state.begin() as transaction:
            await self._settle(transaction, settlements, now_ms)
        return sum(each.state == "in_doubt" for each in settlements)

    async def _tick(self, settlements: Sequence[Settlement], records: int) -> Ticked:
        clock_ms = to_millis(self._clock.now())
        async with self._state.begin() as transaction:
            offset = await transaction.offset(GROUP)
            found = await self._log.read(offset, max_records=max(records, 1), max_bytes=BYTES_MOST)
            more = bool(found) and found[-1].offset + 1 < await self._log.end()
            watermark = min(clock_ms, found[-1].record.received_ms) if more else clock_ms
            entries = found[:records]
            await self._settle(transaction, settlements, clock_ms)
            playbook = await load_playbook(transaction)
            events = await self._take_in(transaction, entries, playbook)
            if entries:
                await transaction.set_offset(GROUP, entries[-1].offset + 1)
            fired = await self._fire(transaction, playbook, watermark)
            # What has reached the log and is not taken in may say that somebody has opted out, or has bought.
            claimed = await self._claim(transaction, playbook, clock_ms, behind=more)
            await self._forget(transaction, clock_ms)
        if claimed:
            self._hand_over(claimed)
        return Ticked(events=events, fired=fired, settled=len(settlements), claimed=len(claimed))

    async def _take_in(self, transaction: Transaction, entries: Sequence[Entry], playbook: Playbook) -> int:
        placed, bad = _decoded(entries)
        if bad:
            await transaction.add_bad_records(bad)
        fresh = await _unseen(transaction, placed)
        if not fresh:
            return 0
        at_ms = entries[-1].record.received_ms
        await transaction.mark_seen({each.event.dedup_hash: each.position for each in fresh}, at_ms)
        people = await _gather(transaction, fresh)
        # The first of them is decided at its own time, and the caps look back from there.
        first_ms = min(each.received_ms for each in fresh)
        travellers = await self._in_play(transaction, fresh, people, playbook, first_ms)
        travel = Travel(playbook, self._rules, self._zone)
        for each in fresh:
            identity = people.identities[each.event.identity]
            traveller = travellers.get(identity.person)
            # Who travels may have been changed on the way.
            profiles = people.profiles if traveller is None else traveller.profiles
            profile = learn(profiles.get(identity.id, EMPTY), each.event)
            people.profiles[identity.id] = profile
            if traveller is not None:
                traveller.profiles[identity.id] = profile
                travel.happened(traveller, each.event, identity.id, from_millis(each.received_ms))
        learnt = {people.identities[each.event.identity] for each in fresh}
        await transaction.put_profiles({each.id: people.profiles[each.id] for each in learnt})
        await transaction.touch_people(sorted({each.person for each in learnt}))
        await _write(transaction, travel.done)
        return len(fresh)

    async def _in_play(
        self,
        transaction: Transaction,
        fresh: Sequence[Placed],
        people: _People,
        playbook: Playbook,
        now_ms: int,
    ) -> dict[int, Traveller]:
        """The people whose events may move them: those on a journey, and those an event may let in."""
        person_of = {each.event.identity: people.identities[each.event.identity].person for each in fresh}
        begins = {person_of[each.event.identity] for each in fresh if each.event.name in playbook.by_event}
        members = await transaction.members(sorted(set(person_of.values())))
        owner = {each.id: person for person, those in members.items() for each in those}
        travelling = {owner[visit.identity] for visit in await transaction.open_visits(list(owner))}
        return await load_travellers(transaction, sorted(begins | travelling), playbook, self._rules, now_ms)

    async def _fire(self, transaction: Transaction, playbook: Playbook, now_ms: int) -> int:
        due = await transaction.due_visits(now_ms, limit=DUE_MOST, without=sorted(playbook.paused))
        if not due:
            return 0
        owners = await transaction.identities_by_id([visit.identity for visit in due])
        persons = sorted({owner.person for owner in owners.values()})
        travellers = await load_travellers(transaction, persons, playbook, self._rules, now_ms)
        travel = Travel(playbook, self._rules, self._zone)
        for visit in due:
            travel.due(travellers[owners[visit.identity].person], visit.id, from_millis(now_ms))
        await _write(transaction, travel.done)
        return len(due)

    async def _claim(self, transaction: Transaction, playbook: Playbook, now_ms: int, *, behind: bool) -> list[Send]:
        """Take sends for the senders, and let go of those that may not be made any more.

        While the log is not read to its end an opt-out may stand in it: only what needs no consent is taken.
        """
        room = self._room()
        if room <= 0:
            return []
        claimed = await transaction.claim_sends(
            now_ms, limit=room, without=sorted(playbook.paused), transactional_only=behind
        )
        if not claimed:
            return []
        stopped = [send for send in claimed if playbook.is_stopped(send.origin, send.version)]
        running = [send for send in claimed if send not in stopped]
        refused = [Settlement(key=send.key, state="withheld", reason=STOPPED) for send in stopped]
        refused += await still_refused(transaction, running, self._rules, now_ms)
        await self._settle(transaction, refused, now_ms)
        keys = {each.key for each in refused}
        return [send for send in claimed if send.key not in keys]

    async def _settle(self, transaction: Transaction, settlements: Sequence[Settlement], now_ms: int) -> None:
        if not settlements:
            return
        sends = await transaction.sends([each.key for each in settlements])
        settlements = [each for each in settlements if each.key in sends]
        owners = await transaction.identities_by_id([send.identity for send in sends.values()])
        await transaction.settle_sends(settlements, now_ms)
        for each in settlements:
            send = sends[each.key]
            if each.gone and send.address:
                await transaction.suppress(send.channel, send.address, "bounced", now_ms)
        told = [
            told_settled(sends[each.key], each, owners[sends[each.key].identity].key, now_ms)
            for each in settlements
            if each.state != "pending" and sends[each.key].state == "claimed"
        ]
        await transaction.emit(told)

    async def _forget(self, transaction: Transaction, now_ms: int) -> None:
        """Once a day, let go of message ids too old to come again.

        How old they are is told by the first record the archive has yet to copy. The archive would take an event whose
        id is gone for a repetition; and a repetition that waits unread since yesterday came in time.
        """
        day = now_ms // DAY_MS
        if day == self._forgotten_day:
            return
        waiting = await self._log.read(await transaction.offset(ARCHIVE), max_records=1, max_bytes=BYTES_MOST)
        reached_ms = min((each.record.received_ms for each in waiting), default=now_ms)
        await transaction.forget_seen(min(now_ms, reached_ms) - self._dedup_ms)
        self._forgotten_day = day


def _recovered(send: Send, taken: set[str] | None) -> Settlement:
    if taken is None:
        return Settlement(key=send.key, state="in_doubt", reason="The server stopped while it was on its way.")
    if send.key in taken:
        return Settlement(key=send.key, state="sent")
    return Settlement(key=send.key, state="pending", reason="The server stopped before it was taken.")


def _decoded(entries: Sequence[Entry]) -> tuple[list[Placed], list[BadRecord]]:
    placed: list[Placed] = []
    bad: list[BadRecord] = []
    for entry in entries:
        record = entry.record
        try:
            decoded = decode(record.kind, record.body, received_ms=record.received_ms, source=record.source)
        except Exposed as refusal:
            # It was let in under other limits than today's; it must not stop the log.
            bad.append(_refused(entry, refusal))
            continue
        placed.extend(
            Placed(position=position_of(entry.offset, index), received_ms=record.received_ms, event=event)
            for index, event in decoded.events
        )
        bad.extend(
            BadRecord(
                at_ms=record.received_ms,
                source=record.source,
                code=each.code,
                message=each.message,
                path=each.path,
                hint=each.hint,
                body=each.body,
                origin=f"log:{entry.offset}.{each.index}",
            )
            for each in decoded.bad
        )
    return placed, bad


def _refused(entry: Entry, refusal: Exposed) -> BadRecord:
    return BadRecord(
        at_ms=entry.record.received_ms,
        source=entry.record.source,
        code=refusal.code,
        message=refusal.message,
        path=refusal.path,
        hint=refusal.hint,
        body=entry.record.body.decode("utf-8", "replace"),
        origin=f"log:{entry.offset}",
    )


async def _unseen(transaction: Transaction, placed: Sequence[Placed]) -> list[Placed]:
    """Those whose message id was never seen; of several in the batch, the first."""
    seen = await transaction.seen([each.event.dedup_hash for each in placed])
    fresh: dict[int, Placed] = {}
    for each in placed:
        if each.event.dedup_hash not in seen:
            fresh.setdefault(each.event.dedup_hash, each)
    return list(fresh.values())


async def _gather(transaction: Transaction, fresh: Sequence[Placed]) -> _People:
    """Number the identities, apply the claims, load the profiles."""
    claimed = [(each, claims_of(each.event)) for each in fresh]
    keys = {each.event.identity for each in fresh} | {
        name for _, claims in claimed for claim in claims for name in claim.names
    }
    known = await transaction.identities(list(keys))
    wanted, claims = _resolved(claimed, known)
    new = [key for key in wanted if key not in known]
    if new:
        known = known | await transaction.add_identities(new, fresh[0].received_ms)
    if claims:
        await apply_claims(transaction, claims, known)
        known = await transaction.identities(list(known))
    profiles = await transaction.profiles([each.id for each in known.values()])
    return _People(identities=known, profiles=dict(profiles))


def _resolved(
    claimed: Sequence[tuple[Placed, Sequence[Claim]]], known: Container[IdentityKey]
) -> tuple[list[IdentityKey], list[tuple[Claim, int, str]]]:
    """Every name of the batch in order of arrival, and the claims, each with the names it means.

    An alias means who was known before it: before the batch, or by an earlier event in it.
    """
    arrived: dict[IdentityKey, None] = {}
    claims: list[tuple[Claim, int, str]] = []
    before = _Either(known, arrived)
    for each, said in claimed:
        meant = [claim.resolved(before) for claim in said]
        claims += [(claim, to_millis(each.event.timestamp), each.event.message_id) for claim in meant]
        arrived.setdefault(each.event.identity)
        for claim in meant:
            arrived.setdefault(claim.first)
            arrived.setdefault(claim.second)
    return list(arrived), claims


@dataclass(frozen=True, slots=True)
class _Either:
    """What is in one or the other."""

    one: Container[IdentityKey]
    other: Container[IdentityKey]

    def __contains__(self, key: object) -> bool:
        return key in self.one or key in self.other


async def _write(transaction: Transaction, done: Travelled) -> None:
    new = [replace(visit, id=0) for number, visit in done.visits.items() if number < 0]
    old = [visit for number, visit in done.visits.items() if number > 0]
    if new:
        await transaction.add_visits(new)
    if old:
        await transaction.put_visits(old)
    if done.heard:
        await transaction.put_profiles(done.profiles())
        await transaction.touch_people(done.people())
    if done.sends:
        await transaction.add_sends(done.sends)
    if done.passed:
        await transaction.count_steps(done.step_counts())
    if done.events:
        await transaction.emit(done.events)
