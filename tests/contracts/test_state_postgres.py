"""What only PostgreSQL promises: several processes share a state, and lock and transaction are lost together."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import asyncpg
import pytest

from holdfast.kernel.errors import Busy, Internal
from holdfast.ports.state import State, View
from holdfast.stores.postgres.state import PostgresState
from tests.contracts.state_contract import people, user
from tests.postgres_server import PostgresServer, postgres_server


@asynccontextmanager
async def opened(postgres: PostgresServer, workspace: str | None = None, **limits: Any) -> AsyncIterator[PostgresState]:
    state = await postgres.open(workspace, **limits)
    try:
        yield state
    finally:
        await state.close()


async def note(state: State, name: str) -> str | None:
    async with state.view() as view:
        return await view.note(name)


async def set_note(state: State, name: str, value: str) -> None:
    async with state.begin() as transaction:
        await transaction.set_note(name, value)


async def until_somebody_waits(postgres: PostgresServer) -> None:
    async with postgres.connected() as connection, asyncio.timeout(120):
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ):
            await asyncio.sleep(0.005)


async def server_process_of(session: View) -> int:
    connection = session._connection  # type: ignore[attr-defined]
    return int(connection.get_server_pid())


async def terminate(postgres: PostgresServer, process: int) -> None:
    async with postgres.connected() as connection:
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", process)


# One writer among all.


async def test_two_stores_are_never_in_a_transaction_at_once_and_the_second_sees_what_the_first_did(
    postgres: PostgresServer,
) -> None:
    workspace = postgres.workspace()
    entered = asyncio.Event()

    async def second(state: State) -> str | None:
        async with state.begin() as transaction:
            entered.set()
            return await transaction.note("who")

    async with opened(postgres, workspace) as one, opened(postgres, workspace) as other:
        async with one.begin() as transaction:
            waiting = asyncio.create_task(second(other))
            await until_somebody_waits(postgres)
            await transaction.set_note("who", "the first")
            assert not entered.is_set()
        assert await waiting == "the first"


COUNTING = """
import asyncio, sys
from holdfast.stores.postgres.state import PostgresState

async def main(url: str, workspace: str) -> None:
    state = await PostgresState.open(url, workspace=workspace)
    print("ready", flush=True)
    for _ in range(40):
        async with state.begin() as transaction:
            number = int(await transaction.note("count") or 0)
            await asyncio.sleep(0)
            await transaction.set_note("count", str(number + 1))
    await state.close()

asyncio.run(main(*sys.argv[1:]))
"""

WITHIN = """
import asyncio, sys
from holdfast.kernel.errors import Busy
from holdfast.stores.postgres.opening import Limits
from holdfast.stores.postgres.state import PostgresState
from holdfast.testing import a_profile
from tests.contracts.state_contract import user

async def tick(state: PostgresState, wait: bool) -> None:
    async with state.begin() as transaction:
        offset = await transaction.offset("react")
        print("read", offset, flush=True)
        added = await transaction.add_identities([user(f"{offset}-{n}") for n in range(500)], 0)
        await transaction.put_profiles({each.id: a_profile(padding="x" * 2000) for each in added.values()})
        await transaction.set_offset("react", offset + 1)
        if wait:
            print("within", flush=True)
            sys.stdin.readline()

async def main(url: str, workspace: str) -> None:
    state = await PostgresState.open(url, workspace=workspace, limits=Limits(idle_seconds=0.5))
    try:
        await tick(state, wait=True)
        print("done", flush=True)
    except Busy as error:
        print(error.code, flush=True)
    await tick(state, wait=False)
    await state.close()

asyncio.run(main(*sys.argv[1:]))
"""


def start(program: str, postgres: PostgresServer, workspace: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, postgres.url, workspace]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


async def test_processes_that_count_together_lose_no_count(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    children = [start(COUNTING, postgres, workspace) for _ in range(3)]  # They make the schema together, too.
    try:
        assert [said(child) for child in children] == ["ready"] * 3
        assert [child.wait(60) for child in children] == [0] * 3
    finally:
        for child in children:
            end(child)
    async with opened(postgres, workspace) as state:
        assert await note(state, "count") == "120"


async def test_kill_in_the_middle_of_a_transaction_leaves_nothing_of_it_and_lets_the_next_one_in(
    postgres: PostgresServer,
) -> None:
    workspace = postgres.workspace()
    child = start(WITHIN, postgres, workspace)
    try:
        assert [said(child), said(child)] == ["read 0", "within"]
    finally:
        end(child)
    async with opened(postgres, workspace, turn_seconds=10) as state, state.begin() as transaction:
        assert await transaction.count_people() == 0
        assert await transaction.offset("react") == 0
        assert [each.id for each in await people(transaction, "next")] == [1]


async def test_a_process_that_was_paused_has_lost_its_transaction_and_reads_on_from_where_others_are(
    postgres: PostgresServer,
) -> None:
    workspace = postgres.workspace()
    child = start(WITHIN, postgres, workspace)
    try:
        assert [said(child), said(child)] == ["read 0", "within"]
        child.send_signal(signal.SIGSTOP)
        async with opened(postgres, workspace, turn_seconds=20) as state:
            async with state.begin() as transaction:  # Once the server has ended the transaction that hangs.
                assert await transaction.offset("react") == 0
                await people(transaction, "meanwhile")
                await transaction.set_offset("react", 7)
            child.send_signal(signal.SIGCONT)
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
            assert said(child) == "state_unreachable"
            assert said(child) == "read 7"
            assert child.wait(20) == 0
            async with state.view() as view:
                assert await view.offset("react") == 8
                assert await view.identities([user("0-0")]) == {}
                assert await view.count_people() == 501
    finally:
        end(child)


async def test_whoever_waits_too_long_for_its_turn_is_told_who_has_it(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    async with opened(postgres, workspace) as one, opened(postgres, workspace, turn_seconds=0.1) as other:
        async with one.begin() as transaction:
            process = await server_process_of(transaction)
            with pytest.raises(Busy, match=rf"holdfast .*server process {process}") as refused:
                await set_note(other, "a", "b")
            assert refused.value.code == "state_busy"
        await set_note(other, "a", "b")


async def test_to_give_up_waiting_for_ones_turn_leaves_the_way_free(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    async with opened(postgres, workspace) as one, opened(postgres, workspace) as other:
        async with one.begin():
            waiting = asyncio.create_task(set_note(other, "a", "b"))
            await until_somebody_waits(postgres)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert waiting.cancelled()
        await set_note(one, "a", "c")
        await set_note(other, "a", "d")
        assert await note(one, "a") == "d"


async def test_workspaces_of_one_database_know_nothing_of_each_other(postgres: PostgresServer) -> None:
    async with opened(postgres, turn_seconds=1) as one, opened(postgres, turn_seconds=1) as other:
        async with one.begin() as transaction, other.begin() as another:
            await people(transaction, "a")
            assert await another.count_people() == 0
        assert await note(other, "a") is None


# Standbys.


async def test_a_standby_is_read_and_says_what_it_is_when_it_is_to_be_changed() -> None:
    """As where the address leads to a standby after the primary has changed."""
    with postgres_server() as server:
        state = await PostgresState.open(server.url)
        try:
            await set_note(state, "kept", "b")
            server.stop(signal.SIGINT)
            server.follow()
            server.start()
            for begin in (state.begin, partial(state.begin_part, 1)):
                with pytest.raises(Busy) as refused:
                    async with begin():
                        pass
                assert refused.value.code == "state_read_only"
            assert await note(state, "kept") == "b"
        finally:
            await state.close()


# Lost connections.


async def test_a_connection_lost_within_a_transaction_leaves_nothing_and_the_next_one_has_another(
    postgres: PostgresServer,
) -> None:
    async def tick(state: State) -> None:
        async with state.begin() as transaction:
            await people(transaction, "lost")
            await terminate(postgres, await server_process_of(transaction))
            await transaction.set_note("lost", "")

    async with opened(postgres) as state:
        await set_note(state, "kept", "")
        with pytest.raises(Busy) as lost:
            await tick(state)
        assert lost.value.code == "state_unreachable"
        async with state.begin() as transaction:
            assert await transaction.count_people() == 0
            assert await transaction.note("kept") == ""
            assert await transaction.note("lost") is None


async def test_a_connection_lost_before_the_commit_is_an_error(postgres: PostgresServer) -> None:
    async def tick(state: State) -> None:
        async with state.begin() as transaction:
            await people(transaction, "lost")
            await terminate(postgres, await server_process_of(transaction))

    async with opened(postgres) as state:
        with pytest.raises(Busy):
            await tick(state)
        async with state.view() as view:
            assert await view.count_people() == 0


async def test_connections_lost_while_idle_are_not_noticed(postgres: PostgresServer) -> None:
    async with opened(postgres) as state:
        async with state.begin() as transaction:
            writer = await server_process_of(transaction)
        async with state.view() as one, state.view() as other:
            readers = [await server_process_of(one), await server_process_of(other)]
        for process in (writer, *readers):
            await terminate(postgres, process)
        await set_note(state, "a", "b")
        assert await note(state, "a") == "b"


async def test_a_connection_lost_a_moment_ago_is_replaced_before_anything_is_asked_of_it(
    postgres: PostgresServer,
) -> None:
    async with opened(postgres) as state:
        async with state.begin() as transaction:
            writer = await server_process_of(transaction)
        async with state.view() as view:
            reader = await server_process_of(view)
        for process in (writer, reader):
            os.kill(process, signal.SIGTERM)
        time.sleep(0.2)  # The event loop stands still, so nobody has noticed yet.
        await set_note(state, "a", "b")
        assert await note(state, "a") == "b"


async def test_a_connection_lost_within_a_view_is_an_error_and_the_next_view_has_another(
    postgres: PostgresServer,
) -> None:
    async with opened(postgres) as state:
        async with state.view() as view:
            await terminate(postgres, await server_process_of(view))
            with pytest.raises(Busy):
                await view.count_people()
        async with state.view() as view:
            assert await view.count_people() == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
async def test_a_server_that_goes_and_comes_back_has_all_that_was_committed(
    postgres: PostgresServer, how: signal.Signals
) -> None:
    async with opened(postgres) as state:
        await set_note(state, "kept", "yes")
        await note(state, "kept")
        postgres.stop(how)
        try:
            another = partial(postgres.open, postgres.workspace())
            for act in (partial(set_note, state, "a", "b"), partial(note, state, "a"), another):
                with pytest.raises(Busy) as gone:
                    await act()
                assert gone.value.code == "state_unreachable"
        finally:
            postgres.start()
        assert await note(state, "kept") == "yes"
        await set_note(state, "kept", "still")
        assert await note(state, "kept") == "still"


async def test_a_statement_that_takes_too_long_is_given_up(postgres: PostgresServer) -> None:
    async with opened(postgres, statement_seconds=0.1) as state:
        async with state.view() as view:
            with pytest.raises(Busy) as slow:
                await view._rows("SELECT pg_sleep(5)")  # type: ignore[attr-defined]
            assert slow.value.code == "state_slow"
        await set_note(state, "a", "b")


async def test_a_view_waits_for_a_place_and_is_told_when_none_comes(postgres: PostgresServer) -> None:
    async with opened(postgres, views_most=1, turn_seconds=0.05) as state:
        async with state.view() as view:
            with pytest.raises(Busy, match="1 snapshots") as full:
                await note(state, "a")
            assert full.value.code == "state_busy"
            assert await view.count_people() == 0
        assert await note(state, "a") is None


async def test_a_commit_that_postgresql_turned_into_an_undo_is_an_error(postgres: PostgresServer) -> None:
    async def tick(state: State) -> None:
        async with state.begin() as transaction:
            await people(transaction, "lost")
            with pytest.raises(asyncpg.UndefinedTableError):
                await transaction._rows("SELECT 1 FROM nowhere")  # type: ignore[attr-defined]

    async with opened(postgres) as state:
        with pytest.raises(Internal, match="undone"):
            await tick(state)
        async with state.begin() as transaction:
            assert await transaction.count_people() == 0


async def test_commits_are_on_disk_even_where_the_database_says_they_need_not_be(postgres: PostgresServer) -> None:
    async with postgres.connected() as connection:
        await connection.execute("CREATE DATABASE careless")
        await connection.execute("ALTER DATABASE careless SET synchronous_commit = off")
    state = await PostgresState.open(postgres.url.replace("/postgres?", "/careless?"))
    async with state.begin() as transaction:
        assert await transaction._rows("SHOW synchronous_commit") == [("on",)]  # type: ignore[attr-defined]
    await state.close()
