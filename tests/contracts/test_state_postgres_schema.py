"""The schema in PostgreSQL: made once by whoever comes first, and changed beside those who work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from holdfast.kernel.errors import Busy, Conflict, Exposed, Invalid
from holdfast.stores.postgres import migrating
from holdfast.stores.postgres.migrating import migrate, migrations
from holdfast.stores.postgres.opening import Limits, Server
from holdfast.stores.postgres.state import PostgresState
from tests.contracts.test_state_postgres import opened, set_note
from tests.postgres_server import PostgresServer


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
    monkeypatch.setattr(migrating, "TABLE_WAIT_SECONDS", 0.01)
    server = a_server(postgres)
    one = {1: "CREATE TABLE a (x integer);"}
    await migrate(server, one)
    async with postgres.connected() as reader:
        async with reader.transaction():
            await reader.execute(f"SELECT * FROM {server.workspace}.a")
            changing = asyncio.create_task(migrate(server, one | {2: "ALTER TABLE a ADD COLUMN y integer;"}))
            await asyncio.sleep(0.2)
            assert not changing.done()
            async with asyncio.timeout(60):
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


def test_an_address_is_not_shown_for_it_may_hold_a_password() -> None:
    server = Server(url="postgresql://ann:secret@db/shop", workspace="shop", limits=Limits())
    assert "secret" not in f"{server!r} {server}"


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


async def test_who_leaves_the_schema_alone_waits_for_it_and_works_with_a_newer_one(postgres: PostgresServer) -> None:
    workspace = postgres.workspace()
    reader = await PostgresState.open(postgres.url, workspace=workspace, migrates=False)
    with pytest.raises(Busy) as refused:
        async with reader.view() as view:
            await view.keys()
    assert refused.value.code == "state_schema_missing"
    await (await PostgresState.open(postgres.url, workspace=workspace)).close()
    async with postgres.connected() as connection:
        await connection.execute(f"INSERT INTO {workspace}.schema_version (version) VALUES (9999)")
    async with reader.view() as view:
        assert await view.keys() == []
    await reader.close()
    with pytest.raises(Conflict):
        await PostgresState.open(postgres.url, workspace=workspace)
