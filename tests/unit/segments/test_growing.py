"""What one more event cannot do to an answer, it does not: of generated conditions, people and events."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.kernel.moments import from_millis
from holdfast.profiles.profile import RECENT_MOST
from holdfast.segments.builders import did, first_did, in_segment, last_did, prop, trait
from holdfast.segments.condition import Condition, Truth
from holdfast.segments.facts import ProfileFacts
from holdfast.segments.growing import Growing, Needed, growing, needed
from holdfast.segments.library import Library, resolve
from holdfast.segments.live import cannot_be_live
from holdfast.segments.zones import DAY_MS
from tests.unit.segments.cases import LIBRARY, NOW_MS, conditions
from tests.unit.segments.test_turning import profile_of

UP, DOWN, BOTH, NEITHER = Growing(True, False), Growing(False, True), Growing(True, True), Growing(False, False)
SAVED = Library({"s": b'{"type":"did","event":"A"}'})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (did("A", at_least=3, within_days=7), UP),
        (~did("A"), DOWN),
        (did("A", at_most=2), DOWN),
        (did("A", at_least=1, at_most=2), NEITHER),
        (did("A") & (trait("plan") == "gold"), UP),
        (did("A") | ~did("B"), NEITHER),
        (~(did("A") & did("B")), DOWN),
        (trait("plan") == "gold", BOTH),
        (last_did("A", before_days=3), NEITHER),
        (first_did("A", within_days=3), NEITHER),
        (did("A", where=prop("x") == 1), NEITHER),
        (resolve(in_segment("s"), SAVED), UP),
    ],
)
def test_which_way_a_condition_grows(condition: Condition, expected: Growing) -> None:
    assert growing(condition) == expected


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), drawn=conditions())
def test_what_one_more_event_cannot_do_it_does_not(seed: int, drawn: Condition) -> None:
    draw = random.Random(seed)
    plain = did("Viewed", at_least=draw.randint(1, RECENT_MOST), within_days=draw.choice((1, 7, 30)))
    seldom = did("Bought", at_most=draw.randint(0, 3), within_days=draw.choice((1, 7, 30)))
    drawn = resolve(drawn, LIBRARY)
    if cannot_be_live(drawn) is not None:
        drawn = plain
    condition = draw.choice((drawn, drawn & plain, plain | seldom, ~plain & seldom, ~(drawn | seldom)))
    grows = growing(condition)
    events = {
        name: sorted(NOW_MS - draw.randrange(40 * DAY_MS) for _ in range(draw.choice((1, 2, 5, 33, 40))))
        for name in ("Viewed", "Bought")
        if draw.random() < 0.8
    }
    now = from_millis(NOW_MS)
    before = condition.holds(ProfileFacts(profile_of({}, events)), now)
    more = {**events}
    name = draw.choice(("Viewed", "Bought"))
    # Late ones come after all the others, and are older.
    more[name] = [*more.get(name, []), NOW_MS - draw.choice((0, 1, draw.randrange(60 * DAY_MS)))]
    after = condition.holds(ProfileFacts(profile_of({}, more)), now)
    if grows.stays_true and before is Truth.TRUE:
        assert after is Truth.TRUE, f"{condition!r} with one more {name}"
    if grows.stays_false and before is Truth.FALSE:
        assert after is Truth.FALSE, f"{condition!r} with one more {name}"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (did("A", at_least=3, within_days=7), Needed("A", 3)),
        (did("A", where=prop("x") == 1), Needed("A", 1)),
        (did("A", at_most=2), None),
        (did("A", at_least=1, at_most=2), Needed("A", 1)),
        (~did("A"), None),
        ((trait("plan") == "gold") & did("A", at_least=2) & did("B"), Needed("A", 2)),
        (did("A") | did("B"), None),
        (last_did("A", before_days=3), None),
        (resolve(in_segment("s"), SAVED), Needed("A", 1)),
    ],
)
def test_what_must_have_happened_for_a_condition_to_hold(condition: Condition, expected: Needed | None) -> None:
    assert needed(condition) == expected


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), drawn=conditions())
def test_without_what_must_have_happened_it_never_holds(seed: int, drawn: Condition) -> None:
    draw = random.Random(seed)
    plain = did("Viewed", at_least=draw.randint(1, RECENT_MOST), within_days=draw.choice((1, 7, 30)))
    drawn = resolve(drawn, LIBRARY)
    condition = draw.choice((plain, drawn, drawn & plain, plain & drawn, ~(~plain | drawn)))
    must = needed(condition)
    if must is None:
        return
    times = {name: draw.choice((0, 1, 2, 5, 33, 40)) for name in ("Viewed", "Bought", must.event)}
    times[must.event] = draw.randrange(must.times)
    events = {name: sorted(NOW_MS - draw.randrange(40 * DAY_MS) for _ in range(each)) for name, each in times.items()}
    facts = ProfileFacts(profile_of({"plan": "gold"}, {name: each for name, each in events.items() if each}))
    for later_ms in (0, 1, DAY_MS, 40 * DAY_MS):
        assert condition.holds(facts, from_millis(NOW_MS + later_ms)) is not Truth.TRUE
