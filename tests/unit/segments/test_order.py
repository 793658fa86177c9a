"""Orders by hand, and against trying every way of choosing the steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.moments import from_millis
from holdfast.profiles.profile import EMPTY, Profile, Tally
from holdfast.segments.builders import did_in_order, prop, step
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.conditions.did_in_order import DidInOrder
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.live import knowable_live

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)
HOUR_MS = 3_600_000


def lived(story: str) -> HistoryFacts:
    """One character an hour, the last of them now; a dot is nothing."""
    events: dict[str, list[PastEvent]] = {}
    for n, name in enumerate(reversed(story)):
        at = NOW - timedelta(hours=n)
        events.setdefault(name, []).append(PastEvent(timestamp=at, properties={"hour": n}))
    return HistoryFacts({}, events)


HOURS = {n: n / 24 for n in range(1, 9)}
THEN_B = did_in_order("A", step("B", within_days=HOURS[2]))
NOT_B = did_in_order("A", then_not=step("B", within_days=HOURS[2]))


@pytest.mark.parametrize(
    ("condition", "story", "held"),
    [
        (did_in_order("A", "B"), "A.B", True),
        (did_in_order("A", "B"), "B.A", False),
        (did_in_order("A", "B"), "BXAXB", True),
        (did_in_order("A", "A"), "A", False),
        (did_in_order("A", "A"), "AA", True),
        (THEN_B, "A.B", True),
        (THEN_B, "A..B", False),
        (THEN_B, "A.A.B", True),
        (did_in_order("A", step("B", within_days=HOURS[1]), step("C", within_days=HOURS[1])), "AB.ABC", True),
        (did_in_order("A", step("B", within_days=HOURS[3]), step("C", within_days=HOURS[1])), "AB.BC", True),
        (did_in_order("A", step("B", within_days=HOURS[3]), step("C", within_days=HOURS[1])), "AB...BC", False),
        (did_in_order("A", "B", within_days=HOURS[2]), "A.B", False),
        (did_in_order("A", "B", within_days=HOURS[3]), "A.B", True),
        (did_in_order("A", "B", until=NOW), "A.B", False),
        (did_in_order("A", step("B", where=prop("hour") > 0)), "A.B", False),
        (NOT_B, "A", False),
        (NOT_B, "A.", False),
        (NOT_B, "A..", True),
        (NOT_B, "A.B", False),
        (NOT_B, "A..B", True),
        (NOT_B, "AB..A", False),
        (NOT_B, "AB..A...", True),
        (NOT_B, "BBB", False),
        (did_in_order("A", "B", then_not=step("A", within_days=HOURS[1])), "ABA.", False),
        (did_in_order("A", "B", then_not=step("A", within_days=HOURS[1])), "AB.A", True),
    ],
)
def test_orders_by_hand(condition: Condition, story: str, held: bool) -> None:
    assert condition.holds(lived(story), NOW) is Truth.of(held)


def test_what_happened_in_the_same_millisecond_is_in_no_order() -> None:
    both = [PastEvent(timestamp=NOW, properties={})]
    assert did_in_order("A", "B").holds(HistoryFacts({}, {"A": both, "B": both}), NOW) is Truth.FALSE


steps = st.tuples(st.sampled_from("AB"), st.none() | st.integers(1, 3))
moments = st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 9)), max_size=8)


@given(st.lists(steps, min_size=1, max_size=3), st.none() | st.integers(1, 3), moments)
def test_every_way_of_choosing_is_tried(
    wanted: list[tuple[str, int | None]], silent: int | None, happened: list[tuple[str, int]]
) -> None:
    wanted[0] = (wanted[0][0], None)
    if silent is None and len(wanted) == 1:
        return
    asked = DidInOrder(
        steps=tuple(step(name, within_days=None if hours is None else hours / 24) for name, hours in wanted),
        then_not=None if silent is None else step("B", within_days=silent / 24),
    )
    ways = product(*([at for named, at in happened if named == name] for name, _ in wanted))
    expected = any(
        all(
            before < at and (hours is None or at - before <= hours)
            for before, at, (_, hours) in zip(way, way[1:], wanted[1:], strict=False)
        )
        and (
            silent is None
            or (way[-1] + silent <= 9 and not any(n == "B" and way[-1] < at <= way[-1] + silent for n, at in happened))
        )
        for way in ways
    )
    events: dict[str, list[PastEvent]] = {}
    for name, at in happened:
        events.setdefault(name, []).append(PastEvent(timestamp=from_millis(at * HOUR_MS), properties={}))
    assert asked.holds(HistoryFacts({}, events), from_millis(9 * HOUR_MS)) is Truth.of(expected)


def test_a_live_profile_knows_only_of_those_who_left_a_step_out() -> None:
    asked = did_in_order("A", "B", then_not=step("C", within_days=1))
    once = Tally(count=1, first_ms=1, recent_ms=(1,))
    assert asked.holds(ProfileFacts(EMPTY), NOW) is Truth.FALSE
    assert asked.holds(ProfileFacts(Profile(tallies={"A": once})), NOW) is Truth.FALSE
    assert asked.holds(ProfileFacts(Profile(tallies={"A": once, "B": once})), NOW) is Truth.UNKNOWN
    complaint = knowable_live(~asked)
    assert complaint is not None
    assert complaint.path == "$.of.steps"


def test_words() -> None:
    asked = did_in_order("A", step("B", within_days=2, where=prop("x") == 1), within_days=30)
    assert asked.words() == "did “A”, then “B” within 2 days (where x is 1), all in the last 30 days"
    assert (~NOT_B).words() == "did not do “A”, and then not “B” within 0.0833333 days"
