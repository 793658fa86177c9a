"""The seat: one process at a time has it, and it is free when that one, or its connection, is gone."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.kernel.errors import Busy
from holdfast.stores.postgres.seat import PostgresSeat
from holdfast.workers.react import seated
from tests.postgres_server import PostgresServer


async def test_one_at_a_time_sits_there(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    first, second = (PostgresSeat(postgres.url, workspace=workspace) for _ in range(2))
    assert await first.take()
    assert await first.take(), "it is theirs still"
    assert not await second.take()
    assert (await first.is_held(), await second.is_held()) == (True, False)
    elsewhere = PostgresSeat(postgres.url, workspace=postgres.workspace())
    assert await elsewhere.take(), "it is another workspace's"
    await first.leave()
    assert not await first.is_held()
    assert await second.take()
    for each in (first, second, elsewhere):
        await each.leave()


async def test_who_loses_the_connection_loses_the_seat_and_may_have_it_again(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    first, second = (PostgresSeat(postgres.url, workspace=workspace) for _ in range(2))
    assert await first.take()
    async with postgres.connected() as connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert not await first.is_held()
    assert await second.take()
    assert not await first.take()
    await second.leave()
    assert await first.take()
    await first.leave()


async def test_who_is_silent_for_too_long_has_the_seat_no_more(postgres: PostgresServer) -> None:
    """A process that is paused keeps its connection: nobody would ever act in its place."""
    workspace = postgres.workspace()
    paused = PostgresSeat(postgres.url, workspace=workspace, silent_seconds=0.5)
    standing_by = PostgresSeat(postgres.url, workspace=workspace)
    assert await paused.take()
    async with asyncio.timeout(20):
        while not await standing_by.take():
            await asyncio.sleep(0.05)
    assert not await paused.is_held()
    assert not await paused.take()
    for each in (paused, standing_by):
        await each.leave()


async def test_who_takes_long_to_begin_keeps_the_seat(postgres: PostgresServer) -> None:
    seat = PostgresSeat(postgres.url, workspace=postgres.workspace(), silent_seconds=1)
    assert await seat.take()
    assert await seated(seat, asyncio.sleep(3, "ready")) == "ready"
    assert await seat.is_held()
    await seat.leave()


async def test_a_server_that_cannot_be_reached_gives_no_seat() -> None:
    with pytest.raises(Busy):
        await PostgresSeat("postgresql://postgres@127.0.0.1:1/postgres").take()


async def test_those_who_stand_by_are_counted_until_they_sit_down_leave_or_are_lost(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    acting, first, second = (PostgresSeat(postgres.url, workspace=workspace) for _ in range(3))
    assert await acting.take()
    assert await acting.helpers() == 0
    for each in (first, first, second):
        await each.stand_by()
    assert (await acting.helpers(), await first.helpers()) == (2, 1)
    elsewhere = PostgresSeat(postgres.url, workspace=postgres.workspace())
    await elsewhere.stand_by()
    assert await acting.helpers() == 2, "others are of another workspace"
    await acting.leave()
    assert await first.take()
    assert await first.helpers() == 1, "who sits there does not stand by"
    await second.leave()
    assert await first.helpers() == 0
    await second.stand_by()
    async with postgres.connected() as connection:
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    assert await first.helpers() == 0
    await second.stand_by()
    assert await second.take()
    await first.stand_by()
    assert await second.helpers() == 1
    for each in (acting, first, second, elsewhere):
        await each.leave()


async def test_of_a_server_that_cannot_be_reached_nobody_is_known_to_help() -> None:
    assert await PostgresSeat("postgresql://postgres@127.0.0.1:1/postgres").helpers() == 0
