"""What an audit entry tells of a change: every place, no secret, nothing endless, and text that can be kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.flows.teamwork.commenting import mentions_in
from holdfast.flows.teamwork.described import (
    CHANGES_MOST,
    VALUE_CHARACTERS_MOST,
    Described,
    changes_between,
    changes_said,
    fingerprint,
)
from holdfast.flows.teamwork.things import decode_thing
from holdfast.kernel.errors import Invalid

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def told(changes: bytes) -> list[dict[str, Json]]:
    return msgspec.json.decode(changes, type=list[dict[str, Any]])


@pytest.mark.parametrize(
    "said",
    [
        {"password": "swordfish"},
        {"settings": {"smtp_password": "swordfish"}},
        {"of": [{"deep": {"webhook_secret": "swordfish"}}]},
        {"api_key": "swordfish", "Auth_TOKEN": "swordfish"},
        {"private_key": {"pem": "swordfish"}},
    ],
)
def test_no_secret_is_told_however_deep_it_lies(said: dict[str, Json]) -> None:
    assert b"swordfish" not in changes_said(said)
    assert b"swordfish" not in changes_between(None, Described(name="", document=said))
    assert b"swordfish" not in changes_between(Described(name="", document={"a": 1}), Described(name="", document=said))


def test_long_values_and_many_places_are_told_by_how_they_begin() -> None:
    (change,) = told(changes_said({"text": "x" * 5_000}))
    assert change["after"] == "x" * VALUE_CHARACTERS_MOST + "…"
    many = Described(name="", document={f"field {number}": number for number in range(CHANGES_MOST + 5)})
    changes = told(changes_between(None, many))
    assert len(changes) == CHANGES_MOST + 1
    assert changes[-1]["after"] == "5 more"


def test_half_a_character_is_kept_as_a_question_mark() -> None:
    assert told(changes_said({"\ud800": "a\udfff"})) == [{"path": "$.?", "before": None, "after": "a?"}]


OBJECTS = st.dictionaries(st.text(max_size=3), DOCUMENTS, max_size=3)


@given(OBJECTS, OBJECTS)
def test_what_says_the_same_has_one_fingerprint_and_no_changes(one: dict[str, Json], other: dict[str, Json]) -> None:
    first, second = Described(name="a", document=one, version=1), Described(name="b", document=other, version=1)
    same = changes_between(first, second) == b"[]"
    assert same is (fingerprint(first) == fingerprint(second))
    assert changes_between(first, first) == b"[]"


def test_a_comment_turns_to_whom_it_names() -> None:
    text = "@ann@shop.example and (@Ben@Shop.Example), not mail@shop.example nor @cat; @ann@shop.example."
    assert mentions_in(text) == ["ann@shop.example", "ben@shop.example"]


@pytest.mark.parametrize("text", ["journey", "journey:", ":cart", "person:ann", "journey:" + "x" * 201, ""])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        decode_thing(text, "$.about")
    assert str(decode_thing("journey:a:b", "$")) == "journey:a:b"
