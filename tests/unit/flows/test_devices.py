"""Messages to devices: decided for a person, handed over to the devices they have by then; those gone are told of."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from holdfast.channels.carriers.each_device import EachDevice, merged
from holdfast.channels.declared import Desk
from holdfast.channels.web_push import WebPushSettings, web_push_channel
from holdfast.decisions.medium import address_on, media
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.delivery.claiming import settle
from holdfast.flows.delivery.domains import domain_of
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.send import Office, Sender, settlement_of
from holdfast.flows.journey.decide import publish
from holdfast.kernel.moments import to_millis
from holdfast.messages.doubt import ONCE
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, Gone, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.push.vapid import vapid_key
from holdfast.ports.channel import ToDevices
from holdfast.ports.state import Send, Settlement
from holdfast.profiles.devices import DEVICE_GONE, Device, Heard, devices_of
from holdfast.profiles.profile import EMPTY, Profile, learn
from holdfast.testing import START, FakeClock, MemoryState, a_send
from holdfast.testing.filling import a_filler
from tests.push_service import Subscription
from tests.unit.flows.test_dispatch import JOURNEY

NOW_MS = to_millis(START)
LINKER = Linker(base_url="https://t.shop.example", key=b"a key for the tests")


def browser(name: str) -> Device:
    made = Subscription.made(name)
    return Device("web", f"https://push.example/{name}", made.p256dh, made.auth)


def with_devices(*devices: Device) -> Profile:
    heard = {each.id: Heard(NOW_MS - 1_000 + number, "m", each) for number, each in enumerate(devices)}
    return msgspec.structs.replace(EMPTY, devices=heard)


class Service:
    """Answers `ports.carrier.Carrier`: what each device is to be answered, accepted if nothing else is said."""

    def __init__(self, **verdicts: Verdict) -> None:
        self.verdicts = verdicts
        self.carried: list[Parcel] = []

    async def carry(self, parcel: Parcel) -> Verdict:
        """Answer for the device."""
        self.carried.append(parcel)
        return self.verdicts.get(parcel.url.rpartition("/")[2], Accepted(parcel.url))

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
async def state() -> MemoryState:
    opened = MemoryState()
    async with opened.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ada")], NOW_MS)
        await transaction.put_profiles({1: with_devices(browser("old"), browser("new"))})
    said = {
        "type": "send",
        "channel": "web_push",
        "template": {"title": "Hello"},
        "exits": {"sent": "done", "withheld": "done"},
    }
    journey = {**JOURNEY, "steps": {**JOURNEY["steps"], "mail": said}}  # type: ignore[dict-item]  # It is JSON.
    await publish(opened, "journey", json.dumps(journey).encode(), now=START)
    return opened


def claimed(**fields: object) -> Send:
    return a_send(
        f"{1:032}", state="claimed", claimed_by="one#1", claimed_ms=NOW_MS, attempts=1, channel="web_push", **fields
    )


async def handed_over(state: MemoryState, service: Service, send: Send) -> Settlement:
    """What became of the send by a real sender and the real channel."""
    settings = WebPushSettings(contact="mailto:push@shop.example", private_key=vapid_key(b"\x01" * 32).secret)
    channel = web_push_channel(settings, Desk(linker=LINKER, workspace_name="Shop"))
    assert isinstance(channel, ToDevices)
    settled: list[Settlement] = []
    lanes, clock = Lanes({"web_push": ONCE}, owner="one"), FakeClock()
    sender = Sender(
        state=state,
        clock=clock,
        offices={"web_push": Office(channel=channel, carrier=EachDevice({"web_push": service}))},
        lanes=lanes,
        linker=LINKER,
        workspace_name="Shop",
        settle=settled.extend,
        filler=a_filler(state, clock),
    )
    assert lanes.put_off([send], NOW_MS) == []
    async with state.begin() as transaction:
        await transaction.add_sends([send])
    sender.take([send])
    for _ in range(200):
        if settled:
            break
        await asyncio.sleep(0)
    await sender.finish(seconds=0)
    (settlement,) = settled
    return settlement


async def emitted(state: MemoryState) -> list[Event]:
    async with state.view() as view:
        return [event for _, event in await view.emitted(limit=100)]


async def test_it_goes_to_every_device_there_is_when_it_is_handed_over(state: MemoryState) -> None:
    service = Service()
    settlement = await handed_over(state, service, claimed(address="whatever it was"))
    assert [each.url for each in service.carried] == ["https://push.example/new", "https://push.example/old"]
    assert (settlement.state, settlement.provider_id) == ("sent", "https://push.example/new")


async def test_who_has_no_device_any_more_is_not_written_to(state: MemoryState) -> None:
    async with state.begin() as transaction:
        await transaction.put_profiles({1: EMPTY})
    service = Service()
    settlement = await handed_over(state, service, claimed(address="x"))
    assert (settlement.state, settlement.reason) == ("failed", "They have no such device any more.")
    assert not service.carried


async def test_a_device_that_is_gone_is_told_of_and_is_not_there_any_more(state: MemoryState) -> None:
    since_ms = NOW_MS - 500
    service = Service(old=Refused("gone", gone=True, since_ms=since_ms))
    send = claimed(address="name@push.example")
    settlement = await handed_over(state, service, send)
    assert settlement.lost == (Gone(browser("old").id, since_ms),)
    async with state.begin() as transaction:
        await transaction.add_sends([send])
        await settle(transaction, [settlement], NOW_MS)
        await settle(transaction, [settlement], NOW_MS)
    events = await emitted(state)
    assert [each.name for each in events] == ["Message Sent", DEVICE_GONE]
    assert to_millis(events[1].timestamp) == since_ms
    async with state.view() as view:
        profile = learn((await view.profiles([1]))[1], events[1])
    assert devices_of(profile.devices, ("web",)) == [browser("new")]


async def test_where_all_are_gone_it_is_no_dead_letter_and_nothing_is_suppressed(state: MemoryState) -> None:
    gone = Refused("gone", gone=True)
    send = claimed(address="name@push.example")
    settlement = await handed_over(state, Service(old=gone, new=gone), send)
    assert (settlement.state, settlement.gone, settlement.dead) == ("failed", True, False)
    async with state.begin() as transaction:
        await transaction.add_sends([send])
        await settle(transaction, [settlement], NOW_MS)
    assert [each.name for each in await emitted(state)] == ["Message Failed", DEVICE_GONE, DEVICE_GONE]
    async with state.view() as view:
        assert await view.suppressed("web_push", [send.address]) == {}


async def test_a_device_gone_in_the_future_is_gone_as_of_now(state: MemoryState) -> None:
    send = claimed(address="name@push.example")
    late = settlement_of(send, Accepted("1", (Gone("d1", 2**52),)), NOW_MS)
    async with state.begin() as transaction:
        await transaction.add_sends([send])
        await settle(transaction, [late], NOW_MS)
    assert to_millis((await emitted(state))[1].timestamp) == NOW_MS


def test_one_verdict_is_made_of_several() -> None:
    parcels = [Parcel(key="k", channel="c", sender="s", to=to, body=b"") for to in ("one", "two", "three")]
    gone, no = Refused("dead", gone=True, since_ms=5), Refused("too long")
    soon, later, lost = Deferred("busy", 60), Deferred("busier", 90, "provider"), InDoubt("lost")
    assert merged(parcels, [gone, Accepted("1"), Accepted("2")]) == Accepted("1", (Gone("one", 5),))
    assert merged(parcels, [soon, lost, Accepted("1")]) == Accepted("1")
    assert merged(parcels, [soon, lost, gone]) == lost
    assert merged(parcels, [soon, later, gone]) == later
    assert merged(parcels, [gone, no, gone]) == Refused("too long", lost=(Gone("one", 5), Gone("three", 5)))
    assert merged(parcels[:1], [gone]) == Refused("dead", gone=True, lost=(Gone("one", 5),))


async def test_what_nobody_carries_is_refused() -> None:
    parcel = Parcel(key="k", channel="c", sender="nobody", to="d", body=b"")
    verdict = await EachDevice({}).carry(parcel)
    assert isinstance(verdict, Refused)
    assert not verdict.gone


def test_an_address_names_the_device_last_heard_of_and_gives_nothing_away() -> None:
    profile = with_devices(browser("old"), browser("new"), Device("ios", "ab" * 32))
    assert address_on("web_push", profile, "") == f"{browser('new').id}@push.example"
    assert domain_of(address_on("web_push", profile, "")) == "push.example"
    assert address_on("mobile_push", profile, "") == Device("ios", "ab" * 32).id
    assert address_on("mobile_push", with_devices(browser("one")), "") == ""
    assert address_on("web_push", EMPTY, "") == ""
    assert all(media()[each].address_of is not None for each in ("web_push", "mobile_push"))
