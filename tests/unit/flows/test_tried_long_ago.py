"""A message in doubt is tried again only while its provider tells a repeat from another message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from holdfast.channels.inbox import InboxChannel
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.send import Office, Sender
from holdfast.flows.journey.decide import publish
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import to_millis
from holdfast.messages.links import Linker
from holdfast.ports.state import Settlement
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.filling import a_filler

CAMPAIGN = {
    "id": "cart-rescue",
    "name": "Cart rescue",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Checkout Started", "again": "once"},
    "send": {"channel": "inbox", "topic": "marketing", "template": {"title": "Hello"}},
}
CHANNEL = InboxChannel(sender="Tea & Cup")


async def seen_through(**fields: Any) -> tuple[Settlement, int]:
    """What became of a send, and how often it was handed over."""
    state, clock, carrier = MemoryState(), FakeClock(), KeptParcels()
    linker = Linker(base_url="https://t.example", key=b"a key of thirty-two bytes, for us")
    settled: list[Settlement] = []
    sender = Sender(
        state=state,
        clock=clock,
        offices={"inbox": Office(channel=CHANNEL, carrier=carrier)},
        lanes=Lanes({"inbox": CHANNEL.doubt}),
        linker=linker,
        workspace_name="Tea & Cup",
        settle=settled.extend,
        filler=a_filler(state, clock),
    )
    await publish(state, "campaign", json.dumps(CAMPAIGN).encode(), now=START)
    async with state.begin() as transaction:
        zoe = IdentityKey(kind="user", value="zoe")
        number = (await transaction.add_identities([zoe], to_millis(START)))[zoe].id
        await transaction.put_profiles({number: a_profile(first_name="Zoë")})
    send = a_send(
        effect_key("x"), identity=number, channel="inbox", step="send", address="zoe", state="claimed", **fields
    )
    async with state.begin() as transaction:
        await transaction.add_sends([send])
    sender.take([send])
    await sender.finish(seconds=10)
    (settlement,) = settled
    return settlement, len(carrier.parcels)


@pytest.mark.parametrize("late_ms", [0, 1])
async def test_it_is_handed_over_until_the_key_is_forgotten_and_no_later(late_ms: int) -> None:
    life_ms = 1_000 * CHANNEL.doubt.idempotent_seconds
    settlement, handed = await seen_through(attempts=2, tried_ms=to_millis(START) - life_ms - late_ms)
    assert (settlement.state, settlement.dead, handed) == (("in_doubt", True, 0) if late_ms else ("sent", False, 1))


async def test_the_first_time_is_never_too_late() -> None:
    settlement, handed = await seen_through(attempts=1, tried_ms=None)
    assert (settlement.state, handed) == ("sent", 1)
