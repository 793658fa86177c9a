"""The rules for contacting people hold on every medium: said, refused, capped, held back and delivered; in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.decisions.medium import media
from holdfast.events.event import IdentityKey
from holdfast.ports.state import Send
from holdfast.settings import Settings
from holdfast.stores.mailbox.mailbox import SqliteMailbox
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.clock import FakeClock
from holdfast.testing.house import House
from holdfast.wiring import Mail, assemble

SAYS: dict[str, dict[str, Any]] = {
    "email": {"subject": "Hello {{ person.name }}", "text": "Hello."},
    "sms": {"text": "Hello {{ person.name }}"},
    "whatsapp": {"template": "hello", "language": "en", "parameters": ["{{ person.name }}"]},
    "telegram": {"text": "Hello {{ person.name }}"},
    "web_push": {"title": "Hello {{ person.name }}", "body": "Hello."},
    "mobile_push": {"title": "Hello {{ person.name }}", "body": "Hello."},
    "in_app": {"kind": "banner", "title": "Hello {{ person.name }}", "body": "Hello."},
    "inbox": {"title": "Hello {{ person.name }}", "body": "Hello."},
}
"""What is said on each medium on which people are reached."""
ADA = IdentityKey(kind="user", value="ada")
TRAITS = {"name": "Ada", "email": "ada@there.example", "phone": "+491701234567", "telegram_chat": "77"}
PHONE = {"device": {"token": "fcm-token", "type": "android"}}
SUBSCRIPTION = {"endpoint": "https://push.example/one", "keys": {"p256dh": "B" * 87, "auth": "A" * 22}}
everywhere = pytest.mark.parametrize("medium", sorted(SAYS))


class World:
    """A house whose messages are all kept, and Ada, who can be reached everywhere."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def publishes(self, medium: str, **send: object) -> None:
        says = {"channel": medium, "topic": "marketing", "template": SAYS[medium]} | send
        await self.house.publish(
            {
                "id": "asked",
                "name": "Asked",
                "goal": {"event": "Order Completed", "within_seconds": 3_600},
                "trigger": {"event": "Asked", "again": "after_exit"},
                "send": says,
            }
        )

    async def comes(self) -> None:
        track = {"type": "track", "userId": "ada", "event": "Push Subscribed", "messageId": "s"}
        await self.house.happens(
            {"type": "identify", "userId": "ada", "messageId": "i", "traits": TRAITS, "context": PHONE},
            track | {"properties": SUBSCRIPTION},
        )

    async def says(self, event: str, **properties: object) -> None:
        self.house.clock.advance(seconds=1)
        at = self.house.clock.now().isoformat()
        said = {"type": "track", "userId": "ada", "event": event, "messageId": at, "properties": properties}
        await self.house.happens(said)

    async def sends(self) -> list[Send]:
        async with self.house.app.state.view() as view:
            identity = (await view.identities([ADA]))[ADA].id
            found = await view.sends_of(origin=None, identities=[identity], limit=99)
        return sorted(found, key=lambda each: each.created_ms)

    async def ends(self) -> list[tuple[str, str]]:
        return [(each.state, each.reason) for each in await self.sends()]


async def built(directory: Path, **settings: object) -> World:
    clock, carrier = FakeClock(), KeptParcels()
    app = await assemble(
        Settings.load(directory, {}, settings, working_dir=directory),
        clock=clock,
        log=MemoryLog(),
        state=MemoryState(),
        history=MemoryHistory(),
        mail=Mail(carrier=carrier, mailbox=SqliteMailbox(directory)),
    )
    world = World(House(app, clock, carrier))
    await world.comes()
    return world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = await built(tmp_path, cap_email_per_day=0)
    yield made
    await made.house.app.close()


def test_there_is_something_to_say_on_every_medium_of_people() -> None:
    assert {each for each, medium in media().items() if medium.address_of is not None} == SAYS.keys()


@everywhere
async def test_it_goes_out_and_its_life_is_told(world: World, medium: str) -> None:
    await world.publishes(medium)
    await world.says("Asked")
    assert await world.ends() == [("sent", "")]
    (send,) = await world.sends()
    async with world.house.app.state.view() as view:
        tallies = (await view.profiles([send.identity]))[send.identity].tallies
    assert (tallies["Message Queued"].count, tallies["Message Sent"].count) == (1, 1)


@everywhere
async def test_who_refuses_the_channel_gets_what_they_bought_and_nothing_else(world: World, medium: str) -> None:
    await world.publishes(medium)
    await world.says("Consent Changed", channel=medium, granted=False)
    await world.says("Asked")
    await world.publishes(medium, transactional=True)
    await world.says("Asked")
    assert await world.ends() == [("withheld", "no_consent"), ("sent", "")]


@everywhere
async def test_consent_to_one_channel_is_none_to_another(tmp_path: Path, medium: str) -> None:
    world = await built(tmp_path, consent_default="required")
    await world.publishes(medium)
    other = "sms" if medium != "sms" else "email"
    await world.says("Consent Changed", channel=other, granted=True)
    await world.says("Asked")
    await world.says("Consent Changed", channel=medium, granted=True)
    await world.says("Asked")
    assert await world.ends() == [("withheld", "no_consent"), ("sent", "")]
    await world.house.app.close()


@everywhere
async def test_a_cap_on_a_channel_counts_that_channel(tmp_path: Path, medium: str) -> None:
    world = await built(tmp_path, contact_caps=f"1 in 12 hours on {medium}", cap_email_per_day=0, cap_email_per_week=0)
    await world.publishes(medium)
    await world.says("Asked")
    await world.says("Asked")
    await world.publishes(medium, transactional=True)
    await world.says("Asked")
    other = "sms" if medium != "sms" else "email"
    await world.publishes(other)
    await world.says("Asked")
    await world.says("Asked")
    assert await world.ends() == [("sent", ""), ("withheld", "capped"), *[("sent", "")] * 3]
    await world.house.app.close()


@everywhere
async def test_to_a_dead_address_nothing_goes_at_all(world: World, medium: str) -> None:
    await world.publishes(medium)
    await world.says("Asked")
    (send,) = await world.sends()
    async with world.house.app.state.begin() as transaction:
        await transaction.suppress(medium, send.address, "bounced", 0)
    await world.publishes(medium, transactional=True)
    await world.says("Asked")
    assert (await world.ends())[1:] == [("withheld", "suppressed")]


@pytest.mark.parametrize("medium", sorted(SAYS.keys() - {"in_app", "inbox"}))
async def test_whom_nothing_reaches_there_is_not_written_to(world: World, medium: str) -> None:
    """In the app everybody is reached."""
    await world.publishes(medium)
    stranger = {"type": "track", "userId": "bob", "event": "Asked", "messageId": "b"}
    await world.house.happens(stranger)
    bob = IdentityKey(kind="user", value="bob")
    async with world.house.app.state.view() as view:
        identity = (await view.identities([bob]))[bob].id
        (send,) = await view.sends_of(origin=None, identities=[identity], limit=9)
    assert (send.state, send.reason) == ("withheld", "no_address")


@everywhere
async def test_it_waits_for_the_end_of_quiet_hours(tmp_path: Path, medium: str) -> None:
    world = await built(tmp_path, quiet_from="00:00", quiet_until="23:59")
    await world.publishes(medium)
    await world.says("Asked")
    await world.publishes(medium, transactional=True)
    await world.says("Asked")
    assert await world.ends() == [("pending", "quiet_hours"), ("sent", "")]
    await world.house.app.close()


async def test_an_alert_for_colleagues_asks_nothing_of_the_person_and_is_held_against_nobody(tmp_path: Path) -> None:
    """Ada has agreed to nothing, and it is not she who is written to."""
    world = await built(tmp_path, consent_default="required", contact_caps="1 in 7 days")
    await world.publishes("sms", channel="slack", template={"text": "{{ person.name }} asked"})
    await world.says("Asked")
    await world.says("Asked")
    assert [(each.state, each.address) for each in await world.sends()] == [("sent", "slack")] * 2
    await world.says("Consent Changed", channel="sms", granted=True)
    await world.publishes("sms")
    await world.says("Asked")
    await world.says("Asked")
    assert (await world.ends())[2:] == [("sent", ""), ("withheld", "capped")], "alerts fill no cap of hers"
    await world.house.app.close()
