"""Suppressing by hand, suppressions in a state that is made anew from the log, and forgetting old receipts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from holdfast.flows.delivery.forgetting import RECEIPT_DAYS, forget_receipts
from holdfast.flows.delivery.suppressing import lift_by_hand, suppress_by_hand
from holdfast.flows.people.erased import suppressed_of
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.rebuild import Rebuilding, rebuild
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.messages.heard.inbound import Receipt
from holdfast.ports.receipts import Reached
from holdfast.ports.state import State
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.house import House

ASKED: dict[str, Any] = {
    "id": "asked",
    "name": "Asked",
    "goal": {"event": "Order Completed", "within_seconds": 3_600},
    "trigger": {"event": "Asked", "again": "after_exit"},
    "send": {"channel": "email", "topic": "marketing", "template": {"subject": "Hello", "text": "Hello."}},
}


class World:
    def __init__(self, house: House) -> None:
        self.house = house
        self.told = 0

    async def by_hand(self, act: Any, address: str) -> str:
        app = self.house.app
        key = app.rules.veil_key
        said: str = await act(app.state, "email", address, by="ann", now=self.house.clock.now(), veil_key=key)
        self.house.clock.advance(seconds=1)
        return said

    async def asks(self, name: str) -> None:
        self.told += 1
        await self.house.happens(
            {"type": "identify", "userId": name, "messageId": f"i-{name}", "traits": {"email": f"{name}@a.example"}},
            {"type": "track", "userId": name, "messageId": f"t{self.told}", "event": "Asked"},
        )
        self.house.clock.advance(minutes=1)

    async def bounces(self, name: str, *, gone: bool, reason: str = "552 5.2.2 full") -> None:
        """Their last mail comes back."""
        send = next(each for each in reversed(self.house.carrier.parcels) if each.to == f"{name}@a.example")
        now_ms = int(self.house.clock.now().timestamp() * 1_000)
        receipt = Receipt(kind="bounced", id=send.key, at_ms=now_ms, send=send.key, gone=gone, reason=reason)
        await self.house.app.arrivals.told("acme", "email", [receipt])
        await self.house.settle()

    async def suppressed(self, state: State | None = None) -> dict[str, str]:
        async with (state or self.house.app.state).view() as view:
            return {each.address.partition("@")[0]: each.reason for each in await view.suppressed_addresses(limit=99)}

    async def again(self) -> State:
        """The state made anew."""
        app = self.house.app
        state, history = MemoryState(), MemoryHistory(currency=app.settings.currency)
        zone = ZoneInfo(app.settings.time_zone)
        given = Rebuilding(log=app.log, before=app.state, state=state, history=history, rules=app.rules, zone=zone)
        await rebuild(given)
        return state


@pytest.fixture
async def world(tmp_path: Path) -> World:
    house = await House.build(tmp_path, cap_email_per_day=0, cap_email_per_week=0)
    await house.publish(ASKED)
    return World(house)


async def test_a_state_made_anew_suppresses_the_same_and_sends_the_same(world: World) -> None:
    for name in ("ada", "bob", "cid", "dan"):
        await world.asks(name)
    await world.bounces("ada", gone=True)
    await world.bounces("bob", gone=True)
    await world.by_hand(suppress_by_hand, "cid@a.example")
    await world.by_hand(suppress_by_hand, "dan@a.example")
    assert await world.by_hand(lift_by_hand, "ada@a.example") == "bounced"
    for name in ("ada", "bob", "cid", "dan"):
        await world.asks(name)
    await world.by_hand(lift_by_hand, "dan@a.example")
    await world.asks("dan")
    assert await world.suppressed() == {"bob": "bounced", "cid": "by_hand"}
    state = await world.again()
    assert await world.suppressed(state) == await world.suppressed()
    found = await compare_states(world.house.app.state, state)
    assert {table: each.examples for table, each in found.items() if not each.same} == {}
    assert found["suppressions"].rows == 2


async def test_soft_bounces_are_counted_alike_when_it_is_made_anew(world: World) -> None:
    for _ in range(5):
        await world.asks("ada")
        await world.bounces("ada", gone=False)
        await world.house.later(days=1)
    assert await world.suppressed() == {"ada": "unreachable"}
    state = await world.again()
    assert await world.suppressed(state) == {"ada": "unreachable"}
    async with state.view() as view:
        assert await view.soft_bounces("email", "ada@a.example", 0) == 5


async def test_what_was_let_go_of_by_hand_is_suppressed_again_by_what_comes_back(world: World) -> None:
    await world.asks("ada")
    await world.bounces("ada", gone=True)
    await world.by_hand(lift_by_hand, "ADA@a.example")
    await world.asks("ada")
    await world.bounces("ada", gone=True)
    assert await world.suppressed() == {"ada": "bounced"}


async def test_the_turn_that_tells_of_it_does_not_know_the_address(world: World) -> None:
    await world.by_hand(suppress_by_hand, "ada@a.example")
    async with world.house.app.state.view() as view:
        (turn,) = [each for each in await view.turns(after_id=0, limit=99) if each.kind == "suppression"]
    assert turn.said["did"] == "added"
    assert "ada@" not in str(turn.said)


async def test_who_is_suppressed_already_stays_so_for_the_reason_there_is(world: World) -> None:
    await world.asks("ada")
    await world.bounces("ada", gone=True)
    assert await world.by_hand(suppress_by_hand, "ada@a.example") == "bounced"
    with pytest.raises(NotFound, match="not suppressed"):
        await world.by_hand(lift_by_hand, "bob@a.example")
    with pytest.raises(Invalid, match="no address"):
        await world.by_hand(suppress_by_hand, "a\nb")


@pytest.mark.parametrize(
    ("channel", "written", "known"),
    [
        ("email", "  Ada@A.example ", "ada@a.example"),
        ("sms", "+49 151 12345678", "+4915112345678"),
        ("sms", "0049 (151) 123-45678", "+4915112345678"),
        ("whatsapp", "+49 151 12345678", "+4915112345678"),
        ("inbox", " ada", " ada"),
    ],
)
async def test_an_address_is_known_however_it_is_written(world: World, channel: str, written: str, known: str) -> None:
    app, now = world.house.app, world.house.clock.now()
    given: dict[str, Any] = {"by": "ann", "now": now, "veil_key": app.rules.veil_key}
    assert await suppress_by_hand(app.state, channel, written, **given) == "by_hand"
    async with app.state.view() as view:
        assert await suppressed_of(view, app.rules, channel, [known]) == {known: "by_hand"}
    state = await world.again()
    async with state.view() as view:
        assert await suppressed_of(view, app.rules, channel, [known]) == {known: "by_hand"}
    assert await lift_by_hand(app.state, channel, written, **given) == "by_hand"
    async with app.state.view() as view:
        assert await suppressed_of(view, app.rules, channel, [known]) == {}


@pytest.mark.parametrize("written", ["0151 12345678", "ada@a.example", "call me"])
async def test_what_is_no_number_protects_nobody_and_is_refused(world: World, written: str) -> None:
    app, now = world.house.app, world.house.clock.now()
    with pytest.raises(Invalid, match="no address on sms") as told:
        await suppress_by_hand(app.state, "sms", written, by="ann", now=now, veil_key=app.rules.veil_key)
    assert told.value.path == "$.address"


async def test_what_no_receipt_asks_for_any_more_is_let_go_of(world: World) -> None:
    app, at_ms = world.house.app, to_millis(world.house.clock.now())
    numbered = [
        Reached(channel="sms", address=f"+{n}", identity=1, send=f"s{n}", at_ms=at_ms + n, provider_id=f"n{n}")
        for n in range(2)
    ]
    async with app.state.begin() as transaction:
        await transaction.note_reached(numbered)
    world.house.clock.advance(days=RECEIPT_DAYS)
    assert await forget_receipts(app.state, world.house.clock) == 0
    world.house.clock.advance(seconds=0.001)
    assert await forget_receipts(app.state, world.house.clock) == 1
    async with app.state.view() as view:
        assert await view.sends_by_provider_id("sms", ["n0", "n1"]) == {"n1": "s1"}
