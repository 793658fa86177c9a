"""What must hold of every journey, whatever happens to the people in it, and in whatever order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.gate import Cap, GateRules, Permit, Standing
from holdfast.decisions.journey import Journey
from holdfast.decisions.machine import Advance, Arrived, Asked, Due, Happened, Wake, advance, stop
from holdfast.decisions.told import Told
from holdfast.decisions.visit import Visit
from holdfast.events.event import IdentityKey
from holdfast.kernel.moments import from_millis, to_millis
from tests.unit.decisions.journeys import NAMES, REACHABLE, START, a_scene, a_visit, an_event, journeys

ADA = IdentityKey(kind="user", value="ada")
RULES = GateRules(caps=(Cap(channel="email", most=2, within_seconds=600),))

# How far the clock goes on, and what happens then: an event, or a look at what is due. Jumps to the due moment itself,
# to just before it and to just after it come often.
paces = st.one_of(st.sampled_from(("due", "before", "after")), st.sampled_from((0, 1, 59, 60, 61, 3600)))
happenings = st.lists(st.tuples(paces, st.one_of(st.none(), st.sampled_from((*NAMES, "Unheard Of")))), max_size=12)


@dataclass
class Walk:
    """A visit walked through wakes as the reactor would, with all that came of it."""

    journey: Journey
    visit: Visit
    standing: dict[str, Standing]
    now: datetime = START
    before: list[Visit] = field(default_factory=list)
    wakes: list[tuple[Wake, datetime]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    passed: list[tuple[str, str]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    def wake(self, wake: Wake) -> Advance:
        scene = a_scene(self.now, standing=self.standing, rules=RULES)
        moved = advance(self.journey, self.visit, wake, scene)
        assert moved == advance(self.journey, self.visit, wake, scene), "the same wake gives the same answer"
        self.before.append(self.visit)
        self.wakes.append((wake, self.now))
        self.visit, self.standing = moved.visit, dict(moved.standing)
        self.asked += moved.sends
        self.passed += moved.passed
        self.told += moved.told
        return moved

    def go_on(self, pace: str | int, event: str | None, number: int) -> Advance:
        due = START if self.visit.due_ms is None else from_millis(self.visit.due_ms)
        steps = {"due": timedelta(0), "before": timedelta(milliseconds=-1), "after": timedelta(milliseconds=1)}
        if isinstance(pace, str):
            self.now = max(self.now, due + steps[pace])
        else:
            self.now += timedelta(seconds=pace)
        return self.wake(Due() if event is None else Happened(an_event(event, self.now, f"m{number}")))


def walked(journey: Journey, happened: list[tuple[str | int, str | None]], person_key: str = "ada") -> Walk:
    walk = Walk(journey, a_visit(journey, person_key=person_key), dict(REACHABLE))
    walk.wake(Arrived())
    for number, (pace, event) in enumerate(happened):
        walk.go_on(pace, event, number)
    return walk


@given(journeys, happenings)
def test_nobody_is_forgotten(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    visit = walked(journey, happened).visit
    assert visit.left_ms is not None or visit.due_ms is not None or visit.waits_for


@given(journeys, happenings)
def test_who_is_woken_when_due_moves(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    walk = walked(journey, happened)
    before = walk.visit
    if before.left_ms is None and before.due_ms is not None:
        walk.go_on("due", None, 99)
        assert walk.visit.seq > before.seq
        assert walk.visit.left_ms is not None or walk.visit.due_ms is None or walk.visit.due_ms > to_millis(walk.now)


@given(journeys, happenings)
def test_being_woken_for_nothing_changes_nothing(
    journey: Journey, happened: list[tuple[str | int, str | None]]
) -> None:
    walk = walked(journey, happened)
    for before, after, (wake, now) in zip(walk.before, [*walk.before[1:], walk.visit], walk.wakes, strict=True):
        early = before.due_ms is not None and to_millis(now) < before.due_ms
        if early and (
            isinstance(wake, Due) or (isinstance(wake, Happened) and wake.event.name not in before.waits_for)
        ):
            assert after == before
        if after.seq == before.seq and before.due_ms is not None:
            assert after == before, "a wait was restarted"


@given(journeys, happenings, st.sampled_from((Arrived(), Due(), Happened(an_event("Order Completed")))))
def test_who_has_left_is_neither_moved_nor_written_to(
    journey: Journey, happened: list[tuple[str | int, str | None]], wake: Wake
) -> None:
    walk = walked(journey, happened)
    over = stop(journey, walk.visit, walk.now).visit
    later = a_scene(walk.now + timedelta(days=400))
    assert advance(journey, over, wake, later) == Advance(visit=over, standing=later.standing)
    assert stop(journey, over, later.now) == Advance(visit=over)


@given(journeys, happenings)
def test_every_standing_is_asked_once(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    walk = walked(journey, happened)
    assert len({each.key for each in walk.asked}) == len(walk.asked)
    sends = {name for name, node in journey.steps.items() if node.step.type_name() == "send"}
    arrivals = sum(1 for step, by in walk.passed if step in sends and by == "entered")
    assert len(walk.asked) == arrivals
    queued = [each for each in walk.told if each.name.startswith("Message ")]
    assert [each.properties["send"] for each in queued] == [each.key for each in walk.asked]


@given(journeys, happenings)
def test_arrivals_are_exits_and_those_waiting(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    walk = walked(journey, happened)
    counts = Counter(walk.passed)
    for name, node in journey.steps.items():
        if not node.step.exits:
            assert not any(step == name and by != "entered" for step, by in counts)
            continue
        ways_out = [*node.step.exits, "goal", "stopped", "failed"]
        out = sum(counts[name, each] for each in ways_out)
        waiting = int(walk.visit.left_ms is None and walk.visit.step == name)
        arrived = 1 if name == journey.start else counts[name, "entered"]
        assert arrived == out + waiting


@given(journeys, happenings)
def test_the_holdout_walks_the_same_way_and_gets_no_marketing(
    journey: Journey, happened: list[tuple[str | int, str | None]]
) -> None:
    held = Walk(journey, replace(a_visit(journey), arm="holdout"), dict(REACHABLE))
    held.wake(Arrived())
    for number, (pace, event) in enumerate(happened):
        held.go_on(pace, event, number)
    for each in held.asked:
        assert each.transactional or not isinstance(each.verdict, Permit)
    # Where nobody may be written to, both arms are withheld from alike, and so stand at the same places throughout.
    nowhere = Walk(journey, replace(a_visit(journey), arm="treated"), {})
    alike = Walk(journey, replace(a_visit(journey), arm="holdout"), {})
    for walk in (nowhere, alike):
        walk.wake(Arrived())
        for number, (pace, event) in enumerate(happened):
            walk.go_on(pace, event, number)
    assert [each.step for each in nowhere.before] == [each.step for each in alike.before]


@given(journeys, happenings)
def test_the_number_of_the_move_only_grows(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    walk = walked(journey, happened)
    for before, after in zip(walk.before, [*walk.before[1:], walk.visit], strict=True):
        assert after.seq >= before.seq
        if after.seq == before.seq:
            assert (after.step, after.arrived_ms) == (before.step, before.arrived_ms)
        if after.step != before.step:
            assert after.seq > before.seq


@given(journeys, happenings)
def test_the_history_is_told_once(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    walk = walked(journey, happened)
    names = Counter(each.name for each in walk.told)
    assert names["Journey Entered"] == 1
    assert names["Journey Left"] == int(walk.visit.left_ms is not None)
    ids = [each.event(ADA, walk.now).message_id for each in walk.told]
    assert len(set(ids)) == len(ids)


@given(journeys, happenings)
def test_caps_hold_within_one_instant_too(journey: Journey, happened: list[tuple[str | int, str | None]]) -> None:
    walk = walked(journey, happened)
    [cap] = RULES.caps
    recent = sorted(walk.standing["email"].recent_ms)
    assert len([each for each in walk.asked if isinstance(each.verdict, Permit)]) == len(recent)
    marketing = all(not each.transactional for each in walk.asked)
    for first, last in zip(recent, recent[cap.most :], strict=False):
        assert not marketing or last - first >= cap.within_seconds * 1000


@given(journeys, happenings, st.sampled_from(NAMES))
def test_timer_and_event_may_come_in_either_order(
    journey: Journey, happened: list[tuple[str | int, str | None]], name: str
) -> None:
    walk = walked(journey, happened)
    if walk.visit.due_ms is None:
        return
    late = a_scene(from_millis(walk.visit.due_ms))
    wake = Happened(an_event(name, late.now, "late"))
    at_once = advance(journey, walk.visit, wake, late)
    timer_first = advance(journey, walk.visit, Due(), late)
    then = advance(journey, timer_first.visit, wake, a_scene(late.now, standing=timer_first.standing))
    assert at_once.visit == then.visit
    assert at_once.passed == timer_first.passed + then.passed
    assert at_once.sends == timer_first.sends + then.sends
