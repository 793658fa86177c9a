"""Phones and devices: of those who live where some are kept for fiction, and such as the profile takes them in."""

from __future__ import annotations

import numpy as np
import pytest

from holdfast.events.event import IdentityKey
from holdfast.profiles.devices import Devices, devices_of, heard_of
from holdfast.profiles.phone import phone_country, phone_number
from holdfast.sim.live import Crowd, Pace, Says
from holdfast.sim.people import DEVICES_MOST, Effects, Habits, Population, populate
from holdfast.sim.phones import NUMBERS, app_context, phone_numbers, subscription, telegram_chat
from holdfast.sim.rhythm import DAY_MS
from holdfast.sim.shop import MARKETS
from tests.unit.sim.test_live import NOW_MS, heard


@pytest.fixture(scope="module")
def people() -> Population:
    return populate(
        np.random.default_rng(5),
        400,
        start_ms=NOW_MS - 90 * DAY_MS,
        until_ms=NOW_MS,
        habits=Habits(),
        effects=Effects(),
    )


@pytest.mark.parametrize("country", NUMBERS)
def test_every_number_is_one_of_its_country_and_its_own(country: str) -> None:
    numbers = NUMBERS[country]
    assert len(set(numbers)) == len(numbers)
    for each in (numbers[0], numbers[-1]):
        assert phone_number(each) == each
        assert phone_country(each) == country


def test_who_has_a_number_has_it_alone_and_lives_there(people: Population) -> None:
    told = [(row, number) for row, number in enumerate(people.phones) if number]
    assert len({number for _, number in told}) == len(told) > 40
    for row, number in told:
        assert MARKETS[int(people.market[row])].country == phone_country(number)
        assert people.traits(row)["phone"] == number
        assert people.user_ids[row]
    without = next(row for row, number in enumerate(people.phones) if not number)
    assert "phone" not in people.traits(without)


def test_where_the_numbers_end_people_have_none() -> None:
    numbers = phone_numbers(["GB"] * 1_003 + ["DE"], [True] * 1_004)
    assert numbers[999] == "+447700900999"
    assert numbers[1_000:] == [""] * 4
    assert phone_numbers(["GB", "GB"], [False, True]) == ["", "+447700900000"]


def test_few_have_a_chat_and_nobody_two_the_same() -> None:
    chats = [chat for row in range(900) if (chat := telegram_chat(row))]
    assert len(set(chats)) == len(chats) == 100


def test_only_apps_say_where_they_run() -> None:
    assert app_context("0a", "laptop") == {}
    assert app_context("ea", "phone") == {}
    assert app_context("0a", "phone")["os"] == {"name": "Android"}


def test_the_live_crowd_is_reached_on_its_devices(people: Population) -> None:
    crowd = Crowd(
        np.random.default_rng(2),
        people,
        now_ms=NOW_MS,
        effects=Effects(),
        pace=Pace(late=0.0, twice=0.0, broken=0.0),
    )
    messages = [deed.message for deed in crowd.next(NOW_MS + 120_000) if isinstance(deed, Says)]
    devices: dict[IdentityKey, Devices] = {}
    for _, event in heard(messages, NOW_MS + 120_000).events:
        who = IdentityKey(kind="user", value=event.user_id or event.anonymous_id or "")
        devices[who] = heard_of(devices.get(who, {}), event)
    types = [device.type for each in devices.values() for device in devices_of(each, ("web", "ios", "android"))]
    assert min(types.count("web"), types.count("ios"), types.count("android")) > 10
    # Each browser asks once, however often somebody comes.
    asked = [each["anonymousId"] for each in messages if each.get("event") == "Push Subscribed"]
    assert len(set(asked)) == len(asked)


def test_a_subscription_is_one_to_encrypt_to(people: Population) -> None:
    for name in people.device_ids[: 5 * DEVICES_MOST]:
        assert subscription(name) == subscription(name)
    keys = {str(subscription(name)["keys"]) for name in people.device_ids[:50]}
    assert len(keys) == 50
