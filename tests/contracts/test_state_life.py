"""The state contract: transactions and snapshots. All or nothing, one at a time, and readers wait for nobody."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.kernel.errors import Internal
from holdfast.ports.state import State, StepCount
from holdfast.testing import a_link, a_profile, a_send, a_visit, an_event
from tests.contracts.state_contract import people, user
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


class Interrupted(BaseException):
    """Not even an Exception: as when a task is cancelled or the interpreter told to stop."""


async def change_everything_and_raise(state: State, error: type[BaseException]) -> None:
    async with state.begin() as transaction:
        await people(transaction, "lost")
        await transaction.put_profiles({1: a_profile(plan="lost")})
        await transaction.add_link(a_link(1, 2))
        await transaction.assign({2: 1})
        await transaction.touch_people([1])
        await transaction.set_offset("react", 5)
        await transaction.mark_seen({5: 5}, 5)
        await transaction.mark_skipped([5], 5)
        await transaction.add_visits([a_visit()])
        await transaction.add_sends([a_send()])
        await transaction.count_steps([StepCount(origin="a", version=1, step="s", exit="e", count=1)])
        await transaction.forget_emitted(100)
        await transaction.emit([an_event(message_id="lost")])
        await transaction.set_note("lost", "")
        raise error


@pytest.mark.parametrize("error", [ValueError, Interrupted])
async def test_a_block_that_raises_changes_nothing(state: State, error: type[BaseException]) -> None:
    async with state.begin() as transaction:
        await people(transaction, "kept")
        await transaction.touch_people([1])
        await transaction.emit([an_event(message_id="kept")])
    with pytest.raises(error):
        await change_everything_and_raise(state, error)
    async with state.view() as view:
        assert await view.identities([user("lost")]) == {}
        assert await view.count_people() == 1
        assert await view.profiles([1]) == {}
        assert await view.links([1]) == []
        assert len(await view.stale_people(limit=9)) == 1
        assert await view.offset("react") == 0
        assert await view.seen([5]) == {}
        assert await view.skipped(0, 9) == frozenset()
        assert await view.open_visits([1]) == []
        assert await view.send_totals(None) == {}
        assert await view.step_counts("a") == []
        assert [event.message_id for _, event in await view.emitted(limit=9)] == ["kept"]
        assert await view.note("lost") is None
    async with state.begin() as transaction:
        assert [each.id for each in await people(transaction, "next")] == [2]
        assert (await transaction.add_link(a_link(1, 2))).id == 1


async def test_a_view_keeps_seeing_its_moment(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "a")
    async with state.view() as before:
        async with state.begin() as transaction:
            await people(transaction, "b")
            assert await before.count_people() == 1  # What is not committed is not seen.
        assert await before.count_people() == 1
        assert await before.identities([user("b")]) == {}
        async with state.view() as after:
            assert await after.count_people() == 2
        assert await before.count_people() == 1


async def test_a_view_sees_what_was_committed_when_it_began_not_when_it_first_asked(state: State) -> None:
    async with state.view() as view:
        async with state.begin() as transaction:
            await people(transaction, "a")
        assert await view.count_people() == 0


async def test_a_transaction_sees_its_own_changes(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "a")
        assert await transaction.count_people() == 1
        assert list(await transaction.identities([user("a")])) == [user("a")]


async def test_transactions_come_one_at_a_time(state: State) -> None:
    async def add_one() -> None:
        async with state.begin() as transaction:
            number = int(await transaction.note("count") or 0)
            await asyncio.sleep(0)
            await transaction.set_note("count", str(number + 1))

    await asyncio.gather(*(add_one() for _ in range(20)))
    async with state.view() as view:
        assert await view.note("count") == "20"


async def test_many_views_at_once(state: State) -> None:
    async def look() -> int:
        async with state.view() as view:
            await asyncio.sleep(0)
            return await view.count_people()

    assert await asyncio.gather(*(look() for _ in range(100))) == [0] * 100


async def test_a_snapshot_broken_off_twice_spoils_no_other(state: State) -> None:
    # As servers do with whoever hangs up: they cancel again and again until the task has ended.
    async def look() -> None:
        async with state.view() as view:
            while True:
                await view.keys()
                await asyncio.sleep(0)

    for _ in range(50):
        looking = asyncio.create_task(look())
        await asyncio.sleep(0.001)
        while not looking.done():
            looking.cancel()
            await asyncio.sleep(0)
        async with state.view() as one, state.view() as another:
            assert await one.keys() == await another.keys() == []


@pytest.mark.parametrize("steps", range(8))
async def test_a_cancelled_transaction_leaves_the_way_free(state: State, steps: int) -> None:
    async def tick() -> None:
        async with state.begin() as transaction:
            await people(transaction, "a")
            await transaction.set_note("done", "yes")

    task = asyncio.create_task(tick())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    outcome = await asyncio.gather(task, return_exceptions=True)
    async with state.begin() as transaction:
        done = await transaction.note("done") == "yes"
        assert (await transaction.count_people() == 1) == done  # All or nothing, whichever it was.
        assert done or isinstance(outcome[0], asyncio.CancelledError)
        await people(transaction, "next")


async def test_what_is_over_cannot_be_asked(state: State) -> None:
    async with state.view() as view:
        pass
    async with state.begin() as transaction:
        pass
    with pytest.raises(Internal, match="over"):
        await view.count_people()
    with pytest.raises(Internal, match="over"):
        await transaction.set_note("late", "")
    async with state.view() as view:
        assert await view.note("late") is None


async def test_a_closed_state_says_so(state: State) -> None:
    await state.close()
    await state.close()
    with pytest.raises(Internal, match="closed"):
        async with state.begin():
            pass
    with pytest.raises(Internal, match="closed"):
        async with state.view():
            pass
