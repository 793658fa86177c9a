"""Settling: what became of a send is written once, told once, costs what it cost, and is decided by who may say."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from holdfast.decisions.caps import Cap
from holdfast.decisions.gate import GateRules
from holdfast.decisions.quiet import QuietHours
from holdfast.events.event import IdentityKey
from holdfast.flows.delivery.claiming import settle
from holdfast.flows.delivery.dead_letters import Which, replay_letters
from holdfast.flows.delivery.send import GIVE_UP_SECONDS, settlement_of, wait_seconds
from holdfast.flows.journey.decide import publish
from holdfast.kernel.moments import format_moment, to_millis
from holdfast.messages.doubt import ONCE, DoubtPolicy, Remedy
from holdfast.messages.parcel import Deferred, InDoubt, Refused
from holdfast.ports.state import Send, Settlement
from holdfast.testing import START, FakeClock, MemoryState, a_profile, a_send
from tests.unit.flows.test_dispatch import JOURNEY, Desk

NOW_MS = to_millis(START)
NOT_NOW = Deferred("not now", after_seconds=0)


@pytest.fixture
async def state() -> MemoryState:
    opened = MemoryState()
    async with opened.begin() as transaction:
        await transaction.add_identities([IdentityKey(kind="user", value="ada")], NOW_MS)
        await transaction.put_profiles({1: a_profile(email="ada@example.com")})
    await publish(opened, "journey", json.dumps(JOURNEY).encode(), now=START)
    return opened


async def settled(state: MemoryState, *settlements: Settlement) -> None:
    async with state.begin() as transaction:
        await settle(transaction, settlements, NOW_MS)


async def fill(state: MemoryState, *sends: Send) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(sends)


async def told(state: MemoryState) -> list[str]:
    async with state.view() as view:
        return [event.name for _, event in await view.emitted(limit=100)]


async def suppressed(state: MemoryState) -> dict[str, str]:
    async with state.view() as view:
        return await view.suppressed("email", ["ada@example.com"])


def claimed(key: str = "k", by: str = "one#1", **fields: object) -> Send:
    return a_send(key, state="claimed", claimed_by=by, claimed_ms=NOW_MS, attempts=1, **fields)


async def test_what_is_said_of_a_claim_that_was_taken_over_is_neither_told_nor_believed(state: MemoryState) -> None:
    await fill(state, claimed(by="two#1"))
    late = Settlement(key="k", state="failed", reason="no such user", gone=True, claimed_by="one#1")
    await settled(state, late)
    assert await told(state) == []
    assert await suppressed(state) == {}
    await settled(state, Settlement(key="k", state="sent", claimed_by="two#1"))
    assert await told(state) == ["Message Sent"]


async def test_what_is_said_twice_is_told_once(state: MemoryState) -> None:
    await fill(state, claimed())
    await settled(state, Settlement(key="k", state="in_doubt", claimed_by="one#1"))
    await settled(state, Settlement(key="k", state="sent", claimed_by="one#1"))
    assert await told(state) == ["Message In Doubt"]


async def test_a_dead_address_is_suppressed_and_is_no_dead_letter(state: MemoryState) -> None:
    send = claimed()
    await fill(state, send)
    await settled(state, settlement_of(send, Refused("no such user", gone=True), NOW_MS))
    assert await suppressed(state) == {"ada@example.com": "bounced"}
    async with state.view() as view:
        assert (await view.sends(["k"]))["k"].state == "failed"
        assert await view.dead_letters(limit=10) == []


async def test_what_is_refused_for_another_reason_is_a_dead_letter_and_suppresses_nobody(state: MemoryState) -> None:
    send = claimed()
    await fill(state, send)
    await settled(state, settlement_of(send, Refused("too large"), NOW_MS))
    assert await suppressed(state) == {}
    async with state.view() as view:
        assert [each.key for each in await view.dead_letters(limit=10)] == ["k"]


async def test_what_is_withheld_at_the_claim_costs_nothing_after_all(state: MemoryState) -> None:
    gone = "gone@example.com"
    yesterday = {"created_ms": NOW_MS - 86_400_000, "not_before_ms": NOW_MS}  # Quiet hours were to be over.
    await fill(
        state,
        a_send("dear", cost=700),
        a_send("dead", cost=50, address=gone),
        a_send("dead, too", cost=30, address=gone),
        a_send("dead, of yesterday", cost=20, address=gone, **yesterday),
    )
    async with state.begin() as transaction:
        await transaction.spend({("cart-rescue", "2026-01-04"): 20, ("cart-rescue", "2026-01-05"): 780})
        await transaction.suppress("email", gone, "bounced", NOW_MS)
    await Desk(state, FakeClock(), "one").dispatcher.cycle()
    async with state.view() as view:
        assert (await view.sends(["dead"]))["dead"].state == "withheld"
        # Each is taken off the day on whose account it was.
        assert await view.spent(["cart-rescue"]) == {"cart-rescue": {"2026-01-04": 0, "2026-01-05": 700}}


async def test_what_is_put_off_at_the_claim_still_costs_what_it_will(state: MemoryState) -> None:
    await fill(state, a_send(cost=700))
    async with state.begin() as transaction:
        await transaction.spend({("cart-rescue", "2026-01-05"): 700})
    clock = FakeClock()
    desk = Desk(state, clock, "one")
    quiet = QuietHours(from_minute=START.hour * 60, until_minute=START.hour * 60 + 30)
    await desk.dispatcher.adopt(GateRules(quiet=quiet))
    await desk.dispatcher.cycle()
    assert not desk.held
    async with state.view() as view:
        assert await view.spent(["cart-rescue"]) == {"cart-rescue": {"2026-01-05": 700}}
    clock.advance(minutes=30)
    await desk.dispatcher.cycle()
    # Nobody had tried it, so this is the first attempt.
    assert [(each.key, each.attempts) for each in desk.held] == [("send-1", 1)]


@pytest.mark.parametrize(("minutes", "becomes"), [(29, "withheld"), (31, "pending")])
async def test_what_a_cap_would_hold_up_beyond_its_cut_off_is_withheld_at_once(
    state: MemoryState, minutes: int, becomes: str
) -> None:
    """Half an hour is missing of the day since the one before, which was delivered late."""
    handed_ms = NOW_MS - 86_400_000 + 1_800_000
    until = format_moment(START + timedelta(minutes=minutes))
    await fill(
        state,
        a_send("before", state="sent", claimed_ms=handed_ms, created_ms=handed_ms - 3_600_000, not_before_ms=0),
        a_send("now", variables={"run": {"id": 1, "not_after": until}}),
    )
    desk = Desk(state, FakeClock(), "one")
    await desk.dispatcher.adopt(GateRules(caps=(Cap(most=1, within_seconds=86_400),)))
    await desk.dispatcher.cycle()
    async with state.view() as view:
        now = (await view.sends(["now"]))["now"]
    assert (now.state, now.reason) == (becomes, "capped")


@pytest.mark.parametrize(
    ("remedy", "becomes", "dead"),
    [("drop", "in_doubt", False), ("ask", "in_doubt", True), ("resend", "pending", False)],
)
@pytest.mark.parametrize("transactional", [False, True])
def test_doubt_is_dealt_with_as_the_channel_says_for_that_kind(
    remedy: Remedy, becomes: str, *, dead: bool, transactional: bool
) -> None:
    other: Remedy = "ask" if remedy == "drop" else "drop"
    of = {True: other, False: other} | {transactional: remedy}
    policy = DoubtPolicy(idempotent_seconds=86_400, marketing=of[False], transactional=of[True])
    settlement = settlement_of(claimed(transactional=transactional), InDoubt("No answer."), NOW_MS, policy)
    assert (settlement.state, settlement.dead) == (becomes, dead)


async def test_only_a_dead_letter_is_replayed(state: MemoryState) -> None:
    ended = [
        a_send("sent", state="sent", settled_ms=NOW_MS),
        a_send("dropped", state="failed", settled_ms=NOW_MS),
        claimed("under-way"),
        a_send("dead", state="failed", settled_ms=NOW_MS, dead=True),
    ]
    await fill(state, *ended)
    decided = await replay_letters(state, Which(keys=[each.key for each in ended]), now=START)
    assert (decided.done, decided.too_old, decided.unknown) == (1, 0, 3)
    async with state.view() as view:
        now = await view.sends([each.key for each in ended])
    assert [now[each.key].state for each in ended] == ["sent", "failed", "claimed", "pending"]


@pytest.mark.parametrize("transactional", [False, True])
def test_a_send_is_given_up_so_long_after_it_was_first_tried(*, transactional: bool) -> None:
    send = a_send(transactional=transactional, attempts=3, tried_ms=NOW_MS)
    wait_ms = int(wait_seconds(send, NOT_NOW) * 1_000)
    last_ms = NOW_MS + GIVE_UP_SECONDS[transactional] * 1_000 - wait_ms
    again = settlement_of(send, NOT_NOW, last_ms)
    assert (again.state, again.not_before_ms) == ("pending", last_ms + wait_ms)
    given_up = settlement_of(send, NOT_NOW, last_ms + 1)
    assert (given_up.state, given_up.dead) == ("failed", True)
    assert given_up.reason == "Given up after 3 tries: not now"


def test_what_waited_long_before_its_first_try_is_tried_again() -> None:
    send = a_send(attempts=1, created_ms=NOW_MS - 30 * 86_400_000, tried_ms=NOW_MS)
    assert settlement_of(send, NOT_NOW, NOW_MS).state == "pending"


@pytest.mark.parametrize("verdict", [NOT_NOW, InDoubt("lost")])
def test_no_attempt_is_later_than_the_provider_knows_the_key(verdict: Deferred | InDoubt) -> None:
    policy = DoubtPolicy(idempotent_seconds=600, marketing="resend", transactional="resend")
    send = a_send(attempts=1, tried_ms=NOW_MS)
    assert settlement_of(send, verdict, NOW_MS, policy).state == "pending"
    late_ms = NOW_MS + 600_000
    assert settlement_of(send, verdict, late_ms, policy).state in ("failed", "in_doubt")
    assert settlement_of(send, NOT_NOW, late_ms, ONCE).state == "pending", "where no key is known it is no limit"
