"""Who is who: the map from identity to person, and which claims may change it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.events.event import IdentityKey
from holdfast.profiles.identity import Claim, Link, claim_of, claims_of, persons, refusal
from holdfast.testing import a_link, an_event
from tests.unit.profiles.strategies import links


def user(value: str) -> IdentityKey:
    return IdentityKey(kind="user", value=value)


def anonymous(value: str) -> IdentityKey:
    return IdentityKey(kind="anonymous", value=value)


@given(st.lists(links(), max_size=12), st.randoms(use_true_random=False))
def test_persons_do_not_depend_on_the_order_of_links(every: list[Link], shuffler: Any) -> None:
    shuffled = list(every)
    shuffler.shuffle(shuffled)
    turned = [a_link(each.second, each.first, undone_ms=each.undone_ms) for each in shuffled]
    assert persons(range(1, 9), every) == persons(range(8, 0, -1), turned)


@given(st.lists(links(), max_size=12))
def test_a_person_is_numbered_after_its_smallest_identity_and_joined_ones_share_it(every: list[Link]) -> None:
    found = persons(range(1, 9), every)
    for identity, person in found.items():
        assert person <= identity
        assert found[person] == person
    for link in every:
        if link.stands:
            assert found[link.first] == found[link.second]


@given(st.lists(links(), max_size=12))
def test_nobody_is_joined_without_a_path_of_standing_links(every: list[Link]) -> None:
    found = persons(range(1, 9), every)
    for identity in found:
        reached, edge = {identity}, {identity}
        while edge:
            edge = {
                other
                for link in every
                if link.stands
                for one, other in ((link.first, link.second), (link.second, link.first))
                if one in edge
            } - reached
            reached |= edge
        assert {each for each in found if found[each] == found[identity]} == reached


@given(st.lists(links(), max_size=10), links(), st.lists(links(), max_size=4))
def test_a_link_made_and_undone_leaves_what_would_have_been_without_it(
    before: list[Link], made: Link, meanwhile: list[Link]
) -> None:
    undone = a_link(made.first, made.second, undone_ms=5)
    assert persons(range(1, 9), [*before, undone, *meanwhile]) == persons(range(1, 9), [*before, *meanwhile])


def test_a_long_chain_is_one_person() -> None:
    chain = [a_link(each, each + 1) for each in range(1, 20_000)]
    assert set(persons([], reversed(chain)).values()) == {1}


def test_an_identity_nobody_listed_still_counts_when_a_link_names_it() -> None:
    assert persons([5, 9], [a_link(5, 3), a_link(3, 9)]) == {3: 3, 5: 3, 9: 3}


def test_a_pair_has_no_direction() -> None:
    assert a_link(2, 1).pair == a_link(1, 2).pair == (1, 2)


# Claims.


def test_both_ids_on_one_event_say_that_the_anonymous_one_logged_in() -> None:
    event = an_event(user_id="u", anonymous_id="a")
    assert claims_of(event) == (Claim(first=anonymous("a"), second=user("u"), kind="login"),)


@pytest.mark.parametrize("ids", [{"user_id": "u"}, {"anonymous_id": "a"}])
def test_one_id_claims_nothing(ids: dict[str, str]) -> None:
    assert claims_of(an_event(**ids)) == ()
    assert claim_of(an_event(**ids)) is None


def test_an_alias_with_an_anonymous_id_claims_both() -> None:
    event = an_event("Aliased", kind="alias", user_id="new", previous_id="old", anonymous_id="a")
    assert claims_of(event) == (
        Claim(first=user("old"), second=user("new"), kind="alias"),
        Claim(first=anonymous("a"), second=user("new"), kind="login"),
    )
    assert claim_of(event) == claims_of(event)[0]


def test_an_alias_of_the_events_own_anonymous_id_is_an_alias_of_that() -> None:
    event = an_event("Aliased", kind="alias", user_id="new", previous_id="a", anonymous_id="a")
    assert claims_of(event) == (Claim(first=anonymous("a"), second=user("new"), kind="alias"),)


def test_an_alias_of_oneself_claims_nothing() -> None:
    assert claims_of(an_event("Aliased", kind="alias", user_id="u", previous_id="u")) == ()


def test_an_alias_means_the_anonymous_id_when_only_that_is_known() -> None:
    claim = Claim(first=user("x"), second=user("u"), kind="alias")
    assert set(claim.names) == {user("x"), anonymous("x"), user("u")}
    assert claim.resolved({anonymous("x"), user("u")}).first == anonymous("x")
    assert claim.resolved({anonymous("x"), user("x")}).first == user("x")
    assert claim.resolved(set()).first == user("x")


def test_a_login_means_what_it_says() -> None:
    claim = Claim(first=anonymous("x"), second=user("u"), kind="login")
    assert claim.names == (anonymous("x"), user("u"))
    assert claim.resolved(set()) == claim


# The rule.


@pytest.mark.parametrize(
    ("kind", "undone", "first", "second", "why"),
    [
        ("login", False, 0, 1, None),
        ("login", False, 0, 3, None),
        ("login", False, 1, 1, "two_users"),
        ("login", True, 0, 1, "undone"),
        ("alias", False, 1, 1, None),
        ("alias", True, 1, 1, "undone"),
        ("merge", False, 2, 2, None),
        ("merge", True, 1, 1, None),
    ],
)
def test_who_may_be_joined(kind: Any, undone: bool, first: int, second: int, why: str | None) -> None:
    assert refusal(kind, undone=undone, users_first=first, users_second=second) == why
