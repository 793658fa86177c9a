"""Changing a trait: to what, where it cannot be, and who sees it."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.decisions.fields import decode_fields
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.machine import Arrived, advance
from holdfast.decisions.nodes import step_types
from holdfast.decisions.step import Change, Go, Outcome, Place, Step
from holdfast.decisions.steps.update_trait import ELEMENTS_MOST
from holdfast.decisions.trait_values import NUMBER_MOST
from holdfast.events.event import IdentityKey, Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.facts import HistoryFacts
from tests.unit.decisions.journeys import START, a_scene, a_visit, cart_rescue

ADA = IdentityKey(kind="user", value="ada")


def a_step(trait: str = "points", **given: Any) -> Step:
    return decode_fields(step_types()["update_trait"], {"trait": trait, **given}, "$")


def stood(step: Step, **traits: Json) -> Outcome:
    return step.stand(Place(now=START, arrived=START, event=None, facts=HistoryFacts(traits, {})))


def to(value: Json) -> Outcome:
    return Change("points", value, exit="updated")


def same(outcome: Outcome, value: Json) -> bool:
    """Equal in type too: to Python 1 is true."""
    return outcome == to(value) and isinstance(outcome, Change) and type(outcome.value) is type(value)


UNCHANGED = Go("unchanged")


@pytest.mark.parametrize("value", ["gold", "", 7, 0.5, True, False, None])
def test_set_gives_the_value_whatever_it_was(value: Json) -> None:
    step = a_step(value=value)
    befores: tuple[Json, ...] = (None, "silver", 1, ["a"], value)
    for before in befores:
        assert same(stood(step, points=before), value)


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [(None, 1, 1), (2, 1, 3), (2, -5, -3), (0.5, 1, 1.5), (2, 0.25, 2.25), (NUMBER_MOST - 1, 1, NUMBER_MOST)],
)
def test_increment_adds_to_the_number(before: Json, by: float, after: float) -> None:
    assert same(stood(a_step(change="increment", value=by), points=before), after)


@pytest.mark.parametrize("before", ["2", True, [1], {"a": 1}, NUMBER_MOST, float("inf"), float("nan")])
def test_what_is_no_number_or_would_be_too_large_stays(before: Json) -> None:
    assert stood(a_step(change="increment", value=1), points=before) == UNCHANGED


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (None, "gold", ["gold"]),
        ([], 1, [1]),
        (["gold"], "silver", ["gold", "silver"]),
        ([1], True, [1, True]),
        (["1"], 1, ["1", 1]),
    ],
)
def test_add_puts_the_value_into_the_list(before: Json, value: Json, after: Json) -> None:
    assert same(stood(a_step(change="add", value=value), points=before), after)


@pytest.mark.parametrize(
    ("before", "value"),
    [(["gold"], "gold"), ([1.0], 1), ("gold", "silver"), (7, 1), (list(range(ELEMENTS_MOST)), "one more")],
)
def test_a_list_that_has_it_or_is_full_and_what_is_no_list_stay(before: Json, value: Json) -> None:
    assert stood(a_step(change="add", value=value), points=before) == UNCHANGED


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"value": "1", "change": "increment"}, "contradiction", "$.value"),
        ({"value": True, "change": "increment"}, "contradiction", "$.value"),
        ({"value": None, "change": "add"}, "contradiction", "$.value"),
        ({"value": 1, "trait": "list/vip"}, "contradiction", "$.trait"),
        ({"value": [1]}, "wrong_type", "$.value"),
        ({"value": {"a": 1}}, "wrong_type", "$.value"),
        ({"value": NUMBER_MOST + 1}, "out_of_range", "$.value"),
        ({"value": float("nan")}, "out_of_range", "$.value"),
        ({"value": "x" * 1_001}, "too_long", "$.value"),
        ({"value": 1, "change": "double"}, "unknown_choice", "$.change"),
        ({}, "missing_field", "$"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        a_step(**given)
    assert caught.value.code == code
    assert caught.value.path is not None
    assert caught.value.path.startswith(path)


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"value": "gold"}, "Set to “gold”"),
        ({"value": None}, "Take it away"),
        ({"value": True}, "Set to true"),
        ({"value": "vip", "change": "add"}, "Add “vip”"),
        ({"value": 1, "change": "increment"}, "Count up by 1"),
        ({"value": -2.5, "change": "increment"}, "Count down by 2.5"),
    ],
)
def test_cards_read_well(given: dict[str, Any], note: str) -> None:
    step = a_step(**given)
    assert (step.title(), step.note()) == ("Update points", note)


def counting() -> Journey:
    definition = cart_rescue()
    count = {"type": "update_trait", "trait": "points", "change": "increment", "value": 1}
    twice = {"type": "trait", "trait": "points", "operator": "equals", "value": 2}
    definition["steps"] = {
        "cart": definition["steps"]["cart"] | {"exits": {"entered": "one"}},
        "one": count | {"exits": {"updated": "two"}},
        "two": count | {"exits": {"updated": "fork"}},
        "fork": {"type": "branch", "condition": twice, "exits": {"yes": "done", "no": "never"}},
        "done": {"type": "exit"},
        "never": {"type": "exit"},
    }
    return decode_journey(definition)


def test_steps_after_it_see_it_at_once() -> None:
    journey = counting()
    moved = advance(journey, a_visit(journey), Arrived(), a_scene())
    assert moved.visit.left_by == "done"
    said = [each.event(ADA, START) for each in moved.told if each.kind == "identify"]
    assert [each.properties for each in said] == [{"points": 1}, {"points": 2}]
    assert [(each.name, each.kind, each.context["step"]) for each in said] == [
        ("Identified", "identify", "one"),
        ("Identified", "identify", "two"),
    ]
    assert len({each.message_id for each in said}) == 2


def test_a_trait_that_is_taken_away_is_not_there() -> None:
    definition = cart_rescue()
    is_set = {"type": "trait", "trait": "points", "operator": "is_set"}
    definition["steps"] = {
        "cart": definition["steps"]["cart"] | {"exits": {"entered": "one"}},
        "one": {"type": "update_trait", "trait": "points", "value": 1, "exits": {"updated": "two"}},
        "two": {"type": "update_trait", "trait": "points", "value": None, "exits": {"updated": "fork"}},
        "fork": {"type": "branch", "condition": is_set, "exits": {"yes": "never", "no": "done"}},
        "done": {"type": "exit"},
        "never": {"type": "exit"},
    }
    journey = decode_journey(definition)
    assert advance(journey, a_visit(journey), Arrived(), a_scene()).visit.left_by == "done"
