"""One customer's past with the shop's journeys: what they did, what that set off, and what the mails made them do."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

import msgspec

from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.gate import Answer, Contact, GateRules, Standing, Withheld, gate, made_by
from holdfast.decisions.machine import Arrived, Asked, Due, Happened, Scene, Wake, advance
from holdfast.decisions.made import Made
from holdfast.decisions.visit import Visit
from holdfast.decisions.weights import Weights
from holdfast.events.event import Event, IdentityKey, Json, own_event
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.state import Send
from holdfast.profiles.profile import CONSENT_CHANGED
from holdfast.segments.condition import Truth
from holdfast.sim.campaigns import CART_RESCUE, Running, effect_of
from holdfast.sim.ledger import Caused, Ledger
from holdfast.sim.memory import Memory
from holdfast.sim.people import DEVICES_MOST, Effects, Population
from holdfast.sim.reaction import MAILS_MOST, react
from holdfast.sim.session import Act, Script
from holdfast.sim.trail import EVENT_KINDS, EVENT_NAMES, ORDER, SHOP_SOURCE

EMAIL = "email"
ORDERED = EVENT_NAMES[ORDER]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What is the same for every customer."""

    population: Population
    plays: Sequence[Running]
    effects: Effects
    rules: GateRules
    until_ms: int
    open_ms: float
    """The median time until a mail is opened."""
    script: Script
    ledger: Ledger
    weights: Mapping[str, Weights] = field(default_factory=dict)
    """Of adaptive steps, by experiment: how people are divided all the while."""


class Row(NamedTuple):
    """One event of the trail."""

    at_ms: int
    what: int
    user_id: str | None
    anonymous_id: str
    message_id: str
    properties: str
    """JSON text."""


@dataclass(frozen=True, slots=True)
class _Wakes:
    """A visit's time comes."""

    number: int


@dataclass(frozen=True, slots=True)
class _Tells:
    """An own event is told."""

    event: Event


@dataclass(frozen=True, slots=True)
class _Buys:
    """A mail makes them buy, unless they have bought since."""

    send: Send
    mailed_ms: int


@dataclass(frozen=True, slots=True)
class _Mails:
    """Quiet hours are over, and a mail that waited for it is sent."""

    play: Running
    send: Send


_Moment: TypeAlias = Row | Event | _Wakes | _Tells | _Buys | _Mails


class Customer:
    """One known person, moved through their past in order of time."""

    def __init__(self, shop: Shop, person: int, chances: Sequence[Sequence[float]], at: dict[str, list[int]]) -> None:
        """`at` holds when they did what, as in `Memory`."""
        self._shop = shop
        self._person = person
        self._chances = chances
        self._user = IdentityKey(kind="user", value=shop.population.user_ids[person])
        self._memory = Memory(shop.population, person, at)
        self._granted = not bool(shop.population.refuses[person])
        self._visits: dict[int, tuple[Running, Visit]] = {}
        self._entered: dict[str, EntryBefore] = {}
        self._contacts: list[Made] = []
        self._mails = 0
        self._agenda: list[tuple[int, int, _Moment]] = []
        self._count = 0

    def live(self, rows: Sequence[Row]) -> None:
        """Go through the events, and through everything they set off, up to the end."""
        self._agenda = [(row.at_ms, number, row) for number, row in enumerate(rows)]
        self._count = len(rows)
        heapq.heapify(self._agenda)
        while self._agenda and self._agenda[0][0] < self._shop.until_ms:
            at_ms, _, moment = heapq.heappop(self._agenda)
            self._happen(at_ms, moment)
        self._shop.ledger.sends.extend(moment.send for _, _, moment in self._agenda if isinstance(moment, _Mails))
        self._shop.ledger.visits.extend(visit for _, visit in self._visits.values())

    def _happen(self, at_ms: int, moment: _Moment) -> None:
        match moment:
            case Row():
                self._row(moment)
            case Event():
                self._shop.ledger.events.append(moment)
                self._memory.keep(moment.name, at_ms)
                self._meet(moment, at_ms)
            case _Wakes(number):
                self._wake(number, at_ms)
            case _Tells(event):
                self._shop.ledger.events.append(event)
                self._granted = self._granted and event.name != CONSENT_CHANGED
            case _Buys():
                self._buy(moment, at_ms)
            case _Mails(play, send):
                self._mail_again(play, send, at_ms)

    def _later(self, at_ms: int, moment: _Moment) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at_ms, self._count, moment))

    def _row(self, row: Row) -> None:
        if self._concerns(EVENT_NAMES[row.what], row.at_ms):
            self._meet(_event_of(row), row.at_ms)

    def _concerns(self, name: str, at_ms: int) -> bool:
        """Whether a journey might look at the event; asked first, since making an event costs more than this."""
        if any(name in visit.waits_for for _, visit in self._visits.values()):
            return True
        return any(self._may_enter(play, at_ms) for play in self._shop.plays if play.begins_with == name)

    def _may_enter(self, play: Running, at_ms: int) -> bool:
        if not all(self._memory.happened_in(event, -1, at_ms) for event in play.needs):
            return False
        only_if = play.journey.trigger.rules().only_if
        return only_if is None or only_if.holds(self._memory, from_millis(at_ms)) is Truth.TRUE

    def _meet(self, event: Event, at_ms: int) -> None:
        """Wake the visits that wait for the event, then enter the journeys it begins."""
        for number, (play, visit) in list(self._visits.items()):
            if event.name in visit.waits_for:
                self._advance(number, play, visit, Happened(event), at_ms)
        for play in self._shop.plays:
            if play.begins_with == event.name:
                self._enter(play, event, at_ms)

    def _enter(self, play: Running, event: Event, at_ms: int) -> None:
        before = self._entered.get(play.id)
        visit = enter(
            play.journey,
            play.version,
            event,
            identity=self._person,
            person_key=self._user.value,
            facts=self._memory,
            before=before,
            now=from_millis(at_ms),
            global_holdout=self._shop.rules.global_holdout,
            holdout_period=self._shop.rules.holdout_period(from_millis(at_ms)),
            closed=self._shop.rules.closed,
        )
        if isinstance(visit, NotEntered):
            return
        self._entered[play.id] = EntryBefore(count=before.count + 1 if before else 1, last_ms=at_ms, open=True)
        self._count += 1
        self._advance(self._count, play, visit, Arrived(), at_ms)

    def _wake(self, number: int, at_ms: int) -> None:
        if number in self._visits:
            play, visit = self._visits[number]
            self._advance(number, play, visit, Due(), at_ms)

    def _advance(self, number: int, play: Running, visit: Visit, wake: Wake, at_ms: int) -> None:
        now = from_millis(at_ms)
        scene = Scene(
            now=now,
            facts=self._memory,
            standing={EMAIL: self._standing()},
            rules=self._shop.rules,
            weights=self._shop.weights,
        )
        step = advance(play.journey, visit, wake, scene)
        ledger = self._shop.ledger
        ledger.events.extend(told.event(self._user, now) for told in step.told)
        ledger.passed.update((visit.origin, visit.version, name, exit_name) for name, exit_name in step.passed)
        for asked in step.sends:
            self._answered(play, _asked_for(self._person, play, visit, asked, at_ms), asked.verdict, at_ms)
        if step.visit.left_ms is None:
            self._visits[number] = (play, step.visit)
            if step.visit.due_ms is not None and step.visit.due_ms != visit.due_ms:
                self._later(step.visit.due_ms, _Wakes(number))
            return
        self._visits.pop(number, None)
        self._entered[play.id] = msgspec.structs.replace(self._entered[play.id], open=False)
        ledger.visits.append(step.visit)

    def _standing(self) -> Standing:
        return Standing(
            address=self._shop.population.emails[self._person],
            topics={"marketing": self._granted},
            recent=tuple(self._contacts),
            person_key=self._user.value,
        )

    def _answered(self, play: Running, asked_for: Send, verdict: Answer, at_ms: int) -> None:
        """What the gate said of a mail comes to pass: it is withheld, waits for the end of quiet hours, or is sent."""
        if isinstance(verdict, Withheld):
            withheld = msgspec.structs.replace(asked_for, state="withheld", settled_ms=at_ms, reason=verdict.reason)
            self._shop.ledger.sends.append(withheld)
            return
        self._contacts.append(made_by(_contact(asked_for), verdict, from_millis(at_ms)))
        if verdict.not_before is None:
            self._mail(play, asked_for, at_ms)
            return
        until_ms = to_millis(verdict.not_before)
        self._later(until_ms, _Mails(play, msgspec.structs.replace(asked_for, not_before_ms=until_ms)))

    def _mail_again(self, play: Running, send: Send, at_ms: int) -> None:
        """A mail that waited is asked of the gate once more, but for caps: it is counted already."""
        rules = replace(self._shop.rules, caps=())
        verdict = gate(_contact(send), self._standing(), rules, from_millis(at_ms))
        if isinstance(verdict, Withheld):
            self._shop.ledger.sends.append(
                msgspec.structs.replace(send, state="withheld", settled_ms=at_ms, reason=verdict.reason)
            )
            self._shop.ledger.events.append(self._told("Message Withheld", send, at_ms, {"reason": verdict.reason}))
        else:
            self._mail(play, send, at_ms)

    def _mail(self, play: Running, asked_for: Send, at_ms: int) -> None:
        """The mail is sent, and they react to it."""
        chances = self._chances[self._mails % MAILS_MOST]
        self._mails += 1
        sent_ms = at_ms + 300 + int(900 * chances[-1])
        send = msgspec.structs.replace(asked_for, state="sent", attempts=1, claimed_ms=at_ms, settled_ms=sent_ms)
        self._shop.ledger.sends.append(send)
        self._shop.ledger.events.append(self._told("Message Sent", send, sent_ms, {"provider_id": ""}))
        effect = float(effect_of(self._shop.population, play.id, send.step)[self._person])
        reaction = react(chances, effect, self._shop.effects, open_ms=self._shop.open_ms)
        if reaction.opens_ms is not None:
            self._tell_later("Message Opened", send, sent_ms + reaction.opens_ms, {"agent": "human"})
        if reaction.clicks_ms is not None:
            clicked: dict[str, Json] = {"url": _link(send), "agent": "human"}
            self._tell_later("Message Clicked", send, sent_ms + reaction.clicks_ms, clicked)
        if reaction.unsubscribes_ms is not None:
            self._unsubscribe_later(send, sent_ms + reaction.unsubscribes_ms)
        if reaction.buys_ms is not None:
            self._later(sent_ms + reaction.buys_ms, _Buys(send, sent_ms))

    def _tell_later(self, name: str, send: Send, at_ms: int, said: dict[str, Json]) -> None:
        self._later(at_ms, _Tells(self._told(name, send, at_ms, said)))

    def _told(self, name: str, send: Send, at_ms: int, said: dict[str, Json]) -> Event:
        properties: dict[str, Json] = {
            "send": send.key,
            "origin": send.origin,
            "origin_kind": send.origin_kind,
            "version": send.version,
            "step": send.step,
            "channel": send.channel,
            "topic": send.topic,
            "template": send.template,
        }
        return own_event(name, user=self._user, at=from_millis(at_ms), properties=properties | said, key=(send.key,))

    def _unsubscribe_later(self, send: Send, at_ms: int) -> None:
        about: dict[str, Json] = {"channel": send.channel, "topic": send.topic}
        ends: dict[str, dict[str, Json]] = {
            "Message Unsubscribed": {"send": send.key},
            CONSENT_CHANGED: {"granted": False},
        }
        for name, said in ends.items():
            properties = about | said
            at = from_millis(at_ms)
            event = own_event(name, user=self._user, at=at, properties=properties, key=(send.key, "unsubscribed"))
            self._later(at_ms, _Tells(event))

    def _buy(self, buys: _Buys, at_ms: int) -> None:
        if self._memory.happened_in(ORDERED, buys.mailed_ms, at_ms):
            return
        origin = buys.send.origin
        looked_at = _triggering(buys.send)
        script = self._shop.script
        acts = script.take_up_cart(looked_at) if origin == CART_RESCUE else script.come_back(looked_at)
        for act in acts:
            self._later(at_ms + act.after_ms, self._acted(act, at_ms))
        self._shop.ledger.caused.append(Caused(person=self._person, at_ms=at_ms + acts[-1].after_ms, origin=origin))

    def _acted(self, act: Act, began_ms: int) -> Event:
        at = from_millis(began_ms + act.after_ms)
        return Event(
            name=act.name,
            kind=act.kind,
            user_id=self._user.value,
            anonymous_id=self._shop.population.device_ids[self._person * DEVICES_MOST],
            timestamp=at,
            received_at=at,
            message_id=self._shop.script.name(),
            properties=act.properties,
            source=SHOP_SOURCE,
        )


def _event_of(row: Row) -> Event:
    at = from_millis(row.at_ms)
    return Event(
        name=EVENT_NAMES[row.what],
        kind=EVENT_KINDS[row.what],
        user_id=row.user_id,
        anonymous_id=row.anonymous_id,
        timestamp=at,
        received_at=at,
        message_id=row.message_id,
        properties=msgspec.json.decode(row.properties),
        source=SHOP_SOURCE,
    )


def _triggering(send: Send) -> dict[str, Json]:
    """The properties of the event that led to the send."""
    event = send.variables["event"]
    properties = event["properties"] if isinstance(event, dict) else None
    if not isinstance(properties, dict):
        raise TypeError("a send's variables hold the event that led to it")
    return properties


def _link(send: Send) -> str:
    """Where the mail's button leads."""
    properties = _triggering(send)
    return str(properties.get("cart_url") or properties.get("url") or "")


def _contact(send: Send) -> Contact:
    return Contact(channel=send.channel, topic=send.topic, transactional=send.transactional)


def _asked_for(person: int, play: Running, visit: Visit, asked: Asked, at_ms: int) -> Send:
    """The send a journey asked for, as it is written before the gate's answer is."""
    return Send(
        key=asked.key,
        identity=person,
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
        created_ms=at_ms,
        not_before_ms=at_ms,
    )
