"""Defects that once were, each in the smallest world that shows it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from holdfast import wiring
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.turns import DOMAIN_PLACES
from holdfast.kernel.ids import effect_key
from holdfast.messages.parcel import Accepted, Deferred, Parcel, Verdict
from holdfast.ports.state import Lane
from holdfast.testing.builders import a_send
from holdfast.testing.carrier import KeptParcels
from holdfast.testing.house import House
from tests.simulation.shop import decisions

_, WELCOME = decisions(3_600)["welcome"]


def says(kind: str, user: str = "ann", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "userId": user, "messageId": effect_key(kind, user, repr(fields)), **fields}


def identifies(user: str = "ann") -> dict[str, Any]:
    return says("identify", user, traits={"email": f"{user}@example.com"})


def does(event: str, user: str = "ann", **properties: Any) -> dict[str, Any]:
    return says("track", user, event=event, properties=properties)


async def collect(house: House, *messages: dict[str, Any]) -> None:
    await house.app.collector.collect("batch", json.dumps({"batch": messages}).encode(), "default")


class Hanging(KeptParcels):
    """Takes every parcel and never answers."""

    async def carry(self, parcel: Parcel) -> Verdict:
        self.parcels.append(parcel)
        await asyncio.Event().wait()
        return Accepted()


async def test_who_opts_out_is_heard_though_much_waits_before(tmp_path: Path) -> None:
    house = await House.build(tmp_path, carrier=KeptParcels(Deferred("later", after_seconds=60)))
    await house.publish(WELCOME)
    await house.happens(identifies(), does("Signed Up"))
    house.clock.advance(minutes=5)
    for number in range(250):
        await collect(house, does("Page Read", "ben", number=number))
    await collect(house, does("Consent Changed", channel="email", granted=False))
    await house.settle()
    assert len(house.carrier.parcels) == 1


async def test_an_event_that_came_in_time_is_not_overtaken_when_requests_are_large(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.publish(WELCOME)
    await house.happens(identifies(), does("Signed Up"))
    await collect(house, *(does("Page Read", "ben", number=number, text="x" * 2_000) for number in range(100)))
    await collect(house, *(does("Page Read", "cem", number=number, text="x" * 2_000) for number in range(100)))
    await collect(house, does("Bought"))
    await house.later(hours=2)
    assert len(house.carrier.parcels) == 1, "the second mail is for those who did not buy"


async def test_what_had_not_begun_at_the_end_is_not_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "FINISH_SECONDS", 0.01)
    house = await House.build(tmp_path, carrier=Hanging())
    await house.publish(WELCOME)
    users = [f"u{number}" for number in range(30)]
    await collect(house, *(each for user in users for each in (identifies(user), does("Signed Up", user))))
    await house.app.reactor.tick()
    await house.app.close()
    async with house.app.state.view() as view:
        assert await view.send_totals(None) == {"in_doubt": DOMAIN_PLACES, "pending": 30 - DOMAIN_PLACES}


async def test_a_closing_sender_puts_back_what_it_is_given(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    sender = house.app.sender
    assert sender is not None
    await sender.finish(seconds=0)
    sender.take([a_send("late")])
    assert [(each.key, each.state) for each in house.app.reactor._settlements] == [("late", "pending")]


async def test_sends_claimed_before_the_clock_was_set_back_are_found(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    async with house.app.state.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ann")], 0)
        await transaction.add_sends([a_send("early")])
        await transaction.claim_sends(2**45, {Lane("email", "journey"): 1})
    assert await house.app.reactor.recover() == 1


async def test_what_was_not_archived_before_a_long_pause_is_archived_after_it(tmp_path: Path) -> None:
    house = await House.build(tmp_path, dedup_days=1)
    await collect(house, does("Bought"))
    await house.app.reactor.tick()
    house.clock.advance(days=3)
    house.app.reactor._forgotten_day = 0  # As after a start.
    await house.settle()
    assert await house.app.history.size() == 1


async def test_a_settlement_of_what_is_not_there_stops_nothing(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    sender = house.app.sender
    assert sender is not None
    await sender.finish(seconds=0)
    sender.take([a_send("unknown")])
    assert (await house.app.reactor.tick()).settled == 1


async def test_a_cap_looks_back_from_each_event_though_they_are_taken_in_together(tmp_path: Path) -> None:
    house = await House.build(tmp_path, cap_email_per_day=1)
    await house.publish(WELCOME)
    await house.publish({**WELCOME, "id": "other", "steps": {**WELCOME["steps"], "in": _trigger("Read")}})
    await house.happens(identifies(), does("Signed Up"), does("Bought"))
    house.clock.advance(hours=10)
    await collect(house, does("Read"), does("Bought", number=2))
    house.clock.advance(hours=20)
    await collect(house, does("Page Read"))
    await house.settle()
    assert len(house.carrier.parcels) == 1


async def test_what_comes_after_many_repetitions_is_caught_up_with(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(does("Page Read"))
    for _ in range(250):
        await collect(house, does("Page Read"))
    await collect(house, does("Bought"))
    await house.app.catch_up()
    assert await house.app.history.size() == 2


async def test_own_events_told_again_after_a_long_pause_are_told_once(tmp_path: Path) -> None:
    house = await House.build(tmp_path, dedup_days=1)
    await house.publish(WELCOME)
    await collect(house, identifies(), does("Signed Up"))
    reactor = house.app.reactor
    await reactor.tick()
    assert await reactor.pump()
    # They are told, and the process dies before it has written that they are. Another one starts.
    house.clock.advance(days=3)
    reactor._numbering = None
    reactor._told = reactor._in_order = reactor._forgotten_day = 0
    reactor.untold.set()
    await reactor.tick()
    assert await reactor.pump(), "they are told again"
    await house.app.archivist.flush()
    reactor._forgotten_day = 0
    await reactor.tick()
    await house.settle()
    batches = [batch async for batch in house.app.history.export(batch_rows=1_000)]
    told = Counter(message_id for batch in batches for message_id in batch.column("message_id").to_pylist())
    assert set(told.values()) == {1}


def _trigger(event: str) -> dict[str, Any]:
    return {"type": "trigger", "event": event, "again": "once", "exits": {"entered": "first"}, "latest_seconds": 10**6}


async def test_a_dead_address_is_not_written_to_though_its_owner_has_another_by_now(tmp_path: Path) -> None:
    house = await House.build(tmp_path, carrier=KeptParcels(Deferred("later", after_seconds=60)))
    await house.publish(WELCOME)
    await house.happens({**identifies(), "traits": {"email": "Ann@Example.com"}}, does("Signed Up"))
    async with house.app.state.begin() as transaction:
        await transaction.suppress("email", "ann@example.com", "bounced", 0)
    house.clock.advance(seconds=1)
    await house.happens({**identifies(), "messageId": "i-2", "traits": {"email": "new@example.com"}})
    await house.later(minutes=5)
    assert len(house.carrier.parcels) == 1


async def test_a_dead_address_is_known_in_capitals_too(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.publish(WELCOME)
    async with house.app.state.begin() as transaction:
        await transaction.suppress("email", "ann@example.com", "bounced", 0)
    await house.happens({**identifies(), "traits": {"email": "Ann@Example.com"}}, does("Signed Up"))
    assert not house.carrier.parcels
