"""Live customers: what each does next, given what they did and what mail they got.

Nothing here sends anything or knows what time it is: `Crowd.next` says what falls due by a moment; whoever drives it
does that, and tells of the mail that came.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from holdfast.events.event import Json
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.profiles.devices import PUSH_SUBSCRIBED
from holdfast.sim import goods
from holdfast.sim.people import DEVICE_KINDS, DEVICES_MOST, Effects, Population
from holdfast.sim.phones import app_context, subscription
from holdfast.sim.reaction import CHANCES, Reaction, react
from holdfast.sim.rhythm import HOUR_MS
from holdfast.sim.session import Act, Script
from holdfast.sim.trail import CHECKOUT, LOGIN, ORDER, VIEW, message_ids

GAP_MS = 2_600
"""The mean time between two events of a live visit. Who pays does so well within the wait of the cart rescue."""
OPEN_MS = 9_000.0
"""The median time until a live mail is opened. Live customers are quick, so that there is something to see."""
_EVENTS_A_VISIT = 4.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much goes on, and how well things reach us."""

    events_per_second: float = 14.0
    newcomers: float = 0.1
    """Share of visits by people who were never there."""
    checks_out: float = 0.42
    """Share of visits that come to a checkout."""
    leaves_it: float = 0.55
    """Share of checkouts left lying."""
    late: float = 0.01
    """Share of visits that are told of hours later: a phone without a net."""
    twice: float = 0.01
    """Share of events that are sent twice, since the first answer was lost."""
    broken: float = 0.003
    """Share of events that come out of the old till in Port Ellery, which cannot be what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """A customer's browser says something: one message of the Segment specification."""

    at_ms: int
    message: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """A customer opens a mail: its pixel is fetched."""

    at_ms: int
    mail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """A customer follows a mail's first link."""

    at_ms: int
    mail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribes:
    """A customer has had enough: one-click unsubscribe."""

    at_ms: int
    mail: str


Deed: TypeAlias = Says | Opens | Clicks | Unsubscribes


@dataclass(frozen=True, slots=True)
class _Buys:
    """A mail makes them buy, unless they have bought since."""

    person: int
    mailed_ms: int


@dataclass(slots=True)
class _Mind:
    """What one live customer remembers."""

    left_lying: Mapping[str, Json] | None = None
    """The checkout they left."""
    looked_at: Mapping[str, Json] | None = None
    ordered_ms: int = 0
    logged_in: set[int] = field(default_factory=set)
    asked: set[int] = field(default_factory=set)
    """The devices on whose browsers they were asked whether they want messages."""
    busy_until_ms: int = 0


class Crowd:
    """The customers as a whole. The same seed and the same mails make the same crowd."""

    def __init__(
        self, rng: np.random.Generator, population: Population, *, now_ms: int, effects: Effects, pace: Pace
    ) -> None:
        """People who have arrived go on from their past; the others are newcomers, in their order."""
        self._rng = rng
        self._population = population
        self._effects = effects
        self._pace = pace
        self._script = Script(rng, population, gap_ms=GAP_MS)
        arrived = np.isfinite(population.arrival)
        self._regulars = np.flatnonzero(arrived & population.known).tolist()
        self._newcomers = np.flatnonzero(~arrived & population.known).tolist()[::-1]
        self._by_address = {address: row for row, address in enumerate(population.emails) if address}
        self._minds: dict[int, _Mind] = {}
        self._agenda: list[tuple[int, int, Deed | _Buys]] = []
        self._count = 0
        self._events_per_second = pace.events_per_second
        self._next_visit_ms = float(now_ms)

    def next(self, until_ms: int) -> list[Deed]:
        """What is done up to that moment and was not given before, in order of time."""
        while self._next_visit_ms <= until_ms:
            self._begin_visit(int(self._next_visit_ms))
            self._next_visit_ms += self._draw_gap_ms()
        done: list[Deed] = []
        while self._agenda and self._agenda[0][0] <= until_ms:
            at_ms, _, deed = heapq.heappop(self._agenda)
            if isinstance(deed, _Buys):
                self._buy(deed, at_ms)
            else:
                done.append(deed)
        return done

    def quicken(self, events_per_second: float, now_ms: int) -> None:
        """From that moment on, up to which `next` was asked, so much goes on."""
        if events_per_second != self._events_per_second:
            self._events_per_second = events_per_second
            # Visits come as they do in a Poisson process: whoever waits for the next may begin to wait anew.
            self._next_visit_ms = now_ms + self._draw_gap_ms()

    def _draw_gap_ms(self) -> float:
        return float(self._rng.exponential(1000 * _EVENTS_A_VISIT / self._events_per_second))

    def got_mail(self, mail: str, address: str, at_ms: int) -> Reaction:
        """A mail is in somebody's mailbox: what they do about it comes up in `next`. Strangers do nothing."""
        person = self._by_address.get(address)
        if person is None:
            return Reaction()
        mind = self._mind(person)
        by_person = self._population.cart_effect if mind.left_lying else self._population.win_back_effect
        chances: Sequence[float] = self._rng.random(CHANCES).tolist()
        reaction = react(chances, float(by_person[person]), self._effects, open_ms=OPEN_MS)
        if reaction.opens_ms is not None:
            self._later(Opens(at_ms=at_ms + reaction.opens_ms, mail=mail))
        if reaction.clicks_ms is not None:
            self._later(Clicks(at_ms=at_ms + reaction.clicks_ms, mail=mail))
        if reaction.unsubscribes_ms is not None:
            self._later(Unsubscribes(at_ms=at_ms + reaction.unsubscribes_ms, mail=mail))
        if reaction.buys_ms is not None:
            self._push(at_ms + reaction.buys_ms, _Buys(person, at_ms))
        return reaction

    def _push(self, at_ms: int, deed: Deed | _Buys) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (at_ms, self._count, deed))

    def _later(self, deed: Deed) -> None:
        self._push(deed.at_ms, deed)

    def _mind(self, person: int) -> _Mind:
        mind = self._minds.get(person)
        if mind is None:
            # Whoever came before is logged in on the device they first came with.
            known = {0} if np.isfinite(self._population.arrival[person]) else set[int]()
            mind = self._minds[person] = _Mind(logged_in=known)
        return mind

    def _begin_visit(self, at_ms: int) -> None:
        if self._newcomers and self._rng.random() < self._pace.newcomers:
            person = self._newcomers.pop()
            self._regulars.append(person)
        else:
            person = self._regulars[int(self._rng.integers(0, len(self._regulars)))]
        mind = self._mind(person)
        if mind.busy_until_ms >= at_ms:
            return
        device = int(self._rng.integers(0, self._population.devices[person])) if self._rng.random() < 0.3 else 0
        checks_out = bool(self._rng.random() < self._pace.checks_out)
        buys = checks_out and bool(self._rng.random() >= self._pace.leaves_it)
        logs_in = device not in mind.logged_in and (checks_out or bool(self._rng.random() < 0.5))
        acts = self._script.visit(person, logs_in=logs_in, checks_out=checks_out, buys=buys)
        self._perform(person, device, acts, at_ms)

    def _buy(self, buys: _Buys, at_ms: int) -> None:
        mind = self._mind(buys.person)
        if mind.ordered_ms > buys.mailed_ms:
            return
        if mind.left_lying is not None:
            acts = self._script.take_up_cart(mind.left_lying)
        elif mind.looked_at is not None:
            acts = self._script.come_back(mind.looked_at)
        else:
            acts = self._script.visit(buys.person, logs_in=False, checks_out=True, buys=True)
        self._perform(buys.person, min(mind.logged_in, default=0), acts, at_ms)

    def _perform(self, person: int, device: int, acts: Sequence[Act], began_ms: int) -> None:
        """Put a visit on the agenda, with what goes wrong on its way to us."""
        mind = self._mind(person)
        known = device in mind.logged_in
        ends_ms = began_ms + acts[-1].after_ms
        # A phone without a net tells of the whole visit when it has one again: now, with the times of then.
        ago_ms = int(self._rng.exponential(6 * HOUR_MS)) if self._rng.random() < self._pace.late else 0
        for act in acts:
            known = known or act.what == LOGIN
            happened_ms = began_ms + act.after_ms
            message = self._message(person, device, act, known=known, at_ms=happened_ms - ago_ms)
            self._say(ends_ms if ago_ms else happened_ms, message)
            self._remember(mind, act, happened_ms)
        self._ask_for_push(person, device, known=known, ends_ms=ends_ms, ago_ms=ago_ms)
        if known:
            mind.logged_in.add(device)
        mind.busy_until_ms = ends_ms

    def _ask_for_push(self, person: int, device: int, *, known: bool, ends_ms: int, ago_ms: int) -> None:
        """Ask whoever is new in their browser whether they want messages there; most do."""
        mind, population = self._mind(person), self._population
        kind = DEVICE_KINDS[int(population.device_kinds[person, device])]
        name = population.device_ids[person * DEVICES_MOST + device]
        if kind != "laptop" or device in mind.asked:
            return
        mind.asked.add(device)
        if name[2] in "cdef":
            return
        said = self._envelope(f"push-{name}", person, device, known=known, at_ms=ends_ms - ago_ms)
        said |= {"type": "track", "event": PUSH_SUBSCRIBED, "properties": subscription(name)}
        self._later(Says(at_ms=ends_ms, message=said))

    def _say(self, at_ms: int, message: Mapping[str, Json]) -> None:
        if self._rng.random() < self._pace.broken:
            self._later(Says(at_ms=at_ms, message=self._broken(message)))
        self._later(Says(at_ms=at_ms, message=message))
        if self._rng.random() < self._pace.twice:
            self._later(Says(at_ms=at_ms + 2_000, message=message))

    def _remember(self, mind: _Mind, act: Act, at_ms: int) -> None:
        if act.what == VIEW:
            mind.looked_at = act.properties
        elif act.what == CHECKOUT:
            mind.left_lying = act.properties
        elif act.what == ORDER:
            mind.left_lying, mind.ordered_ms = None, at_ms

    def _message(self, person: int, device: int, act: Act, *, known: bool, at_ms: int) -> dict[str, Json]:
        message_id = message_ids(self._rng, 1)[0]
        message = self._envelope(message_id, person, device, known=known, at_ms=at_ms) | {"type": act.kind}
        properties = dict(act.properties)
        match act.kind:
            case "identify":
                return message | {"traits": properties}
            case "page":
                return message | {
                    "name": properties.pop("name"),
                    "category": properties.pop("category"),
                    "properties": properties,
                }
            case _:
                return message | {"event": act.name, "properties": properties}

    def _envelope(self, message_id: str, person: int, device: int, *, known: bool, at_ms: int) -> dict[str, Json]:
        """What every message says: of whom it is, when, and on which device."""
        population = self._population
        kind = DEVICE_KINDS[int(population.device_kinds[person, device])]
        name = population.device_ids[person * DEVICES_MOST + device]
        context = goods.context(int(population.market[person]), kind, 0) | app_context(name, kind)
        said: dict[str, Json] = {
            "messageId": message_id,
            "timestamp": format_moment(from_millis(at_ms)),
            "anonymousId": name,
            "context": context,
        }
        return said | {"userId": population.user_ids[person]} if known else said

    def _broken(self, message: Mapping[str, Json]) -> dict[str, Json]:
        """What the old till makes of it."""
        name = message_ids(self._rng, 1)[0]
        till: dict[str, Json] = {"type": "track", "event": "Till Receipt", "messageId": name, "context": {"till": 3}}
        match int(self._rng.integers(0, 3)):
            case 0:
                return till  # Of nobody.
            case 1:
                return till | {"anonymousId": message["anonymousId"], "timestamp": "21/11 half past nine"}
            case _:
                return till | {"anonymousId": message["anonymousId"], "event": None}
