"""Buckets, lists, groups and what somebody only does, by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import Event, Json
from holdfast.kernel.chance import place
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.segments.builders import bucket, group, in_list, only_did, prop
from holdfast.segments.condition import PastEvent, Truth
from holdfast.segments.explain import explain
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.groups import group_traits

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)


def called(user_id: str) -> HistoryFacts:
    return HistoryFacts({}, {}, user_id=user_id)


def happened(name: str, kind: str = "track", **properties: Json) -> Event:
    return Event(
        name=name,
        kind=kind,  # type: ignore[arg-type]  # One of those there are.
        user_id="ann",
        timestamp=NOW,
        received_at=NOW,
        message_id=f"{name}{properties}",
        properties=properties,
    )


def test_a_bucket_holds_about_its_share_and_always_the_same() -> None:
    people = [called(f"u{number}") for number in range(4_000)]
    tenth = [each.user_id for each in people if bucket("spring", 20, 30).holds(each, NOW) is Truth.TRUE]
    assert 340 < len(tenth) < 460
    again = [each.user_id for each in people if bucket("spring", 20, 30).holds(each, NOW) is Truth.TRUE]
    assert tenth == again
    other = [each.user_id for each in people if bucket("autumn", 20, 30).holds(each, NOW) is Truth.TRUE]
    assert 15 < len(set(tenth) & set(other)) < 70, "draws of different names have nothing to do with each other"


@given(st.text(), st.floats(0.001, 99.999))
def test_everybody_falls_on_one_side_of_any_border(user_id: str, border: float) -> None:
    below, above = bucket("a", 0, border), bucket("a", border, 100)
    assert [below.holds(called(user_id), NOW), above.holds(called(user_id), NOW)].count(Truth.TRUE) == 1
    assert bucket("a").holds(called(user_id), NOW) is Truth.TRUE


def test_a_border_is_exact() -> None:
    half = 2**63
    first = next(n for n in range(100_000) if place("edge", str(n)) >= half)
    percent = place("edge", str(first)) / 2**64 * 100
    below = next(n for n in range(100_000) if place("edge", str(n)) < half)
    assert bucket("edge", 50, 100).holds(called(str(first)), NOW) is Truth.TRUE
    assert bucket("edge", 50, 100).holds(called(str(below)), NOW) is Truth.FALSE
    assert bucket("edge", 0, percent - 1e-9).holds(called(str(first)), NOW) is Truth.FALSE
    assert bucket("edge", 0, percent + 1e-9).holds(called(str(first)), NOW) is Truth.TRUE


@pytest.mark.parametrize(
    ("salt", "first", "end", "path"),
    [
        ("", 0, 10, "$.salt"),
        ("a", -1, 10, "$.from_percent"),
        ("a", 0, 100.1, "$.to_percent"),
        ("a", 10, 10, "$.to_percent"),
        ("a", 20, 10, "$.to_percent"),
        ("a", True, 10, "$.from_percent"),
        ("a", float("nan"), 10, "$.from_percent"),
    ],
)
def test_a_bucket_nobody_can_be_in_is_refused(salt: str, first: float, end: float, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        bucket(salt, first, end)
    assert caught.value.path == path


def test_buckets_and_lists_are_known_at_once() -> None:
    assert bucket("a", 0, 10).not_live() is None
    assert in_list("vip").not_live() is None
    assert bucket("a", 0, 100).holds(ProfileFacts(EMPTY, user_id="u"), NOW) is Truth.TRUE


@pytest.mark.parametrize(
    ("said", "truth"),
    [(True, Truth.TRUE), (False, Truth.FALSE), (None, Truth.FALSE), ("true", Truth.FALSE), (1, Truth.FALSE)],
)
def test_only_who_was_put_on_a_list_is_on_it(said: Json, truth: Truth) -> None:
    assert in_list("vip").holds(HistoryFacts({"list/vip": said}, {}), NOW) is truth


def test_an_explanation_tells_since_when_somebody_is_on_a_list() -> None:
    since = NOW - timedelta(days=3)
    past = [
        PastEvent(timestamp=since, properties={"list/vip": True}, source="holdfast"),
        PastEvent(timestamp=NOW, properties={"country": "DE"}, source="holdfast"),
        PastEvent(timestamp=NOW, properties={"list/vip": True}, source="web"),
    ]
    (found,) = explain(in_list("vip"), HistoryFacts({"list/vip": True}, {"Identified": past}), NOW)
    assert [each.past.timestamp for each in found.events] == [since]
    assert dict(found.traits) == {"list/vip": True}


def test_what_was_said_last_of_a_group_holds() -> None:
    said: list[tuple[int, str, dict[str, Json]]] = [
        (2, "a", {"group_id": "acme", "plan": "gold", "seats": 3}),
        (1, "z", {"group_id": "acme", "plan": "tin", "old": True}),
        (2, "b", {"group_id": "acme", "plan": "lead"}),
        (3, "c", {"group_id": "acme", "seats": None}),
        (9, "d", {"group_id": 7, "plan": "none"}),
        (9, "e", {"plan": "none"}),
        (9, "f", {"group_id": "", "plan": "none"}),
        (5, "g", {"group_id": "other"}),
    ]
    assert group_traits(said) == {
        "acme": {"group_id": "acme", "plan": "lead", "old": True},
        "other": {"group_id": "other"},
    }
    assert group_traits(reversed(said)) == group_traits(said)


def test_any_group_of_theirs_will_do() -> None:
    facts = HistoryFacts({}, {}, groups=[{"group_id": "a", "plan": "tin"}, {"group_id": "b", "plan": "gold"}])
    assert (group("plan") == "gold").holds(facts, NOW) is Truth.TRUE
    assert (group("plan") == "lead").holds(facts, NOW) is Truth.FALSE
    assert group("seats").is_not_set().holds(facts, NOW) is Truth.TRUE
    assert group("seats").is_not_set().holds(HistoryFacts({}, {}), NOW) is Truth.FALSE, "who joined none has none"


def test_groups_are_not_known_at_once_but_that_there_are_none_is() -> None:
    asked = group("plan") == "gold"
    said = asked.not_live("$.condition")
    assert said is not None
    assert (said.code, said.path) == ("not_live", "$.condition.trait")
    assert asked.holds(ProfileFacts(EMPTY), NOW) is Truth.FALSE
    member = learn(EMPTY, happened("Group Joined", "group", group_id="acme", plan="gold"))
    assert asked.holds(ProfileFacts(member), NOW) is Truth.UNKNOWN
    assert asked.holds(ProfileFacts(Profile(crowded=True)), NOW) is Truth.UNKNOWN


def test_an_explanation_shows_the_groups_and_the_trait() -> None:
    groups: list[dict[str, Json]] = [
        {"group_id": "b", "plan": "gold", "more": 1},
        {"group_id": "a"},
    ]
    past = [PastEvent(timestamp=NOW, properties=each) for each in groups]
    (found,) = explain(group("plan") == "gold", HistoryFacts({}, {"Group Joined": past}, groups=groups), NOW)
    assert found.groups == ({"group_id": "a"}, {"group_id": "b", "plan": "gold"})
    assert found.event_count == 2


def orders(*categories: Json) -> HistoryFacts:
    past = [
        PastEvent(timestamp=NOW - timedelta(days=days), properties={"category": each})
        for days, each in enumerate(categories)
    ]
    return HistoryFacts({}, {"Order": past})


SHOES = only_did("Order", where=prop("category") == "shoes")


@pytest.mark.parametrize(
    ("facts", "truth"),
    [
        (orders("shoes", "shoes"), Truth.TRUE),
        (orders("shoes", "hats"), Truth.FALSE),
        (orders("shoes", None), Truth.FALSE),
        (orders(), Truth.FALSE),
    ],
)
def test_only_means_at_least_once_and_every_time(facts: HistoryFacts, truth: Truth) -> None:
    assert SHOES.holds(facts, NOW) is truth


def test_only_looks_at_its_window_alone() -> None:
    facts = orders("shoes", "shoes", "hats")
    assert only_did("Order", where=prop("category") == "shoes", within_days=2).holds(facts, NOW) is Truth.TRUE
    assert only_did("Order", where=prop("category") == "shoes", until=NOW - timedelta(days=1)).holds(facts, NOW) is (
        Truth.FALSE
    )


def test_only_is_explained_by_every_time_they_did_it() -> None:
    (found,) = explain(SHOES, orders("shoes", "hats"), NOW)
    assert (found.truth, found.event_count) == (Truth.FALSE, 2)


def test_only_needs_something_that_holds_every_time() -> None:
    with pytest.raises(Invalid) as caught:
        only_did("Order", where=())
    assert (caught.value.code, caught.value.path) == ("empty", "$.where")


def test_only_is_known_of_who_never_did_it_though_nothing_is_watched() -> None:
    assert SHOES.holds(ProfileFacts(EMPTY), NOW) is Truth.FALSE
    assert SHOES.holds(ProfileFacts(learn(EMPTY, happened("Order"))), NOW) is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("condition", "words", "denied"),
    [
        (
            bucket("spring", 0, 12.5),
            "are among those drawn from 0 % to 12.5 % by “spring”",
            "are not among those drawn from 0 % to 12.5 % by “spring”",
        ),
        (in_list("vip"), "are on the list “vip”", "are not on the list “vip”"),
        (
            group("plan") == "gold",
            'are in a group whose plan is "gold"',
            'are in no group whose plan is "gold"',
        ),
        (
            only_did("Order", where=prop("category") == "shoes", within_days=30),
            'did “Order” in the last 30 days, and only where category is "shoes"',
            'did not do “Order” in the last 30 days only where category is "shoes"',
        ),
    ],
)
def test_words(condition: object, words: str, denied: str) -> None:
    assert condition.words() == words  # type: ignore[attr-defined]  # A condition.
    assert (~condition).words() == denied  # type: ignore[operator]  # A condition.
