"""Explanations: every condition of the tree in its place, with what decided it, and no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings

from holdfast.events.event import Json
from holdfast.profiles.profile import Profile, Tally
from holdfast.segments.builders import did, did_amount, did_in_order, last_did, prop, step, trait
from holdfast.segments.condition import Condition, PastEvent, Truth
from holdfast.segments.explain import EVIDENCE_MOST, events_of, explain
from holdfast.segments.facts import HistoryFacts, ProfileFacts
from holdfast.segments.library import conditions_in
from tests.unit.segments.cases import conditions

NOW = datetime(2026, 3, 29, 1, tzinfo=UTC)


def orders(*revenues: Json) -> list[PastEvent]:
    """One a day, the first given now."""
    return [
        PastEvent(timestamp=NOW - timedelta(days=n), properties={"revenue": revenue})
        for n, revenue in enumerate(revenues)
    ]


FACTS = HistoryFacts({"country": "DE", "plan": "tin"}, {"Order": orders(9, 70, 80, 90), "Read": orders(1)})


def test_each_condition_says_what_decided_it() -> None:
    asked = did("Order", at_least=2, within_days=3, where=prop("revenue") > 50) & ~(
        (trait("country") == "AT") | (trait("age") > 3) | did("Gone")
    )
    found = {each.path: each for each in explain(asked, FACTS, NOW)}
    assert {path: each.truth for path, each in found.items()} == {
        "$": Truth.TRUE,
        "$.of[0]": Truth.TRUE,
        "$.of[1]": Truth.TRUE,
        "$.of[1].of": Truth.FALSE,
        "$.of[1].of.of[0]": Truth.FALSE,
        "$.of[1].of.of[1]": Truth.FALSE,
        "$.of[1].of.of[2]": Truth.FALSE,
    }
    assert [each.past.properties["revenue"] for each in found["$.of[0]"].events] == [70, 80]
    assert (found["$.of[0]"].event_count, found["$.of[1].of.of[2]"].event_count) == (2, 0)
    assert found["$.of[1].of.of[0]"].traits == {"country": "DE"}
    assert found["$.of[1].of.of[1]"].traits == {}
    assert (found["$"].events, found["$"].event_count) == ((), None)
    assert events_of(asked) == ["Gone", "Order"]


def test_orders_and_last_times_show_what_they_look_at() -> None:
    (found,) = explain(did_in_order("Order", step("Read", within_days=1)), FACTS, NOW)
    assert [each.event for each in found.events] == ["Order", "Read", "Order", "Order", "Order"]
    (found,) = explain(last_did("Order", before_days=2), FACTS, NOW)
    assert (found.truth, found.event_count) == (Truth.FALSE, 4)  # Two of them are what makes it false.
    (found,) = explain(did_amount("Order", "sum", of="revenue", at_least=1, within_days=2), FACTS, NOW)
    assert found.event_count == 2


def test_only_the_newest_are_shown_and_all_are_counted() -> None:
    (found,) = explain(did("Order"), HistoryFacts({}, {"Order": orders(*range(50))}), NOW)
    assert [each.past.properties["revenue"] for each in found.events] == list(range(EVIDENCE_MOST))
    assert found.event_count == 50


def test_a_live_profile_says_that_it_does_not_know() -> None:
    facts = ProfileFacts(Profile(tallies={"Order": Tally(count=1, first_ms=1, recent_ms=(1,))}))
    (found,) = explain(did("Order", where=prop("revenue") > 1), facts, NOW)
    assert (found.truth, found.events, found.event_count) == (Truth.UNKNOWN, (), None)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(conditions())
def test_any_condition_is_explained_whole(condition: Condition) -> None:
    found = explain(condition, FACTS, NOW)
    assert len(found) == sum(1 for _ in conditions_in(condition))
    assert all(each.truth is each.condition.holds(FACTS, NOW) for each in found)
    assert len({each.path for each in found}) == len(found)
