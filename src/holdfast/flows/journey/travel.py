"""Travel: moving the people of one tick through their journeys, in memory, before anything is written.

Everything the decisions ask for (facts, consent, suppression, earlier contacts) is loaded beforehand for exactly the
people in play; what they decide is gathered here and written by the tick in one go.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from msgspec import structs

from holdfast.decisions.entry import EntryBefore, NotEntered, enter, enter_from
from holdfast.decisions.gate import GateRules, Permit, Standing, Withheld, standing_of
from holdfast.decisions.machine import (
    FAILED,
    Advance,
    Arrived,
    Asked,
    Due,
    Happened,
    Scene,
    Wake,
    advance,
    fail,
    heed,
    stop,
)
from holdfast.decisions.made import Made
from holdfast.decisions.medium import address_on, media
from holdfast.decisions.pace import Places
from holdfast.decisions.paths import HOPS_MOST
from holdfast.decisions.start import Cause, Occasion
from holdfast.decisions.told import Told
from holdfast.decisions.visit import Visit, not_after
from holdfast.decisions.weights import Weights
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.journey.playbook import Play, Playbook
from holdfast.flows.people.erased import suppressed_of
from holdfast.flows.people.person import shown_as
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.state import OVER, Entered, Identity, Send, StepCount, View
from holdfast.profiles.profile import EMPTY, Profile, combine, hear
from holdfast.segments.facts import ProfileFacts
from holdfast.segments.watching import NOTHING_WATCHED, Watching

_log = logging.getLogger(__name__)

NOTHING: Mapping[str, Mapping[str, int]] = MappingProxyType({})
EVENLY: Mapping[str, Weights] = MappingProxyType({})
"""No adaptive step was weighed yet."""


@dataclass(slots=True)
class Traveller:
    """One person in play: what is known of them, and where they stand. Changes as the tick goes on."""

    members: list[Identity]
    profiles: dict[int, Profile]
    visits: list[Visit]
    entered: dict[str, Entered]
    suppressed: dict[str, str] = field(default_factory=dict)
    """By channel: why their address on it is not to be written to."""
    recent: list[Made] = field(default_factory=list)
    """Marketing contacts on every channel that were made or are on their way, and those of this tick."""
    _key: IdentityKey | None = None
    _whole: Profile | None = None
    _facts: ProfileFacts | None = None
    _addresses: dict[str, str] = field(default_factory=dict)
    """They are made once, and anew when more is known: every step and every contact asks for them."""

    @property
    def key(self) -> IdentityKey:
        if self._key is None:
            self._key = shown_as(self.members)
        return self._key

    def whole(self) -> Profile:
        """The person's profile, from those of their identities."""
        if self._whole is None:
            if len(self.members) == 1:
                self._whole = self.profiles.get(self.members[0].id, EMPTY)
            else:
                self._whole = combine(self.profiles.get(each.id, EMPTY) for each in self.members)
        return self._whole

    def facts(self, zone: ZoneInfo, watching: Watching) -> ProfileFacts:
        """What conditions may ask of them. The zone and what is watched are the same throughout a tick."""
        if self._facts is None:
            self._facts = ProfileFacts(
                self.whole(),
                user_id=self.key.value,
                zone=zone,
                watching=watching,
                identities=[each.id for each in self.members],
            )
        return self._facts

    def knows(self, identity: int, profile: Profile) -> None:
        """This is known of an identity of theirs from now on."""
        self.profiles[identity] = profile
        self._whole = self._facts = None
        self._addresses.clear()

    def name_of(self, identity: int) -> IdentityKey:
        """The name an event about this visit is stored under."""
        for each in self.members:
            if each.id == identity:
                return each.key
        return self.key

    def number_of(self, key: IdentityKey) -> int:
        """The number of one of their names."""
        if len(self.members) == 1:
            return self.members[0].id
        return next(each.id for each in self.members if each.key == key)

    def standing(self) -> Mapping[str, Standing]:
        """What the gate may ask, by channel, as long as nothing more is known."""
        return _Standings(self)

    def address_on(self, channel: str) -> str:
        """Where they are written to on a channel; empty for nowhere."""
        address = self._addresses.get(channel)
        if address is None:
            address = self._addresses[channel] = address_on(channel, self.whole(), self.key.value)
        return address

    def standing_on(self, channel: str, address: str) -> Standing:
        """What the gate may ask of a channel; on those without addresses of people, with that address."""
        profile, medium = self.whole(), media().get(channel)
        personal = medium is not None and medium.address_of is not None
        return standing_of(
            profile,
            channel,
            address=self.address_on(channel) if personal else address,
            suppressed=self.suppressed.get(channel),
            recent=tuple(self.recent),
            person_key=self.key.value,
        )


class _Standings(Mapping[str, Standing]):
    """A traveller's standing by channel; gathered for those channels that are asked about: most steps ask for none."""

    __slots__ = ("_traveller",)

    def __init__(self, traveller: Traveller) -> None:
        self._traveller = traveller

    def __getitem__(self, channel: str) -> Standing:
        if channel not in media():
            raise KeyError(channel)
        return self._traveller.standing_on(channel, "")

    def __iter__(self) -> Iterator[str]:
        return iter(media())

    def __len__(self) -> int:
        return len(media())


@dataclass(frozen=True, slots=True, kw_only=True)
class LettingIn:
    """What lets in an audience, and by how many at a time."""

    play: Play
    occasion: Occasion
    places: Places | None = None
    """Those there are in each minute or hour, where there is a throttle."""


@dataclass(slots=True)
class Travelled:
    """What a tick's travelling comes to, ready to be written."""

    visits: dict[int, Visit] = field(default_factory=dict)
    """Changed visits by a number of their own within the tick: their id, or a negative one until they have one."""
    sends: list[Send] = field(default_factory=list)
    passed: Counter[tuple[str, int, tuple[tuple[str, str], ...]]] = field(default_factory=Counter)
    """How many, by origin, version, and the steps with their exits: there are fewer ways than people."""
    events: list[Event] = field(default_factory=list)
    heard: dict[int, Traveller] = field(default_factory=dict)
    """By identity: whose profile a step has changed."""
    outranked: dict[str, int] = field(default_factory=dict)
    """By key: sends that made room for more important ones, and when."""
    spent: dict[tuple[str, str], int] = field(default_factory=dict)
    """What was spent, by origin and day, in thousandths of a minor unit."""

    def profiles(self) -> dict[int, Profile]:
        """The profiles that steps have changed, as they are now."""
        return {identity: traveller.profiles[identity] for identity, traveller in self.heard.items()}

    def people(self) -> list[int]:
        """Whom those profiles are of."""
        return sorted({traveller.members[0].person for traveller in self.heard.values()})

    def step_counts(self) -> list[StepCount]:
        """How many came by each step and exit."""
        counts: Counter[tuple[str, int, str, str]] = Counter()
        for (origin, version, way), count in self.passed.items():
            for step, exit_name in way:
                counts[origin, version, step, exit_name] += count
        return [
            StepCount(origin=origin, version=version, step=step, exit=exit_name, count=count)
            for (origin, version, step, exit_name), count in counts.items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known already of the people who are to be loaded, and need not be asked again."""

    members: Mapping[int, list[Identity]]
    """Of exactly these people, by person."""
    visits: Sequence[Visit]
    """At least those of theirs that are open."""
    asked: Collection[int]
    """The identities whose profiles were asked for."""
    profiles: Mapping[int, Profile]
    """Those that were found, by identity."""


async def load_travellers(
    view: View,
    persons: Sequence[int],
    playbook: Playbook,
    rules: GateRules,
    now_ms: int,
    *,
    entering: Collection[str] = (),
    channels: Collection[str] | None = None,
    known: Known | None = None,
    visits: Sequence[Visit] | None = None,
) -> dict[int, Traveller]:
    """Everything the decisions may ask about these people, in a handful of queries.

    Args:
        known: what was asked about them in this transaction, and has not changed since.
        channels: on which they may be contacted; None for those on which the playbook says anything.
        entering: ids of journeys they may enter besides those that others hand people over to.
        visits: those of theirs that are to be moved; None for all that are under way.
    """
    members = await view.members(persons) if known is None else known.members
    ids = [each.id for those in members.values() for each in those]
    person_of = {each.id: person for person, those in members.items() for each in those}
    if known is None:
        profiles = await view.profiles(ids)
        visits = await view.open_visits(ids) if visits is None else visits
    else:
        others = [each for each in ids if each not in known.asked]
        profiles = {**known.profiles, **(await view.profiles(others) if others else {})}
        visits = [each for each in known.visits if each.identity in person_of]
    travellers = {
        person: Traveller(
            members=those,
            profiles={each.id: profiles[each.id] for each in those if each.id in profiles},
            visits=[],
            entered={},
        )
        for person, those in members.items()
    }
    for visit in visits:
        travellers[person_of[visit.identity]].visits.append(visit)
    origins = sorted({*entering, *playbook.handed_to})
    for (origin, identity), entered in (await view.entered(origins, ids)).items() if origins else ():
        traveller = travellers[person_of[identity]]
        traveller.entered[origin] = _joined(traveller.entered.get(origin), entered)
    if rules.look_back_seconds():
        since_ms = now_ms - 1000 * rules.look_back_seconds()
        for identity, made in (await view.contacts(ids, since_ms)).items():
            travellers[person_of[identity]].recent.extend(made)
    for channel in playbook.channels if channels is None else channels:
        await _load_suppressed(view, rules, channel, travellers.values())
    return travellers


async def _load_suppressed(view: View, rules: GateRules, channel: str, travellers: Collection[Traveller]) -> None:
    addressed = [(each.address_on(channel).lower(), each) for each in travellers]
    suppressed = await suppressed_of(view, rules, channel, [address for address, _ in addressed])
    for address, traveller in addressed if suppressed else ():
        if address in suppressed:
            traveller.suppressed[channel] = suppressed[address]


def _joined(one: Entered | None, other: Entered) -> Entered:
    if one is None:
        return other
    return Entered(
        count=one.count + other.count,
        last_ms=max(one.last_ms, other.last_ms),
        open=one.open or other.open,
        keys=one.keys | other.keys,
    )


def _before(entered: Entered | None) -> EntryBefore | None:
    if entered is None:
        return None
    return EntryBefore(count=entered.count, last_ms=entered.last_ms, open=entered.open, keys=entered.keys)


class Travel:
    """Moves travellers; gathers what comes of it."""

    def __init__(
        self,
        playbook: Playbook,
        rules: GateRules,
        zone: ZoneInfo,
        spent: Mapping[str, Mapping[str, int]] = NOTHING,
        watching: Watching = NOTHING_WATCHED,
        *,
        weights: Mapping[str, Weights] = EVENLY,
    ) -> None:
        """With what the journeys that have a budget have spent so far, by origin and day; and what is watched.

        Args:
            weights: the last weighing of adaptive steps that were weighed, by experiment.
        """
        self._weights = weights
        self._watching = watching
        self._playbook = playbook
        self._rules = rules
        self._zone = zone
        self._spent = {origin: dict(days) for origin, days in spent.items()}
        self._unnumbered = 0
        self._handing_over: list[str] = []
        """Journeys that are handing somebody on, one into the next, in this instant."""
        self._led = 0
        """How many journeys somebody came into by the first of them."""
        self.done = Travelled()

    def happened(self, traveller: Traveller, event: Event, identity: int, now: datetime) -> None:
        """An event of the person: wake the visits that wait for it, then enter the journeys it begins."""
        for visit in list(traveller.visits):
            if event.name in visit.waits_for:
                self._advance(traveller, visit, Happened(event), now)
        for play in () if event.is_a_journeys_saying else self._playbook.by_event.get(event.name, ()):
            self._enter(traveller, play, event, identity, now)

    def due(self, traveller: Traveller, visit_id: int, now: datetime, *, stopped: bool = False) -> None:
        """A visit's time has come; one whose run was stopped ends."""
        for visit in list(traveller.visits):
            if visit.id != visit_id:
                continue
            play = self._playbook.find(visit.origin, visit.version) if stopped else None
            if play is None:
                self._advance(traveller, visit, Due(), now)
            else:
                self._take(traveller, visit, play, stop(play.journey, visit, now), now)

    def let_in(self, traveller: Traveller, by: LettingIn, now: datetime) -> str:
        """Let somebody in by an occasion; returns the arm they are in, or why they are in none."""
        identity = traveller.number_of(traveller.key)
        try:
            entered = self._entered(traveller, by.play, by.occasion, identity, now)
        except Exception:  # noqa: BLE001 - As in `_advance`: no record could be set aside for it.
            _log.exception("%s could not be asked whether they enter %s", identity, by.play.id)
            return FAILED
        if isinstance(entered, Visit) and by.places is not None:
            entered = _in_turn(entered, by.places, now)
        if isinstance(entered, NotEntered):
            return entered.reason
        self._begin(traveller, by.play, entered, now)
        return entered.arm

    def _enter(self, traveller: Traveller, play: Play, event: Event, identity: int, now: datetime) -> None:
        entered = self._entered(traveller, play, event, identity, now)
        if isinstance(entered, Visit):
            self._begin(traveller, play, entered, now)

    def _entered(
        self, traveller: Traveller, play: Play, cause: Cause, identity: int, now: datetime
    ) -> Visit | NotEntered:
        return enter(
            play.journey,
            play.version,
            cause,
            identity=identity,
            person_key=traveller.key.value,
            facts=self._facts(traveller),
            before=self._entered_before(traveller, play, now),
            now=now,
            global_holdout=self._rules.global_holdout,
            holdout_period=self._rules.holdout_period(now),
            closed=self._rules.closed,
        )

    def _entered_before(self, traveller: Traveller, play: Play, now: datetime) -> EntryBefore | None:
        """Their earlier entries. Whoever is still to leave what was stopped leaves now: they are not inside."""
        for visit in [each for each in traveller.visits if each.origin == play.id]:
            left = self._playbook.find(visit.origin, visit.version)
            if left is not None and left.state in OVER:
                self._take(traveller, visit, left, stop(left.journey, visit, now), now)
        return _before(traveller.entered.get(play.id))

    def _begin(self, traveller: Traveller, play: Play, entered: Visit, now: datetime) -> None:
        before = traveller.entered.get(play.id)
        self._unnumbered -= 1
        visit = entered.numbered(self._unnumbered)
        now_entered = Entered(count=1, last_ms=visit.entered_ms, open=True, keys=frozenset({visit.entry_key}))
        traveller.entered[play.id] = _joined(before, now_entered)
        traveller.visits.append(visit)
        self._advance(traveller, visit, Arrived(), now)

    def _advance(self, traveller: Traveller, visit: Visit, wake: Wake, now: datetime) -> None:
        play = self._playbook.find(visit.origin, visit.version)
        if play is None or (play.state == "paused" and not isinstance(wake, Happened)):
            return
        if play.state in OVER:
            self._take(traveller, visit, play, stop(play.journey, visit, now), now)
            return
        scene = Scene(
            now=now,
            facts=self._facts(traveller),
            standing=traveller.standing(),
            rules=self._rules,
            left=self._left(play, now),
            experiments=self._playbook.experiments,
            weights=self._weights,
        )
        try:
            if play.state == "paused" and isinstance(wake, Happened):
                step = heed(play.journey, visit, wake.event, scene)
            else:
                step = advance(play.journey, visit, wake, scene)
        except Exception:  # noqa: BLE001 - See below.
            # One person's trouble must not hold up everybody else's: they leave, visibly, and nothing is sent.
            _log.exception("%s broke at step %s of %s", visit.identity, visit.step, visit.origin)
            step = fail(play.journey, visit, now)
        self._take(traveller, visit, play, step, now)

    def _say(self, traveller: Traveller, told: Told, user: IdentityKey, now: datetime) -> Event:
        """Let the person's profile hear at once what is told of them: it comes back by the log, but not at once."""
        event = told.event(user, _said_at(traveller, told, now))
        identity = traveller.number_of(user)
        traveller.knows(identity, hear(traveller.profiles.get(identity, EMPTY), event))
        self.done.heard[identity] = traveller
        return event

    def _facts(self, traveller: Traveller) -> ProfileFacts:
        return traveller.facts(self._zone, self._watching)

    def _take(self, traveller: Traveller, visit: Visit, play: Play, step: Advance, now: datetime) -> None:
        """Keep what an advance came to."""
        visits = traveller.visits
        place = 0 if len(visits) == 1 else [each.id for each in visits].index(visit.id)
        if step.visit.left_ms is None:
            visits[place] = step.visit
        else:
            del visits[place]
            if play.id in traveller.entered:
                traveller.entered[play.id] = structs.replace(traveller.entered[play.id], open=False)
        if step.visit is not visit or visit.seq == 0:
            self.done.visits[visit.id] = step.visit
        if step.passed:
            self.done.passed[visit.origin, visit.version, step.passed] += 1
        user = traveller.name_of(visit.identity) if step.told else traveller.key
        for told in step.told:
            self.done.events.append(
                self._say(traveller, told, user, now) if told.is_learnt_at_once else told.event(user, now)
            )
        for asked in step.sends:
            # What was withheld is written down too: every contact that was asked for has its row, and its reason.
            self.done.sends.append(_send(play, visit, asked, to_millis(now)))
            if asked.made is not None:
                self._count(traveller, play, asked, asked.made, now)
        for journey, key in step.handed_over:
            self._hand_over(traveller, visit, journey, key, now)

    def _hand_over(self, traveller: Traveller, visit: Visit, journey: str, key: str, now: datetime) -> None:
        """Let somebody into another journey at once, if it runs and they may enter it."""
        play = self._playbook.handed_to.get(journey)
        if play is None or journey in (visit.origin, *self._handing_over):
            return  # Journeys that lead into each other would go on for ever.
        if not self._handing_over:
            self._led = 0
        if self._led >= HOPS_MOST:
            _log.warning("%s is not let into %s: they came into %d others", visit.identity, journey, self._led)
            return  # And a few that lead several times into the next would go on for hours.
        entered = enter_from(
            play.journey,
            play.version,
            visit,
            key,
            person_key=traveller.key.value,
            facts=self._facts(traveller),
            before=self._entered_before(traveller, play, now),
            now=now,
            global_holdout=self._rules.global_holdout,
            holdout_period=self._rules.holdout_period(now),
        )
        if isinstance(entered, Visit):
            self._led += 1
            self._handing_over.append(visit.origin)
            self._begin(traveller, play, entered, now)
            self._handing_over.pop()

    def _left(self, play: Play, now: datetime) -> int | None:
        budget = play.journey.budget
        return None if budget is None else budget.left(self._spent.get(play.id, {}), day_of(now, self._zone))

    def _count(self, traveller: Traveller, play: Play, asked: Asked, made: Made, now: datetime) -> None:
        """Let what is asked next know of a contact that was permitted."""
        instead_of = asked.verdict.instead_of if isinstance(asked.verdict, Permit) else ()
        if instead_of:
            self.done.outranked.update(dict.fromkeys(instead_of, to_millis(now)))
            traveller.recent = [each for each in traveller.recent if each.key not in instead_of]
        traveller.recent.append(made)
        if asked.cost:
            day = day_of(now, self._zone)
            days = self._spent.setdefault(play.id, {})
            days[day] = days.get(day, 0) + asked.cost
            self.done.spent[play.id, day] = self.done.spent.get((play.id, day), 0) + asked.cost


def _said_at(traveller: Traveller, told: Told, now: datetime) -> datetime:
    """When it is said: of traits later than what was said of them before, or that would stand."""
    if told.kind != "identify":
        return now
    said_ms = [said.at_ms for name, said in traveller.whole().traits.items() if name in told.properties]
    return from_millis(max(to_millis(now), *(each + 1 for each in said_ms), 0))


def day_of(moment: datetime, zone: ZoneInfo) -> str:
    """The day of the workspace, such as `2026-11-22`, on whose account it is spent."""
    return moment.astimezone(zone).date().isoformat()


def _in_turn(visit: Visit, places: Places, now: datetime) -> Visit | NotEntered:
    """The visit, waiting for a place in the minute or hour."""
    now_ms = to_millis(now)
    at_ms = places.take(max(now_ms, visit.due_ms or now_ms))
    until = not_after(visit.variables)
    if until is not None and at_ms > to_millis(until):
        return NotEntered("too_late")
    return structs.replace(visit, due_ms=at_ms if at_ms > now_ms else None)


def _send(play: Play, visit: Visit, asked: Asked, now_ms: int) -> Send:
    made = asked.made
    return Send(
        key=asked.key,
        identity=visit.identity,
        origin_kind=play.kind,
        origin=visit.origin,
        version=visit.version,
        step=asked.step,
        channel=asked.channel,
        template=asked.template,
        topic=asked.topic,
        transactional=asked.transactional,
        address=asked.address,
        variables=visit.variables,
        state="withheld" if made is None else "pending",
        created_ms=now_ms,
        not_before_ms=now_ms if made is None else made.at_ms,
        settled_ms=now_ms if made is None else None,
        reason=_reason(asked, now_ms),
        priority=asked.priority,
        cost=asked.cost,
    )


def _reason(asked: Asked, now_ms: int) -> str:
    """Why the send is not made, or not yet."""
    if isinstance(asked.verdict, Withheld):
        return asked.verdict.reason
    return "quiet_hours" if asked.made is not None and asked.made.at_ms > now_ms else ""
