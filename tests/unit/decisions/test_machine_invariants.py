"""What must hold of every journey, whatever happens to the people in it, and in whatever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import GateRules, Permit, Standing, Withheld
from holdfast.decisions.journey import Journey
from holdfast.decisions.machine import (
    ENTERED,
    FAILED,
    GOAL,
    STOPPED,
    Advance,
    Arrived,
    Asked,
    Due,
    Happened,
    Scene,
    Wake,
    advance,
    stop,
)
from holdfast.decisions.step import Park, Place
from holdfast.decisions.told import Told
from holdfast.decisions.visit import Arm, Visit
from holdfast.events.event import IdentityKey
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.profiles.profile import Profile, hear
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import KNOWN, NAMES, REACHABLE, START, a_scene, a_visit, an_event, journeys

Happenings: TypeAlias = "list[tuple[str | int, str | None]]"
ADA = IdentityKey(kind="user", value="ada")
LEAVING = (GOAL, STOPPED, FAILED)
RULES = GateRules(caps=(Cap(channel="email", most=2, within_seconds=600),))

# How far the clock goes on, and what happens then: an event, or a look at what is due. Jumps to the due moment itself,
# to just before it and to just after it come often.
paces = st.one_of(st.sampled_from(("due", "before", "after")), st.sampled_from((0, 1, 59, 60, 61, 3600)))
happenings = st.lists(
    st.tuples(paces, st.one_of(st.none(), st.sampled_from((*NAMES, "Identified", "Unheard Of")))), max_size=12
)


@dataclass
class Walk:
    """A visit walked through wakes as the reactor would, with all that came of it."""

    journey: Journey
    happened: Happenings
    visit: Visit
    standing: dict[str, Standing]
    profile: Profile = KNOWN
    now: datetime = START
    before: list[Visit] = field(default_factory=list)
    wakes: list[tuple[Wake, datetime]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def after(self) -> list[Visit]:
        return [*self.before[1:], self.visit]

    def scene(
        self, now: datetime, *, standing: Mapping[str, Standing] = REACHABLE, rules: GateRules | None = None
    ) -> Scene:
        return a_scene(now, profile=self.profile, standing=standing, rules=rules)

    def wake(self, wake: Wake) -> Advance:
        here = self.scene(self.now, standing=self.standing, rules=RULES)
        moved = advance(self.journey, self.visit, wake, here)
        assert moved == advance(self.journey, self.visit, wake, here), "the same wake gives the same answer"
        self.before.append(self.visit)
        self.wakes.append((wake, self.now))
        self.visit, self.standing = moved.visit, dict(moved.standing)
        self.asked += moved.sends
        self.passed += moved.passed
        self.told += moved.told
        for each in moved.told:
            if each.is_learnt_at_once:
                self.profile = hear(self.profile, each.event(ADA, self.latest()))
        return moved

    def latest(self) -> datetime:
        """Now, or just after what was last said of anything."""
        return max(self.now, *(from_millis(said.at_ms + 1) for said in self.profile.traits.values()))

    def go_on(self, pace: str | int, event: str | None, number: int) -> Advance:
        due = START if self.visit.due_ms is None else from_millis(self.visit.due_ms)
        steps = {"due": timedelta(0), "before": timedelta(milliseconds=-1), "after": timedelta(milliseconds=1)}
        if isinstance(pace, str):
            self.now = max(self.now, due + steps[pace])
        else:
            self.now += timedelta(seconds=pace)
        return self.wake(Due() if event is None else Happened(an_event(event, self.now, f"m{number}")))


def walked(
    journey: Journey, happened: Happenings, *, arm: Arm | None = None, standing: Mapping[str, Standing] = REACHABLE
) -> Walk:
    visit = a_visit(journey)
    walk = Walk(journey, happened, visit if arm is None else structs.replace(visit, arm=arm), dict(standing))
    walk.wake(Arrived())
    for number, (pace, event) in enumerate(happened):
        walk.go_on(pace, event, number)
    return walk


def nobody_is_forgotten(walk: Walk) -> None:
    visit = walk.visit
    assert visit.left_ms is not None or visit.due_ms is not None or visit.waits_for


def who_is_woken_when_due_moves(walk: Walk) -> None:
    before = walk.visit
    if before.left_ms is not None or before.due_ms is None:
        return
    now = max(walk.now, from_millis(before.due_ms))
    after = advance(walk.journey, before, Due(), walk.scene(now)).visit
    assert after.seq > before.seq
    assert after.left_ms is not None or after.due_ms is None or after.due_ms > to_millis(now)


def being_woken_for_nothing_changes_nothing(walk: Walk) -> None:
    for before, after, (wake, now) in zip(walk.before, walk.after, walk.wakes, strict=True):
        early = before.due_ms is not None and to_millis(now) < before.due_ms
        concerns = isinstance(wake, Happened) and wake.event.name in before.waits_for
        if early and not concerns:
            assert after == before
        if after.seq == before.seq and before.due_ms is not None:
            assert after == before, "a wait was restarted"
    assert advance(walk.journey, walk.visit, Arrived(), walk.scene(walk.now + timedelta(days=1))).visit == walk.visit


def what_a_step_waits_for_is_what_wakes_it(walk: Walk) -> None:
    visit = walk.visit
    if visit.left_ms is not None:
        return
    place = Place(now=walk.now, arrived=from_millis(visit.arrived_ms), event=None, facts=ProfileFacts(walk.profile))
    parked = walk.journey.steps[visit.step].step.stand(place)
    assert isinstance(parked, Park)
    assert visit.due_ms == (None if parked.due is None else to_millis(parked.due))
    goal = {walk.journey.goal.event} if walk.journey.leave_on_goal else set()
    assert visit.waits_for == parked.events | goal


def the_goal_moves_only_whom_it_should(walk: Walk) -> None:
    visit, goal = walk.visit, walk.journey.goal
    came = visit.step in walk.journey.steps and walk.journey.steps[visit.step].step.type_name() == "goal"
    assert walk.journey.leave_on_goal or visit.left_by != "goal" or came
    if visit.left_ms is not None or (visit.due_ms is not None and visit.due_ms <= to_millis(walk.now)):
        return
    reached = advance(walk.journey, visit, Happened(an_event(goal.event, walk.now)), walk.scene(walk.now)).visit
    in_time = to_millis(walk.now) <= visit.entered_ms + goal.within_seconds * 1000
    there = reached.step == visit.step and reached.left_by == "goal"
    place = Place(
        now=walk.now,
        arrived=from_millis(visit.arrived_ms),
        event=an_event(goal.event, walk.now),
        facts=ProfileFacts(walk.profile),
    )
    taken = not isinstance(walk.journey.steps[visit.step].step.stand(place), Park)
    assert there == (walk.journey.leave_on_goal and in_time and not taken)


def who_has_left_is_neither_moved_nor_written_to(walk: Walk) -> None:
    over = stop(walk.journey, walk.visit, walk.now).visit
    later = walk.scene(walk.now + timedelta(days=400))
    wakes: list[Wake] = [Arrived(), Due(), *(Happened(an_event(name, later.now)) for name in NAMES)]
    for wake in wakes:
        assert advance(walk.journey, over, wake, later) == Advance(visit=over, standing=later.standing)
    assert stop(walk.journey, over, later.now) == Advance(visit=over)


def every_standing_is_asked_once(walk: Walk) -> None:
    assert len({each.key for each in walk.asked}) == len(walk.asked)
    sends = {name for name, node in walk.journey.steps.items() if node.step.type_name() in ("send", "webhook")}
    assert len(walk.asked) == sum(1 for step, by in walk.passed if step in sends and by == "entered")
    said = [each for each in walk.told if each.name.startswith("Message ")]
    assert [each.properties["send"] for each in said] == [each.key for each in walk.asked]
    assert [each.name == "Message Queued" for each in said] == [isinstance(each.verdict, Permit) for each in walk.asked]


def arrivals_are_exits_and_those_waiting(walk: Walk) -> None:
    counts = Counter(walk.passed)
    for name, node in walk.journey.steps.items():
        if not node.step.ways():
            assert not any(step == name and by != "entered" for step, by in counts)
            continue
        out = sum(counts[name, each] for each in (*node.step.ways(), "goal", "stopped", "failed"))
        waiting = int(walk.visit.left_ms is None and walk.visit.step == name)
        arrived = 1 if name == walk.journey.start else counts[name, "entered"]
        assert arrived == out + waiting
    assert not any(by == "failed" for _, by in counts)


def the_holdout_gets_no_marketing(walk: Walk) -> None:
    held = walked(walk.journey, walk.happened, arm="holdout")
    for each in held.asked:
        assert each.transactional or each.verdict == Withheld("holdout")


def the_holdout_walks_the_same_way(walk: Walk) -> None:
    if any(getattr(node.step, "marketing", False) for node in walk.journey.steps.values()):
        return  # A webhook has its address in any case, so the arms part where the holdout is left alone.
    # Where nobody may be written to, both arms are withheld from alike, and so stand at the same places throughout.
    treated = walked(walk.journey, walk.happened, arm="treated", standing={})
    held = walked(walk.journey, walk.happened, arm="holdout", standing={})
    assert [structs.replace(each, arm="treated") for each in held.after] == treated.after


def the_number_of_the_move_only_grows(walk: Walk) -> None:
    for before, after in zip(walk.before, walk.after, strict=True):
        assert after.seq >= before.seq
        if after.seq == before.seq:
            assert (after.step, after.arrived_ms) == (before.step, before.arrived_ms)


def the_history_is_told_once(walk: Walk) -> None:
    names = Counter(each.name for each in walk.told)
    assert names["Journey Entered"] == 1
    assert names["Journey Left"] == int(walk.visit.left_ms is not None)
    ids = [each.event(ADA, walk.now).message_id for each in walk.told]
    assert len(set(ids)) == len(ids)


def a_variant_is_told_once_and_stands(walk: Walk) -> None:
    told = [each.properties for each in walk.told if each.name == VARIANT_ASSIGNED]
    experiments = [each["experiment"] for each in told]
    assert len(experiments) == len(set(experiments))
    parting = {name for name, node in walk.journey.steps.items() if node.step.type_name() in ("split", "adaptive")}
    went = {(step, by) for step, by in walk.passed if step in parting and by not in (ENTERED, *LEAVING)}
    assert len(went) == len({step for step, _ in went}), "whoever comes again goes the same way"
    assert {(f"drawn.{step}", by) for step, by in went} == {
        (each["experiment"], each["variant"]) for each in told if each["step"] in parting
    }
    assert all(0 < float(str(each["propensity"])) <= 1 for each in told)


def what_is_changed_is_told(walk: Walk) -> None:
    changing = {name for name, node in walk.journey.steps.items() if node.step.type_name() == "update_trait"}
    said = [each.event(ADA, walk.now) for each in walk.told if each.kind == "identify"]
    assert [each.context["step"] for each in said] == [
        step for step, by in walk.passed if step in changing and by == "updated"
    ]
    assert all(each.is_a_journeys_saying for each in said)
    for each in said:
        # Nobody is let in by it, and whoever waits for an event of its name goes on waiting.
        moved = advance(walk.journey, walk.visit, Happened(each), walk.scene(walk.now)).visit
        due = walk.visit.due_ms is not None and walk.visit.due_ms <= to_millis(walk.now)
        assert due or moved == walk.visit


def caps_hold_within_one_instant_too(walk: Walk) -> None:
    [cap] = RULES.caps
    permitted = [each for each in walk.asked if isinstance(each.verdict, Permit)]
    assert len(permitted) == len(walk.standing["email"].recent)
    if not any(each.transactional for each in permitted):
        recent = [each.at_ms for each in walk.standing["email"].recent]
        for first, last in zip(recent, recent[cap.most :], strict=False):
            assert last - first >= cap.within_seconds * 1000


def timer_and_event_may_come_in_either_order(walk: Walk) -> None:
    if walk.visit.due_ms is None:
        return
    late = walk.scene(from_millis(walk.visit.due_ms))
    timer_first = advance(walk.journey, walk.visit, Due(), late)
    for name in sorted(walk.visit.waits_for | timer_first.visit.waits_for):
        wake = Happened(an_event(name, late.now, "late"))
        at_once = advance(walk.journey, walk.visit, wake, late)
        then = advance(walk.journey, timer_first.visit, wake, walk.scene(late.now, standing=timer_first.standing))
        assert at_once.visit == then.visit
        assert at_once.passed == timer_first.passed + then.passed
        assert at_once.sends == timer_first.sends + then.sends


INVARIANTS = (
    nobody_is_forgotten,
    who_is_woken_when_due_moves,
    being_woken_for_nothing_changes_nothing,
    what_a_step_waits_for_is_what_wakes_it,
    the_goal_moves_only_whom_it_should,
    who_has_left_is_neither_moved_nor_written_to,
    every_standing_is_asked_once,
    arrivals_are_exits_and_those_waiting,
    the_holdout_gets_no_marketing,
    the_holdout_walks_the_same_way,
    the_number_of_the_move_only_grows,
    the_history_is_told_once,
    a_variant_is_told_once_and_stands,
    what_is_changed_is_told,
    caps_hold_within_one_instant_too,
    timer_and_event_may_come_in_either_order,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(journeys, happenings)
def test_the_invariants_hold(journey: Journey, happened: Happenings) -> None:
    """One walk for all of them: drawing a journey takes longer than checking it."""
    walk = walked(journey, happened)
    for invariant in INVARIANTS:
        invariant(walk)
