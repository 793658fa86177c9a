"""Experiments: documents that hold together, layers that share nobody, draws that need no memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from holdfast.decisions.assignment import assign, drawn_variant
from holdfast.decisions.experiment import Experiment, decode_experiment, encode_experiment
from holdfast.decisions.layers import Stretch, free_stretches
from holdfast.decisions.step import Assign, Go, Place
from holdfast.decisions.steps.experiment import Experiment as ExperimentStep
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.profiles.profile import Profile, Stamped
from holdfast.profiles.variants import Assigned
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import START

PEOPLE = [f"person-{number}" for number in range(4_000)]
SHARES = {"bold": 0.5, "control": 0.5}
SPRING: dict[str, Any] = {"id": "spring", "name": "Spring", "variants": SHARES, "state": "running"}


def an_experiment(**more: Any) -> Experiment:
    return decode_experiment(SPRING | more)


def facts(person: str = "ann", *, plan: str = "", **variants: str) -> ProfileFacts:
    traits = {"plan": Stamped(1, "m", plan)} if plan else {}
    had = {name: Assigned(1, variant) for name, variant in variants.items()}
    return ProfileFacts(Profile(traits=traits, variants=had), user_id=person)


def variant_of(experiment: Experiment, known: ProfileFacts, *others: Experiment) -> str | None:
    given = assign(experiment, [experiment, *others], known, START)
    return None if given is None else given.variant


def test_a_document_says_the_same_when_it_is_read_again() -> None:
    whole = an_experiment(
        hypothesis="Bold sells.",
        layer={"id": "checkout", "from": 0.25, "to": 0.5},
        audience={"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"},
        values={"bold": {"colour": ["red", None, 1.5]}},
        goals=[{"event": "Order Completed", "within_seconds": 86_400, "value": "total", "worth_minor": None}],
        planned_people=10_000,
        reading="fixed",
        salt="winter",
    )
    assert decode_experiment(encode_experiment(whole)) == whole
    assert whole.layer == Stretch(layer="checkout", begins=0.25, ends=0.5)
    assert (whole.drawn_by, an_experiment().drawn_by) == ("winter", "spring")


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [
        ({"values": {"blod": 1}}, "unknown_variant", "$.values.blod"),
        ({"layer": {"id": "x", "from": 0.5, "to": 0.5}}, "never_true", "$.layer.to"),
        ({"layer": {"id": "x", "form": 0.5}}, "unknown_field", "$.layer.form"),
        ({"layer": {"from": 0.5}}, "missing_field", "$.layer"),
        ({"layer": {"id": "x", "to": 1.5}}, "out_of_range", "$.layer.to"),
        ({"layer": {"id": "x", "to": True}}, "wrong_type", "$.layer.to"),
        ({"variants": {"only": 1}}, "out_of_range", "$.variants"),
        ({"planned_people": 0}, "out_of_range", "$.planned_people"),
        ({"state": "over"}, "unknown_choice", "$.state"),
        ({"values": 5}, "wrong_type", "$.values"),
        ({"values": {"bold": "\ud800"}}, "wrong_type", "$.values.bold"),
        ({"values": {"bold": object()}}, "wrong_type", "$.values.bold"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(more: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        an_experiment(**more)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert caught.value.hint


def test_a_value_has_a_limit() -> None:
    with pytest.raises(TooLarge, match="too long"):
        an_experiment(values={"bold": "x" * 20_000})


def test_two_experiments_in_one_layer_share_nobody_and_leave_nobody_out() -> None:
    one = an_experiment(id="one", layer={"id": "checkout", "to": 0.3})
    two = an_experiment(id="two", layer={"id": "checkout", "from": 0.3})
    in_one = in_two = 0
    for number in range(100_000):
        known = facts(f"person-{number}")
        first, second = variant_of(one, known, two), variant_of(two, known, one)
        assert (first is None) != (second is None)
        in_one += first is not None
        in_two += second is not None
    assert abs(in_one / 100_000 - 0.3) < 0.008  # Five standard errors.
    assert in_one + in_two == 100_000


def test_a_layer_divides_people_independently_of_draws_and_of_other_layers() -> None:
    one = an_experiment(layer={"id": "checkout", "to": 0.5})
    other = an_experiment(id="other", layer={"id": "search", "to": 0.5})
    inside = Counter(variant_of(one, facts(person)) for person in PEOPLE)
    assert abs(inside["bold"] / (inside["bold"] + inside["control"]) - 0.5) < 0.06
    both = Counter(
        (variant_of(one, facts(person)) is None, variant_of(other, facts(person)) is None) for person in PEOPLE
    )
    assert all(abs(count / len(PEOPLE) - 0.25) < 0.035 for count in both.values())
    assert len(both) == 4


def test_who_is_in_one_experiment_of_a_layer_is_in_no_other_whatever_they_are_called_now() -> None:
    one = an_experiment(id="one", layer={"id": "checkout", "to": 0.5})
    two = an_experiment(id="two", layer={"id": "checkout", "from": 0.5})
    moved = next(person for person in PEOPLE if two.layer is not None and two.layer.holds(person))
    known = facts(moved, one="bold")
    assert (variant_of(one, known, two), variant_of(two, known, one)) == ("bold", None)
    joined = facts(moved, one="bold", two="control")
    assert (variant_of(one, joined, two), variant_of(two, joined, one)) == ("bold", None), "the first by name"
    over = replace(one, state="stopped")
    assert variant_of(two, known, over) is not None, "what is over has nobody"


def test_the_draw_is_by_salt_and_name_alone() -> None:
    drawn = {person: drawn_variant(an_experiment(), person) for person in PEOPLE}
    again = an_experiment(id="summer", salt="spring")
    assert {person: drawn_variant(again, person) for person in PEOPLE} == drawn
    other = Counter((drawn[person], drawn_variant(an_experiment(id="summer"), person)) for person in PEOPLE)
    assert all(abs(count / len(PEOPLE) - 0.25) < 0.035 for count in other.values())
    assert len(other) == 4


def test_what_somebody_got_stands_until_the_variant_is_closed() -> None:
    for had in ("bold", "control"):
        assert {variant_of(an_experiment(), facts(person, spring=had)) for person in PEOPLE[:50]} == {had}
    closed = an_experiment(variants={"bold": 0.0, "control": 1.0})
    given = assign(closed, [closed], facts(spring="bold"), START)
    assert given is not None
    assert (given.variant, given.propensity, given.is_new) == ("control", 1.0, False)


def test_only_the_audience_takes_part_and_who_did_goes_on() -> None:
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    experiment = an_experiment(audience=gold)
    assert variant_of(experiment, facts(plan="tin")) is None
    assert variant_of(experiment, facts(plan="gold")) is not None
    assert variant_of(experiment, facts(plan="tin", spring="bold")) == "bold"


def test_what_is_not_known_of_somebody_is_not_guessed() -> None:
    crowd = {"type": "did", "event": "Order Completed"}
    known = ProfileFacts(Profile(crowded=True), user_id="ann")
    assert variant_of(an_experiment(audience=crowd), known) is None


@pytest.mark.parametrize("state", ["draft", "stopped"])
def test_nobody_takes_part_in_what_does_not_run(state: str) -> None:
    assert variant_of(an_experiment(state=state), facts(spring="bold")) is None


def test_the_step_goes_by_the_variant_or_apart() -> None:
    experiment = an_experiment(layer={"id": "checkout", "to": 0.5})
    step = ExperimentStep(experiment="spring", variants=("bold",))
    place = Place(now=START, arrived=START, event=None, facts=facts(), experiments={"spring": experiment})
    ways: Counter[str | None] = Counter()
    for person in PEOPLE:
        stood = step.stand(structs.replace(place, facts=facts(person)))
        wanted = variant_of(experiment, facts(person))
        if wanted == "bold":
            assert stood == Assign(
                experiment="spring", variant="bold", propensity=0.5, exit="bold", about={"layer": "checkout"}
            )
        else:
            assert stood == Go("apart"), "they take no part, or their variant is not named"
        ways[wanted] += 1
    assert set(ways) == {"bold", "control", None}
    assert step.stand(structs.replace(place, experiments={})) == Go("apart")


def test_what_is_free_in_a_layer() -> None:
    taken = [Stretch(layer="x", begins=0.5, ends=0.75), Stretch(layer="x", begins=0.0, ends=0.25)]
    assert free_stretches(taken) == [(0.25, 0.5), (0.75, 1.0)]
    assert free_stretches([]) == [(0.0, 1.0)]
    assert free_stretches([Stretch(layer="x")]) == []
