"""What only PostgreSQL promises: people of several parts are moved at once, and nothing they share comes to harm."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from msgspec import structs

from holdfast.kernel.errors import Internal
from holdfast.ports.state import PartTransaction, StepCount
from holdfast.ports.turns import Turn
from holdfast.stores.postgres.state import PostgresState
from holdfast.testing import a_send, a_visit, an_event
from tests.contracts.state_contract import people
from tests.contracts.test_state_postgres import note, opened, set_note, until_somebody_waits
from tests.postgres_server import PostgresServer

TURN = Turn(kind="people", start=0, next=0, at_ms=1)
WAIT_SECONDS = 60


@pytest.fixture
async def two(postgres: PostgresServer) -> AsyncIterator[tuple[PostgresState, PostgresState]]:
    """The same state, opened by two processes, as it were."""
    workspace = postgres.workspace()
    async with opened(postgres, workspace) as one, opened(postgres, workspace) as other:
        yield one, other


async def begun(stack: AsyncExitStack, state: PostgresState, part: int) -> PartTransaction:
    transaction = await stack.enter_async_context(state.begin_part(part))
    assert transaction is not None
    return transaction


async def test_parts_go_side_by_side_and_each_has_one_owner(two: tuple[PostgresState, PostgresState]) -> None:
    one, other = two
    async with asyncio.timeout(WAIT_SECONDS), AsyncExitStack() as stack:
        first = await begun(stack, one, 1)
        async with other.begin_part(1) as taken:
            assert taken is None
        second = await begun(stack, other, 2)
        assert not await second.take_part(1)
        assert not await first.take_part(2)
        assert await first.take_part(3)
        assert not await second.take_part(3)
    async with other.begin_part(1) as free:
        assert free is not None


async def test_whoever_changes_all_waits_for_those_who_move_parts_and_they_for_whoever_does(
    postgres: PostgresServer, two: tuple[PostgresState, PostgresState]
) -> None:
    one, other = two
    async with AsyncExitStack() as stack:
        moving = await begun(stack, one, 1)
        changing = asyncio.create_task(set_note(other, "who", "all"))
        await until_somebody_waits(postgres)
        assert await moving.note("who") is None
    await changing
    async with other.begin() as transaction:
        waiting = asyncio.create_task(noted_in_part(one))
        await until_somebody_waits(postgres)
        await transaction.set_note("who", "all again")
    assert await waiting == "all again"


async def noted_in_part(state: PostgresState) -> str | None:
    async with state.begin_part(1) as transaction:
        assert transaction is not None
        return await transaction.note("who")


async def test_nobody_waits_for_anothers_counters(two: tuple[PostgresState, PostgresState]) -> None:
    """Both move people over the same steps, and neither has ended."""
    one, other = two
    async with one.begin() as transaction:
        await people(transaction, "a", "b")
        visits = await transaction.add_visits([a_visit(1), a_visit(2)])
    async with asyncio.timeout(WAIT_SECONDS), AsyncExitStack() as stack:
        for state, visit in zip(two, visits, strict=True):
            moving = await begun(stack, state, visit.identity)
            await moving.put_visits([structs.replace(visit, step="mail")])
            await moving.add_sends([a_send(f"s{visit.identity}", identity=visit.identity)])
            passed = StepCount(origin=visit.origin, version=1, step="wait", exit="waited", count=1)
            await moving.count_steps([passed])
    async with other.view() as view:
        assert await view.waiting("cart-rescue") == {"mail": 2}
        assert await view.send_totals(None) == {"pending": 2}
        assert [each.count for each in await view.step_counts("cart-rescue")] == [2]
        assert {part for (part,) in await view._rows("SELECT part FROM step_count")} == {2, 3}  # type: ignore[attr-defined]


async def test_numbers_are_given_in_the_order_of_the_commits(
    postgres: PostgresServer, two: tuple[PostgresState, PostgresState]
) -> None:
    one, other = two

    async def second() -> None:
        async with other.begin_part(2) as moving:
            assert moving is not None
            await moving.touch_people([2])
            await moving.add_visits([a_visit(2)])
            await moving.add_turn(replace(TURN, at_ms=2))

    async with AsyncExitStack() as stack:
        first = await begun(stack, one, 1)
        await first.add_visits([a_visit(1)])
        waiting = asyncio.create_task(second())
        await until_somebody_waits(postgres)
        await first.touch_people([1])
        await first.add_turn(TURN)
        assert not waiting.done()
    await waiting
    async with one.view() as view:
        assert [turn.at_ms for turn in await view.turns(after_id=0, limit=9)] == [1, 2]
        assert [(visit.id, visit.identity) for visit in await view.visits_of([1, 2], limit=9)] == [(2, 2), (1, 1)]
        (one_sequence, two_sequence) = [sequence for _, sequence in await view.stale_people(limit=9)]
        assert one_sequence < two_sequence


async def test_budgets_have_one_owner_and_whoever_spends_waits_for_them(
    postgres: PostgresServer, two: tuple[PostgresState, PostgresState]
) -> None:
    one, other = two
    day = ("cart-rescue", "2026-11-22")

    async def spends() -> None:
        async with other.begin_part(2) as moving:
            assert moving is not None
            assert not await moving.take_budgets()
            await moving.spend({day: 5})

    async with AsyncExitStack() as stack:
        first = await begun(stack, one, 1)
        assert await first.take_budgets()
        before = await first.spent([day[0]])
        waiting = asyncio.create_task(spends())
        await until_somebody_waits(postgres)
        assert await first.spent([day[0]]) == before == {}
        await first.spend({day: 1})
        assert await first.spent([day[0]]) == {day[0]: {day[1]: 1}}
    await waiting
    async with one.view() as view:
        assert await view.spent([day[0]]) == {day[0]: {day[1]: 6}}


async def test_what_waits_for_nobody_is_refused_what_it_would_have_to_wait_for(
    two: tuple[PostgresState, PostgresState],
) -> None:
    async with two[0].begin_part(1) as moving:
        assert moving is not None
        await moving.add_turn(TURN)
        assert not await moving.take_part(2), "it is at its end"
        with pytest.raises(Internal, match="before"):
            await moving.spend({("a", "2026-11-22"): 1})


async def test_a_reader_who_goes_by_the_last_number_misses_no_event(postgres: PostgresServer) -> None:
    """Many tell at once, and commit in any order; whoever acts asks how far all is there, and reads so far."""
    workspace, told = postgres.workspace(), set[str]()
    async with AsyncExitStack() as stack:
        states = [await stack.enter_async_context(opened(postgres, workspace)) for _ in range(4)]
        reader = await stack.enter_async_context(opened(postgres, workspace))

        async def tell(number: int) -> None:
            for turn in range(12):
                async with states[number].begin_part(number) as moving:
                    assert moving is not None
                    for event in range(3):
                        await moving.emit([an_event(message_id=f"e-{number}-{turn}-{event}")])
                        await asyncio.sleep(0)
                    if turn % 2:
                        await moving.touch_people([number])

        async def read(after: int) -> int:
            async with reader.begin() as transaction:
                until = await transaction.last_emitted()
            async with reader.view() as view:
                found = [each for each in await view.emitted(limit=999, after_id=after) if each[0] <= until]
            told.update(event.message_id for _, event in found)
            return max((number for number, _ in found), default=after)

        tellers = [asyncio.create_task(tell(number)) for number in range(4)]
        after = 0
        while not all(each.done() for each in tellers):
            after = await read(after)
        await asyncio.gather(*tellers)
        await read(after)
    assert told == {f"e-{number}-{turn}-{event}" for number in range(4) for turn in range(12) for event in range(3)}


KILLED = """
import asyncio, sys
from holdfast.stores.postgres.state import PostgresState
from holdfast.testing import a_send, a_visit
from holdfast.ports.turns import Turn

async def work():
    state = await PostgresState.open(sys.argv[1], workspace=sys.argv[2])
    async with state.begin_part(1) as moving:
        await moving.add_sends([a_send("half")])
        await moving.add_visits([a_visit(1)])
        await moving.add_turn(Turn(kind="people", start=0, next=0, at_ms=1))
        print("in the middle", flush=True)
        await asyncio.sleep(600)

asyncio.run(work())
"""


async def test_of_one_that_is_killed_at_work_nothing_is_left_and_nobody_waits_for_it(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    async with opened(postgres, workspace) as state:
        process = subprocess.Popen([sys.executable, "-c", KILLED, postgres.url, workspace], stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            assert await asyncio.to_thread(process.stdout.readline) == b"in the middle\n"
            async with state.begin_part(1) as taken:
                assert taken is None
            async with state.begin_part(2) as moving:
                assert moving is not None
        finally:
            process.kill()
            process.communicate()
        async with asyncio.timeout(WAIT_SECONDS):
            await set_note(state, "after", "it")
        assert await note(state, "after") == "it"
        async with state.begin_part(1) as moving:
            assert moving is not None
            assert await moving.sends(["half"]) == {}
            assert await moving.turns(after_id=0, limit=9) == []
            (added,) = await moving.add_visits([a_visit(1)])
            assert added.id == 1
