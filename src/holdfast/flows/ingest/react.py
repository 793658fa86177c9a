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
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from holdfast.decisions.gate import GateRules
from holdfast.events.event import Json
from holdfast.flows.audience.live_segments import LiveKeeper
from holdfast.flows.delivery.claiming import claim, recovered, settle, untaken
from holdfast.flows.delivery.lanes import NO_LANES, Lanes
from holdfast.flows.ingest.ahead import Ahead
from holdfast.flows.ingest.intake import Intake
from holdfast.flows.ingest.numbering import Numbering, numbered_positions, tell_on
from holdfast.flows.ingest.own import numbered_records
from holdfast.flows.ingest.reading import ARCHIVE, BYTES_MOST, POISON, REACT, check_reached, refused
from holdfast.flows.ingest.recent import Recent
from holdfast.flows.journey.broadcasts import Broadcasts
from holdfast.flows.journey.playbook import PlaybookKeeper
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.hands import NO_HANDS, Hands
from holdfast.ports.log import Entry, Log
from holdfast.ports.state import Send, Settlement, State, Transaction
from holdfast.ports.turns import Turn
from holdfast.segments.condition import UTC_ZONE

_log = logging.getLogger(__name__)

EMITTED_MOST = 1_000
"""Own events moved to the log at a time."""
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
EXPIRED_MOST = 2_000
"""Expired messages of inboxes deleted in one tick."""
END_OF_TIME_MS = 2**62


Delivered = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Tells which sends a provider took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What a tick came to."""

    read: int = 0
    """Log entries read, whatever was in them: all may be repetitions, and others wait behind them."""
    events: int = 0
    fired: int = 0
    settled: int = 0
    claimed: int = 0
    put_off: int = 0
    """Claimed, and left for later because their domain is busy: others may go in their place."""
    set_aside: int = 0
    begun: int = 0
    """Runs of campaigns that began."""
    let_in: int = 0
    """People that runs of campaigns came to."""

    @property
    def idle(self) -> bool:
        """Whether there was nothing to do."""
        return not (
            self.read
            or self.events
            or self.fired
            or self.settled
            or self.claimed
            or self.put_off
            or self.set_aside
            or self.begun
            or self.let_in
        )


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
        lanes: Lanes = NO_LANES,
        batch_records: int = 100,
        dedup_days: int = 30,
        zone: ZoneInfo = UTC_ZONE,
        runs_wanted: Callable[[], None] = lambda: None,
        recent: Recent | None = None,
        reads_ahead: bool = False,
    ) -> None:
        """Nothing is read or written yet.

        Args:
            hand_over: takes the sends a tick claimed, once the claim is durable.
            lanes: how many more sends may be under way, and where; no more are claimed.
            batch_records: log entries read in one tick.
            zone: the workspace's time zone.
            runs_wanted: told that a run of a campaign has begun, and waits for its audience.
            recent: remembers what was taken in, for the archivist.
            reads_ahead: whether the log is so near that the next tick's entries may be read twice.
        """
        self._log = log
        self._state = state
        self._clock = clock
        self._rules = rules
        self._hand_over = hand_over
        self._lanes = lanes
        self._batch_records = batch_records
        self._playbook = PlaybookKeeper()
        self._live = LiveKeeper(zone)
        self._intake = Intake(rules, zone, self._live)
        self._broadcasts = Broadcasts(self._intake, zone, runs_wanted)
        self._recent = recent
        self._ahead = Ahead(log)
        self._reads_ahead = reads_ahead
        self._dedup_ms = dedup_days * DAY_MS
        self._settlements: list[Settlement] = []
        self._turn = asyncio.Lock()
        self._ticking: set[asyncio.Task[Ticked]] = set()
        self._forgotten_day = self._expired_hour = 0
        self.untold = asyncio.Event()
        """Set while own events may wait to be told: those of an earlier process to begin with."""
        self.untold.set()
        self._told = 0
        """The last own event that is in the log."""
        self._in_order = 0
        """The own event up to which there are all: of later ones, those with lower numbers may come after others."""
        self._numbering: Numbering | None = None
        """Under which numbers own events are told; None before the first tick."""
        self._others_fire = False
        self._hands: Hands = NO_HANDS
        self._telling = asyncio.Lock()

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """What became of sends handed over; written by the next tick."""
        self._settlements.extend(settlements)

    async def use(self, hands: Hands) -> None:
        """Have these do part of the work from the next tick on."""
        async with self._turn:
            self._hands = hands
            self._intake.use(hands)

    async def adopt(self, rules: GateRules) -> None:
        """Go by other contact rules from the next tick on."""
        async with self._turn:
            self._rules = rules
            self._intake.adopt(rules)

    @property
    def leaves_timers(self) -> bool:
        """Whether others let the timers of journeys fire."""
        return self._others_fire

    def leave_timers(self, *, to_others: bool) -> None:
        """Whether others let the timers of journeys fire from the next tick on: see `helping`."""
        self._others_fire = to_others

    async def wake(self, persons: Sequence[int], *, spends: bool) -> int:
        """Let timers of journeys fire for these people alone, as others did; returns how many visits were woken."""
        now_ms = to_millis(self._clock.now())
        async with self._turn:
            async with self._state.begin() as transaction:
                playbook = await self._playbook.load(transaction)
                await self._live.begin(transaction, playbook.live_segments, from_millis(now_ms))
                await self._live.watch(transaction, playbook)
                woken = await self._intake.fire_of(transaction, playbook, persons, now_ms, spends=spends)
            self._live.keep()
        return woken

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
        records = self._records_most
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
            offset = await transaction.offset(REACT)
            entries = await self._log.read(offset, max_records=1, max_bytes=BYTES_MOST)
            hint = "Everything in this request was set aside. The server's log has the details; replay it once mended."
            reason = Invalid(f"taking it in failed: {fault!r:.200}", code="unforeseen", hint=hint)
            await transaction.add_bad_records([refused(entries[0], reason)])
            skipped = numbered_positions(entries[0])
            if skipped:
                await transaction.mark_skipped(skipped, entries[0].record.received_ms)
            await transaction.set_offset(REACT, entries[0].offset + 1)

    async def pump(self) -> int:
        """Move own events into the log, so that they come in by the same door; returns how many.

        That they are there is written by the next tick, which saves a transaction. Told twice after a crash, they are
        known again by their numbers: see `numbering`.
        """
        async with self._telling:
            if not self.untold.is_set():
                return 0
            self.untold.clear()  # A tick that commits from here on may say otherwise.
            try:
                # Asked anew, not kept from the tick: they may have been dropped since, with whom they are about.
                async with self._state.view() as view:
                    waiting = await view.emitted(limit=EMITTED_MOST, after_id=self._told)
                waiting = [each for each in waiting if each[0] <= self._in_order]
                if waiting and self._numbering is not None:
                    now_ms = to_millis(self._clock.now())
                    told = numbered_records(waiting, self._numbering.epoch_of, now_ms)
                    self._ahead.told(told)
                    await self._log.append([record for record, _ in told])
                    self._told = waiting[-1][0]
            except BaseException:
                self.untold.set()
                raise
            if len(waiting) == EMITTED_MOST:
                self.untold.set()
        return len(waiting)

    async def recover(self, delivered: Delivered | None = None, *, on: Collection[str] = ("email",)) -> int:
        """After a start: settle the sends claimed by a process that is no more; returns how many are in doubt.

        Whether a provider took them cannot be known from here, and each channel says what follows; mail is not sent
        again: at most once. A provider that can be asked settles the doubt: what it took is sent, what it did not take
        is sent now.

        Args:
            delivered: tells which of some sends the provider took, where it can be asked.
            on: the channels whose sends it can be asked about.
        """
        now_ms = to_millis(self._clock.now())
        async with self._state.view() as view:
            # Whatever the clock said when they were claimed: it may have been set back since.
            orphans = await view.claimed_before(END_OF_TIME_MS)
        asked = [send.key for send in orphans if send.channel in on]
        taken = await delivered(asked) if delivered is not None and asked else None
        settlements = [
            recovered(send, taken if send.channel in on else None, now_ms, self._lanes.doubt(send.channel))
            for send in orphans
        ]
        async with self._state.begin() as transaction:
            await settle(transaction, settlements, now_ms)
        return sum(each.state == "in_doubt" for each in settlements)

    async def _tick(self, settlements: Sequence[Settlement], records: int) -> Ticked:
        with ExitStack() as undone:
            ticked, claimed = await self._commit(settlements, records, undone)
            undone.pop_all()
        if claimed:
            self._hand_over(claimed)
        return ticked

    async def _commit(
        self, settlements: Sequence[Settlement], records: int, undone: ExitStack
    ) -> tuple[Ticked, Sequence[Send]]:
        """The transaction; `undone` is called when it fails."""
        clock_ms = to_millis(self._clock.now())
        async with self._state.begin() as transaction:
            offset = await transaction.offset(REACT)
            # Asked before it is read: where a thousand come each second, some always come while the others are read.
            end = await self._log.end()
            check_reached(end, offset)
            found = await self._log.read(offset, max_records=max(records, 1), max_bytes=self._bytes_most)
            more = bool(found) and found[-1].offset + 1 < end
            watermark = min(clock_ms, found[-1].record.received_ms) if more else clock_ms
            entries = found[:records]
            told = self._told
            epoch = None if self._numbering is None else self._numbering.epoch
            numbering = await tell_on(transaction, epoch, upto=told)
            await settle(transaction, settlements, clock_ms)
            playbook = await self._playbook.load(transaction)
            await self._live.begin(transaction, playbook.live_segments, from_millis(watermark))
            await self._live.watch(transaction, playbook)
            read = self._ahead.events_of(entries)
            if self._hands.ready:  # They work most of the time from here on, and leave the interpreter to us.
                self._read_ahead(entries)
            events = await self._intake.take_in(transaction, *read, playbook, self._broadcasts.happened)
            if entries:
                await transaction.set_offset(REACT, entries[-1].offset + 1)
            left = self._others_fire
            fired = 0 if left else await self._intake.fire(transaction, playbook, watermark)
            fired += await self._live.go_on(transaction, from_millis(watermark))
            begun = await self._broadcasts.begin(transaction, playbook, watermark)
            let_in = await self._broadcasts.go_on(transaction, playbook, watermark, behind=more)
            # What has reached the log and is not taken in may say that somebody has opted out, or has bought.
            claimed = await claim(transaction, playbook, self._rules, self._lanes, clock_ms, behind=more)
            undone.callback(self._unclaim, claimed.sends)
            await self._forget(transaction, clock_ms)
            await self._expire(transaction, clock_ms)
            if entries or fired or begun or let_in or self._live.watches_otherwise:
                following = entries[-1].offset + 1 if entries else offset
                said: dict[str, Json] = {"others": True} if left else {}
                turn = Turn(kind="tick", start=offset, next=following, at_ms=watermark, said=said)
                await transaction.add_turn(turn)
            emitted = await transaction.last_emitted()
            self._read_ahead(entries)
        self._in_order, self._numbering = emitted, numbering
        if emitted > self._told:  # Own events of this tick, or of those who send in processes of their own.
            self.untold.set()
        self._live.keep()
        self._broadcasts.committed()
        if entries and self._recent is not None:
            self._recent.add(offset, entries[-1].offset + 1, self._intake.taken)
            if not self._hands.ready:  # Where there are hands, one of them copies whoever was changed.
                self._recent.changed(self._intake.changed())
        self._hands.done(events + fired + let_in)
        ticked = Ticked(
            read=len(entries),
            events=events,
            fired=fired,
            settled=len(settlements),
            claimed=len(claimed.sends),
            put_off=claimed.put_off,
            begun=begun,
            let_in=let_in,
        )
        return ticked, claimed.sends

    def _unclaim(self, sends: Sequence[Send]) -> None:
        """The transaction in which these were claimed failed."""
        self._lanes.untaken(sends)
        self.settle(untaken(sends))

    def _read_ahead(self, entries: Sequence[Entry]) -> None:
        """Make events of the entries after these while others work."""
        if entries and self._reads_ahead:
            self._ahead.begin(entries[-1].offset + 1, records=self._records_most, size=self._bytes_most)

    @property
    def _records_most(self) -> int:
        """Log entries read in one tick: where there are hands to share the work, so many for each."""
        return self._batch_records * (1 + self._hands.ready)

    @property
    def _bytes_most(self) -> int:
        return BYTES_MOST * (1 + self._hands.ready)

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

    async def _expire(self, transaction: Transaction, now_ms: int) -> None:
        """Once an hour, delete messages of inboxes that nobody is shown any more, also where no others come."""
        hour = now_ms // HOUR_MS
        if hour == self._expired_hour:
            return
        if await transaction.expire_inbox(now_ms, limit=EXPIRED_MOST) < EXPIRED_MOST:
            self._expired_hour = hour
