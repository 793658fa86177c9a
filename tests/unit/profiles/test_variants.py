"""The variant somebody got first stands: whatever order it is heard in, whoever they turn out to be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import OWN_SOURCE, Event
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import EMPTY, Profile, combine, hear, learn
from holdfast.profiles.variants import VARIANT_ASSIGNED, VARIANTS_MOST, Assigned, earliest, variant_of
from holdfast.testing import START, an_event
from tests.unit.profiles.strategies import histories
from tests.unit.profiles.test_profile import learnt


def an_assignment(variant: str, minutes: int = 0, *, experiment: str = "spring", **more: Any) -> Event:
    given: dict[str, Any] = {
        "timestamp": START + timedelta(minutes=minutes),
        "message_id": f"{experiment}-{variant}-{minutes}",
        "properties": {"experiment": experiment, "variant": variant, "propensity": 0.5},
        "source": OWN_SOURCE,
    }
    return an_event(VARIANT_ASSIGNED, **(given | more))


def test_the_first_stands() -> None:
    late, early = an_assignment("bold", 5), an_assignment("control", 1)
    for events in ([late, early], [early, late]):
        assert learnt(events).variants == {"spring": Assigned(to_millis(early.timestamp), "control")}


def test_at_one_instant_the_name_decides() -> None:
    both = [an_assignment("bold"), an_assignment("control")]
    assert learnt(both).variants == learnt(both[::-1]).variants
    assert variant_of(learnt(both).variants, "spring") == "bold"


def test_two_who_are_one_go_on_with_the_earlier_and_are_parted_as_they_were() -> None:
    phone, laptop = learnt([an_assignment("bold", 1)]), learnt([an_assignment("control", 2)])
    assert variant_of(combine([laptop, phone]).variants, "spring") == "bold"
    assert variant_of(laptop.variants, "spring") == "control"


def test_what_is_heard_at_once_is_learnt_later_without_a_change() -> None:
    told = an_assignment("bold")
    heard = hear(EMPTY, told)
    assert variant_of(heard.variants, "spring") == "bold"
    assert learn(heard, told).variants == heard.variants
    assert heard.traits == {}, "the properties of what is told are no traits"


@pytest.mark.parametrize(
    "more",
    [
        {"source": "web"},
        {"properties": {"experiment": "spring"}},
        {"properties": {"experiment": "", "variant": "a"}},
        {"properties": {"experiment": "spring", "variant": 1}},
    ],
)
def test_nobody_else_assigns_and_nonsense_assigns_nothing(more: dict[str, Any]) -> None:
    assert learnt([an_assignment("bold", **more)]).variants == {}


def test_of_so_many_experiments_the_same_are_remembered_in_any_order() -> None:
    told = [an_assignment("a", number, experiment=f"e{number:04}") for number in range(VARIANTS_MOST + 50)]
    forward, backward = learnt(told), learnt(told[::-1])
    assert forward.variants == backward.variants
    assert sorted(forward.variants) == [f"e{number:04}" for number in range(VARIANTS_MOST)]
    halves = [learnt(told[::2]), learnt(told[1::2])]
    assert combine(halves).variants == forward.variants
    assert variant_of(forward.variants, "e0000") == "a"
    assert variant_of(forward.variants, "e0240") is None, "it was let go of, and may have been either"
    assert variant_of({}, "e0240") == ""


@given(histories(most=20))
def test_the_earliest_of_all_that_was_said_stands(events: list[Event]) -> None:
    wanted: dict[str, Assigned] = {}
    for each in events:
        experiment, variant = each.properties.get("experiment"), each.properties.get("variant")
        ours = each.name == VARIANT_ASSIGNED and each.source == OWN_SOURCE
        if ours and isinstance(experiment, str) and isinstance(variant, str) and experiment and variant:
            said = Assigned(to_millis(each.timestamp), variant)
            wanted[experiment] = min(wanted.get(experiment, said), said)
    assert learnt(events).variants == wanted


VARIANTS = st.dictionaries(st.sampled_from("xyz"), st.builds(Assigned, st.integers(0, 3), st.sampled_from("ab")))


@given(VARIANTS, VARIANTS, VARIANTS)
def test_joining_goes_by_no_order(one: Any, other: Any, third: Any) -> None:
    assert earliest(one, other) == earliest(other, one)
    assert earliest(earliest(one, other), third) == earliest(one, earliest(other, third))
    assert earliest(one, one) == one


def test_a_profile_without_variants_is_written_as_before() -> None:
    assert b"variants" not in msgspec.json.encode(Profile())
