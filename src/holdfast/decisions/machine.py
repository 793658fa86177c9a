"""The state machine: one person's next moves in one journey, and everything that must be written because of them.

`advance` is pure: the same visit, wake and scene give the same answer, so after a crash before the commit it is done
again. What it promises, whatever is thrown at it:

- Nobody is forgotten: a visit that is not over has a due time or events to wait for.
- Being woken too early, or by something else, changes nothing and restarts no wait.
- Who has left is neither moved nor written to.
- Every contact is asked of the gate once, under a key made of the journey, the entry, the step and `seq`.
- Timer and event in either order: an event that reaches us when a step's time is up finds the person a step further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from holdfast.decisions.gate import Answer, Contact, GateRules, Permit, Standing, gate
from holdfast.decisions.journey import Journey
from holdfast.decisions.paths import HOPS_MOST
from holdfast.decisions.step import Ask, Go, Leave, Outcome, Park, Place
from holdfast.decisions.told import Told, told_contact, told_entered, told_left
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.segments.condition import Facts

ENTERED = "entered"
"""What the counters call an arrival. The trigger's exit has the same name: whoever enters passes it."""
GOAL, STOPPED, FAILED = "goal", "stopped", "failed"
"""Ways to leave that are no step."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The person has just entered."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened to the person; `Scene.now` is when we heard of it."""

    event: Event


@dataclass(frozen=True, slots=True)
class Due:
    """The visit's time has come."""


Wake: TypeAlias = Arrived | Happened | Due


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the world looks like to the person who is moved."""

    now: datetime
    facts: Facts
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """By channel; on a channel that is not there the person has no address."""
    rules: GateRules = field(default_factory=GateRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A contact that was asked of the gate, and the answer."""

    key: str
    step: str
    channel: str
    topic: str
    template: str
    transactional: bool
    address: str
    verdict: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """Where the person stands now, and what is to be written in the same transaction."""

    visit: Visit
    sends: tuple[Asked, ...] = ()
    passed: tuple[tuple[str, str], ...] = ()
    """Pairs of step and exit, for the counters: `entered` for an arrival, else the exit taken, or `goal`, `stopped` or
    `failed` for who left in the middle. Coming to the trigger is not counted apart from passing it, and who comes to an
    exit stays there; so at every other step arrivals are exits taken plus people waiting."""
    told: tuple[Told, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """The standing after these contacts: give it to the person's next advance in the same transaction, or a cap might
    not see what this one permitted."""


def advance(journey: Journey, visit: Visit, wake: Wake, scene: Scene) -> Advance:
    """Move one visit as far as it goes at `scene.now`.

    The visit comes back unchanged when the wake does not concern it. Whether the journey is running is the caller's to
    ask: a paused one wakes nobody.
    """
    walk = _Walk(journey, visit, scene)
    if visit.left_ms is not None:
        return walk.so_far()
    match wake:
        case Arrived() if visit.seq == 0 and visit.due_ms is None and not visit.waits_for:
            walk.tell(told_entered(journey, visit))
            walk.run(None)
        case Due():
            walk.run_if_due()
        case Happened(event):
            walk.run_if_due()
            walk.run_if_awaited(event)
        case _:
            pass
    return walk.so_far()


def stop(journey: Journey, visit: Visit, now: datetime) -> Advance:
    """Take somebody out because the journey was stopped."""
    return _taken_out(journey, visit, STOPPED, now)


def fail(journey: Journey, visit: Visit, now: datetime) -> Advance:
    """Take somebody out because moving them on broke."""
    return _taken_out(journey, visit, FAILED, now)


def _taken_out(journey: Journey, visit: Visit, by: str, now: datetime) -> Advance:
    if visit.left_ms is not None:
        return Advance(visit=visit)
    left = _left(visit, by, now)
    return Advance(visit=left, passed=((visit.step, by),), told=(told_left(journey, left),))


def _left(visit: Visit, by: str, now: datetime) -> Visit:
    return replace(visit, seq=visit.seq + 1, due_ms=None, waits_for=frozenset(), left_ms=to_millis(now), left_by=by)


class _Walk:
    """One advance under way: what has been gathered so far."""

    def __init__(self, journey: Journey, visit: Visit, scene: Scene) -> None:
        self._journey = journey
        self._visit = visit
        self._scene = scene
        self._standing = dict(scene.standing)
        self._sends: list[Asked] = []
        self._passed: list[tuple[str, str]] = []
        self._told: list[Told] = []

    def so_far(self) -> Advance:
        return Advance(
            visit=self._visit,
            sends=tuple(self._sends),
            passed=tuple(self._passed),
            told=tuple(self._told),
            standing=self._standing,
        )

    def tell(self, told: Told) -> None:
        self._told.append(told)

    def run_if_due(self) -> None:
        due_ms = self._visit.due_ms
        if due_ms is not None and to_millis(self._scene.now) >= due_ms:
            self.run(None)

    def run_if_awaited(self, event: Event) -> None:
        if self._visit.left_ms is not None or event.name not in self._visit.waits_for:
            return
        if self._reached_goal(event):
            self._leave(GOAL)
        else:
            self.run(event)

    def run(self, event: Event | None) -> None:
        """Pass steps until one parks the person or the journey ends. The event counts for the first step only."""
        for _ in range(HOPS_MOST):
            if self._visit.step not in self._journey.steps:
                break
            outcome = self._stand(event)
            event = None
            match outcome:
                case Go(exit_name):
                    self._go(exit_name)
                case Ask():
                    self._go(self._ask(outcome))
                case Park():
                    return self._park(outcome)
                case Leave():
                    return self._end(self._visit.step)
        return self._leave(FAILED)

    def _stand(self, event: Event | None) -> Outcome:
        place = Place(
            now=self._scene.now, arrived=from_millis(self._visit.arrived_ms), event=event, facts=self._scene.facts
        )
        return self._journey.steps[self._visit.step].step.stand(place)

    def _go(self, exit_name: str) -> None:
        visit = self._visit
        to = self._journey.steps[visit.step].leads(exit_name)
        self._passed += [(visit.step, exit_name), (to, ENTERED)]
        self._visit = replace(
            visit,
            step=to,
            seq=visit.seq + 1,
            arrived_ms=to_millis(self._scene.now),
            due_ms=None,
            waits_for=frozenset(),
        )

    def _park(self, park: Park) -> None:
        goal = {self._journey.goal.event} if self._journey.leave_on_goal else frozenset()
        due_ms = None if park.due is None else to_millis(park.due)
        self._visit = replace(self._visit, due_ms=due_ms, waits_for=park.events | goal)

    def _leave(self, by: str) -> None:
        self._passed.append((self._visit.step, by))
        self._end(by)

    def _end(self, by: str) -> None:
        self._visit = _left(self._visit, by, self._scene.now)
        self.tell(told_left(self._journey, self._visit))

    def _ask(self, ask: Ask) -> str:
        visit, contact = self._visit, replace(ask.contact, arm=self._visit.arm)
        standing = self._standing.get(contact.channel, Standing())
        verdict = gate(contact, standing, self._scene.rules, self._scene.now)
        self._sends.append(_asked(visit, contact, standing, verdict))
        self.tell(told_contact(self._journey, visit, contact, verdict))
        if not isinstance(verdict, Permit):
            return ask.withheld
        self._standing[contact.channel] = standing.contacted(self._scene.now)
        return ask.sent

    def _reached_goal(self, event: Event) -> bool:
        goal, entered = self._journey.goal, from_millis(self._visit.entered_ms)
        in_time = self._scene.now <= entered + timedelta(seconds=goal.within_seconds)
        return self._journey.leave_on_goal and event.name == goal.event and in_time


def _asked(visit: Visit, contact: Contact, standing: Standing, verdict: Answer) -> Asked:
    return Asked(
        key=visit.effect_key,
        step=visit.step,
        channel=contact.channel,
        topic=contact.topic,
        template=visit.template,
        transactional=contact.transactional,
        address=standing.address,
        verdict=verdict,
    )
