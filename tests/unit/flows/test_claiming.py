"""Claiming: what is taken when, what of it may not be made any more, and that nothing is held by what was undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from fractions import Fraction

import pytest

from holdfast.decisions.gate import GateRules
from holdfast.decisions.machine import STOPPED
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.claiming import claim
from holdfast.flows.delivery.domains import OPEN_MOST
from holdfast.flows.delivery.lanes import ROOM, Lanes
from holdfast.flows.journey.decide import publish, set_state
from holdfast.flows.journey.playbook import load_playbook
from holdfast.kernel.moments import to_millis
from holdfast.messages.breaker import FAILURES_MOST, OPEN_MS
from holdfast.messages.doubt import ONCE
from holdfast.messages.mail.warm_up import WarmUp, WarmUps, next_day_ms
from holdfast.messages.pace import Rate, Rates
from holdfast.messages.parcel import Deferred
from holdfast.ports.state import Lane, Send, Settlement, Transaction, View
from holdfast.stores.memory.state import MemoryTransaction
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from tests.unit.flows.test_dispatch import JOURNEY, Desk

NOW_MS = to_millis(START)
ONE_A_SECOND = Rates({"email": Rate(1, 1_000)})


class FullDiskError(OSError):
    """The disk is full."""


class FullState(MemoryState):
    """A state whose disk may be full: nothing that is written then is kept."""

    full = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """As any transaction; it fails at its end while the disk is full."""
        async with super().begin() as transaction:
            yield transaction
            if self.full:
                raise FullDiskError


@pytest.fixture
async def state() -> FullState:
    opened = FullState()
    async with opened.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ada")], NOW_MS)
        await transaction.put_profiles({1: a_profile(email="ada@example.com")})
    await publish(opened, "journey", json.dumps(JOURNEY).encode(), now=START)
    return opened


async def fill(state: MemoryState, *sends: Send) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(sends)


async def claimed(state: MemoryState, lanes: Lanes, now_ms: int = NOW_MS) -> list[str]:
    """The keys of what a round claims, in order."""
    async with state.begin() as transaction:
        playbook = await load_playbook(transaction)
        round_ = await claim(transaction, playbook, GateRules(), lanes, now_ms, behind=False)
    lanes.take(round_.sends, now_ms)
    return [each.key for each in round_.sends]


async def one(state: MemoryState, key: str = "k") -> Send:
    async with state.view() as view:
        return (await view.sends([key]))[key]


def many(count: int, name: str = "k", **fields: object) -> Sequence[Send]:
    return [a_send(f"{name}{number:03}", **fields) for number in range(count)]


async def test_each_round_of_claims_has_a_name_of_its_own(state: FullState) -> None:
    lanes, names = Lanes({"email": ONCE}, owner="one"), []
    for number in range(3):
        await fill(state, a_send(f"k{number}"))
        await claimed(state, lanes)
        names.append((await one(state, f"k{number}")).claimed_by)
    assert len(set(names)) == 3
    assert all(name.startswith("one#") for name in names)


async def test_closed_lanes_claim_nothing(state: FullState) -> None:
    lanes = Lanes({"email": ONCE})
    await fill(state, a_send("k"), a_send("receipt", transactional=True))
    lanes.close()
    assert await claimed(state, lanes) == []
    assert (await one(state)).state == "pending"


async def test_a_probe_that_was_not_made_leaves_its_place_to_another(state: FullState) -> None:
    lanes = Lanes({"email": ONCE})
    await fill(state, *many(FAILURES_MOST))
    for key in await claimed(state, lanes):
        lanes.ended(await one(state, key), Deferred("no connection", blame="provider"), NOW_MS)
    await fill(state, a_send("probe"), a_send("second"))
    probed_ms = NOW_MS + OPEN_MS
    assert await claimed(state, lanes, probed_ms) == ["probe"]
    assert await claimed(state, lanes, probed_ms) == []
    lanes.let_go(await one(state, "probe"))
    assert await claimed(state, lanes, probed_ms) == ["second"]


async def test_lanes_say_when_the_rate_gives_room_again(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, rates=ONE_A_SECOND)
    await fill(state, *many(2))
    assert await claimed(state, lanes) == ["k000"]
    assert lanes.opens_ms(NOW_MS) == NOW_MS + 1_000
    assert await claimed(state, lanes, NOW_MS + 999) == []
    assert await claimed(state, lanes, NOW_MS + 1_000) == ["k001"]


async def test_of_what_a_rate_allows_the_transactional_comes_first(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, rates=Rates({"email": Rate(8, 1_000)}))
    await fill(state, *many(3, "b", origin_kind="campaign"), *many(3, "j"))
    await fill(state, *many(3, "t", transactional=True, not_before_ms=NOW_MS + 1))
    assert await claimed(state, lanes, NOW_MS + 1) == ["t000", "t001"]


async def test_of_what_a_rate_allows_journeys_and_broadcasts_have_each_their_turn(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, rates=ONE_A_SECOND)
    await fill(state, *many(10, "b", origin_kind="campaign"), *many(10, "j"))
    rounds = [await claimed(state, lanes, NOW_MS + 1_000 * number) for number in range(8)]
    first = [key[0] for (key,) in rounds]
    assert first in (["b", "j"] * 4, ["j", "b"] * 4)


async def test_a_cycle_whose_transaction_fails_keeps_no_place_at_a_domain(state: FullState) -> None:
    desk = Desk(state, FakeClock(), "one")
    await fill(state, *many(ROOM))
    state.full = True
    with pytest.raises(FullDiskError):
        await desk.dispatcher.cycle()
    assert desk.held == []
    state.full = False
    assert (await desk.dispatcher.cycle()).claimed == OPEN_MOST


async def test_a_claim_that_fails_half_way_keeps_no_place_at_a_domain(
    state: FullState, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = Lanes({"email": ONCE})
    await fill(state, *many(ROOM))

    async def fail(*_: object) -> None:
        raise FullDiskError

    with monkeypatch.context() as patched:
        patched.setattr(MemoryTransaction, "settle_sends", fail)
        with pytest.raises(FullDiskError):
            await claimed(state, lanes)
    assert len(await claimed(state, lanes)) == OPEN_MOST


async def test_a_cycle_goes_on_to_its_end_though_whoever_waits_for_it_is_cancelled(state: FullState) -> None:
    desk, begun, go_on = Desk(state, FakeClock(), "one"), asyncio.Event(), asyncio.Event()

    async def wait(_: View) -> bool:
        begun.set()
        await go_on.wait()
        return False

    desk.dispatcher._behind = wait
    await fill(state, a_send("k", state="claimed", claimed_by="one#0"), a_send("next"))
    desk.dispatcher.settle([Settlement(key="k", state="sent", claimed_by="one#0")])
    waiting = asyncio.ensure_future(desk.dispatcher.cycle())
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert (await desk.dispatcher.cycle()).idle, "the one before did all there was to do"
    assert (await one(state)).state == "sent"
    assert [each.key for each in desk.held] == ["next"]


async def test_sends_of_what_is_paused_wait_until_it_goes_on(state: FullState) -> None:
    lanes = Lanes({"email": ONCE})
    await fill(state, a_send("k"))
    await set_state(state, "journey", "cart-rescue", "pause")
    assert await claimed(state, lanes) == []
    assert (await one(state)).state == "pending"
    await set_state(state, "journey", "cart-rescue", "resume")
    assert await claimed(state, lanes) == ["k"]


async def test_sends_of_what_was_stopped_are_withheld_and_hold_no_place(state: FullState) -> None:
    lanes = Lanes({"email": ONCE})
    await set_state(state, "journey", "cart-rescue", "stop")
    await fill(state, a_send("k"))
    assert await claimed(state, lanes) == []
    assert ((await one(state)).state, (await one(state)).reason) == ("withheld", STOPPED)
    assert lanes.rooms(NOW_MS)[Lane("email", "journey")] == ROOM
    async with state.view() as view:
        assert [event.name for _, event in await view.emitted(limit=10)] == ["Message Withheld"]


def warming(first: date) -> dict[str, WarmUps]:
    return {"email": WarmUps(others=WarmUp(first=first, start=3, growth=Fraction(2), full=100))}


WARMING = warming(START.date())


def on_day(number: int) -> int:
    """That day of the warm-up, at the hour of `START`."""
    return to_millis(START + timedelta(days=number - 1))


def mails(prefix: str, count: int, *, transactional: bool = False) -> list[Send]:
    return [a_send(f"{prefix}{n}", address=f"{n}@{prefix}.example", transactional=transactional) for n in range(count)]


async def test_a_domain_that_warms_up_sends_so_much_a_day(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, warm_ups=WARMING)
    await fill(state, *mails("a", 20))
    assert len(await claimed(state, lanes, on_day(1))) == 3
    assert await claimed(state, lanes, on_day(1) + 1_000) == []
    assert lanes.opens_ms(on_day(1)) == next_day_ms(on_day(1)), "it is looked at again tomorrow"
    assert len(await claimed(state, lanes, on_day(2))) == 6
    assert len(await claimed(state, lanes, on_day(20))) == 11, "warm: nothing limits it"


async def test_what_is_transactional_waits_for_no_warm_up_and_counts(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, warm_ups=WARMING)
    await fill(state, *mails("m", 9), *mails("t", 2, transactional=True))
    assert sorted(await claimed(state, lanes, on_day(1))) == ["m0", "t0", "t1"]
    assert await claimed(state, lanes, on_day(1)) == []
    await fill(state, *mails("u", 5, transactional=True))
    assert len(await claimed(state, lanes, on_day(1) + 60_000)) == 5


async def test_what_is_not_sent_after_all_uses_nothing_of_the_day_up(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, warm_ups=WARMING)
    async with state.begin() as transaction:
        await transaction.suppress("email", "0@gone.example", "bounced", NOW_MS)
    await fill(state, *mails("gone", 1), *mails("m", 9))
    assert await claimed(state, lanes, on_day(1)) == ["m0", "m1"]
    assert await claimed(state, lanes, on_day(1) + 1_000) == ["m2"]
    assert await claimed(state, lanes, on_day(1) + 2_000) == []


async def test_all_processes_warm_up_together(state: FullState) -> None:
    first, second = (Lanes({"email": ONCE}, owner=each, warm_ups=WARMING) for each in ("a", "b"))
    await fill(state, *mails("a", 2))
    assert len(await claimed(state, first, on_day(1))) == 2
    await fill(state, *mails("b", 5))
    assert len(await claimed(state, second, on_day(1))) == 1


def carried_from(lanes: Lanes, domain: str) -> None:
    lanes.carry({"email": ONCE}, anew={"email"}, sender_domains={"email": domain})


async def test_each_domain_that_mail_is_from_warms_up_by_itself(state: FullState) -> None:
    lanes = Lanes({"email": ONCE}, warm_ups=WARMING)
    await fill(state, *mails("a", 20))
    carried_from(lanes, "one.example")
    assert len(await claimed(state, lanes, on_day(1))) == 3
    assert await claimed(state, lanes, on_day(1)) == []
    carried_from(lanes, "two.example")
    assert len(await claimed(state, lanes, on_day(1))) == 3, "nobody has heard of that one today"
    carried_from(lanes, "one.example")
    assert await claimed(state, lanes, on_day(1)) == [], "it goes on where it was"
    assert len(await claimed(state, lanes, on_day(2))) == 6


async def test_a_domain_may_have_a_schedule_of_its_own_or_none(state: FullState) -> None:
    slow = WarmUp(first=START.date(), start=2, growth=Fraction(2), full=100)
    lanes = Lanes({"email": ONCE}, warm_ups={"email": WarmUps(named={"new.example": slow})})
    await fill(state, *mails("a", 20))
    carried_from(lanes, "new.example")
    assert len(await claimed(state, lanes, on_day(1))) == 2
    carried_from(lanes, "old.example")
    assert len(await claimed(state, lanes, on_day(1))) == 18


async def test_before_its_first_day_no_marketing_goes(state: FullState) -> None:
    later = warming(START.date() + timedelta(days=1))
    await fill(state, *mails("a", 2), *mails("t", 1, transactional=True))
    assert await claimed(state, Lanes({"email": ONCE}, warm_ups=later), on_day(1)) == ["t0"]
