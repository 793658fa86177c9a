from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from holdfast.decisions.entry import EntryBefore, NotEntered, enter
from holdfast.decisions.holdout import arm_of
from holdfast.decisions.journey import Journey, decode_journey
from holdfast.decisions.start import KEY_MOST
from holdfast.decisions.steps.trigger import Trigger
from holdfast.decisions.visit import Visit
from holdfast.events.event import Event
from holdfast.kernel.moments import to_millis
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.segments.facts import ProfileFacts
from tests.unit.decisions.journeys import START, an_event, cart_rescue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_journey(holdout: float = 0.0, **trigger: Any) -> Journey:
    definition = cart_rescue(holdout=holdout)
    definition["steps"]["cart"] |= trigger
    return decode_journey(definition)


def entered(
    journey: Journey,
    event: Event | None = None,
    *,
    before: EntryBefore | None = None,
    profile: Profile = EMPTY,
    now: Any = START,
    person_key: str = "ada",
) -> Visit | NotEntered:
    return enter(
        journey,
        3,
        event or an_event("Checkout Started"),
        identity=7,
        person_key=person_key,
        facts=ProfileFacts(profile),
        before=before,
        now=now,
    )


def ago(span: timedelta, *, open_: bool = False, keys: frozenset[str] = frozenset()) -> EntryBefore:
    return EntryBefore(count=1, last_ms=to_millis(START - span), open=open_, keys=keys)


def test_who_enters_stands_at_the_trigger_with_what_led_in() -> None:
    event = an_event("Checkout Started", START - HOUR, cart_url="https://shop.example/c/1")
    visit = entered(a_journey(), event)
    assert visit == Visit(
        origin="cart-rescue",
        version=3,
        identity=7,
        entry_key="m1",
        arm="treated",
        step="cart",
        entered_ms=to_millis(START),
        arrived_ms=to_millis(START),
        variables={
            "event": {
                "name": "Checkout Started",
                "timestamp": "2026-03-01T11:00:00.000Z",
                "properties": {"cart_url": "https://shop.example/c/1"},
            }
        },
    )


def test_another_event_lets_nobody_in() -> None:
    assert entered(a_journey(), an_event("Product Viewed")) == NotEntered("other_event")


def test_the_events_properties_must_be_as_wanted() -> None:
    journey = a_journey(where=[{"property": "value", "operator": "at_least", "value": 50}])
    assert entered(journey, an_event("Checkout Started", value=49)) == NotEntered("where")
    assert entered(journey, an_event("Checkout Started")) == NotEntered("where")
    assert isinstance(entered(journey, an_event("Checkout Started", value=50)), Visit)


def test_an_event_older_than_the_stated_age_lets_nobody_in() -> None:
    event = an_event("Checkout Started", START)
    assert isinstance(entered(a_journey(latest_seconds=60), event, now=START + timedelta(seconds=60)), Visit)
    late = START + timedelta(seconds=60, milliseconds=1)
    assert entered(a_journey(latest_seconds=60), event, now=late) == NotEntered("late")


def test_a_clock_that_runs_ahead_is_not_late() -> None:
    assert isinstance(entered(a_journey(), an_event("Checkout Started", START + DAY)), Visit)


def test_once_is_once() -> None:
    journey = a_journey(again="once")
    assert isinstance(entered(journey), Visit)
    assert entered(journey, before=ago(1000 * DAY)) == NotEntered("entered_before")


def test_after_exit_waits_for_the_exit() -> None:
    assert entered(a_journey(), before=ago(DAY, open_=True)) == NotEntered("still_inside")
    assert isinstance(entered(a_journey(), before=ago(DAY)), Visit)


def test_a_cool_down_counts_from_the_last_entry_and_is_exact() -> None:
    journey = a_journey(cool_down_seconds=86_400)
    assert isinstance(entered(journey, before=ago(DAY)), Visit)
    assert entered(journey, before=ago(DAY - timedelta(milliseconds=1))) == NotEntered("cool_down")


def test_the_same_event_never_lets_in_twice() -> None:
    assert entered(a_journey(), before=ago(DAY, keys=frozenset({"m1"}))) == NotEntered("entered_before")


def test_once_per_key_is_once_for_each() -> None:
    journey = a_journey(again="per_key", key_property="order_id")
    first = entered(journey, an_event("Checkout Started", order_id="o1"))
    assert isinstance(first, Visit)
    before = ago(HOUR, open_=True, keys=frozenset({first.entry_key}))
    assert entered(journey, an_event("Checkout Started", message_id="m2", order_id="o1"), before=before) == NotEntered(
        "entered_before"
    )
    assert isinstance(entered(journey, an_event("Checkout Started", order_id="o2"), before=before), Visit)


def test_a_key_is_the_same_after_login() -> None:
    journey = a_journey(again="per_key", key_property="order_id")
    event = an_event("Checkout Started", order_id="o1")
    as_guest, as_user = entered(journey, event, person_key="anon-1"), entered(journey, event, person_key="ada")
    assert isinstance(as_guest, Visit)
    assert isinstance(as_user, Visit)
    assert as_guest.entry_key == as_user.entry_key


def test_two_people_with_one_key_are_written_to_each() -> None:
    journey = a_journey(again="per_key", key_property="order_id")
    one = entered(journey, an_event("Checkout Started", order_id="o1"))
    assert isinstance(one, Visit)
    assert one.effect_key_at("mail", 2) != structs.replace(one, identity=8).effect_key_at("mail", 2)


@pytest.mark.parametrize("value", [None, "", [], ["o1"], {"id": "o1"}])
def test_without_a_key_nobody_enters_per_key(value: Any) -> None:
    journey = a_journey(again="per_key", key_property="order_id")
    assert entered(journey, an_event("Checkout Started", order_id=value)) == NotEntered("no_key")
    assert entered(journey, an_event("Checkout Started")) == NotEntered("no_key")


def test_keys_of_two_types_are_two_keys() -> None:
    trigger = a_journey(again="per_key", key_property="k").trigger
    values: list[Any] = ["7", 7, 8, True, "true", False, 0, "x" * KEY_MOST, "x" * (KEY_MOST + 1)]
    assert isinstance(trigger, Trigger)
    keys = [trigger.entry_key(an_event("Checkout Started", k=value), "ada") for value in values]
    assert len(set(keys)) == len(values)
    assert all(key is not None and len(key) <= KEY_MOST for key in keys)
    assert trigger.entry_key(an_event("Checkout Started", k=7.0), "ada") == keys[1]


def test_the_person_must_be_as_wanted() -> None:
    journey = a_journey(only_if={"type": "did", "event": "Order Completed", "within_days": 30})
    assert entered(journey) == NotEntered("condition")
    assert isinstance(entered(journey, profile=learn(EMPTY, an_event("Order Completed"))), Visit)


def test_what_is_not_known_lets_nobody_in() -> None:
    profile = EMPTY
    for number in range(40):
        at = START - DAY + timedelta(minutes=number)
        profile = learn(profile, an_event("Order Completed", at, f"m{number}"))
    # Of forty orders the profile remembers when the last thirty-two were. How many of the others came by the fourth
    # minute is not to be known.
    journey = a_journey(
        only_if={"type": "not", "of": {"type": "did", "event": "Order Completed", "at_least": 5}},
    )
    assert entered(journey, profile=profile, now=START) == NotEntered("condition")
    assert entered(journey, profile=profile, now=START - DAY + timedelta(minutes=3)) == NotEntered("unknown")


def test_the_arm_is_that_of_the_person() -> None:
    journey = a_journey(holdout=0.5)
    for person in ("ada", "ben", "cyd", "dee", "eve"):
        visit = entered(journey, person_key=person)
        assert isinstance(visit, Visit)
        assert visit.arm == arm_of("cart-rescue", person, 0.5)


@given(
    st.sampled_from(("Checkout Started", "Product Viewed")),
    st.sampled_from((-10, 0, 3600, 3601)),
    st.one_of(st.none(), st.builds(ago, st.sampled_from((timedelta(0), DAY, 2 * DAY)), open_=st.booleans())),
    st.sampled_from(("once", "after_exit")),
)
def test_the_same_question_has_the_same_answer(name: str, age: int, before: EntryBefore | None, again: str) -> None:
    journey = a_journey(again=again, cool_down_seconds=86_400)
    event = an_event(name, START - timedelta(seconds=age))
    assert entered(journey, event, before=before) == entered(journey, event, before=before)
