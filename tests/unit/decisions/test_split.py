"""Splitting by share: as many as it says, the same way every time, and whatever else divides people."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from holdfast.decisions.fields import decode_fields
from holdfast.decisions.holdout import arm_of
from holdfast.decisions.journey import decode_journey, encode_journey
from holdfast.decisions.shares import drawn_name
from holdfast.decisions.step import Assign, Place
from holdfast.decisions.steps.split import Split
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import Profile
from holdfast.profiles.variants import Assigned
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import START, cart_rescue

PEOPLE = [f"person-{number}" for number in range(4_000)]


def way_of(person: str, shares: dict[str, float], *, origin: str = "rescue", step: str = "fork") -> str:
    return assigned(person, shares, origin=origin, step=step).exit


def assigned(
    person: str, shares: dict[str, float], *, origin: str = "rescue", step: str = "fork", before: str = ""
) -> Assign:
    name = f"{origin}.{step}"
    profile = Profile(variants={name: Assigned(0, before)} if before else {})
    facts = ProfileFacts(profile, user_id=person)
    stood = Split(shares=shares).stand(
        Place(now=START, arrived=START, event=None, facts=facts, origin=origin, step=step)
    )
    assert isinstance(stood, Assign)
    assert (stood.experiment, stood.exit) == (name, stood.variant)
    return stood


def test_as_many_go_each_way_as_it_says() -> None:
    shares = {"large": 0.7, "none": 0.0, "small": 0.1, "middle": 0.2}
    went = Counter(way_of(person, shares) for person in PEOPLE)
    assert set(went) == {"large", "small", "middle"}
    for name, count in went.items():
        wanted = shares[name]
        # Five standard errors: the draw is by hash, so it comes out the same in every run.
        assert abs(count / len(PEOPLE) - wanted) < 5 * (wanted * (1 - wanted) / len(PEOPLE)) ** 0.5


def test_somebody_goes_the_same_way_however_the_shares_are_written() -> None:
    one, other = {"a": 0.3, "b": 0.7}, {"b": 0.7, "a": 0.3}
    assert [way_of(person, one) for person in PEOPLE] == [way_of(person, other) for person in PEOPLE]


def test_a_larger_share_takes_from_the_other_alone() -> None:
    before = {person: way_of(person, {"a": 0.3, "b": 0.7}) for person in PEOPLE}
    after = {person: way_of(person, {"a": 0.5, "b": 0.5}) for person in PEOPLE}
    assert {person for person in PEOPLE if before[person] == "a"} < {
        person for person in PEOPLE if after[person] == "a"
    }


def test_what_somebody_was_given_first_stands_whatever_they_would_draw_now() -> None:
    shares = {"a": 0.5, "b": 0.5}
    assert {assigned(person, shares, before="b").variant for person in PEOPLE} == {"b"}


@pytest.mark.parametrize("shares", [{"a": 0.5, "c": 0.5}, {"a": 0.5, "b": 0.0, "c": 0.5}])
def test_a_way_that_is_closed_leads_nobody_on(shares: dict[str, float]) -> None:
    drawn = {person: way_of(person, shares) for person in PEOPLE}
    assert {person: assigned(person, shares, before="b").variant for person in PEOPLE} == drawn


def test_the_chance_is_told_with_which_somebody_got_there() -> None:
    shares = {"a": 0.2, "b": 0.8}
    assert {(each := assigned(person, shares)).variant: each.propensity for person in PEOPLE} == shares


@pytest.mark.parametrize("other", [{"origin": "winback"}, {"step": "fork-2"}])
def test_two_splits_divide_independently(other: dict[str, str]) -> None:
    halves = {"a": 0.5, "b": 0.5}
    both = Counter((way_of(person, halves), way_of(person, halves, **other)) for person in PEOPLE)
    assert all(abs(count / len(PEOPLE) - 0.25) < 0.035 for count in both.values())
    assert len(both) == 4


def test_the_holdout_is_divided_like_everybody() -> None:
    held = [person for person in PEOPLE if arm_of("rescue", person, 0.5) == "holdout"]
    went = Counter(way_of(person, {"a": 0.5, "b": 0.5}) for person in held)
    assert abs(went["a"] / len(held) - 0.5) < 0.06


def test_roundings_leave_nobody_without_a_way() -> None:
    tenths = {f"n{number}": 0.1 for number in range(10)} | {"zz": 0.0}
    assert {drawn_name(tenths, "salt", person) for person in PEOPLE} == set(tenths) - {"zz"}
    # A share just short of what the sum of doubles comes to.
    assert drawn_name({"a": 0.0, "b": 0.0, "c": 1e-12, "d": 0.0}, "salt", "person") == "c"


@pytest.mark.parametrize(
    ("shares", "code", "path"),
    [
        ({"a": 0.5, "b": 0.4}, "not_one", "$.shares"),
        ({"a": 0.5, "b": 0.5000001}, "not_one", "$.shares"),
        ({"a": 1}, "out_of_range", "$.shares"),
        ({f"n{number}": 0.04 for number in range(25)}, "out_of_range", "$.shares"),
        ({"a": -0.5, "b": 1.5}, "out_of_range", "$.shares.a"),
        ({"a": float("nan"), "b": 1}, "out_of_range", "$.shares.a"),
        ({"a": True, "b": 0}, "wrong_type", "$.shares.a"),
        ({"a": "half", "b": 0.5}, "wrong_type", "$.shares.a"),
        ({"A way": 0.5, "b": 0.5}, "bad_id", "$.shares"),
        ({"entered": 0.5, "b": 0.5}, "bad_id", "$.shares.entered"),
        ({"goal": 0.5, "b": 0.5}, "bad_id", "$.shares.goal"),
        ([0.5, 0.5], "wrong_type", "$.shares"),
    ],
)
def test_shares_that_cannot_be_are_refused(shares: Any, code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_fields(Split, {"shares": shares}, "$")
    assert caught.value.code == code
    assert caught.value.path is not None
    assert caught.value.path.startswith(path)
    assert caught.value.hint


def test_every_name_is_an_exit_and_nothing_else_is() -> None:
    definition = cart_rescue()
    fork: dict[str, Any] = {"type": "split", "shares": {"a": 0.5, "b": 0.5}, "exits": {"a": "mail", "b": "done"}}
    definition["steps"] |= {"fork": fork}
    definition["steps"]["wait"]["exits"]["expired"] = "fork"
    journey = decode_journey(definition)
    assert decode_journey(encode_journey(journey)) == journey
    fork["exits"] = {"a": "mail"}
    with pytest.raises(Invalid, match="'b' leads nowhere"):
        decode_journey(definition)
    fork["exits"] = {"a": "mail", "b": "done", "c": "done"}
    with pytest.raises(Invalid, match="no exit 'c'"):
        decode_journey(definition)
    fork["exits"] = {"a": "mail", "b": "fork"}
    with pytest.raises(Invalid, match="circles"):
        decode_journey(definition)


def test_its_card_tells_the_shares() -> None:
    step = Split(shares={"control": 0.125, "variant": 0.875})
    assert (step.title(), step.note()) == ("Split", "control 12.5%, variant 87.5%")
