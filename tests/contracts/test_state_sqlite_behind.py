"""What a transaction leaves to SQLite's thread and does not wait for: in its order, whole, and undone with the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from holdfast.ports.live import NOBODYS, Membership
from holdfast.ports.state import Transaction
from holdfast.profiles.profile import EMPTY
from holdfast.stores.sqlite.state import FILE, SqliteState
from holdfast.testing import a_profile, an_event

MANY = dict.fromkeys(range(1, 1_001), EMPTY)
"""So many are left to the thread, and nobody waits for them."""


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[SqliteState]:
    state = SqliteState(tmp_path)
    yield state
    await state.close()


async def test_whoever_asks_sees_what_was_left_to_the_thread(state: SqliteState) -> None:
    async with state.begin() as transaction:
        await transaction.set_offset("react", 1)
        await transaction.put_profiles(MANY)
        await transaction.emit([an_event(message_id=f"m{number}") for number in range(1_000)])
        await transaction.set_offset("react", 2)
        assert await transaction.last_emitted() == 1_000
        await transaction.mark_seen({number: number for number in range(1_000)}, 1)
        assert await transaction.seen([999]) == {999: 999}
        await transaction.emit([an_event(message_id=f"n{number}") for number in range(1_000)])
        assert len(await transaction.emitted(limit=5_000)) == 2_000
        await transaction.emit([an_event(message_id=f"o{number}") for number in range(1_000)])
        await transaction.forget_emitted(2_500)
        await transaction.arm([(number, 1) for number in range(1_000)])
        assert len(await transaction.due_members(5, limit=10)) == 6
        await transaction.touch_people(list(MANY))
    async with state.view() as view:
        assert await view.offset("react") == 2
        assert await view.profiles(list(MANY)) == MANY
        assert len(await view.emitted(limit=5_000)) == 500
        assert len(await view.stale_people(limit=5_000)) == 1_000


async def nothing(_: Transaction) -> None:
    pass


async def a_little(transaction: Transaction) -> None:
    await transaction.offset("react")
    raise AssertionError("it should have been told")


async def some(transaction: Transaction) -> None:
    await transaction.due_members(0, limit=10)
    raise AssertionError("it should have been told")


async def much(transaction: Transaction) -> None:
    await transaction.profiles(range(5_000))
    raise AssertionError("it should have been told")


@pytest.mark.parametrize("ask", [nothing, a_little, some, much])
async def test_of_a_transaction_whose_thread_failed_nothing_is_kept_and_whoever_asks_next_is_told(
    state: SqliteState, tmp_path: Path, ask: Callable[[Transaction], Awaitable[None]]
) -> None:
    other = sqlite3.connect(tmp_path / FILE)
    refuse = "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    other.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON profile WHEN new.identity = 500 {refuse}")

    async def write() -> None:
        async with state.begin() as transaction:
            await transaction.set_note("before", "")
            await transaction.put_profiles(MANY)
            await transaction.touch_people(list(MANY))
            await ask(transaction)

    with pytest.raises(sqlite3.IntegrityError, match="not this one"):
        await write()
    async with state.view() as view:
        assert await view.note("before") is None
        assert await view.profiles(list(MANY)) == {}
        assert await view.stale_people(limit=10) == []
    other.execute("DROP TRIGGER refuse")
    other.close()
    async with state.begin() as transaction:
        await transaction.put_profiles(MANY)
    async with state.view() as view:
        assert await view.profiles(list(MANY)) == MANY


async def test_whoever_gives_up_takes_back_what_was_left_to_the_thread(state: SqliteState) -> None:
    async def give_up() -> None:
        async with state.begin() as transaction:
            await transaction.put_profiles(MANY)
            raise LookupError

    with pytest.raises(LookupError):
        await give_up()
    async with state.begin() as transaction:
        assert await transaction.profiles(list(MANY)) == {}


async def test_bodies_of_any_length_come_back_whole(state: SqliteState) -> None:
    profiles = {number: a_profile(said="é" * length) for number, length in enumerate((0, 1, 7, 300, 70_000, 0, 5), 1)}
    memberships = {number: Membership(inside={number: 1}) for number in range(1, 100)}
    async with state.begin() as transaction:
        await transaction.put_profiles({**profiles, 3: EMPTY})
        await transaction.put_profiles(profiles)
        await transaction.put_memberships(memberships)
        await transaction.put_memberships({2: NOBODYS, 3: Membership(due={1: 5})})
    async with state.view() as view:
        assert await view.profiles(list(profiles)) == profiles
        expected = {**memberships, 3: Membership(due={1: 5})}
        del expected[2]
        assert await view.memberships(list(memberships)) == expected
