"""The state contract: people of a part are found, and moved, by a transaction of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from holdfast.ports.parts import PARTS, part_of
from holdfast.ports.state import PartTransaction, State, StepCount, Transaction
from holdfast.ports.turns import Turn
from holdfast.testing import a_profile, a_send, a_visit
from tests.contracts.state_contract import people
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

MOVED = Turn(kind="people", start=0, next=0, at_ms=30, said={"people": [1, 17], "spends": False})


async def test_who_is_due_is_found_by_part_soonest_first(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_visits(
            [
                a_visit(1, due_ms=20),
                a_visit(1 + PARTS, due_ms=10),
                a_visit(1 + 2 * PARTS, due_ms=10, origin="paused"),
                a_visit(1 + 3 * PARTS, due_ms=40),
                a_visit(1 + 4 * PARTS, due_ms=5, left_ms=5),
                a_visit(1 + 5 * PARTS),
                a_visit(PARTS, due_ms=30),
                a_visit(7, due_ms=31),
                a_visit(9, due_ms=3, origin="paused"),
            ]
        )
    async with state.view() as view:
        due = await view.due_visits(30, limit=9, without=["paused"], part=1)
        assert [visit.identity for visit in due] == [1 + PARTS, 1]
        assert [visit.identity for visit in await view.due_visits(30, limit=1, part=1)] == [1 + PARTS]
        assert [visit.identity for visit in await view.due_visits(30, limit=2, part=1)] == [1 + PARTS, 1 + 2 * PARTS]
        assert [visit.identity for visit in await view.due_visits(30, limit=9, part=0)] == [PARTS]
        assert await view.due_visits(30, limit=9, part=7) == []
        assert await view.due_parts(30, without=["paused"]) == [0, 1]
        assert await view.due_parts(31) == [0, 1, 7, 9]
        assert await view.due_parts(2) == []


async def _move(transaction: PartTransaction) -> None:
    (visit,) = await transaction.open_visits([1])
    await transaction.put_visits([structs.replace(visit, step="mail", seq=1)])
    await transaction.put_profiles({1: a_profile(plan="gold")})
    await transaction.add_sends([a_send("new", cost=7)])
    await transaction.withhold_sends(["old"], "outranked", 30)
    await transaction.drop_words(["old"])
    await transaction.count_steps([StepCount(origin=visit.origin, version=1, step="wait", exit="waited", count=1)])
    await transaction.spend({(visit.origin, "2026-11-22"): 7})
    await transaction.touch_people([1])
    (added,) = await transaction.add_visits([a_visit(1, origin="next", entry_key="next")])
    assert added.id == visit.id + 1
    await transaction.add_turn(MOVED)


async def _begin(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "ada", "bob")
        await transaction.add_visits([a_visit(1)])
        await transaction.add_sends([a_send("old")])
        await transaction.keep_words({"old": b"words"}, 1)
        await transaction.count_steps([StepCount(origin="cart-rescue", version=1, step="wait", exit="waited", count=2)])
        await transaction.spend({("cart-rescue", "2026-11-22"): 1})


async def test_a_part_is_moved_as_a_whole(state: State) -> None:
    await _begin(state)
    async with state.begin_part(part_of(1)) as transaction:
        assert transaction is not None
        await _move(transaction)
    async with state.view() as view:
        assert await view.waiting("cart-rescue") == {"mail": 1}
        assert await view.waiting("next") == {"wait": 1}
        assert (await view.profiles([1]))[1].traits["plan"].value == "gold"
        assert {send.key: send.state for send in (await view.sends(["old", "new"])).values()} == {
            "old": "withheld",
            "new": "pending",
        }
        assert await view.send_totals("cart-rescue") == {"withheld": 1, "pending": 1}
        assert [each.pending for each in await view.lane_totals()] == [1]
        assert await view.kept_words(["old"]) == {}
        assert [each.count for each in await view.step_counts("cart-rescue")] == [3]
        assert await view.spent(["cart-rescue"]) == {"cart-rescue": {"2026-11-22": 8}}
        assert [person for person, _ in await view.stale_people(limit=9)] == [1]
        assert [replace(turn, id=0) for turn in await view.turns(after_id=0, limit=9)] == [MOVED]


async def test_or_it_is_not_moved_at_all(state: State) -> None:
    await _begin(state)
    with pytest.raises(ZeroDivisionError):
        await _move_and_fail(state)
    async with state.view() as view:
        assert await view.waiting("cart-rescue") == {"wait": 1}
        assert await view.send_totals(None) == {"pending": 1}
        assert [each.count for each in await view.step_counts("cart-rescue")] == [2]
        assert await view.stale_people(limit=9) == []
        assert await view.turns(after_id=0, limit=9) == []
    async with state.begin_part(part_of(1)) as transaction:
        assert transaction is not None, "nobody holds it any more"


async def _move_and_fail(state: State) -> None:
    async with state.begin_part(part_of(1)) as transaction:
        assert transaction is not None
        await _move(transaction)
        raise ZeroDivisionError


async def test_more_may_be_taken_besides(state: State) -> None:
    async with state.begin_part(3) as transaction:
        assert transaction is not None
        assert await transaction.take_part(3)
        assert await transaction.take_part(4)
        assert await transaction.take_budgets()
        assert await transaction.take_budgets()


async def test_whoever_counts_the_sum_is_right(state: State) -> None:
    """People come in one part, move in another and are forgotten in none."""

    async def come(transaction: Transaction | PartTransaction, *numbers: int) -> None:
        await transaction.add_visits([a_visit(each) for each in numbers])
        await transaction.add_sends([a_send(f"s{each}", identity=each) for each in numbers])

    async with state.begin() as transaction:
        await people(transaction, *map(str, range(1, 7)))
        await come(transaction, 1, 2)
    for part, number in enumerate((3, 4, 5)):
        async with state.begin_part(part) as moving:
            assert moving is not None
            await come(moving, number)
    async with state.begin_part(5) as moving:
        assert moving is not None
        visits = await moving.open_visits([1, 2, 3, 4])
        await moving.put_visits([structs.replace(each, step="mail") for each in visits])
        await moving.withhold_sends(["s1", "s3"], "outranked", 5)
    async with state.begin() as transaction:
        assert await transaction.waiting("cart-rescue") == {"mail": 4, "wait": 1}
        assert await transaction.send_totals(None) == {"pending": 3, "withheld": 2}
        await transaction.forget_identities([3, 5])
    async with state.view() as view:
        assert await view.waiting("cart-rescue") == {"mail": 3}
        assert (await view.send_totals(None))["pending"] == 2
