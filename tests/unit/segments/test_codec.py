"""The JSON form of conditions: it comes back as it went, and what is wrong with it is said at its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.kernel.errors import Exposed, Invalid, TooLarge
from holdfast.segments.builders import all_of, did, prop, trait
from holdfast.segments.catalogue import declaration_of, declared
from holdfast.segments.codec import (
    CHARACTERS_MOST,
    CONDITIONS_MOST,
    DEPTH_MOST,
    count_conditions,
    decode_condition,
    encode_condition,
)
from holdfast.segments.comparison import (
    COMPARISONS_MOST,
    DIGITS_MOST,
    NAME_MOST,
    TEXT_MOST,
    VALUES_MOST,
    decode_comparisons,
    encode_comparisons,
)
from holdfast.segments.condition import Condition
from tests.unit.segments.cases import written


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(written())
def test_what_is_encoded_decodes_to_the_same(condition: Condition) -> None:
    told = encode_condition(condition)
    assert decode_condition(told) == condition
    # Not as ASCII: there, two lone surrogates beside one another are an emoji.
    text = json.dumps(told, ensure_ascii=False)
    assert decode_condition(text) == condition
    assert encode_condition(decode_condition(text.encode("utf-8", "surrogatepass"))) == told


@pytest.mark.parametrize("name", sorted(declared()))
def test_every_declaration_is_whole(name: str) -> None:
    declaration = declared()[name]
    assert declaration.label
    assert declaration.about.endswith(".")
    assert declaration.examples
    for example in declaration.examples:
        assert declaration_of(example) is declaration
        assert encode_condition(example)["type"] == name
        assert decode_condition(encode_condition(example)) == example


def test_the_agreed_form() -> None:
    told = {
        "type": "all",
        "of": [
            {
                "type": "did",
                "event": "Order Completed",
                "at_least": 3,
                "within_days": 30,
                "where": [{"property": "revenue", "operator": "greater_than", "value": 50}],
            },
            {"type": "not", "of": {"type": "did", "event": "App Uninstalled", "within_days": 90}},
            {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"},
        ],
    }
    built = (
        did("Order Completed", at_least=3, within_days=30, where=prop("revenue") > 50)
        & ~did("App Uninstalled", within_days=90)
        & (trait("country") == "DE")
    )
    assert decode_condition(told) == built
    assert encode_condition(built) == told
    assert count_conditions(built) == 5


WRONG: dict[str, tuple[Any, str, str, str]] = {
    "unknown type": ({"type": "di", "event": "x"}, "unknown_type", "$.type", "'did'"),
    "all as others call it": ({"type": "and", "of": []}, "unknown_type", "$.type", "'all'"),
    "any as others call it": ({"type": "OR", "of": []}, "unknown_type", "$.type", "'any'"),
    "not as others call it": ({"type": "did_not", "event": "x"}, "unknown_type", "$.type", "'not'"),
    "no type": ({"event": "x"}, "missing_field", "$", "did"),
    "type of another type": ({"type": ["did"]}, "unknown_type", "$.type", "did"),
    "not an object": ([], "wrong_type", "$", "type"),
    "unknown field": ({"type": "did", "event": "x", "within_day": 1}, "unknown_field", "$.within_day", "'within_days'"),
    "missing field": ({"type": "did"}, "missing_field", "$", "'event'"),
    "empty name": ({"type": "did", "event": ""}, "empty", "$.event", "name"),
    "a number for a name": ({"type": "did", "event": 3}, "wrong_type", "$.event", "quotes"),
    "null for a name": ({"type": "did", "event": None}, "wrong_type", "$.event", "quotes"),
    "a long name": ({"type": "did", "event": "x" * (NAME_MOST + 1)}, "too_large", "$.event", str(NAME_MOST)),
    "text for a count": ({"type": "did", "event": "x", "at_least": "3"}, "wrong_type", "$.at_least", "3"),
    "true for a count": ({"type": "did", "event": "x", "at_most": True}, "wrong_type", "$.at_most", "3"),
    "half a time": ({"type": "did", "event": "x", "at_least": 0.5}, "wrong_type", "$.at_least", "3"),
    "less than never": ({"type": "did", "event": "x", "at_least": -1}, "out_of_range", "$.at_least", "0"),
    "never true": ({"type": "did", "event": "x", "at_least": 2, "at_most": 1}, "never_true", "$.at_most", "at_least"),
    "no time at all": ({"type": "did", "event": "x", "within_days": 0}, "out_of_range", "$.within_days", "more than 0"),
    "too long ago": ({"type": "did", "event": "x", "within_days": 1e9}, "out_of_range", "$.within_days", "36525"),
    "text for days": ({"type": "did", "event": "x", "within_days": "30"}, "wrong_type", "$.within_days", "30"),
    "no moment": ({"type": "did", "event": "x", "since": "soon"}, "wrong_value", "$.since", "ISO 8601"),
    "a number for a moment": ({"type": "did", "event": "x", "until": 3}, "wrong_type", "$.until", "quotes"),
    "an end before its start": (
        {"type": "did", "event": "x", "since": "2026-02-01T00:00Z", "until": "2026-02-01T01:00+01:00"},
        "never_true",
        "$.until",
        "later",
    ),
    "an end before its start, wherever one is": (
        {"type": "did", "event": "x", "since": "2026-02-02", "until": "2026-02-01T00:00Z"},
        "never_true",
        "$.until",
        "later",
    ),
    "that long ago and that recent": (
        {"type": "last_did", "event": "x", "within_days": 7, "before_days": 7},
        "never_true",
        "$.before_days",
        "smaller",
    ),
    "no length of time ago": (
        {"type": "first_did", "event": "x", "before_days": 0},
        "out_of_range",
        "$.before_days",
        "more than 0",
    ),
    "no such amount": (
        {"type": "did_amount", "event": "x", "property": "a", "amount": "summ", "at_least": 1},
        "wrong_value",
        "$.amount",
        "'sum'",
    ),
    "no bound": (
        {"type": "any", "of": [{"type": "did_amount", "event": "x", "property": "a", "amount": "sum"}]},
        "missing_field",
        "$.of[0]",
        "'at_least'",
    ),
    "bounds the wrong way round": (
        {"type": "did_amount", "event": "x", "property": "a", "amount": "sum", "at_least": 0.2, "at_most": 0.1},
        "never_true",
        "$.at_most",
        "at_least",
    ),
    "a bound beyond all amounts": (
        {"type": "did_amount", "event": "x", "property": "a", "amount": "max", "at_most": 1e18},
        "out_of_range",
        "$.at_most",
        "10^18",
    ),
    "text for a bound": (
        {"type": "did_amount", "event": "x", "property": "a", "amount": "max", "at_most": "1"},
        "wrong_type",
        "$.at_most",
        "100",
    ),
    "an empty property to reckon": (
        {"type": "did_amount", "event": "x", "property": "", "amount": "max", "at_most": 1},
        "empty",
        "$.property",
        "name",
    ),
    "one step": (
        {"type": "did_in_order", "steps": [{"event": "x"}]},
        "missing_field",
        "$.steps",
        "'then_not'",
    ),
    "no step": ({"type": "did_in_order", "steps": []}, "missing_field", "$.steps", "step"),
    "only what must not follow": (
        {"type": "not", "of": {"type": "did_in_order", "steps": [], "then_not": {"event": "x", "within_days": 1}}},
        "missing_field",
        "$.of.steps",
        "step",
    ),
    "steps are no list": ({"type": "did_in_order", "steps": {"event": "x"}}, "wrong_type", "$.steps", "[ ]"),
    "a step is no object": ({"type": "did_in_order", "steps": ["x", "y"]}, "wrong_type", "$.steps[0]", "'event'"),
    "a step before the first": (
        {"type": "did_in_order", "steps": [{"event": "x", "within_days": 1}, {"event": "y"}]},
        "never_true",
        "$.steps[0].within_days",
        "later step",
    ),
    "not for how long": (
        {"type": "did_in_order", "steps": [{"event": "x"}], "then_not": {"event": "y"}},
        "missing_field",
        "$.then_not",
        "'within_days'",
    ),
    "an unknown field of a step": (
        {"type": "did_in_order", "steps": [{"event": "x"}, {"event": "y", "within_day": 1}]},
        "unknown_field",
        "$.steps[1].within_day",
        "'within_days'",
    ),
    "a wrong comparison in a step": (
        {"type": "any", "of": [{"type": "did_in_order", "steps": [{"event": "x", "where": [{"property": "a"}]}]}]},
        "missing_field",
        "$.of[0].steps[0].where[0]",
        "operator",
    ),
    "too many steps": ({"type": "did_in_order", "steps": [{"event": "x"}] * 11}, "too_large", "$.steps", "10"),
    "a list to be the most frequent": (
        {"type": "share_of", "event": "x", "property": "a", "value": ["b"]},
        "wrong_value",
        "$.value",
        "is_set",
    ),
    "no value to be frequent": ({"type": "share_of", "event": "x", "property": "a"}, "missing_field", "$", "'value'"),
    "no share": (
        {"type": "share_of", "event": "x", "property": "a", "value": 1, "at_least_percent": 0},
        "out_of_range",
        "$.at_least_percent",
        "most frequent",
    ),
    "more than all": (
        {"type": "share_of", "event": "x", "property": "a", "value": 1, "at_least_percent": 100.1},
        "out_of_range",
        "$.at_least_percent",
        "100",
    ),
    "text for a share": (
        {"type": "share_of", "event": "x", "property": "a", "value": 1, "at_least_percent": "50"},
        "wrong_type",
        "$.at_least_percent",
        "50",
    ),
    "where is no list": ({"type": "did", "event": "x", "where": {}}, "wrong_type", "$.where", "property"),
    "a trait in where": (
        {"type": "did", "event": "x", "where": [{"trait": "a", "operator": "is_set"}]},
        "unknown_field",
        "$.where[0].trait",
        "property",
    ),
    "an unknown operator": (
        {"type": "not", "of": {"type": "trait", "trait": "a", "operator": "greater", "value": 1}},
        "unknown_operator",
        "$.of.operator",
        "'greater_than'",
    ),
    "an unknown operator in where": (
        {"type": "did", "event": "x", "where": [{"property": "a", "operator": "is", "value": 1}]},
        "unknown_operator",
        "$.where[0].operator",
        "is_set",
    ),
    "an operator of another type": (
        {"type": "did", "event": "x", "where": [{"property": "a", "operator": []}]},
        "wrong_type",
        "$.where[0].operator",
        "equals",
    ),
    "a value too much": (
        {"type": "trait", "trait": "a", "operator": "is_set", "value": 1},
        "wrong_value",
        "$.value",
        "out",
    ),
    "a value too few": ({"type": "trait", "trait": "a", "operator": "equals"}, "wrong_value", "$.value", "is_set"),
    "no list": ({"type": "trait", "trait": "a", "operator": "is_any_of", "value": "x"}, "wrong_value", "$.value", "["),
    "a list": (
        {"type": "trait", "trait": "a", "operator": "equals", "value": ["x"]},
        "wrong_value",
        "$.value",
        "is_set",
    ),
    "null in a list": (
        {"type": "trait", "trait": "a", "operator": "is_any_of", "value": ["x", None]},
        "wrong_value",
        "$.value[1]",
        "is_set",
    ),
    "order of true": (
        {"type": "trait", "trait": "a", "operator": "at_least", "value": True},
        "wrong_value",
        "$.value",
        "equals",
    ),
    "a number to start with": (
        {"type": "trait", "trait": "a", "operator": "starts_with", "value": 1},
        "wrong_value",
        "$.value",
        "quotes",
    ),
    "an empty property": (
        {"type": "did", "event": "x", "where": [{"property": "", "operator": "is_set"}]},
        "empty",
        "$.where[0].property",
        "name",
    ),
    "an empty trait": ({"type": "trait", "trait": "", "operator": "is_set"}, "empty", "$.trait", "name"),
    "of is no list": ({"type": "all", "of": {"type": "any", "of": []}}, "wrong_type", "$.of", "[ ]"),
    "of is a list": ({"type": "not", "of": []}, "wrong_type", "$.of", "type"),
    "deep inside": (
        {
            "type": "any",
            "of": [{"type": "all", "of": []}, {"type": "all", "of": [{"type": "not", "of": {"type": "x"}}]}],
        },
        "unknown_type",
        "$.of[1].of[0].of.type",
        "did",
    ),
    "a long text": (
        {"type": "trait", "trait": "a", "operator": "equals", "value": "x" * (TEXT_MOST + 1)},
        "too_large",
        "$.value",
        str(TEXT_MOST),
    ),
    "a long number": (
        {"type": "trait", "trait": "a", "operator": "equals", "value": 10**DIGITS_MOST},
        "too_large",
        "$.value",
        str(DIGITS_MOST),
    ),
    "a long list": (
        {"type": "trait", "trait": "a", "operator": "is_any_of", "value": [1] * (VALUES_MOST + 1)},
        "too_large",
        "$.value",
        str(VALUES_MOST),
    ),
    "a long where": (
        {"type": "did", "event": "x", "where": [{"property": "a", "operator": "is_set"}] * (COMPARISONS_MOST + 1)},
        "too_large",
        "$.where",
        str(COMPARISONS_MOST),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_at_its_place_with_a_remedy(name: str) -> None:
    told, code, path, hint = WRONG[name]
    with pytest.raises(Exposed) as caught:
        decode_condition(told)
    assert (caught.value.code, caught.value.path) == (code, path)
    assert hint in caught.value.hint
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize(
    "text", ["", "{", "nul", '{"type": NaN}', b"\xff", '{"type": "did", "event": "x"} {}', "[" * 100_000]
)
def test_what_is_no_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(Exposed) as caught:
        decode_condition(text)
    assert caught.value.path == "$"


def test_there_is_a_limit_on_everything() -> None:
    deep: dict[str, object] = {"type": "any", "of": []}
    for _ in range(DEPTH_MOST - 1):
        deep = {"type": "not", "of": deep}
    decode_condition(deep)
    with pytest.raises(TooLarge, match="too deep"):
        decode_condition({"type": "not", "of": deep})
    most = {"type": "all", "of": [{"type": "all", "of": []}] * (CONDITIONS_MOST - 1)}
    assert count_conditions(decode_condition(most)) == CONDITIONS_MOST
    with pytest.raises(TooLarge, match="too many"):
        decode_condition({"type": "all", "of": [most]})
    with pytest.raises(TooLarge):
        decode_condition(" " * (CHARACTERS_MOST + 1))


def test_null_stands_for_a_field_left_out() -> None:
    told = {"type": "did", "event": "x", "at_least": None, "at_most": None, "within_days": None, "where": None}
    assert decode_condition(told) == did("x")
    assert encode_condition(did("x")) == {"type": "did", "event": "x"}


def test_whole_floats_are_counts() -> None:
    assert decode_condition({"type": "did", "event": "x", "at_least": 3.0}) == did("x", at_least=3)


def test_comparisons_have_their_own_form() -> None:
    told = [{"property": "a", "operator": "is_any_of", "value": ["x", 1]}, {"property": "b", "operator": "is_set"}]
    assert encode_comparisons(decode_comparisons(told)) == told
    with pytest.raises(Invalid) as caught:
        decode_comparisons([told[0], {"property": "b", "operator": "is_st"}])
    assert caught.value.path == "$[1].operator"


keys = st.sampled_from(["type", "of", "event", "where", "trait", "operator", "value", "at_least"])
leaves = st.none() | st.booleans() | st.integers() | st.sampled_from(["all", "any", "not", "did", "trait", "equals"])


@settings(max_examples=60)
@given(st.recursive(leaves, lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=4)))
def test_any_json_is_a_condition_or_an_error_of_ours(told: Any) -> None:
    try:
        decode_condition(json.dumps(told))
    except Exposed as complaint:
        if not complaint.path.startswith("$"):
            raise


def test_nothing_is_everyone() -> None:
    assert decode_condition('{"type": "all", "of": []}') == all_of()
