"""Turns in every store: kept in order, let go of from the beginning; and what making a state anew asks for besides."""

from __future__ import annotations

import pytest

from holdfast.ports.erasure import Suppression, Tombstone
from holdfast.ports.state import Identity, Lane, Settlement, State
from holdfast.ports.turns import Turn
from holdfast.testing import a_send
from tests.contracts.state_contract import anonymous, people, user
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


def tick(start: int, following: int, at_ms: int = 0) -> Turn:
    return Turn(kind="tick", start=start, next=following, at_ms=at_ms)


async def kept(state: State) -> list[tuple[str, int, int]]:
    async with state.view() as view:
        return [(each.kind, each.start, each.next) for each in await view.turns(after_id=0, limit=100)]


async def test_turns_come_back_in_order_as_they_were(state: State) -> None:
    said = Turn(kind="merge", start=3, next=3, at_ms=2**41, said={"first": ["user", "a\u00df\0"], "by": "ann", "n": 7})
    async with state.begin() as transaction:
        await transaction.add_turn(tick(0, 3, at_ms=12))
        await transaction.add_turn(said)
    async with state.begin() as transaction:
        await transaction.add_turn(tick(3, 2**40))
    async with state.view() as view:
        first, second, third = await view.turns(after_id=0, limit=9)
        assert (first.kind, first.start, first.next, first.at_ms, dict(first.said)) == ("tick", 0, 3, 12, {})
        assert (second.kind, second.at_ms, dict(second.said)) == ("merge", 2**41, dict(said.said))
        assert first.id < second.id < third.id
        assert await view.turns(after_id=first.id, limit=1) == [second]
        assert await view.turns(after_id=third.id, limit=1) == []


async def test_what_is_undone_leaves_no_turn(state: State) -> None:
    async def broken() -> None:
        async with state.begin() as transaction:
            await transaction.add_turn(tick(0, 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert await kept(state) == []


async def test_turns_go_from_the_beginning_and_numbers_go_on(state: State) -> None:
    async with state.begin() as transaction:
        for start in range(4):
            await transaction.add_turn(tick(start, start + 1))
        last = (await transaction.turns(after_id=0, limit=9))[-1].id
        await transaction.forget_turns(2)
    assert await kept(state) == [("tick", 2, 3), ("tick", 3, 4)]
    async with state.begin() as transaction:
        await transaction.forget_turns(9)
        await transaction.add_turn(tick(9, 10))
    async with state.view() as view:
        (only,) = await view.turns(after_id=0, limit=9)
        assert await view.turns(after_id=last, limit=9) == [only]


async def test_identities_are_added_under_numbers_they_had(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "ann")
        await transaction.add_numbered({user("ben"): 7, anonymous("x\ud800"): 4}, 5)
    async with state.begin() as transaction:
        assert (await transaction.identities([anonymous("x\ud800")])) == {
            anonymous("x\ud800"): Identity(id=4, key=anonymous("x\ud800"), person=4)
        }
        added = await transaction.add_identities([user("cy")], 6)
        assert added[user("cy")].id == 8, "after the highest there is"
        assert await transaction.persons_after(0, limit=9) == [1, 4, 7, 8]


async def test_a_number_that_is_taken_is_not_given(state: State) -> None:
    async def doubled() -> None:
        async with state.begin() as transaction:
            await people(transaction, "ann")
            await transaction.add_numbered({user("ben"): 1}, 5)

    with pytest.raises(Exception):  # noqa: B017 - Each store says it in its own way.
        await doubled()
    async with state.view() as view:
        assert await view.identities([user("ann"), user("ben")]) == {}


async def test_sends_are_taken_whatever_they_wait_for(state: State) -> None:
    sends = [a_send(key, not_before_ms=10**9) for key in ("waits", "failed", "doubt", "gone", "held")]
    async with state.begin() as transaction:
        await transaction.add_sends(sends)
        await transaction.claim_sends(10**9, {Lane("email", "journey"): 4})
        await transaction.settle_sends(
            [
                Settlement(key="failed", state="failed", dead=True),
                Settlement(key="doubt", state="in_doubt", dead=True),
                Settlement(key="gone", state="sent"),
                Settlement(key="waits", state="pending", not_before_ms=10**10),
            ],
            7,
        )
        await transaction.withhold_sends(["held"], "stopped", 8)
        await transaction.take_sends(["waits", "failed", "doubt", "gone", "held", "nobody"], 55)
        found = await transaction.sends(["waits", "failed", "doubt", "gone", "held"])
        assert {key: each.state for key, each in found.items()} == {
            "waits": "claimed",
            "failed": "claimed",
            "doubt": "claimed",
            "gone": "sent",
            "held": "withheld",
        }
        assert {found[key].claimed_ms for key in ("waits", "failed", "doubt")} == {55}
        assert found["waits"].attempts == 2
        assert not found["failed"].dead
        assert await transaction.count_dead_letters() == {}
        await transaction.settle_sends([Settlement(key="failed", state="sent")], 56)
        assert (await transaction.send_totals(None)) == {"claimed": 2, "sent": 2, "withheld": 1}


async def test_what_is_kept_of_the_forgotten_is_listed(state: State) -> None:
    stones = [Tombstone(name=name, erasure="e1", until=5, at_ms=9) for name in ("a", "b")]
    async with state.begin() as transaction:
        await transaction.add_tombstones(stones)
        await transaction.suppress("email", "Ann@Example.com", "bounced", 3)
        await transaction.set_note("lists", "{}")
    async with state.view() as view:
        assert await view.every_tombstone() == stones
        bounced = Suppression(channel="email", address="ann@example.com", reason="bounced")
        assert await view.every_suppression() == [bounced]
        assert await view.notes() == {"lists": "{}"}
