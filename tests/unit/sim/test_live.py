"""Live customers: reproducible, readable by the collector, and moved by their mail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import pytest

from holdfast.events.event import Event, Json
from holdfast.events.segment_spec import Decoded, decode
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.sim.live import Clicks, Crowd, Deed, Opens, Pace, Says, Unsubscribes
from holdfast.sim.people import Effects, Habits, Population, populate
from holdfast.sim.rhythm import DAY_MS

NOW_MS = 1_790_000_000_000
TIDY = Pace(late=0.0, twice=0.0, broken=0.0)


@pytest.fixture(scope="module")
def population() -> Population:
    return populate(
        np.random.default_rng(1),
        400,
        newcomers=200,
        start_ms=NOW_MS - 90 * DAY_MS,
        until_ms=NOW_MS,
        habits=Habits(),
        effects=Effects(),
    )


def a_crowd(population: Population, *, pace: Pace = TIDY, effects: Effects | None = None, seed: int = 2) -> Crowd:
    rng = np.random.default_rng(seed)
    return Crowd(rng, population, now_ms=NOW_MS, effects=effects or Effects(), pace=pace)


def said(deeds: list[Deed]) -> list[Mapping[str, Any]]:
    return [deed.message for deed in deeds if isinstance(deed, Says)]


def heard(messages: list[Mapping[str, Json]], at_ms: int) -> Decoded:
    body = msgspec.json.encode({"batch": messages, "sentAt": format_moment(from_millis(at_ms))})
    return decode("batch", body, received_ms=at_ms, source="default")


def events_of(crowd: Crowd, seconds: int) -> list[Event]:
    """What is heard, second by second."""
    events: list[Event] = []
    for second in range(seconds):
        at_ms = NOW_MS + second * 1_000
        messages = said(crowd.next(at_ms))
        if messages:
            events += [event for _, event in heard(messages, at_ms).events]
    return events


def test_the_same_seed_makes_the_same_crowd(population: Population) -> None:
    one, two = (a_crowd(population, pace=Pace()).next(NOW_MS + 60_000) for _ in range(2))
    assert one == two
    assert one != a_crowd(population, pace=Pace(), seed=3).next(NOW_MS + 60_000)


def test_how_often_one_looks_makes_no_difference(population: Population) -> None:
    whole = a_crowd(population).next(NOW_MS + 30_000)
    crowd = a_crowd(population)
    pieces = [deed for at_ms in range(NOW_MS, NOW_MS + 30_001, 500) for deed in crowd.next(at_ms)]
    assert pieces == whole


def test_about_as_much_goes_on_as_asked(population: Population) -> None:
    deeds = a_crowd(population).next(NOW_MS + 300_000)
    assert len(said(deeds)) / 300 == pytest.approx(TIDY.events_per_second, rel=0.25)
    times = [deed.at_ms for deed in deeds]
    assert times == sorted(times)


def test_it_can_be_quickened_and_slowed(population: Population) -> None:
    crowd = a_crowd(population)
    crowd.next(NOW_MS)
    crowd.quicken(0.5, NOW_MS)
    slow = len(said(crowd.next(NOW_MS + 1_200_000)))
    assert slow / 1_200 == pytest.approx(0.5, rel=0.3)
    crowd.quicken(20.0, NOW_MS + 1_200_000)
    fast = said(crowd.next(NOW_MS + 1_220_000))
    assert len(fast) / 20 == pytest.approx(20.0, rel=0.35)


def test_everything_said_is_read(population: Population) -> None:
    messages = said(a_crowd(population).next(NOW_MS + 120_000))
    decoded = heard(messages, NOW_MS + 120_000)
    assert not decoded.bad
    assert len(decoded.events) == len(messages)
    names = Counter(event.name for _, event in decoded.events)
    assert {"Page Viewed", "Product Viewed", "Identified", "Checkout Started", "Order Completed"} <= set(names)
    for _, event in decoded.events:
        assert 0 <= NOW_MS + 120_000 - to_millis(event.timestamp) <= 121_000
        if event.name in {"Checkout Started", "Order Completed"}:
            assert event.user_id
            assert event.properties["cart_id"]


def test_the_old_till_is_set_aside_and_nothing_else(population: Population) -> None:
    messages = said(a_crowd(population, pace=Pace(late=0.0, twice=0.0, broken=0.2)).next(NOW_MS + 60_000))
    decoded = heard(messages, NOW_MS + 60_000)
    assert 0.05 < len(decoded.bad) / len(messages) < 0.3
    assert all(b"Till Receipt" in bad.body.encode() or "till" in bad.body for bad in decoded.bad)
    assert len(decoded.events) + len(decoded.bad) == len(messages)
    assert len({bad.code for bad in decoded.bad}) == 3


def test_some_is_told_late_and_some_twice(population: Population) -> None:
    messages = said(a_crowd(population, pace=Pace(late=0.1, twice=0.1, broken=0.0)).next(NOW_MS + 120_000))
    names = [message["messageId"] for message in messages]
    assert 0.05 < 1 - len(set(names)) / len(names) < 0.15
    events = [event for _, event in heard(messages, NOW_MS + 120_000).events]
    late = [event for event in events if NOW_MS - to_millis(event.timestamp) > 60_000]
    assert late


def test_newcomers_are_strangers_first(population: Population) -> None:
    crowd = a_crowd(population, pace=Pace(newcomers=0.9, late=0.0, twice=0.0, broken=0.0))
    events = events_of(crowd, 120)
    first: dict[str, Event] = {}
    known_later: defaultdict[str, bool] = defaultdict(bool)
    for event in events:
        first.setdefault(event.anonymous_id or "", event)
        known_later[event.anonymous_id or ""] |= event.user_id is not None
    strangers = [device for device, event in first.items() if event.user_id is None]
    assert len(strangers) > 0.6 * len(first)
    assert sum(known_later[device] for device in strangers) > 10


def test_who_pays_pays_before_the_rescue_mail(population: Population) -> None:
    begun: dict[str, int] = {}
    took: list[int] = []
    for event in events_of(a_crowd(population), 400):
        cart, at_ms = str(event.properties.get("cart_id")), to_millis(event.timestamp)
        if event.name == "Checkout Started":
            begun[cart] = at_ms
        elif event.name == "Order Completed":
            took.append(at_ms - begun[cart])
    assert len(took) > 50
    assert max(took) < 45_000
    assert 0.4 < 1 - len(took) / len(begun) < 0.75


def mailed(crowd: Crowd, population: Population, mails: int = 1) -> tuple[list[Event], list[Deed], str]:
    """Somebody leaves a checkout lying and gets mail about it; then what follows in five minutes."""
    at_ms = NOW_MS
    while True:
        at_ms += 1_000
        assert at_ms < NOW_MS + 600_000, "nobody left a checkout lying"
        for message in said(crowd.next(at_ms)):
            if message.get("event") == "Checkout Started":
                row = population.user_ids.index(message["userId"])
                if population.emails[row]:
                    for number in range(mails):
                        crowd.got_mail(f"mail-{number}", population.emails[row], at_ms + 40_000)
                    later = crowd.next(at_ms + 400_000)
                    events = [event for _, event in heard(said(later), at_ms + 400_000).events]
                    mine = [event for event in events if event.user_id == message["userId"]]
                    return mine, later, message["properties"]["cart_id"]


def test_a_mail_that_works_is_opened_clicked_and_the_cart_paid() -> None:
    effects = Effects(cart=0.999999, spread=1e-4)
    people = populate(
        np.random.default_rng(4),
        200,
        start_ms=NOW_MS - 90 * DAY_MS,
        until_ms=NOW_MS,
        habits=Habits(),
        effects=effects,
    )
    pace = Pace(late=0.0, twice=0.0, broken=0.0, leaves_it=1.0, events_per_second=1.0)
    mine, deeds, cart = mailed(a_crowd(people, pace=pace, effects=effects), people)
    assert [type(deed) for deed in deeds if not isinstance(deed, Says)] == [Opens, Clicks]
    orders = [event for event in mine if event.name == "Order Completed"]
    assert [event.properties["cart_id"] for event in orders] == [cart]


def test_who_has_paid_by_then_pays_once() -> None:
    """Everybody is mailed once a second by a shop that has lost its head; no cart is ever paid twice."""
    effects = Effects(cart=0.999999, win_back=0.5, spread=1e-4)
    people = populate(
        np.random.default_rng(4),
        40,
        start_ms=NOW_MS - 90 * DAY_MS,
        until_ms=NOW_MS,
        habits=Habits(),
        effects=effects,
    )
    crowd = a_crowd(people, pace=Pace(late=0.0, twice=0.0, broken=0.0, events_per_second=4.0), effects=effects)
    paid: Counter[str] = Counter()
    for second in range(240):
        at_ms = NOW_MS + second * 1_000
        for message in said(crowd.next(at_ms)):
            if message.get("event") == "Order Completed":
                paid[message["properties"]["cart_id"]] += 1
            elif message.get("event") == "Checkout Started":
                for number in range(3):
                    address = people.emails[people.user_ids.index(message["userId"])]
                    crowd.got_mail(f"{message['messageId']}-{number}", address, at_ms + 30_000 * number)
    assert len(paid) > 50
    assert max(paid.values()) == 1


def test_three_mails_that_work_make_one_purchase() -> None:
    effects = Effects(cart=0.999999, win_back=0.999999, spread=1e-4)
    people = populate(
        np.random.default_rng(4),
        200,
        start_ms=NOW_MS - 90 * DAY_MS,
        until_ms=NOW_MS,
        habits=Habits(),
        effects=effects,
    )
    pace = Pace(late=0.0, twice=0.0, broken=0.0, leaves_it=1.0, events_per_second=1.0)
    mine, _, _ = mailed(a_crowd(people, pace=pace, effects=effects), people, mails=3)
    assert sum(event.name == "Order Completed" for event in mine) == 1


def test_a_mail_that_does_nothing_does_nothing() -> None:
    effects = Effects(cart=0.0, win_back=0.0, opens=0.0)
    people = populate(
        np.random.default_rng(4),
        200,
        start_ms=NOW_MS - 90 * DAY_MS,
        until_ms=NOW_MS,
        habits=Habits(),
        effects=effects,
    )
    pace = Pace(late=0.0, twice=0.0, broken=0.0, leaves_it=1.0, events_per_second=1.0)
    mine, deeds, _ = mailed(a_crowd(people, pace=pace, effects=effects), people)
    assert all(isinstance(deed, Says) for deed in deeds)
    assert not [event for event in mine if event.name == "Order Completed"]


def test_now_and_then_a_mail_is_one_too_many(population: Population) -> None:
    effects = Effects(cart=0.0, win_back=0.0, opens=0.9, unsubscribes=0.9)
    crowd = a_crowd(population, effects=effects, pace=Pace(events_per_second=0.01))
    addresses = [mail for mail in population.emails if mail][:50]
    for number, address in enumerate(addresses):
        crowd.got_mail(f"mail-{number}", address, NOW_MS)
    left = [deed for deed in crowd.next(NOW_MS + 900_000) if isinstance(deed, Unsubscribes)]
    assert len(left) > 25


def test_mail_to_strangers_changes_nothing(population: Population) -> None:
    one, two = a_crowd(population), a_crowd(population)
    one.got_mail("mail-1", "nobody@elsewhere.example", NOW_MS)
    assert one.next(NOW_MS + 60_000) == two.next(NOW_MS + 60_000)
