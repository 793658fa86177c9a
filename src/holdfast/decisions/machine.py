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
from datetime import datetime, timedelta
from typing import TypeAlias

import msgspec

from holdfast.decisions.caps import PRIORITY_USUAL
from holdfast.decisions.experiment import Experiment
from holdfast.decisions.gate import Answer, Contacted, GateRules, Permit, Standing, gate, made_by
from holdfast.decisions.journey import Journey
from holdfast.decisions.made import Made
from holdfast.decisions.nodes import Node
from holdfast.decisions.paths import HOPS_MOST
from holdfast.decisions.step import Ask, Assign, Change, Go, HandOver, Leave, Park, Place
from holdfast.decisions.told import Told, told_assigned, told_changed, told_contact, told_entered, told_left
from holdfast.decisions.visit import Visit, is_older, not_after
from holdfast.decisions.weights import Weights
from holdfast.events.event import Event
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.segments.condition import Facts
from holdfast.segments.facts import ChangedFacts

ENTERED = "entered"
"""What the counters call an arrival. The trigger's exit has the same name: whoever enters passes it."""
GOAL, STOPPED, FAILED = "goal", "stopped", "failed"
"""Ways to leave that are no step."""


class Arrived(msgspec.Struct, frozen=True, gc=False):
    """The person has just entered."""


class Happened(msgspec.Struct, frozen=True, gc=False):
    """Something happened to the person; `Scene.now` is when we heard of it."""

    event: Event


class Due(msgspec.Struct, frozen=True, gc=False):
    """The visit's time has come."""


Wake: TypeAlias = Arrived | Happened | Due


class Scene(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the world looks like to the person who is moved."""

    now: datetime
    facts: Facts
    standing: Mapping[str, Standing] = {}
    """By channel; on a channel that is not there the person has no address."""
    rules: GateRules = msgspec.field(default_factory=GateRules)
    left: int | None = None
    """What the journey may still spend, in thousandths of a minor unit; None for no limit."""
    experiments: Mapping[str, Experiment] = {}
    """By id: as they are saved now."""
    weights: Mapping[str, Weights] = {}
    """The last weighing of adaptive steps that were weighed, by experiment."""


class Asked(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A contact that was asked of the gate, and the answer."""

    key: str
    step: str
    channel: str
    topic: str
    template: str
    transactional: bool
    address: str
    verdict: Answer
    priority: int = PRIORITY_USUAL
    cost: int = 0
    """What it will cost, in thousandths of a minor unit; 0 where it is withheld."""
    made: Made | None = None
    """The contact as later ones see it; None where it is withheld."""


class Advance(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where the person stands now, and what is to be written in the same transaction."""

    visit: Visit
    sends: tuple[Asked, ...] = ()
    passed: tuple[tuple[str, str], ...] = ()
    """Pairs of step and exit, for the counters: `entered` for an arrival, else the exit taken, or `goal`, `stopped` or
    `failed` for who left in the middle; at the start also why somebody is not let on who waited there. Coming to the
    trigger is not counted apart from passing it, and who comes to an exit stays there; so at every other step arrivals
    are exits taken plus people waiting."""
    told: tuple[Told, ...] = ()
    handed_over: tuple[tuple[str, str], ...] = ()
    """The journeys the person is to be let into, each with what tells this from their other entries."""
    standing: Mapping[str, Standing] = {}
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
        case Arrived() if visit.seq == 0 and not visit.waits_for:
            walk.tell(told_entered(journey, visit))
            walk.begin()
        case Due():
            walk.run_if_due()
        case Happened(event):
            walk.run_if_due()
            walk.run_if_awaited(event)
        case _:
            pass
    return walk.so_far()


def heed(journey: Journey, visit: Visit, event: Event, scene: Scene) -> Advance:
    """Let an event count for somebody in a journey that is paused, in which nothing is done.

    Who has reached the goal leaves. Who waited for it at their step comes to the next, and goes on from there once the
    journey is resumed.
    """
    walk = _Walk(journey, visit, scene)
    if visit.left_ms is None:
        walk.heed(event)
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
    left = msgspec.structs.replace(
        visit, seq=visit.seq + 1, due_ms=None, waits_for=frozenset(), left_ms=to_millis(now), left_by=by
    )
    return Advance(visit=left, passed=((visit.step, by),), told=(told_left(journey, visit, by),))


class _Walk:
    """One advance under way. Where the person stands changes in place; the visit is written once, at the end."""

    __slots__ = (
        "_arrived_ms",
        "_came",
        "_due_ms",
        "_facts",
        "_handed_over",
        "_journey",
        "_left",
        "_left_by",
        "_now_ms",
        "_passed",
        "_scene",
        "_sends",
        "_seq",
        "_standing",
        "_step",
        "_told",
        "_visit",
        "_waits_for",
    )

    def __init__(self, journey: Journey, visit: Visit, scene: Scene) -> None:
        self._journey = journey
        self._visit = visit
        self._scene = scene
        self._now_ms = to_millis(scene.now)
        self._step, self._seq, self._arrived_ms = visit.step, visit.seq, visit.arrived_ms
        self._due_ms, self._waits_for, self._left_by = visit.due_ms, visit.waits_for, ""
        self._facts, self._standing, self._left = scene.facts, scene.standing, scene.left
        self._sends: list[Asked] = []
        self._passed: list[tuple[str, str]] = []
        self._came: list[tuple[str, str, int]] = []
        """The way of this advance: what `_passed` has without the arrivals."""
        self._told: list[Told] = []
        self._handed_over: list[tuple[str, str]] = []

    def so_far(self) -> Advance:
        """What it has come to."""
        return Advance(
            visit=self._moved(),
            sends=tuple(self._sends),
            passed=tuple(self._passed),
            told=tuple(self._told),
            handed_over=tuple(self._handed_over),
            standing=self._standing,
        )

    def tell(self, told: Told) -> None:
        self._told.append(told)

    def begin(self) -> None:
        """Go on from the start, or wait there for the hour."""
        if self._due_ms is not None and self._now_ms < self._due_ms:
            self._park(Park(from_millis(self._due_ms)))
        else:
            self.run(None)

    def run_if_due(self) -> None:
        if self._due_ms is not None and self._now_ms >= self._due_ms:
            self.run(None)

    def run_if_awaited(self, event: Event) -> None:
        if self._left_by or event.name not in self._waits_for:
            return
        if self._reached_goal(event) and not self._is_for_the_step(event):
            self._leave(GOAL)
        elif not self._at_start():
            self.run(event)

    def heed(self, event: Event) -> None:
        if event.name not in self._waits_for:
            return
        # Whose time is up goes on by that when the journey is resumed, and by nothing that comes later.
        in_time = self._due_ms is None or self._now_ms < self._due_ms
        if self._reached_goal(event) and not (in_time and self._is_for_the_step(event)):
            self._leave(GOAL)
        elif in_time and not self._at_start() and (node := self._journey.steps.get(self._step)) is not None:
            match node.step.stand(self._place(event)):
                case Go(exit_name):
                    self._go(node, exit_name)
                    self._park(Park(self._scene.now))
                case Park() as park:
                    self._park(park)
                case _:
                    pass  # It is for the step to do when it is resumed.

    def run(self, event: Event | None) -> None:
        """Pass steps until one parks the person or the journey ends. The event counts for the first step only."""
        for _ in range(HOPS_MOST):
            node = self._journey.steps.get(self._step)
            if node is None:
                break
            outcome = node.step.stand(self._place(event))
            event = None
            match outcome:
                case Go(exit_name):
                    self._go(node, exit_name)
                case Ask():
                    self._go(node, self._ask(outcome))
                case Change():
                    self._change(outcome)
                    self._go(node, outcome.exit)
                case Assign():
                    self._assign(outcome)
                    self._go(node, outcome.exit)
                case HandOver(journey):
                    self._handed_over.append((journey, self._visit.effect_key_at(self._step, self._seq)))
                    self._go(node, outcome.exit)
                case Park():
                    return self._park(outcome)
                case Leave(by):
                    return self._end_here(by or self._step)
        return self._leave(FAILED)

    def _moved(self) -> Visit:
        if self._left_by:
            self._due_ms, self._waits_for = None, frozenset()
        before = self._visit
        if (self._seq, self._due_ms, self._waits_for) == (before.seq, before.due_ms, before.waits_for):
            return before
        return msgspec.structs.replace(
            before,
            step=self._step,
            seq=self._seq,
            arrived_ms=self._arrived_ms,
            due_ms=self._due_ms,
            waits_for=self._waits_for,
            left_ms=self._now_ms if self._left_by else None,
            left_by=self._left_by,
            trail=before.passing(self._came),
        )

    def _place(self, event: Event | None) -> Place:
        now = self._scene.now
        return Place(
            now=now,
            # Who came just now came at this moment: all steps but the first of a walk are come to so.
            arrived=now if self._came else from_millis(self._arrived_ms),
            event=event,
            facts=self._facts,
            origin=self._visit.origin,
            step=self._step,
            experiments=self._scene.experiments,
            weights=self._scene.weights,
            variables=self._visit.variables,
        )

    def _go(self, node: Node, exit_name: str) -> None:
        to = node.leads(exit_name)
        self._passed += ((self._step, exit_name), (to, ENTERED))
        self._came.append((self._step, exit_name, self._now_ms))
        self._step, self._arrived_ms = to, self._now_ms
        self._seq += 1

    def _park(self, park: Park) -> None:
        self._due_ms = None if park.due is None else to_millis(park.due)
        self._waits_for = park.events
        if self._journey.leave_on_goal:
            self._waits_for |= {self._journey.goal.event}

    def _end_here(self, by: str) -> None:
        """End at this step: an exit is told by who came to it, but nobody is counted who comes to the start."""
        if self._at_start():
            self._leave(by)
        else:
            self._end(by)

    def _leave(self, by: str) -> None:
        self._passed.append((self._step, by))
        self._came.append((self._step, by, self._now_ms))
        self._end(by)

    def _end(self, by: str) -> None:
        self._left_by = by
        self._seq += 1
        self.tell(told_left(self._journey, self._visit, by))

    def _change(self, change: Change) -> None:
        key = self._visit.effect_key_at(self._step, self._seq)
        self.tell(told_changed(self._journey, self._visit, change.trait, change.value, key=key, step=self._step))
        self._facts = ChangedFacts(self._facts, {change.trait: change.value})

    def _assign(self, assign: Assign) -> None:
        if self._facts.variant(assign.experiment):
            return
        key = self._visit.effect_key_at(self._step, self._seq)
        self.tell(told_assigned(self._journey, self._visit, assign, key=key, step=self._step))
        self._facts = ChangedFacts(self._facts, {}, assigned={assign.experiment: assign.variant})

    def _ask(self, ask: Ask) -> str:
        cost = self._scene.rules.cost_of(ask.contact.channel)
        affordable = self._left is None or cost <= self._left
        contact = ask.contact.to(self._visit.arm, affordable=affordable, not_after=not_after(self._visit.variables))
        standing = self._standing.get(contact.channel, _NOWHERE)
        if ask.address:
            standing = msgspec.structs.replace(standing, address=ask.address)
        verdict = gate(contact, standing, self._scene.rules, self._scene.now)
        key = self._visit.effect_key_at(self._step, self._seq)
        template = f"{self._visit.origin}/{self._visit.version}/{self._step}"
        made = made_by(contact, verdict, self._scene.now, key) if isinstance(verdict, Permit) else None
        self._sends.append(
            Asked(
                key=key,
                step=self._step,
                channel=contact.channel,
                topic=contact.topic,
                template=template,
                transactional=contact.transactional,
                address=standing.address,
                verdict=verdict,
                priority=contact.priority,
                cost=cost if made is not None else 0,
                made=made,
            )
        )
        self.tell(
            told_contact(self._journey, self._visit, contact, verdict, key=key, step=self._step, template=template)
        )
        if made is None or not isinstance(verdict, Permit):
            return ask.withheld
        self._standing = Contacted(self._standing, made, verdict.instead_of)
        if self._left is not None:
            self._left -= cost
        return ask.sent

    def _reached_goal(self, event: Event) -> bool:
        goal, entered = self._journey.goal, from_millis(self._visit.entered_ms)
        in_time = self._scene.now <= entered + timedelta(seconds=goal.within_seconds)
        said = event.is_a_journeys_saying  # Nothing they did.
        reached = self._journey.leave_on_goal and event.name == goal.event and in_time and not said
        return reached and not is_older(event, self._visit.variables)

    def _is_for_the_step(self, event: Event) -> bool:
        """Whether the step they wait at goes on by the event: then its author has said what follows."""
        node = self._journey.steps.get(self._step)
        return node is not None and not self._at_start() and not isinstance(node.step.stand(self._place(event)), Park)

    def _at_start(self) -> bool:
        """Whether they wait for their hour, which no event brings sooner."""
        return self._step == self._journey.start


_NOWHERE = Standing()
