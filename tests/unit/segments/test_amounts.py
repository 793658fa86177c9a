"""Amounts by hand: what counts, what nothing comes to, and exactness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.events.event import Json
from holdfast.profiles.profile import EMPTY, Profile, Tally
from holdfast.segments.builders import did, did_amount, mostly, prop
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.live import knowable_live

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)


def bought(*values: Json) -> HistoryFacts:
    """One event a day, the last now, with the values under `x`; None leaves it out."""
    events = [
        PastEvent(timestamp=NOW - timedelta(days=n), properties={} if value is None else {"x": value})
        for n, value in enumerate(reversed(values))
    ]
    return HistoryFacts({}, {"E": events})


def amount(condition: Condition, *values: Json) -> bool:
    return condition.holds(bought(*values), NOW) is Truth.TRUE


def exactly(how: str, much: float) -> Condition:
    return did_amount("E", how, of="x", at_least=much, at_most=much)


@pytest.mark.parametrize(
    ("how", "values", "much"),
    [
        ("sum", [1, 2, 3.5], 6.5),
        ("sum", [0.1] * 10, 1),
        ("sum", [1e17, 1, -1e17], 1),
        ("sum", [5, None, "7", True, [9]], 5),
        ("average", [1, None, 2], 1.5),
        ("min", [3, -2, "a"], -2),
        ("max", [3, -2, "9"], 3),
        ("max", [10**400], 999_999_999_999_999_872),
        ("distinct", [1, 1.0, "1", True, None, None, [1], [1.0], 2**53 + 1, 2**53 + 2], 6),
    ],
)
def test_what_a_property_comes_to(how: str, values: list[Json], much: float) -> None:
    if much > 1e17:
        assert amount(did_amount("E", how, of="x", at_least=much), *values)
        return
    assert amount(exactly(how, much), *values)
    assert not amount(did_amount("E", how, of="x", at_least=much + 0.000001), *values)
    assert not amount(did_amount("E", how, of="x", at_most=much - 0.000001), *values)


@pytest.mark.parametrize("values", [[], [None], [None, "7"]])
def test_nothing_comes_to_zero_or_to_no_amount(values: list[Json]) -> None:
    assert amount(exactly("sum", 0), *values)
    for how in ("average", "min", "max"):
        assert not amount(did_amount("E", how, of="x", at_least=-1, at_most=1), *values)
    assert amount(did_amount("E", "distinct", of="y", at_most=0), *values)


def test_only_what_lies_in_the_window_counts() -> None:
    assert amount(did_amount("E", "sum", of="x", at_least=3, at_most=3, within_days=2), 4, 2, 1)
    assert amount(did_amount("E", "sum", of="x", at_most=6, at_least=6, until=NOW), 4, 2, 1)
    assert amount(did_amount("E", "sum", of="x", at_most=2, at_least=2, until=NOW, since=NOW - timedelta(1)), 4, 2, 1)
    assert amount(did_amount("E", "max", of="x", at_most=1, where=prop("x") < 2), 4, 2, 1)


def test_what_is_not_watched_is_known_only_of_those_who_never_did_it() -> None:
    asked = did_amount("E", "sum", of="x", at_most=1, within_days=1)
    assert asked.holds(ProfileFacts(EMPTY), NOW) is Truth.TRUE
    long_ago = ProfileFacts(Profile(tallies={"E": Tally(count=1, first_ms=1, recent_ms=(1,))}))
    assert asked.holds(long_ago, NOW) is Truth.TRUE
    assert did_amount("E", "sum", of="x", at_most=1).holds(long_ago, NOW) is Truth.UNKNOWN
    assert knowable_live(~asked) is None


def test_absolute_windows_take_in_their_start_and_leave_out_their_end() -> None:
    once = bought(1)
    assert did("E", since=NOW).holds(once, NOW) is Truth.TRUE
    assert did("E", since=NOW + timedelta(milliseconds=1)).holds(once, NOW) is Truth.FALSE
    assert did("E", until=NOW).holds(once, NOW) is Truth.FALSE
    assert did("E", until="2026-03-29T02:00:00.001+01:00").holds(once, NOW) is Truth.TRUE
    with pytest.raises(ValueError, match="time zone"):
        did("E", since=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (did("E", since="2026-03-01", until="2026-04-01T08:00"), "since 2026-03-01 before 2026-04-01 08:00"),
        (did("E", since="2026-03-01T00:00Z"), "since 2026-03-01 UTC"),
        (did("E", until="2026-04-01T08:00Z"), "before 2026-04-01T08:00:00.000Z"),
        (did_amount("E", "sum", of="x", at_least=1e6), "have a total x of at least 1000000 over “E”"),
        (~did_amount("E", "min", of="x", at_most=2), "do not have a lowest x of at most 2 over “E”"),
        (
            did_amount("E", "average", of="x", at_least=1, at_most=2.5, within_days=1),
            "of 1 to 2.5 over “E” in the last",
        ),
        (exactly("distinct", 3), "have exactly 3 different values of x over “E”"),
    ],
)
def test_words(condition: Condition, words: str) -> None:
    assert words in condition.words()


@pytest.mark.parametrize(
    ("percent", "values", "held"),
    [
        (None, ["a", "b", "a"], True),
        (None, ["a", "b"], True),
        (None, ["a", "b", "b", 7], False),
        (None, ["b"], False),
        (None, [None], False),
        (None, ["a", 1, "1", True, None, None], True),
        (50, ["a", "b", None], True),
        (50.1, ["a", "b"], False),
        (33.333333, ["a", "b", "c"], True),
        (33.333334, ["a", "b", "c"], False),
        (100, ["a", "a", None], True),
        (1, [], False),
    ],
)
def test_shares_by_hand(percent: float | None, values: list[Json], held: bool) -> None:
    assert amount(mostly("E", prop("x") == "a", at_least_percent=percent), *values) is held


def test_a_share_is_of_one_value() -> None:
    with pytest.raises(ValueError, match="=="):
        mostly("E", prop("x") > 1)
    asked = mostly("E", prop("x") == "a", at_least_percent=80, within_days=2)
    assert asked.words() == 'at least 80 % of the time do “E” with x is "a" in the last 2 days'
    assert (~mostly("E", prop("x") == 1)).words() == "do not most often do “E” with x is 1"
    assert knowable_live(asked) is None
    assert asked.holds(ProfileFacts(EMPTY), NOW) is Truth.FALSE
