"""What only PostgreSQL promises: several processes share a state, and lock and transaction are lost together."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Busy, Conflict, Exposed, Internal, Invalid
from holdfast.ports.state import State, Transaction, View
from holdfast.stores.postgres import opening
from holdfast.stores.postgres import people as stored_people
from holdfast.stores.postgres import state as stored_state
from holdfast.stores.postgres.opening import Limits, Server, migrate, migrations
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.state import PostgresState
from holdfast.stores.postgres.text import escaped, restored
from holdfast.testing import a_profile, a_send, a_visit
from tests.contracts.state_contract import people, user
from tests.postgres_server import PostgresServer

TOPICS = ["people", "feed", "journeys", "outbox", "segments", "small"]


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
    async with postgres.connected() as connection, asyncio.timeout(20):
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
            for act in (lambda: set_note(state, "a", "b"), lambda: note(state, "a"), postgres.open):
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


# The schema.


def test_migrations_are_found_in_order() -> None:
    assert list(migrations()) == sorted(migrations())
    assert min(migrations()) == 1


async def test_stores_that_open_at_once_make_the_schema_once(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    states = await asyncio.gather(*(postgres.open(workspace) for _ in range(6)))
    async with states[0].view() as view:
        made = await view._rows("SELECT version FROM schema_version ORDER BY version")  # type: ignore[attr-defined]
    assert made == [(version,) for version in migrations()]
    for state in states:
        await state.close()


def a_server(postgres: PostgresServer) -> Server:
    return Server(url=postgres.url, workspace=postgres.workspace(), limits=Limits())


async def answer(postgres: PostgresServer, server: Server, question: str) -> list[tuple[Any, ...]]:
    async with postgres.connected() as connection:
        await connection.execute(f"SET search_path = {server.workspace}")
        return [tuple(row) for row in await connection.fetch(question)]


async def test_an_older_schema_is_brought_up_to_date_once(postgres: PostgresServer) -> None:
    server = a_server(postgres)
    one = {1: "CREATE TABLE a (x integer);"}
    two = one | {2: "ALTER TABLE a ADD COLUMN y integer; INSERT INTO a VALUES (1, 2);"}
    await migrate(server, one)
    for _ in range(2):
        await asyncio.gather(*(migrate(server, two) for _ in range(3)))
        assert await answer(postgres, server, "SELECT x, y FROM a") == [(1, 2)]
    assert await answer(postgres, server, "SELECT version FROM schema_version ORDER BY 1") == [(1,), (2,)]


async def test_a_change_that_comes_after_one_with_a_higher_number_is_made(postgres: PostgresServer) -> None:
    server = a_server(postgres)
    changes = {1: "CREATE TABLE a (x integer);", 3: "CREATE TABLE c (x integer);"}
    await migrate(server, changes)
    for _ in range(2):
        await migrate(server, changes | {2: "CREATE TABLE b (x integer);"})
    assert await answer(postgres, server, "SELECT * FROM a, b, c") == []
    assert await answer(postgres, server, "SELECT version FROM schema_version ORDER BY 1") == [(1,), (2,), (3,)]


async def test_a_migration_that_fails_is_undone_whole(postgres: PostgresServer) -> None:
    server = a_server(postgres)
    with pytest.raises(asyncpg.UndefinedTableError):
        await migrate(server, {1: "CREATE TABLE a (x integer); INSERT INTO nowhere VALUES (1);"})
    await migrate(server, {1: "CREATE TABLE a (x integer);"})
    assert await answer(postgres, server, "SELECT version FROM schema_version") == [(1,)]


async def test_an_index_is_made_beside_those_who_work_and_again_after_it_was_cut_off(postgres: PostgresServer) -> None:
    server = a_server(postgres)
    one = {1: "CREATE TABLE a (x integer); INSERT INTO a VALUES (1), (1);"}
    await migrate(server, one)
    beside = (
        "-- Outside a transaction\n-- Makes an index.\n\n"
        "DROP INDEX CONCURRENTLY IF EXISTS a_by_x;\n\nCREATE UNIQUE INDEX CONCURRENTLY a_by_x ON a (x);\n"
    )
    with pytest.raises(asyncpg.UniqueViolationError):  # It leaves an index behind that is good for nothing.
        await migrate(server, one | {2: beside})
    await answer(postgres, server, "DELETE FROM a")
    await asyncio.gather(*(migrate(server, one | {2: beside}) for _ in range(4)))
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_by_x'::regclass"
    assert await answer(postgres, server, valid) == [(True,)]
    assert await answer(postgres, server, "SELECT version FROM schema_version ORDER BY 1") == [(1,), (2,)]


async def test_a_migration_waits_for_a_table_in_use_without_making_others_wait(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "TABLE_WAIT_SECONDS", 0.01)
    server = a_server(postgres)
    one = {1: "CREATE TABLE a (x integer);"}
    await migrate(server, one)
    async with postgres.connected() as reader:
        async with reader.transaction():
            await reader.execute(f"SELECT * FROM {server.workspace}.a")
            changing = asyncio.create_task(migrate(server, one | {2: "ALTER TABLE a ADD COLUMN y integer;"}))
            await asyncio.sleep(0.2)
            assert not changing.done()
            async with asyncio.timeout(5):
                assert await answer(postgres, server, "SELECT x FROM a") == []
        await changing
    assert await answer(postgres, server, "SELECT x, y FROM a") == []


async def test_a_newer_schema_is_refused_and_left_alone(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    newer = max(migrations()) + 1
    async with opened(postgres, workspace) as state, state.begin() as transaction:
        await transaction._rows("INSERT INTO schema_version VALUES ($1)", newer)  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(Conflict, match=f"version {newer}") as refused:
            await postgres.open(workspace)
        assert refused.value.code == "schema_too_new"


async def test_a_database_without_unicode_is_refused(postgres: PostgresServer) -> None:
    async with postgres.connected() as connection:
        await connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(Conflict) as refused:
        await PostgresState.open(postgres.url.replace("/postgres?", "/latin?"))
    assert refused.value.code == "state_encoding"


@pytest.mark.parametrize("workspace", ["", "Shop", "a-b", "1st", "pg_shop", 'a"; DROP TABLE x; --', "a" * 64])
async def test_a_workspace_has_the_name_of_a_schema(postgres: PostgresServer, workspace: str) -> None:
    with pytest.raises(Invalid) as refused:
        await PostgresState.open(postgres.url, workspace=workspace)
    assert refused.value.code == "state_workspace"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda url: url.replace("postgresql:", "mysql:"), "state_address"),
        (lambda url: url.replace("/postgres?", "/nowhere?"), "state_refused"),
        (lambda url: url.replace("postgres@", "nobody@"), "state_refused"),
        (lambda url: url.replace("host=", "host=/nowhere"), "state_unreachable"),
    ],
)
async def test_an_address_that_leads_nowhere_is_told_from_a_server_that_is_away(
    postgres: PostgresServer, change: Callable[[str], str], code: str
) -> None:
    with pytest.raises(Exposed) as refused:
        await PostgresState.open(change(postgres.url))
    assert refused.value.code == code
    assert refused.value.hint


async def test_a_user_who_may_make_no_schema_is_told_so_unless_it_is_there(postgres: PostgresServer) -> None:
    async with postgres.connected() as connection:
        await connection.execute("CREATE ROLE humble LOGIN")
        await connection.execute("CREATE SCHEMA given AUTHORIZATION humble")
    url = postgres.url.replace("postgres@", "humble@")
    with pytest.raises(Conflict) as refused:
        await PostgresState.open(url, workspace="taken")
    assert refused.value.code == "state_privilege"
    state = await PostgresState.open(url, workspace="given")
    await set_note(state, "a", "b")
    await state.close()


# Queries.


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_query_is_sound_and_used(postgres: PostgresServer, topic: str) -> None:
    source = (Path(stored_state.__file__).parent / f"{topic}.py").read_text(encoding="utf-8")
    async with opened(postgres) as state, state.begin() as transaction:
        for name, text in load(topic).items():
            assert f'"{name}"' in source
            await transaction._connection.prepare(text)  # type: ignore[attr-defined]


async def plan_of(view: View, text: str) -> str:
    """The plan for whatever values, when nothing is known of how large tables are."""
    connection = view._connection  # type: ignore[attr-defined]
    places = len((await connection.prepare(text)).get_parameters())
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE asked AS {text}")
    given = f" ({', '.join(['NULL'] * places)})" if places else ""
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked{given}")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("topic", "name", "index"),
    [
        ("people", "identities_by_hash", "identity_by_hash"),
        ("people", "members", "identity_joined"),
        ("people", "count_people", "identity_joined"),
        ("people", "profiles", "profile_pkey"),
        ("people", "put_profiles", "profile_pkey"),
        ("people", "assign", "identity_pkey"),
        ("people", "links", "link_by_second"),
        ("people", "stale_people", "stale_person_by_sequence"),
        ("people", "untouch_people", "stale_person"),
        ("feed", "seen", "seen_pkey"),
        ("feed", "forget_seen", "seen_by_time"),
        ("feed", "bad_records_open", "bad_record_open"),
        ("feed", "count_bad_records_by_code", "bad_record_open_by_code"),
        ("journeys", "open_visits", "visit_open"),
        ("journeys", "due_visits", "visit_due"),
        ("journeys", "next_due", "visit_due"),
        ("journeys", "next_due", "send_due"),
        ("journeys", "entered", "visit_entry"),
        ("journeys", "put_visits", "visit_pkey"),
        ("outbox", "sends_by_key", "send_key_key"),
        ("outbox", "due_sends", "send_due"),
        ("outbox", "claim_sends", "send_key_key"),
        ("outbox", "settle_sends", "send_key_key"),
        ("outbox", "defer_sends", "send_key_key"),
        ("outbox", "claimed_before", "send_claimed"),
        ("outbox", "contacts", "send_by_identity"),
        ("outbox", "sends_of_identities", "send_by_identity"),
        ("outbox", "sends_of_origin", "send_by_origin"),
    ],
)
async def test_hot_queries_walk_their_index(postgres: PostgresServer, topic: str, name: str, index: str) -> None:
    async with opened(postgres) as state, state.begin() as transaction:
        plan = await plan_of(transaction, load(topic)[name])
    assert index in plan or "ON CONFLICT" in load(topic)[name], plan
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize(
    ("topic", "name"),
    [("people", "stale_people"), ("journeys", "due_visits"), ("outbox", "due_sends"), ("outbox", "sends_of_origin")],
)
async def test_what_is_asked_for_in_order_is_not_sorted(postgres: PostgresServer, topic: str, name: str) -> None:
    async with opened(postgres) as state, state.begin() as transaction:
        await transaction._connection.execute("SET LOCAL enable_bitmapscan = off")  # type: ignore[attr-defined]
        assert "Sort" not in await plan_of(transaction, load(topic)[name])


# Values.


@given(st.lists(st.text(st.sampled_from("\0\x1a01a")), min_size=2, max_size=2))
def test_text_is_held_without_nul_and_comes_back(texts: list[str]) -> None:
    held = [escaped(text) for text in texts]
    assert [restored(text) for text in held] == texts
    assert not any("\0" in text for text in held)


async def test_any_text_comes_back_as_it_was_one_by_one_and_in_batches(postgres: PostgresServer) -> None:
    odd = "\0 and \x1a and \x1a0, 'quoted' \\ \U0001f600"
    async with opened(postgres) as state, state.begin() as transaction:
        await transaction.set_note(odd, odd)
        assert await transaction.note(odd) == odd
        (visit,) = await transaction.add_visits([a_visit(1, origin=odd, entry_key=odd, step=odd)])
        assert await transaction.open_visits([1]) == [visit]
        assert (await transaction.entered([odd], [1]))[odd, 1].keys == {odd}
        assert await transaction.waiting(odd) == {odd: 1}
        send = a_send(address=odd)
        await transaction.add_sends([send])
        assert await transaction.sends([send.key]) == {send.key: send}


async def test_an_address_of_any_length_can_be_suppressed(postgres: PostgresServer) -> None:
    address = "".join(
        chr(0x4E00 + number) for number in range(20_000)
    )  # More than an index takes, and hard to compress.
    async with opened(postgres) as state, state.begin() as transaction:
        for reason in ("bounced", "complained"):
            await transaction.suppress("email", address, reason, 1)
        assert await transaction.suppressed("email", [address, "other"]) == {address: "complained"}
        assert await transaction.suppressed("sms", [address]) == {}


async def test_names_that_share_a_hash_are_told_apart(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_people, "_hash", lambda key: 1)
    async with opened(postgres) as state, state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        assert await transaction.identities([user("bob")]) == {user("bob"): bob}
        assert await transaction.identities([user("bob"), user("cleo"), user("ada")]) == {
            user("ada"): ada,
            user("bob"): bob,
        }


async def note_and(state: State, act: Callable[[Transaction], Awaitable[None]]) -> None:
    async with state.begin() as transaction:
        await transaction.set_note("before", "")
        await act(transaction)


async def test_half_of_a_surrogate_pair_in_text_is_refused_clearly_and_nothing_is_kept(
    postgres: PostgresServer,
) -> None:
    half = "\ud800"
    async with opened(postgres) as state:
        for act in (
            lambda transaction: transaction.put_profiles({1: a_profile(name=half)}),
            lambda transaction: transaction.add_sends([a_send(address=half)]),
            lambda transaction: transaction.set_note("a", half),
        ):
            with pytest.raises(Invalid, match="surrogate") as refused:
                await note_and(state, act)
            assert refused.value.code == "bad_text"
        async with state.view() as view:
            assert await view.note("before") is None
            assert await view.profiles([1]) == {}
