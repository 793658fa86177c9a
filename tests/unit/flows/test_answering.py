"""Text that is an answer: said while the person has written lately, and a template at any time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from holdfast.channels.declared import Desk
from holdfast.channels.whatsapp_cloud import ANSWER_SECONDS, WhatsAppSettings, whatsapp_channel
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.send import Office, Sender
from holdfast.flows.journey.decide import publish
from holdfast.kernel.moments import to_millis
from holdfast.messages.doubt import ONCE
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Parcel, Verdict
from holdfast.ports.state import Settlement
from holdfast.profiles.profile import EMPTY, Profile, Tally
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from holdfast.testing.filling import a_filler
from tests.unit.flows.test_dispatch import JOURNEY

NOW_MS = to_millis(START)
LINKER = Linker(base_url="https://t.shop.example", key=b"a key for the tests")
SETTINGS = WhatsAppSettings(phone_number_id="1", access_token="a", app_secret="b", verify_token="c")


class Meta:
    """Answers `ports.carrier.Carrier`: takes everything."""

    def __init__(self) -> None:
        self.carried: list[Parcel] = []

    async def carry(self, parcel: Parcel) -> Verdict:
        """Take it."""
        self.carried.append(parcel)
        return Accepted("wamid.1")

    async def close(self) -> None:
        """Nothing is held."""


def heard(seconds_ago: int | None, *, crowded: bool = False) -> Profile:
    tallies = {}
    if seconds_ago is not None:
        at_ms = NOW_MS - 1_000 * seconds_ago
        tallies = {"Message Received": Tally(2, 1, (1, at_ms))}
    return Profile(tallies=tallies, crowded=crowded)


async def said(template: dict[str, Any], profile: Profile) -> Settlement:
    """What became of a send to somebody of whom this is known."""
    state, meta, clock = MemoryState(), Meta(), FakeClock()
    async with state.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ada")], NOW_MS)
        await transaction.put_profiles({1: profile})
    step = {"type": "send", "channel": "whatsapp", "template": template, "exits": {"sent": "done", "withheld": "done"}}
    journey = {**JOURNEY, "steps": {**JOURNEY["steps"], "mail": step}}  # type: ignore[dict-item]  # It is JSON.
    await publish(state, "journey", json.dumps(journey).encode(), now=START)
    settled: list[Settlement] = []
    lanes = Lanes({"whatsapp": ONCE}, owner="one")
    channel = whatsapp_channel(SETTINGS, Desk(linker=LINKER, workspace_name="Shop"))
    sender = Sender(
        state=state,
        clock=clock,
        offices={"whatsapp": Office(channel=channel, carrier=meta)},
        lanes=lanes,
        linker=LINKER,
        workspace_name="Shop",
        settle=settled.extend,
        filler=a_filler(state, clock),
    )
    send = a_send(
        f"{1:032}", state="claimed", claimed_by="one#1", claimed_ms=NOW_MS, channel="whatsapp", address="+436641234567"
    )
    assert lanes.put_off([send], NOW_MS) == []
    sender.take([send])
    for _ in range(200):
        if settled:
            break
        await asyncio.sleep(0)
    await sender.finish(seconds=1)
    (settlement,) = settled
    assert (settlement.state == "sent") == bool(meta.carried)
    return settlement


@pytest.mark.parametrize("profile", [heard(0), heard(ANSWER_SECONDS), heard(None, crowded=True)])
async def test_text_is_said_to_who_has_written_lately_or_may_have(profile: Profile) -> None:
    assert (await said({"text": "Hello"}, profile)).state == "sent"


@pytest.mark.parametrize("profile", [EMPTY, heard(ANSWER_SECONDS + 1), a_profile(plan="gold")])
async def test_text_is_not_said_to_who_has_not(profile: Profile) -> None:
    settlement = await said({"text": "Hello"}, profile)
    assert settlement.state == "failed"
    assert settlement.reason == "It may be said only within 24 hours of the person's last message. Use a template."
    assert not settlement.gone


@pytest.mark.parametrize("profile", [EMPTY, heard(0), heard(10 * ANSWER_SECONDS)])
async def test_a_template_is_said_at_any_time(profile: Profile) -> None:
    assert (await said({"template": "cart_left"}, profile)).state == "sent"
