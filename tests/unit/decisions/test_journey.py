from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.campaign import decode_campaign, encode_campaign
from holdfast.decisions.durations import TEN_YEARS_SECONDS
from holdfast.decisions.fields import DEFINITION_BYTES_MOST
from holdfast.decisions.journey import decode_journey, encode_journey
from holdfast.decisions.nodes import STEPS_MOST, Nodes, step_types
from holdfast.decisions.paths import HOPS_MOST
from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from tests.unit.decisions.journeys import cart_rescue, definitions

NOT_LIVE = {"type": "did", "event": "Order Completed", "at_least": 40, "within_days": 7}
"""The live profile remembers fewer times."""
LIVE = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}


@given(definitions())
def test_the_json_form_round_trips(definition: dict[str, Any]) -> None:
    journey = decode_journey(definition)
    encoded = encode_journey(journey)
    assert decode_journey(encoded) == journey
    assert decode_journey(json.dumps(encoded)) == journey
    assert encode_journey(decode_journey(json.dumps(encoded).encode())) == encoded


def test_defaults_are_written_out() -> None:
    encoded = encode_journey(decode_journey(cart_rescue()))
    steps: Any = encoded["steps"]
    assert steps["cart"] == {
        "type": "trigger",
        "event": "Checkout Started",
        "where": [],
        "only_if": None,
        "again": "after_exit",
        "key_property": None,
        "cool_down_seconds": 0,
        "latest_seconds": 3600,
        "exits": {"entered": "wait"},
    }
    assert steps["done"] == {"type": "exit"}
    assert encoded["leave_on_goal"] is True


GONE = object()


def changed(definition: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The definition with what stands at each dotted path set, or taken out."""
    mended = deepcopy(definition)
    for path, value in changes.items():
        *way, last = path.split(".")
        place = mended
        for name in way:
            place = place[name]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return mended


@pytest.mark.parametrize(
    ("changes", "code", "path", "remedy"),
    [
        ({"id": "Cart Rescue"}, "bad_id", "$.id", "such as cart-rescue"),
        ({"id": "a" * 65}, "bad_id", "$.id", "1 to 64"),
        ({"id": "-a"}, "bad_id", "$.id", "starting with"),
        ({"id": "a\n"}, "bad_id", "$.id", "1 to 64"),
        ({"id": 7}, "wrong_type", "$.id", "Give text"),
        ({"name": ""}, "empty", "$.name", "Write"),
        ({"name": "n" * 201}, "too_long", "$.name", "200"),
        ({"holdout": 1}, "out_of_range", "$.holdout", "less than 1"),
        ({"holdout": -0.1}, "out_of_range", "$.holdout", "0 or more"),
        ({"holdout": float("nan")}, "out_of_range", "$.holdout", "0 or more"),
        ({"holdout": True}, "wrong_type", "$.holdout", "a number"),
        ({"goal": GONE}, "missing_field", "$", "Add 'goal'"),
        ({"goal.within_seconds": 0}, "out_of_range", "$.goal.within_seconds", "1 or more"),
        ({"goal.within_seconds": 1.5}, "wrong_type", "$.goal.within_seconds", "whole number"),
        ({"goal.evnt": "x"}, "unknown_field", "$.goal.evnt", "'event'"),
        ({"leave_on_goal": "yes"}, "wrong_type", "$.leave_on_goal", "true or false"),
        ({"hold_out": 0.1}, "unknown_field", "$.hold_out", "'holdout'"),
        ({"kind": "campaign"}, "unknown_field", "$.kind", "There is"),
        ({"start": GONE}, "missing_field", "$", "Add 'start'"),
        ({"start": "carts"}, "unknown_step", "$.start", "Did you mean 'cart'?"),
        ({"start": "wait"}, "start_is_no_trigger", "$.start", "Start at 'cart'"),
        ({"steps": []}, "wrong_type", "$.steps", "an object"),
        ({"steps": {}}, "unknown_step", "$.start", "There are none"),
        ({"steps.bad id": {"type": "exit"}}, "bad_id", "$.steps['bad id']", "such as"),
        ({"steps.goal": {"type": "exit"}}, "bad_id", "$.steps.goal", "Choose another"),
        ({"steps.wait": None}, "wrong_type", "$.steps.wait", "an object"),
        ({"steps.wait.type": GONE}, "missing_field", "$.steps.wait", "Add 'type': adaptive, api, branch"),
        ({"steps.wait.type": "untill"}, "unknown_type", "$.steps.wait.type", "Did you mean 'until'?"),
        ({"steps.wait.type": ["until"]}, "unknown_type", "$.steps.wait.type", "There is"),
        ({"steps.wait.second": 3}, "unknown_field", "$.steps.wait.second", "Did you mean 'seconds'?"),
        ({"steps.wait.seconds": GONE}, "missing_field", "$.steps.wait", "Add 'seconds'"),
        ({"steps.wait.seconds": 0}, "out_of_range", "$.steps.wait.seconds", "1 or more"),
        ({"steps.wait.seconds": TEN_YEARS_SECONDS + 1}, "out_of_range", "$.steps.wait.seconds", "The unit is seconds"),
        ({"steps.wait.seconds": "45"}, "wrong_type", "$.steps.wait.seconds", "whole number of seconds"),
        ({"steps.wait.seconds": True}, "wrong_type", "$.steps.wait.seconds", "whole number of seconds"),
        ({"steps.wait.event": ""}, "empty", "$.steps.wait.event", "Write"),
        ({"steps.wait.where": "x"}, "wrong_type", "$.steps.wait.where", "Write ["),
        (
            {"steps.wait.where": [{"property": "p", "operator": "equal", "value": 1}]},
            "unknown_operator",
            "$.steps.wait.where[0].operator",
            "equals",
        ),
        ({"steps.wait.exits.expired": GONE}, "missing_exit", "$.steps.wait.exits", "Add 'expired'"),
        ({"steps.wait.exits": GONE}, "missing_exit", "$.steps.wait.exits", "Add 'happened'"),
        ({"steps.wait.exits.expire": "mail"}, "unknown_exit", "$.steps.wait.exits.expire", "Did you mean 'expired'?"),
        ({"steps.done.exits": {"sent": "mail"}}, "unknown_exit", "$.steps.done.exits.sent", "There are none"),
        ({"steps.mail.exits.sent": "dome"}, "unknown_step", "$.steps.mail.exits.sent", "Did you mean 'done'?"),
        ({"steps.mail.exits.sent": 7}, "wrong_type", "$.steps.mail.exits.sent", "Give text"),
        ({"steps.mail.exits.sent": "cart"}, "leads_to_trigger", "$.steps.mail.exits.sent", "'again'"),
        ({"steps.mail.exits.sent": "mail"}, "loop_without_wait", "$.steps.mail", "Put a wait"),
        ({"steps.more": {"type": "exit"}}, "unreachable", "$.steps.more", "Lead an exit to it"),
        ({"steps.mail.channel": "E mail"}, "bad_id", "$.steps.mail.channel", "such as"),
        ({"steps.mail.template": {}}, "empty", "$.steps.mail.template.subject", "Write a subject"),
        ({"steps.mail.template.html": 7}, "wrong_type", "$.steps.mail.template.html", "Give text"),
        ({"steps.mail.template.htm": ""}, "unknown_field", "$.steps.mail.template.htm", "'html'"),
        ({"steps.cart.again": GONE}, "missing_field", "$.steps.cart", "Add 'again'"),
        ({"steps.cart.again": "twice"}, "unknown_choice", "$.steps.cart.again", "after_exit, once, per_key"),
        ({"steps.cart.again": "per_key"}, "contradiction", "$.steps.cart.key_property", "Name the property"),
        ({"steps.cart.key_property": "order_id"}, "contradiction", "$.steps.cart.key_property", "Remove it"),
        ({"steps.cart.cool_down_seconds": -1}, "out_of_range", "$.steps.cart.cool_down_seconds", "0 or more"),
        ({"steps.cart.event": "Journey Left"}, "contradiction", "$.steps.cart.cool_down_seconds", "Give a cool-down"),
        ({"steps.cart.only_if": []}, "wrong_type", "$.steps.cart.only_if", "an object"),
        ({"steps.cart.only_if": {"type": "dit", "event": "x"}}, "unknown_type", "$.steps.cart.only_if.type", "did"),
        ({"steps.cart.only_if": NOT_LIVE}, "not_live", "$.steps.cart.only_if.at_least", "Count"),
        (
            {"steps.cart.only_if": {"type": "all", "of": [LIVE, NOT_LIVE]}},
            "not_live",
            "$.steps.cart.only_if.of[1].at_least",
            "Count",
        ),
        (
            {"steps.second": {"type": "trigger", "event": "x", "again": "once", "exits": {"entered": "wait"}}},
            "two_triggers",
            "$.steps.second",
            "Remove one",
        ),
    ],
)
def test_a_complaint_says_where_and_what_to_do(changes: dict[str, Any], code: str, path: str, remedy: str) -> None:
    with pytest.raises(Exposed) as caught:
        decode_journey(changed(cart_rescue(), changes))
    complaint = caught.value
    assert (complaint.code, complaint.path) == (code, path), complaint
    assert remedy in complaint.hint
    assert complaint.message


def test_where_no_kind_of_step_is_understood_every_one_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        decode_journey(changed(cart_rescue(), {"steps.wait.type": "nothing like it"}))
    assert [each for each in step_types() if each not in caught.value.hint] == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", "null", b"\xff\xfe", '{"id": "\\ud800"}', b"[" * 10_000])
def test_what_is_no_json_object_is_refused(data: bytes | str) -> None:
    with pytest.raises(Invalid):
        decode_journey(data)


def test_a_definition_has_a_largest_size() -> None:
    with pytest.raises(TooLarge):
        decode_journey(b" " * (DEFINITION_BYTES_MOST + 1))


def branching(condition: dict[str, Any], **exits: str) -> dict[str, Any]:
    branch = {"type": "branch", "condition": condition, "exits": {"yes": "mail", "no": "done", **exits}}
    return changed(cart_rescue(), {"steps.split": branch, "steps.wait.exits.expired": "split"})


def test_a_branch_may_leave_out_unknown_where_it_is_always_known() -> None:
    node = decode_journey(branching(LIVE)).steps["split"]
    assert node.leads("unknown") == "done"
    assert decode_journey(branching(LIVE, unknown="mail")).steps["split"].leads("unknown") == "mail"


def test_a_branch_must_say_where_the_unknown_go() -> None:
    with pytest.raises(Invalid) as caught:
        decode_journey(branching(NOT_LIVE))
    assert (caught.value.code, caught.value.path) == ("missing_exit", "$.steps.split.exits")
    assert decode_journey(branching(NOT_LIVE, unknown="done")).steps["split"].leads("unknown") == "done"


def a_chain(types: list[str]) -> dict[str, Any]:
    """The steps one after another between the trigger and an exit."""
    kinds: dict[str, dict[str, Any]] = {
        "wait": {"type": "wait", "seconds": 60},
        "branch": {"type": "branch", "condition": LIVE},
    }
    exits = {"wait": ("waited",), "branch": ("yes", "no")}
    steps = {
        f"s{index}": {**kinds[each], "exits": dict.fromkeys(exits[each], f"s{index + 1}")}
        for index, each in enumerate(types)
    }
    steps[f"s{len(types)}"] = {"type": "exit"}
    steps["cart"] = {"type": "trigger", "event": "Checkout Started", "again": "once", "exits": {"entered": "s0"}}
    return cart_rescue(steps=steps)


def test_nobody_may_pass_too_many_steps_in_one_instant() -> None:
    fits = ["branch"] * (HOPS_MOST - 2)
    decode_journey(a_chain(fits))
    with pytest.raises(Invalid) as caught:
        decode_journey(a_chain([*fits, "branch"]))
    assert caught.value.code == "too_many_hops"
    # The wait is stood at twice: by who comes, and by who is woken and goes on.
    decode_journey(a_chain([*fits, "wait", *fits]))
    with pytest.raises(Invalid) as caught:
        decode_journey(a_chain([*fits, "wait", *fits, "branch"]))
    assert caught.value.path == f"$.steps.s{len(fits)}"


def test_a_journey_has_a_largest_number_of_steps() -> None:
    decode_journey(a_chain(["wait"] * (STEPS_MOST - 2)))
    with pytest.raises(Invalid) as caught:
        decode_journey(a_chain(["wait"] * (STEPS_MOST - 1)))
    assert caught.value.code == "too_many_steps"


def test_a_loop_with_a_wait_is_allowed() -> None:
    waits = {"type": "wait", "seconds": 86_400, "exits": {"waited": "wait"}}
    decode_journey(changed(cart_rescue(), {"steps.again": waits, "steps.mail.exits.sent": "again"}))


def test_the_complaint_of_a_loop_names_the_way() -> None:
    branch = {"type": "branch", "condition": LIVE, "exits": {"yes": "mail", "no": "done"}}
    definition = changed(cart_rescue(), {"steps.split": branch, "steps.mail.exits.sent": "split"})
    with pytest.raises(Invalid, match="circles") as caught:
        decode_journey(definition)
    assert "mail → split → mail" in caught.value.message or "split → mail → split" in caught.value.message


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)
paths = st.sampled_from(
    ["id", "name", "holdout", "goal", "start", "steps", "leave_on_goal"]
    + [f"steps.{step}" for step in ("cart", "wait", "mail", "done")]
    + [f"steps.cart.{field}" for field in ("type", "event", "where", "only_if", "again", "key_property", "exits")]
    + [f"steps.mail.{field}" for field in ("channel", "topic", "transactional", "template", "exits")]
    + ["steps.mail.template.html", "steps.wait.exits.expired", "steps.wait.seconds"]
)


@given(paths, json_values)
def test_whatever_is_sent_is_decoded_or_refused_with_a_path(path: str, value: Any) -> None:
    try:
        journey = decode_journey(changed(cart_rescue(), {path: value}))
    except Exposed as refused:
        complaint = refused
    else:
        assert decode_journey(encode_journey(journey)) == journey
        return
    assert complaint.path.startswith("$")
    assert complaint.hint


def a_campaign(**changes: Any) -> dict[str, Any]:
    return {
        "id": "win-back",
        "name": "Win-back",
        "holdout": 0.1,
        "goal": {"event": "Order Completed", "within_seconds": 1_209_600},
        "trigger": {"event": "Product Viewed", "again": "after_exit", "cool_down_seconds": 2_592_000},
        "send": {"channel": "email", "template": {"subject": "Welcome back", "text": "Hello"}},
    } | changes


def test_a_campaign_means_a_journey_of_one_message() -> None:
    campaign = decode_campaign(a_campaign())
    journey = campaign.journey()
    assert (journey.kind, journey.start, list(journey.steps)) == ("campaign", "trigger", ["trigger", "send", "exit"])
    assert decode_journey(encode_journey(journey)).steps == journey.steps
    assert decode_campaign(encode_campaign(campaign)) == campaign
    assert decode_campaign(json.dumps(encode_campaign(campaign))) == campaign


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"send": {"channel": "email"}}, "missing_field", "$.send"),
        ({"trigger": {"type": "send", "event": "x", "again": "once"}}, "unknown_type", "$.trigger.type"),
        ({"trigger": {"event": "x", "again": "per_key"}}, "contradiction", "$.trigger.key_property"),
        ({"send": {"channel": "email", "template": {"subject": "x"}}}, "empty", "$.send.template.html"),
        ({"steps": {}}, "unknown_field", "$.steps"),
        ({"trigger": {"event": "x", "again": "once", "only_if": NOT_LIVE}}, "not_live", "$.trigger.only_if.at_least"),
    ],
)
def test_a_campaigns_complaint_says_where(changes: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_campaign(a_campaign(**changes))
    assert (caught.value.code, caught.value.path) == (code, path)


def test_every_step_says_what_its_fields_are() -> None:
    schema: Any = Nodes().schema()
    described = {each["title"]: each for each in schema["additionalProperties"]["oneOf"]}
    assert set(described) == set(step_types())
    for name, each in described.items():
        assert each["description"], name
        for field, about in each["properties"].items():
            assert field in {"type", "exits"} or about["description"], (name, field)
    assert described["until"]["required"] == ["event", "seconds"]
    assert described["trigger"]["properties"]["latest_seconds"]["default"] == 3600
