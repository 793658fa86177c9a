"""Devices that change hands: who has them, whatever order it is heard in, and who has them no more; in memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from holdfast.events.event import IdentityKey
from holdfast.profiles.devices import DEVICE_GONE, device_id, devices_of
from holdfast.profiles.profile import EMPTY, Profile, combine
from holdfast.testing.house import House

TOKEN = "fcm-token-of-the-phone"
DAY = "2025-03-0"


@pytest.fixture
async def house(tmp_path: Path) -> House:
    return await House.build(tmp_path)


def heard(user: str, at: int, *, message: str = "", token: str = TOKEN) -> dict[str, Any]:
    """An event on the phone, on a day of March."""
    return {
        "type": "track",
        "userId": user,
        "event": "App Opened",
        "messageId": message or f"{user}{at}",
        "timestamp": f"{DAY}{at}T10:00:00Z",
        "context": {"device": {"token": token, "type": "android"}},
    }


async def known_of(house: House, user: str) -> Profile:
    key = IdentityKey(kind="user", value=user)
    async with house.app.state.view() as view:
        person = (await view.identities([key]))[key].person
        members = await view.members([person])
        profiles = await view.profiles([each.id for each in members[person]])
    return combine(profiles.get(each.id, EMPTY) for each in members[person])


async def has(house: House, user: str) -> list[str]:
    """The tokens of the devices on which somebody is reached."""
    devices = (await known_of(house, user)).devices
    return [each.token for each in devices_of(devices, ("web", "ios", "android"))]


async def owner(house: House) -> str:
    async with house.app.state.view() as view:
        (number,) = (await view.device_owners([device_id(TOKEN)])).values()
        return (await view.identities_by_id([number]))[number].key.value


async def test_who_logs_in_on_anothers_phone_has_it(house: House) -> None:
    await house.happens(heard("ada", 1), heard("ada", 2, message="tablet", token="fcm-tablet"))
    await house.happens(heard("bob", 3))
    assert (await has(house, "ada"), await has(house, "bob")) == (["fcm-tablet"], [TOKEN])
    await house.happens(heard("bob", 4), heard("bob", 5))
    assert await has(house, "bob") == [TOKEN]
    await house.happens(heard("ada", 6))
    assert (set(await has(house, "ada")), await has(house, "bob")) == ({TOKEN, "fcm-tablet"}, [])
    assert await owner(house) == "ada"


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("at_once", [True, False])
async def test_whoever_was_there_last_has_it_in_whatever_order_it_is_heard(
    house: House, order: Sequence[int], at_once: bool
) -> None:
    said = [heard("ada", 1), heard("bob", 2), heard("cid", 3)]
    for batch in [[said[each] for each in order]] if at_once else [[said[each]] for each in order]:
        await house.happens(*batch)
    assert [await has(house, each) for each in ("ada", "bob", "cid")] == [[], [], [TOKEN]]
    assert await owner(house) == "cid"


async def test_a_late_word_from_who_had_it_does_not_bring_it_back(house: House) -> None:
    await house.happens(heard("ada", 1))
    await house.happens(heard("bob", 5))
    await house.happens(heard("ada", 3))
    assert (await has(house, "ada"), await has(house, "bob")) == ([], [TOKEN])


async def test_one_person_keeps_it_under_every_name(house: House) -> None:
    before = heard("", 1, message="before") | {"anonymousId": "visitor"}
    del before["userId"]
    await house.happens(before)
    login = {"type": "identify", "userId": "ada", "anonymousId": "visitor", "messageId": "login"}
    await house.happens(login, heard("ada", 2))
    assert await has(house, "ada") == [TOKEN]
    assert DEVICE_GONE not in (await known_of(house, "ada")).tallies


async def test_who_turns_out_to_be_the_same_person_has_it_after_all(house: House) -> None:
    before = heard("", 1, message="before") | {"anonymousId": "visitor"}
    del before["userId"]
    await house.happens(before)
    await house.happens(heard("ada", 2))
    await house.happens({"type": "identify", "userId": "ada", "anonymousId": "visitor", "messageId": "login"})
    assert await has(house, "ada") == [TOKEN]


async def test_a_browser_changes_hands_as_well(house: House) -> None:
    keys = {"p256dh": "B" * 87, "auth": "A" * 22}
    subscription = {"endpoint": "https://push.example/one", "keys": keys}

    def allowed(user: str, at: int) -> dict[str, Any]:
        return heard(user, at) | {"event": "Push Subscribed", "properties": subscription, "context": {}}

    await house.happens(allowed("ada", 1))
    await house.happens(allowed("bob", 2))
    assert (await has(house, "ada"), await has(house, "bob")) == ([], ["https://push.example/one"])
