"""A replay: the real tick over the past of a few people, with a clock that goes from one instant to the next.

What decides is the reactor itself, over a log and a state of their own. Up to the period's start there is no journey,
and people only learn; then the draft is live, and the clock stops wherever something happened or falls due. Every
message is taken at once by nobody: what became of it in earnest, where this version sent it, and else accepted.

Other journeys are not run again. What they did is in the past: their contacts are laid where the caps see them, at the
moment they were asked for, so a message that was too many then is too many now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.gate import GateRules
from holdfast.decisions.journey import Journey
from holdfast.decisions.steps.send import Send as SendStep
from holdfast.decisions.steps.trigger import Trigger
from holdfast.decisions.told import JOURNEY_ENTERED, MESSAGE_QUEUED
from holdfast.decisions.visit import Visit
from holdfast.events.event import OWN_SOURCE, Event, IdentityKey
from holdfast.flows.identify import merge, unmerge
from holdfast.flows.lanes import FreeLanes
from holdfast.flows.own import MESSAGE_NAMES
from holdfast.flows.playbook import load_playbook
from holdfast.flows.react import Reactor
from holdfast.flows.simulation_past import Joined, PastEvent, PeoplePast, records_of
from holdfast.flows.travel import CHANNELS, email_of, load_travellers
from holdfast.kernel.errors import Conflict, Internal, Invalid, NotFound
from holdfast.kernel.moments import from_millis, parse_moment, to_millis
from holdfast.ports.log import Log
from holdfast.ports.state import Decision, Send, SendState, Settlement, State, StepCount
from holdfast.segments.facts import ProfileFacts
from holdfast.segments.values import element_text

STATE_OF: Mapping[str, SendState] = {name: state for state, name in MESSAGE_NAMES.items()}
CLAIMED: frozenset[SendState] = frozenset({"sent", "failed", "in_doubt"})
"""What was handed over, whatever became of it then."""
ROUNDS_MOST = 1_000
"""Ticks in one instant: a journey that goes on for longer without time going by is broken."""
ROOM = 1_000
"""Sends under way at once: as many as any few people get in one instant."""
EVERYTHING = 2**31
PUT_OFF_MS = 60_000
"""Handing over takes less."""


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


_Begun = tuple[int, int]
"""When a visit began, and by which of the events of that instant: whose began first is asked first."""


@dataclass(slots=True)
class _Others:
    """What other journeys did to these people, as far as the replay has come."""

    begun: dict[str, _Begun] = field(default_factory=dict)
    """By journey: the last entry."""
    sends: dict[str, Send] = field(default_factory=dict)


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
        self._lanes = FreeLanes(CHANNELS, ROOM)
        self._reactor = Reactor(
            log=self._stage.log,
            state=self._stage.state,
            clock=self._clock,
            rules=setting.rules,
            hand_over=self._carry,
            lanes=self._lanes,
            zone=setting.zone,
        )
        self._others = _Others()
        self._unread: list[PastEvent] = []
        """Events that concern no decision yet: they are learnt before the next one."""
        self._entered_ms: int | None = None
        """When whoever is under way entered; the first of several. None when nobody is, and nothing waits."""
        self._due_ms: int | None = None
        self._refused: list[tuple[int, int, str]] = []

    async def learn(self) -> None:
        """Everything before the period: people learn, and nobody decides."""
        for instant in self._instants():
            if instant.at_ms >= self._setting.since_ms:
                break
            await self._passively(instant)
        await self._catch_up()
        async with self._stage.state.begin() as transaction:
            await transaction.put_decision(self._setting.decision)

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
                self._note_entry(event)
            self._hear_of_others(event)
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
                self._note_entry(event, theirs)
        await self._hand_over_before(told, instant.at_ms)
        asked = [event for event in told if event.name == MESSAGE_QUEUED]
        asked.sort(key=lambda event: self._turn_of(event, theirs))
        for place, event in enumerate(theirs):
            asked = self._hear_before(asked, theirs, (place, self._begun(instant.at_ms)))
            # What came in one request is decided upon before any of it is handed over.
            await self._decide(event, last=place == len(theirs) - 1)
        if not theirs:
            asked = self._hear_before(asked, theirs, (0, self._begun(instant.at_ms)))
            await self._take_in(())
        for event in (*asked, *(event for event in told if event.name in STATE_OF)):
            self._hear_of_others(event)
            await self._dead_address(event)
        for event in told:
            await self._decide(event)
        if instant.joined:
            await self._join(instant.joined)
        await self._look()

    async def _hand_over_before(self, told: Sequence[PastEvent], at_ms: int) -> None:
        """What others handed over in this instant before ours that is due now, ours was counted after."""
        handed = [event for event in told if STATE_OF.get(event.name) in CLAIMED]
        if not handed or self._due_ms is None or self._due_ms > at_ms:
            return
        async with self._stage.state.view() as view:
            every = await view.sends_of(origin=self._setting.decision.id, identities=None, limit=EVERYTHING)
        ours = min((_order_of(each) for each in every if each.state == "pending"), default=None)
        for event in handed:
            known = self._others.sends.get(str(event.properties.get("send", "")))
            if known is not None and ours is not None and _order_of(known) < ours:
                self._stage.lay(replace(known, claimed_ms=at_ms))

    def _begun(self, at_ms: int) -> int:
        """When whoever is under way entered; now, where somebody may be about to."""
        return at_ms if self._entered_ms is None else self._entered_ms

    def _hear_before(
        self, asked: Sequence[PastEvent], theirs: Sequence[PastEvent], turn: tuple[int, int]
    ) -> list[PastEvent]:
        """Lay the contacts that were asked for before it is our turn; returns the others."""
        ours = (*turn, self._setting.decision.id)
        for event in asked:
            if self._turn_of(event, theirs) < ours:
                self._hear_of_others(event)
        return [event for event in asked if self._turn_of(event, theirs) >= ours]

    def _turn_of(self, event: PastEvent, together: Sequence[PastEvent]) -> tuple[int, int, str]:
        """When another journey asked within the instant: upon which event, and there whose visit began first.

        What fell due comes after all that happened.
        """
        origin = str(event.properties.get("origin", ""))
        begun_ms, place = self._others.begun.get(origin, (0, 0))
        if begun_ms < event.at_ms:
            journey = self._setting.journey_of(origin, _number(event.properties.get("version")))
            wakes = {name for node in journey.steps.values() for name in node.step.wakes()} if journey else set()
            place = next((place for place, each in enumerate(together) if each.name in wakes), len(together))
        return (place, begun_ms, origin)

    def _note_entry(self, event: PastEvent, together: Sequence[PastEvent] = ()) -> None:
        """Somebody entered another journey, by one of the events that came together."""
        said = event.properties
        origin = str(said.get("origin", ""))
        journey = self._setting.journey_of(origin, _number(said.get("version")))
        start = None if journey is None else journey.trigger
        place = _place_of(start, str(said.get("entry_key")), together) if isinstance(start, Trigger) else 0
        self._others.begun[origin] = (event.at_ms, place)

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
            traveller = (await load_travellers(view, [found.person], playbook, rules, at_ms))[found.person]
        before = traveller.entered.get(self._setting.decision.id)
        answer = enter(
            self._setting.journey,
            self._setting.decision.version,
            _event_of(event),
            identity=found.id,
            person_key=traveller.key.value,
            facts=ProfileFacts(traveller.whole(), user_id=traveller.key.value, zone=self._setting.zone),
            before=None
            if before is None
            else EntryBefore(count=before.count, last_ms=before.last_ms, open=before.open, keys=before.keys),
            now=from_millis(at_ms),
            global_holdout=rules.global_holdout,
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

    def _hear_of_others(self, event: PastEvent) -> None:
        """Lay the contacts of other journeys where the gate looks for them."""
        if event.source != OWN_SOURCE or event.name not in (MESSAGE_QUEUED, *STATE_OF):
            return
        said = event.properties
        key = str(said.get("send", ""))
        known = self._others.sends.get(key)
        if event.name == MESSAGE_QUEUED:
            known = self._contact(event, said, key)
        elif known is not None:
            known = _settled(known, STATE_OF[event.name], event.at_ms)
        if known is not None:
            self._others.sends[key] = known
            self._stage.lay(known)

    def _contact(self, event: PastEvent, said: Mapping[str, Any], key: str) -> Send:
        """A contact that another journey asked for and was permitted: claimed by nobody, so the replay leaves it be."""
        origin, version, step = str(said.get("origin", "")), _number(said.get("version")), str(said.get("step", ""))
        journey = self._setting.journey_of(origin, version)
        node = None if journey is None else journey.steps.get(step)
        put_off = said.get("not_before")
        return Send(
            key=key,
            identity=event.identity,
            origin_kind="journey",
            origin=origin,
            version=version,
            step=step,
            channel=str(said.get("channel", "")),
            template=str(said.get("template", "")),
            topic=str(said.get("topic", "")),
            transactional=node is not None and isinstance(node.step, SendStep) and node.step.transactional,
            address="",
            state="claimed",
            created_ms=event.at_ms,
            not_before_ms=to_millis(parse_moment(put_off)) if isinstance(put_off, str) else event.at_ms,
        )

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
            address = email_of(travellers[found.person].whole())
            if address:
                channel = str(event.properties.get("channel", ""))
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


def _number(said: object) -> int:
    return int(said) if isinstance(said, (int, float)) else 0


def _place_of(start: Trigger, entry_key: str, events: Sequence[PastEvent]) -> int:
    """Where the event that let somebody in stands among those that came together."""
    names = [place for place, event in enumerate(events) if event.name == start.event]
    for place in names:
        event = events[place]
        given = event.properties.get(start.key_property) if start.key_property is not None else None
        if entry_key == event.message_id or (given is not None and entry_key == element_text(given)):
            return place
    return names[0] if names else 0


def trigger_of(journey: Journey) -> Trigger:
    """The event that lets people in. Raises Invalid for what begins in another way: no event of the past says when."""
    start = journey.trigger
    if isinstance(start, Trigger):
        return start
    raise Invalid(
        f"{journey.id!r} begins with no event that people do, and the history cannot be replayed through it.",
        code="not_replayable",
        path="$.definition",
        hint="Simulate what begins with a trigger; `holdfast segment reach` tells how many a message would reach.",
    )


def _order_of(send: Send) -> tuple[int, int, str]:
    """What is due first is handed over first; of several, what was asked for first."""
    return (send.not_before_ms, send.created_ms, send.origin)


def _settled(send: Send, state: SendState, at_ms: int) -> Send:
    """Somebody else's send once it was settled: where it was handed over, that was then."""
    if state not in ("sent", "in_doubt"):
        return replace(send, state=state)
    # Handed over so much later than it was meant for, it was put off once more, and meant for then.
    meant_ms = at_ms if at_ms - send.not_before_ms > PUT_OFF_MS else send.not_before_ms
    return replace(send, state=state, claimed_ms=at_ms, not_before_ms=meant_ms)


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
