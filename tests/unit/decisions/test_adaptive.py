"""Adaptive paths: as many as was weighed, a slice evenly, the same way again, and told with the chance they had."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.drawing import draw, shares_for
from holdfast.decisions.fields import decode_fields, encode_fields
from holdfast.decisions.step import Assign, Place
from holdfast.decisions.steps.adaptive import Adaptive, AdaptiveGoal
from holdfast.decisions.weights import Weights, cell_of
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import Profile, Stamped
from holdfast.profiles.variants import Assigned
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import START

PEOPLE = [f"person-{number}" for number in range(6_000)]
PATHS = ("a", "b", "c")
WEIGHED = Weights(number=7, shares={"a": 0.7, "b": 0.2, "c": 0.1}, slice=0.3)


def stood(
    step: Adaptive,
    person: str,
    weights: Weights | None = None,
    *,
    before: str = "",
    traits: dict[str, Any] | None = None,
) -> Assign:
    profile = Profile(
        variants={"j.x": Assigned(0, before)} if before else {},
        traits={name: Stamped(0, "m", value) for name, value in (traits or {}).items()},
    )
    place = Place(
        now=START,
        arrived=START,
        event=None,
        facts=ProfileFacts(profile, user_id=person),
        origin="j",
        step="x",
        weights={} if weights is None else {"j.x": weights},
    )
    outcome = step.stand(place)
    assert isinstance(outcome, Assign)
    return outcome


def test_before_the_first_weighing_people_are_divided_evenly() -> None:
    went = Counter(stood(Adaptive(paths=PATHS), person).exit for person in PEOPLE)
    for path in PATHS:
        assert abs(went[path] / len(PEOPLE) - 1 / 3) < 5 * (2 / 9 / len(PEOPLE)) ** 0.5
    assert stood(Adaptive(paths=PATHS), "ada").propensity == pytest.approx(1 / 3)


def test_shares_and_slice_are_kept_and_the_chance_told_is_the_chance_they_had() -> None:
    every = [stood(Adaptive(paths=PATHS), person, WEIGHED) for person in PEOPLE]
    for path, wanted in {"a": 0.59, "b": 0.24, "c": 0.17}.items():
        went = [each for each in every if each.exit == path]
        assert abs(len(went) / len(PEOPLE) - wanted) < 5 * (wanted * (1 - wanted) / len(PEOPLE)) ** 0.5
        assert {round(each.propensity, 12) for each in went} == {wanted}
    inside = Counter(each.exit for each in every if each.about["evenly"])
    assert abs(sum(inside.values()) / len(PEOPLE) - 0.3) < 0.03
    assert all(abs(inside[path] / sum(inside.values()) - 1 / 3) < 0.06 for path in PATHS)
    assert every[0].about["weighing"] == 7


def test_the_slice_is_the_same_people_at_every_weighing() -> None:
    def inside(number: int) -> set[str]:
        weights = Weights(number=number, shares=WEIGHED.shares, slice=0.3)
        return {person for person in PEOPLE if draw(weights, PATHS, "j.x", person).evenly}

    assert inside(1) == inside(9)
    others = {person for person in PEOPLE if draw(WEIGHED, PATHS, "j.y", person).evenly}
    assert others != inside(1)


def test_each_weighing_draws_anew() -> None:
    one, other = (
        {person: draw(Weights(number=number, shares=WEIGHED.shares), PATHS, "j.x", person).path for person in PEOPLE}
        for number in (1, 2)
    )
    # Drawn independently, two weighings send a person the same way with the sum of the squares of the shares.
    assert abs(sum(one[each] == other[each] for each in PEOPLE) / len(PEOPLE) - 0.54) < 0.03


def test_who_was_sent_somewhere_goes_there_again_while_it_is_there() -> None:
    step = Adaptive(paths=PATHS)
    for number, person in enumerate(PEOPLE[:40]):
        weights = Weights(number=number, shares={"a": 1.0}, slice=0.0)
        assert stood(step, person, weights, before="b").exit == "b"
        assert stood(step, person, weights, before="gone").exit != "gone"


def test_shares_of_next_to_nothing_add_up_too() -> None:
    assert shares_for({"a": 5e-324}, ["a", "b"]) == {"a": 0.5, "b": 0.5}


@given(
    st.dictionaries(st.sampled_from("abcdefg"), st.floats(0, 1), max_size=7),
    st.sets(st.sampled_from("abcdefg"), min_size=2),
    st.floats(0, 1),
    st.text(),
)
def test_any_weighing_gives_everybody_a_path_with_a_chance(
    shares: dict[str, float], paths: set[str], slice_: float, person: str
) -> None:
    every = shares_for(shares, sorted(paths))
    assert every.keys() == paths
    assert sum(every.values()) == pytest.approx(1)
    drawn = draw(Weights(number=1, shares=shares, slice=slice_), sorted(paths), "j.x", person)
    assert drawn.path in paths
    assert 0 < drawn.propensity <= 1 + 1e-9


def test_people_of_a_cell_have_shares_of_their_own() -> None:
    step = Adaptive(paths=PATHS, context=("plan", "city"))
    cell = cell_of({"plan": "free"}, ["plan", "city"])
    weights = Weights(number=1, shares={"a": 1.0}, cells={cell: {"c": 1.0, "a": 0.0, "b": 0.0}})
    assert stood(step, "ada", weights, traits={"plan": "free"}).exit == "c"
    assert stood(step, "ada", weights, traits={"plan": "free"}).about["cell"] == cell
    assert {stood(step, each, weights, traits={"plan": "paid"}).propensity for each in PEOPLE[:50]} == {1 / 3}
    assert len(cell_of({"plan": "x" * 9_000, "city": {"a": ["ß\ud800"]}}, ["plan", "city"]).encode()) < 300


STEP: dict[str, Any] = {"paths": ["a", "b"], "goals": [{"event": "Bought", "within_seconds": 60}]}


def test_it_is_what_it_is_written_as() -> None:
    step = decode_fields(Adaptive, STEP, "$")
    assert step.ways() == ("a", "b")
    assert step.goals == (AdaptiveGoal(event="Bought", within_seconds=60),)
    assert decode_fields(Adaptive, encode_fields(step), "$") == step


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"paths": ["a"]}, "$.paths"),
        ({"paths": ["a", "a"]}, "$.paths"),
        ({"paths": ["a", "goal"]}, "$.paths[1]"),
        ({"paths": "ab"}, "$.paths"),
        ({"slice": 0}, "$.slice"),
        ({"temper": 1.5}, "$.temper"),
        ({"goals": [{"event": "A", "within_seconds": 1, "worth": 0}]}, "$.goals[0].worth"),
        ({"half_life_days": 0}, "$.half_life_days"),
        ({"context": ["a", "b", "c", "d"]}, "$.context"),
        ({"context": ["a", "a"]}, "$.context"),
        ({"goals": [*STEP["goals"], *STEP["goals"]]}, "$.goals"),
    ],
)
def test_what_is_wrong_is_said_where(wrong: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_fields(Adaptive, STEP | wrong, "$")
    assert refused.value.path == path
