"""The state contract: who is in live segments, their timers, and who is to be looked at anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from holdfast.ports.live import NOBODYS, LiveSegment, Membership
from holdfast.ports.state import SavedSegment, State, Transaction
from tests.contracts.state_contract import people
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

GOLD = LiveSegment(number=0, segment="gold", version=3, fingerprint="f", since_ms=7)
IDLE = LiveSegment(number=0, segment="idle", version=1, fingerprint="g", since_ms=8, filled_to=5, filled_ms=9)


async def test_live_segments_are_numbered_and_a_number_is_never_given_again(state: State) -> None:
    async with state.begin() as transaction:
        gold = await transaction.add_live_segment(replace(GOLD, size=99))
        idle = await transaction.add_live_segment(IDLE)
        assert gold == replace(GOLD, number=gold.number)
        assert gold.number < idle.number
    changed = replace(gold, version=4, fingerprint="h", since_ms=8, filled_to=2, filled_ms=3, ended_ms=4, size=50)
    async with state.begin() as transaction:
        await transaction.put_live_segment(changed)
        assert await transaction.live_segments() == [replace(changed, size=0), idle]
        await transaction.drop_live_segment(idle.number)
    async with state.begin() as transaction:
        assert await transaction.live_segments() == [replace(changed, size=0)]
        again = await transaction.add_live_segment(IDLE)
        assert again.number > idle.number


async def test_whoever_enters_is_counted_once_and_stays_since_the_first_time(state: State) -> None:
    async with state.begin() as transaction:
        gold = (await transaction.add_live_segment(GOLD)).number
        idle = (await transaction.add_live_segment(IDLE)).number
        await transaction.enter_members([(gold, 5, 100), (gold, 2, 101), (idle, 5, 102), (gold, 2, 103)])
        await transaction.enter_members([(gold, 5, 999)])
    async with state.view() as view:
        assert await view.segment_members(gold, limit=9) == [(2, 101), (5, 100)]
        assert await view.segment_members(gold, limit=1) == [(2, 101)]
        assert await view.segment_members(gold, limit=9, after_person=2) == [(5, 100)]
        assert {each.number: each.size for each in await view.live_segments()} == {gold: 2, idle: 1}
    async with state.begin() as transaction:
        await transaction.leave_members([(gold, 5), (gold, 77), (idle, 2)])
        assert {each.number: each.size for each in await transaction.live_segments()} == {gold: 1, idle: 1}
        await transaction.enter_members([(gold, 5, 200), (gold, 9, 201)])
        assert await transaction.clear_members(gold, limit=2) == 2
        assert await transaction.segment_members(gold, limit=9) == [(9, 201)]
        assert await transaction.clear_members(gold, limit=2) == 1
        assert await transaction.clear_members(gold, limit=2) == 0
        assert {each.number: each.size for each in await transaction.live_segments()} == {gold: 0, idle: 1}


async def test_what_is_known_of_a_person_is_read_as_it_was_written(state: State) -> None:
    both = Membership(inside={1: 10, 2: 2**45}, due={2: 20, 900: 30}, armed_ms=20)
    async with state.begin() as transaction:
        await transaction.put_memberships({4: both, 5: Membership(due={1: 1}), 6: NOBODYS})
    async with state.begin() as transaction:
        assert await transaction.memberships([4, 5, 6, 7]) == {4: both, 5: Membership(due={1: 1})}
        assert await transaction.memberships([]) == {}
        await transaction.put_memberships({4: NOBODYS, 5: both})
    async with state.view() as view:
        assert await view.memberships([4, 5]) == {5: both}


async def test_timers_go_off_soonest_first_and_each_is_one(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.next_due() is None
        await transaction.arm([(30, 1), (10, 2), (10, 1), (2**45, 3), (10, 2)])
        await transaction.arm([(30, 1)])
    async with state.view() as view:
        assert await view.due_members(9, limit=9) == []
        assert await view.due_members(10, limit=9) == [(10, 1), (10, 2)]
        assert await view.due_members(99, limit=2) == [(10, 1), (10, 2)]
        assert await view.next_due() == 10
    async with state.begin() as transaction:
        await transaction.disarm([(10, 1), (10, 2), (11, 3)])
        assert await transaction.due_members(2**50, limit=9) == [(30, 1), (2**45, 3)]
        assert await transaction.next_due() == 30


async def test_whoever_is_to_be_looked_at_is_once_and_told_if_anybody_wants(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.review_members([3, 1], told=False)
        await transaction.review_members([2, 3], told=True)
        await transaction.review_members([2, 1], told=False)
    async with state.view() as view:
        assert await view.member_reviews(limit=9) == [(1, False), (2, True), (3, True)]
        assert await view.member_reviews(limit=1) == [(1, False)]
    async with state.begin() as transaction:
        await transaction.reviewed([1, 3, 8])
        assert await transaction.member_reviews(limit=9) == [(2, True)]


async def test_persons_come_in_order_and_those_joined_into_others_are_left_out(state: State) -> None:
    async with state.begin() as transaction:
        a, b, c, d = [each.id for each in await people(transaction, "a", "b", "c", "d")]
        await transaction.assign({c: a})
        assert await transaction.persons_after(0, limit=9) == [a, b, d]
        assert await transaction.persons_after(a, limit=1) == [b]
        assert await transaction.persons_after(d, limit=9) == []


async def test_every_change_of_a_saved_segment_moves_the_number_on(state: State) -> None:
    saved = SavedSegment(id="gold", name="Gold", definition=b"{}", updated_ms=1)
    seen = []

    async def then(act: Callable[[Transaction], Awaitable[object]]) -> None:
        async with state.begin() as transaction:
            await act(transaction)
        async with state.view() as view:
            seen.append(await view.segment_changes())

    await then(lambda transaction: transaction.note("nothing"))
    await then(lambda transaction: transaction.put_segment(saved))
    await then(lambda transaction: transaction.put_segment(saved))
    await then(lambda transaction: transaction.put_segment(replace(saved, live=True)))
    await then(lambda transaction: transaction.delete_segment("gold", at_ms=2))
    assert seen[1] == seen[2]
    assert len(set(seen)) == 4
    assert seen == sorted(seen)


async def test_what_a_block_that_raises_did_is_undone(state: State) -> None:
    async with state.begin() as transaction:
        gold = (await transaction.add_live_segment(GOLD)).number
        await transaction.enter_members([(gold, 1, 1)])
        await transaction.put_memberships({1: Membership(inside={gold: 1}, armed_ms=4)})
        await transaction.arm([(4, 1)])

    async def change() -> None:
        async with state.begin() as transaction:
            await transaction.enter_members([(gold, 2, 2)])
            await transaction.leave_members([(gold, 1)])
            await transaction.put_memberships({1: NOBODYS, 2: Membership(inside={gold: 2})})
            await transaction.disarm([(4, 1)])
            await transaction.review_members([1], told=True)
            await transaction.drop_live_segment(gold)
            raise ValueError("undo")

    with pytest.raises(ValueError, match="undo"):
        await change()
    async with state.view() as view:
        assert [(each.number, each.size) for each in await view.live_segments()] == [(gold, 1)]
        assert await view.segment_members(gold, limit=9) == [(1, 1)]
        assert await view.memberships([1, 2]) == {1: Membership(inside={gold: 1}, armed_ms=4)}
        assert await view.due_members(9, limit=9) == [(4, 1)]
        assert await view.member_reviews(limit=9) == []
