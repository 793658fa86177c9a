"""A replay: the real tick over the past of a few people, with a clock that goes from one instant to the next.

What decides is the reactor itself, over a log and a state of their own. Up to the period's start there is no journey,
and people only learn; then the draft is live, and the clock stops wherever something happened or falls due. Every
message is taken at once by nobody: what became of it in earnest, where this version sent it, and else accepted.

Other journeys are not run again. What they did is in the past: their contacts are laid where the caps see them, at the
moment they were asked for, so a message that was too many then is too many now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.gate import GateRules
from holdfast.decisions.journey import Journey
from holdfast.decisions.medium import media
from holdfast.decisions.told import JOURNEY_ENTERED, MESSAGE_QUEUED
from holdfast.decisions.visit import Visit
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey
from holdfast.flows.audience.watching import load_watching
from holdfast.flows.delivery.lanes import FreeLanes
from holdfast.flows.ingest.own import MESSAGE_NAMES
from holdfast.flows.ingest.react import Reactor
from holdfast.flows.journey.playbook import load_playbook
from holdfast.flows.journey.travel import load_travellers
from holdfast.flows.people.identify import merge, unmerge
from holdfast.flows.rehearsal.simulation_others import STATE_OF, Others, order_of, trigger_of
from holdfast.flows.rehearsal.simulation_past import Joined, PastEvent, PeoplePast, records_of
from holdfast.kernel.errors import Conflict, Internal, NotFound
from holdfast.kernel.moments import from_millis
from holdfast.ports.log import Log
from holdfast.ports.state import Decision, Send, Settlement, State, StepCount
from holdfast.ports.watching import Watch
from holdfast.segments.leaf import encode_leaf
from holdfast.segments.watching import leaves_in

ROUNDS_MOST = 1_000
"""Ticks in one instant: a journey that goes on for longer without time going by is broken."""
ROOM = 1_000
"""Sends under way at once: as many as any few people get in one instant."""
EVERYTHING = 2**31


class Stage(Protocol):
    """A log and a state of their own, on which a small world is replayed."""

    @property
    def log(self) -> Log: ...
    @property
    def state(self) -> State: ...

    def lay(self, send: Send) -> None:
        """Put somebody else's send as it stands, in the place of what was known of it; between transactions only."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all the small worlds of one simulation share."""

    decision: Decision
    journey: Journey
    """Of the decision, with what it names bound to it."""
    since_ms: int
    until_ms: int
    """The first moment that is not replayed."""
    known_ms: int
    """Up to when the past is known: a goal may be reached after the period."""
    rules: GateRules
    zone: ZoneInfo
    stage: Callable[[Mapping[IdentityKey, int]], Stage]
    """A stage on which nothing has happened, with the saved segments and lists in its state."""
    journey_of: Callable[[str, int], Journey | None]
    """Any version of any journey or campaign, by id; None for what there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the replay of a few people came to; of nobody but the journey that was simulated."""

    visits: Sequence[Visit]
    sends: Sequence[Send]
    step_counts: Sequence[StepCount]
    refused: Sequence[tuple[int, int, str]]
    """Identity, moment and reason of each event of the trigger's name that let nobody in."""
    person_of: Mapping[int, int]
    """Each identity and the person it belongs to today."""
    reached: Mapping[int, bool | None]
    """By person who entered: whether they reached the goal in time after their first entry; None for not known yet."""


class ReplayClock:
    """Answers `ports.clock.Clock`; stands where the replay is."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def now(self) -> datetime:
        return from_millis(self.now_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instant:
    """Everything that happened in one millisecond."""

    at_ms: int
    events: Sequence[PastEvent]
    joined: Sequence[Joined]


async def replay_people(setting: Setting, past: PeoplePast) -> Replayed:
    """Replay the past of a few people. The same setting and past give the same answer."""
    world = _World(setting, past)
    await world.learn()
    await world.live()
    return await world.come_to()


class _World:
    """One small world under way."""

    def __init__(self, setting: Setting, past: PeoplePast) -> None:
        self._setting = setting
        self._past = past
        self._stage = setting.stage(past.numbers)
        self._clock = ReplayClock(setting.since_ms)
        self._settled: list[Settlement] = []
        self._verdicts = {
            str(each.properties.get("send")): each for each in past.events if each.is_told and each.name in STATE_OF
        }
        """What became of sends in earnest, by key."""
        self._lanes = FreeLanes(tuple(media()), ROOM)
        self._reactor = Reactor(
            log=self._stage.log,
            state=self._stage.state,
            clock=self._clock,
            rules=setting.rules,
            hand_over=self._carry,
            lanes=self._lanes,
            zone=setting.zone,
        )
        self._others = Others(setting.journey_of, self._stage.lay)
        self._unread: list[PastEvent] = []
        """Events that concern no decision yet: they are learnt before the next one."""
        self._entered_ms: int | None = None
        """When whoever is under way entered; the first of several. None when nobody is, and nothing waits."""
        self._due_ms: int | None = None
        self._refused: list[tuple[int, int, str]] = []

    async def learn(self) -> None:
        """Everything before the period: people learn, and nobody decides."""
        await self._watch()
        for instant in self._instants():
            if instant.at_ms >= self._setting.since_ms:
                break
            await self._passively(instant)
        await self._catch_up()
        async with self._stage.state.begin() as transaction:
            await transaction.put_decision(self._setting.decision)

    async def _watch(self) -> None:
        """What the journey asks of past events is watched from the beginning, so that nothing is to be gathered."""
        leaves = {encode_leaf(each): each for each in leaves_in(self._setting.journey)}
        if not leaves:
            return
        async with self._stage.state.begin() as transaction:
            # Whatever is paused is watched for, too.
            await transaction.put_decision(replace(self._setting.decision, state="paused"))
            await transaction.add_watches([Watch(number=0, leaf=each, since_offset=0, filled=True) for each in leaves])

    async def live(self) -> None:
        """The period, instant by instant."""
        for instant in self._instants():
            if instant.at_ms < self._setting.since_ms:
                continue
            if instant.at_ms >= self._setting.until_ms:
                break
            await self._fall_due(instant.at_ms)
            if self._entered_ms is not None or any(each.name == self._trigger for each in instant.events):
                await self._actively(instant)
            else:
                await self._passively(instant)
        await self._fall_due(self._setting.until_ms)

    async def come_to(self) -> Replayed:
        """What it came to."""
        origin = self._setting.decision.id
        identities = list(self._past.person_of)
        async with self._stage.state.view() as view:
            visits = await view.visits_of(identities, limit=EVERYTHING)
            sends = await view.sends_of(origin=origin, identities=None, limit=EVERYTHING)
            counts = await view.step_counts(origin)
        return Replayed(
            visits=visits,
            sends=sends,
            step_counts=counts,
            refused=self._refused,
            person_of=self._past.person_of,
            reached=self._reached(visits),
        )

    @property
    def _trigger(self) -> str:
        return trigger_of(self._setting.journey).event

    def _is_own(self, event: PastEvent) -> bool:
        """Whether the journey itself told the event: the replay tells it anew."""
        origin = self._setting.decision.id
        if event.is_told:
            return event.properties.get("origin") == origin
        if event.source != OWN_SOURCE or event.message["type"] != "identify":
            return False
        return _context(event).get("origin") == origin

    def _instants(self) -> Iterator[_Instant]:
        """What happened, instant by instant, but for what the replay tells anew."""
        events = {
            at_ms: [each for each in those if not self._is_own(each)]
            for at_ms, those in groupby(self._past.events, key=lambda event: event.at_ms)
        }
        joined = {at_ms: list(those) for at_ms, those in groupby(self._past.joined, key=lambda each: each.at_ms)}
        for at_ms in sorted(events.keys() | joined.keys()):
            yield _Instant(at_ms=at_ms, events=events.get(at_ms, ()), joined=joined.get(at_ms, ()))

    async def _passively(self, instant: _Instant) -> None:
        """An instant in which nobody has anything to decide."""
        for event in instant.events:
            if event.is_told and event.name == JOURNEY_ENTERED:
                self._others.entered(event)
            self._others.hear(event)
            await self._dead_address(event)
        self._unread += instant.events
        if instant.joined:
            await self._catch_up()
            await self._join(instant.joined)

    async def _actively(self, instant: _Instant) -> None:
        """An instant in which there is something to decide."""
        await self._catch_up()
        self._clock.now_ms = instant.at_ms
        theirs = [event for event in instant.events if not event.is_told]
        told = [event for event in instant.events if event.is_told]
        for event in told:
            if event.name == JOURNEY_ENTERED:
                self._others.entered(event, theirs)
        await self._hand_over_before(told, instant.at_ms)
        asked = [event for event in told if event.name == MESSAGE_QUEUED]
        asked.sort(key=lambda event: self._others.turn_of(event, theirs))
        for place, event in enumerate(theirs):
            asked = self._hear_before(asked, theirs, (place, self._begun(instant.at_ms)))
            # What came in one request is decided upon before any of it is handed over.
            await self._decide(event, last=place == len(theirs) - 1)
        if not theirs:
            asked = self._hear_before(asked, theirs, (0, self._begun(instant.at_ms)))
            await self._take_in(())
        for event in (*asked, *(event for event in told if event.name in STATE_OF)):
            self._others.hear(event)
            await self._dead_address(event)
        for event in told:
            await self._decide(event)
        if instant.joined:
            await self._join(instant.joined)
        await self._look()

    async def _hand_over_before(self, told: Sequence[PastEvent], at_ms: int) -> None:
        """What others handed over in this instant before ours that is due now, ours was counted after."""
        if self._due_ms is None or self._due_ms > at_ms or not any(event.name in STATE_OF for event in told):
            return
        async with self._stage.state.view() as view:
            every = await view.sends_of(origin=self._setting.decision.id, identities=None, limit=EVERYTHING)
        ours = [each for each in every if each.state == "pending"]
        if ours:
            self._others.hand_over_before(told, min(ours, key=order_of), at_ms)

    def _begun(self, at_ms: int) -> int:
        """When whoever is under way entered; now, where somebody may be about to."""
        return at_ms if self._entered_ms is None else self._entered_ms

    def _hear_before(
        self, asked: Sequence[PastEvent], theirs: Sequence[PastEvent], turn: tuple[int, int]
    ) -> list[PastEvent]:
        """Lay the contacts that were asked for before it is our turn; returns the others."""
        ours = (*turn, self._setting.decision.id)
        for event in asked:
            if self._others.turn_of(event, theirs) < ours:
                self._others.hear(event)
        return [event for event in asked if self._others.turn_of(event, theirs) >= ours]

    async def _decide(self, event: PastEvent, *, last: bool = True) -> None:
        """Take an event in, and note why it let nobody in if it is one that might have.

        Args:
            last: whether nothing more came in the same request.
        """
        if event.name != self._trigger:
            await self._take_in((event,), last=last)
            return
        before = await self._visits()
        await self._take_in((event,), last=last)
        if await self._visits() == before:
            at_ms = self._clock.now_ms
            self._refused.append((event.identity, at_ms, await self._why_not(event, at_ms)))

    async def _why_not(self, event: PastEvent, at_ms: int) -> str:
        """Why the event would let nobody in, now that it was taken in."""
        async with self._stage.state.view() as view:
            found = (await view.identities([event.key])).get(event.key)
            if found is None:
                return "unknown"
            playbook = await load_playbook(view)
            rules = self._setting.rules
            mine = (self._setting.decision.id,)
            found_out = await load_travellers(view, [found.person], playbook, rules, at_ms, entering=mine)
            traveller = found_out[found.person]
            facts = traveller.facts(self._setting.zone, await load_watching(view))
        before = traveller.entered.get(self._setting.decision.id)
        answer = enter(
            self._setting.journey,
            self._setting.decision.version,
            _event_of(event),
            identity=found.id,
            person_key=traveller.key.value,
            facts=facts,
            before=None
            if before is None
            else EntryBefore(count=before.count, last_ms=before.last_ms, open=before.open, keys=before.keys),
            now=from_millis(at_ms),
            global_holdout=rules.global_holdout,
            holdout_period=rules.holdout_period(from_millis(at_ms)),
            closed=rules.closed,
        )
        return answer.reason if isinstance(answer, NotEntered) else "entered_before"

    async def _visits(self) -> set[int]:
        async with self._stage.state.view() as view:
            return {each.id for each in await view.visits_of(list(self._past.person_of), limit=EVERYTHING)}

    async def _take_in(self, events: Sequence[PastEvent], *, last: bool = True) -> None:
        """Take events in, and everything that follows in the same instant; but that only after the last of them."""
        if events:
            await self._stage.log.append(records_of(events))
        if not last:
            self._lanes.room = 0
            await self._reactor.tick()
            self._lanes.room = ROOM
            return
        for _ in range(ROUNDS_MOST):
            ticked = await self._reactor.tick()
            told = await self._reactor.pump()
            settled, self._settled = self._settled, []
            self._reactor.settle(settled)
            if not told and not settled and ticked.idle:
                return
        raise Internal(f"{self._setting.decision.id} does not come to rest at {self._clock.now_ms}")

    async def _fall_due(self, before_ms: int) -> None:
        """Go to each moment at which something falls due, up to one that is not to be reached."""
        while self._entered_ms is not None and self._due_ms is not None and self._due_ms < before_ms:
            await self._catch_up()
            self._clock.now_ms = max(self._due_ms, self._clock.now_ms)
            await self._take_in(())
            await self._look()

    async def _look(self) -> None:
        """See who is under way and what falls due next."""
        async with self._stage.state.view() as view:
            visits = await view.open_visits(list(self._past.person_of))
            self._due_ms = await view.next_due()
        self._entered_ms = min((each.entered_ms for each in visits), default=self._clock.now_ms)
        if not visits and self._due_ms is None:
            self._entered_ms = None

    async def _catch_up(self) -> None:
        """Learn what was passed over; nobody has anything to decide by it."""
        if self._unread:
            unread, self._unread = self._unread, []
            self._clock.now_ms = max(self._clock.now_ms, unread[-1].at_ms)
            await self._take_in(unread)

    async def _join(self, joined: Sequence[Joined]) -> None:
        """Do again what people said of who is who. What they said of names that were not met yet says nothing."""
        for each in joined:
            now = from_millis(each.at_ms)
            try:
                if each.kind == "merge":
                    await merge(self._stage.state, each.first, each.second, by=each.by, now=now)
                else:
                    await unmerge(self._stage.state, (each.first, each.second), by=each.by, now=now)
            except (NotFound, Conflict):
                continue

    async def _dead_address(self, event: PastEvent) -> None:
        """An address that another journey found dead is dead."""
        if event.name != MESSAGE_NAMES["failed"] or not event.is_told or not event.properties.get("gone"):
            return
        await self._catch_up()
        async with self._stage.state.begin() as transaction:
            found = (await transaction.identities([event.key])).get(event.key)
            if found is None:
                return
            rules = self._setting.rules
            travellers = await load_travellers(transaction, [found.person], await load_playbook(transaction), rules, 0)
            channel = str(event.properties.get("channel", ""))
            address = travellers[found.person].address_on(channel)
            if address:
                await transaction.suppress(channel, address, "bounced", event.at_ms)

    def _carry(self, sends: Sequence[Send]) -> None:
        """Nothing is sent. What became of the same send in earnest becomes of it now; else it is accepted."""
        self._settled += [self._verdict(each) for each in sends]

    def _verdict(self, send: Send) -> Settlement:
        told = self._verdicts.get(send.key)
        state = "sent" if told is None else STATE_OF[told.name]
        if told is None or state not in ("failed", "in_doubt"):
            return Settlement(key=send.key, state="sent")
        said = told.properties
        return Settlement(key=send.key, state=state, reason=str(said.get("reason", "")), gone=bool(said.get("gone")))

    def _reached(self, visits: Sequence[Visit]) -> dict[int, bool | None]:
        first: dict[int, int] = {}
        for each in visits:
            person = self._past.person_of[each.identity]
            first[person] = min(first.get(person, each.entered_ms), each.entered_ms)
        goal = self._setting.journey.goal
        reached: dict[int, bool | None] = {}
        for person, entered_ms in first.items():
            until_ms = entered_ms + goal.within_seconds * 1000
            did = any(
                event.name == goal.event
                and entered_ms < event.happened_ms <= until_ms
                and self._past.person_of[event.identity] == person
                for event in self._past.events
            )
            # As in a trial: who still has time is counted neither way.
            reached[person] = did if until_ms <= self._setting.known_ms else None
        return reached


def _context(event: PastEvent) -> dict[str, Any]:
    raw = event.message["context"]
    return msgspec.json.decode(raw, type=dict[str, Any]) if isinstance(raw, msgspec.Raw) else {}


def _event_of(event: PastEvent) -> Event:
    """The event as a trigger sees it."""
    return Event(
        name=event.name,
        user_id=event.key.value if event.key.kind == "user" else None,
        anonymous_id=event.key.value if event.key.kind == "anonymous" else None,
        timestamp=from_millis(event.happened_ms),
        received_at=from_millis(event.at_ms),
        message_id=event.message_id,
        properties=event.properties,
        source=event.source,
    )
