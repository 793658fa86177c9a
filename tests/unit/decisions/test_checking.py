"""A journey that is half-written: all that is wrong with it at once, and nothing that decoding would not refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.checking import check_journey
from holdfast.decisions.fields import decode_fields
from holdfast.decisions.journey import decode_journey
from holdfast.decisions.nodes import step_types
from holdfast.decisions.step_kinds import step_kinds
from holdfast.kernel.errors import Invalid
from tests.unit.decisions.journeys import steps_of

GERMAN = {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"}


def rescue(**steps: Any) -> dict[str, Any]:
    """A journey of a trigger, a mail, a branch and an end; steps can be said otherwise, or left out by None."""
    usual: dict[str, Any] = {
        "start": {"type": "trigger", "event": "Cart Left", "again": "once", "exits": {"entered": "ask"}},
        "ask": {"type": "branch", "condition": GERMAN, "exits": {"yes": "mail", "no": "end"}},
        "mail": {
            "type": "send",
            "channel": "email",
            "template": {"subject": "Hello", "html": "<p>It waits.</p>"},
            "exits": {"sent": "end", "withheld": "end"},
        },
        "end": {"type": "exit"},
    }
    found = {name: step for name, step in (usual | steps).items() if step is not None}
    goal = {"event": "Order Completed", "within_seconds": 86_400}
    return {"id": "rescue", "name": "Rescue", "goal": goal, "start": "start", "steps": found}


def told(definition: dict[str, Any]) -> set[tuple[str, str]]:
    """The code and path of each complaint."""
    return {(each.code, each.path) for each in check_journey(definition).complaints}


def test_nothing_is_wrong_with_what_can_be_published() -> None:
    checked = check_journey(rescue())
    assert checked.complaints == ()
    assert checked.journey == decode_journey(rescue())
    assert checked.steps.keys() == rescue()["steps"].keys()


def test_everything_is_told_at_once() -> None:
    definition = rescue(
        start={"type": "trigger", "event": "Cart Left", "exits": {"entered": "ask"}},
        mail={"type": "send", "channel": "email", "template": {"subject": "Hello"}, "exits": {"sent": "nowhere"}},
        nap={"type": "wait", "seconds": 0, "exits": {"waited": "end"}},
        odd={"type": "no_such_kind"},
    )
    definition |= {"name": "", "holdout": 2, "spare": 1}
    assert told(definition) == {
        ("empty", "$.name"),
        ("out_of_range", "$.holdout"),
        ("unknown_field", "$.spare"),
        ("missing_field", "$.steps.start"),
        ("empty", "$.steps.mail.template.html"),
        ("missing_exit", "$.steps.mail.exits"),
        ("unknown_step", "$.steps.mail.exits.sent"),
        ("out_of_range", "$.steps.nap.seconds"),
        ("unknown_type", "$.steps.odd.type"),
    }


def test_what_complains_can_still_be_shown() -> None:
    silent = {"type": "send", "channel": "sms", "template": {"text": ""}, "exits": {}}
    checked = check_journey(rescue(mail=silent))
    assert (checked.steps["mail"].title(), checked.steps["mail"].note()) == ("SMS", "Topic “marketing”")
    assert checked.journey is None


def test_the_ways_are_looked_at_although_a_step_cannot_be_read() -> None:
    definition = rescue(mail={"type": "send", "exits": {"sent": "end", "withheld": "end"}}, lost={"type": "exit"})
    assert ("unreachable", "$.steps.lost") in told(definition)
    assert ("missing_field", "$.steps.mail") in told(definition)


def test_whatever_decoding_refuses_is_complained_of_and_nothing_else() -> None:
    circle = {"type": "branch", "condition": GERMAN, "exits": {"yes": "ask", "no": "mail"}}
    second = {"type": "trigger", "event": "Other", "again": "once", "exits": {"entered": "mail"}}
    for steps in (
        {"ask": None},
        {"ask": circle},
        {"second": second},
        {"mail": {"type": "exit", "exits": {"sent": "end"}}},
        {"goal": {"type": "exit"}},
        {"end": 3},
        {"end": {"type": "split", "shares": {"a": 0.5, "b": 0.6}, "exits": {"a": "mail", "b": "mail"}}},
    ):
        definition = rescue(**steps)
        with pytest.raises(Invalid) as refused:
            decode_journey(definition)
        assert (refused.value.code, refused.value.path) in told(definition), steps


@pytest.mark.parametrize("broken", [{"steps": 3}, {"steps": {}}, {"start": 7}, {"start": None}, {"goal": []}])
def test_nothing_breaks_it(broken: dict[str, Any]) -> None:
    assert check_journey(rescue() | broken).complaints


def test_every_kind_of_step_is_told_of() -> None:
    kinds = {each.name: each for each in step_kinds()}
    assert kinds.keys() == step_types().keys()
    for name, kind in kinds.items():
        assert kind.help, name
        assert set(kind.spared) <= set(kind.exits), name
        assert kind.exits_of is None or kind.exits_of in kind.schema["properties"], name  # type: ignore[operator]
        assert (kind.family == "start") == step_types()[name].starts
    assert {each.name for each in kinds.values() if each.family == "end"} == {"exit", "goal"}
    assert {each.name for each in kinds.values() if each.family == "message"} == {"send", "webhook"}


@pytest.mark.parametrize("name", step_types())
@given(data=st.data())
def test_only_spared_exits_may_be_left_out(name: str, data: st.DataObject) -> None:
    type_ = step_types()[name]
    step = decode_fields(type_, data.draw(steps_of(type_)), "$", beside=("type",))
    assert set(step.stand_ins()) <= set(type_.spared)
