"""The schema: made, and brought up to date, while other processes work on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.resources import files

import asyncpg

from holdfast.kernel.errors import Busy, Conflict
from holdfast.kernel.ids import hash64
from holdfast.stores.packing import signed
from holdfast.stores.postgres.opening import Server, hang_up
from holdfast.stores.postgres.refusals import BROKEN, in_our_words
from holdfast.stores.postgres.session import Connection

VERSION_LEAST = 14
"""The oldest PostgreSQL it works with."""
MIGRATE_WAIT_SECONDS = 600.0
"""How long to wait for another process that changes the schema."""
MIGRATE_POLL_SECONDS = 0.05
CHANGE_SECONDS_MOST = 86_400.0
"""How long one change may take: an index on a billion rows takes hours."""
TABLE_WAIT_SECONDS = 3
"""How long a change of the schema may keep others waiting behind it while it waits for a table itself."""
TABLE_TRIES_MOST = 20

_FILE = re.compile(r"(\d{4})_\w+\.sql")
_OUTSIDE = "-- Outside a transaction\n"


def migrations() -> dict[int, str]:
    """The changes of the schema, in order, by the version each leads to."""
    here = files("holdfast.stores.postgres.migrations")
    found = {int(match[1]): each for each in here.iterdir() if (match := _FILE.fullmatch(each.name))}
    return {version: found[version].read_text("utf-8") for version in sorted(found)}


async def migrate(server: Server, changes: Mapping[int, str]) -> None:
    """Bring the schema to the newest version; several processes may try at once, and one of them does it.

    Raises Conflict when a newer Holdfast wrote it, or when the server is too old or holds no Unicode.
    """
    connection = await server.connect(idle_seconds=0)
    try:
        with in_our_words():
            await _check_server(connection)
            if await _to_make(connection, server, changes):
                async with _alone(connection, server):
                    await _make_all(connection, server, changes)
    finally:
        await hang_up(connection)


async def check_made(server: Server, changes: Mapping[int, str]) -> None:
    """Raise Busy when the schema is not made, or older than these changes; a newer one only has more in it."""
    connection = await server.connect(idle_seconds=0)
    try:
        with in_our_words():
            there = await connection.fetchval(
                "SELECT to_regclass($1) IS NOT NULL", f'"{server.workspace}".schema_version'
            )
            made = await connection.fetch("SELECT version FROM schema_version") if there else []
    finally:
        await hang_up(connection)
    if missing := sorted(changes.keys() - {version for (version,) in made}):
        raise Busy(
            f"the state's schema is not made, or older than this Holdfast: change {missing[0]} is missing.",
            code="state_schema_missing",
            hint="Run `holdfast migrate`, or start a process that does so itself: react, send, api or up.",
        )


async def _check_server(connection: Connection) -> None:
    major = connection.get_server_version().major
    if major < VERSION_LEAST:
        raise Conflict(
            f"the server is PostgreSQL {major}.",
            code="state_server_old",
            hint=f"Holdfast needs PostgreSQL {VERSION_LEAST} or newer.",
        )
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise Conflict(
            f"the database holds text as {encoding}.",
            code="state_encoding",
            hint="Create one that holds all of Unicode: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )


@asynccontextmanager
async def _alone(connection: Connection, server: Server) -> AsyncIterator[None]:
    """Hold the lock of those who change the schema.

    It is asked for again and again, rather than waited for: somebody who waits holds a snapshot, and `CREATE INDEX
    CONCURRENTLY` waits for every snapshot to end.
    """
    lock = signed(hash64("schema", server.workspace))
    waited_seconds = 0.0
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock):
        if waited_seconds > MIGRATE_WAIT_SECONDS:
            raise Busy(
                "another process has been changing the schema for too long.",
                code="state_migrating",
                hint="See what it is waiting for in pg_stat_activity, and start again.",
            )
        await asyncio.sleep(MIGRATE_POLL_SECONDS)
        waited_seconds += MIGRATE_POLL_SECONDS
    try:
        yield
    finally:
        with suppress(*BROKEN):  # It goes with the connection in any case.
            await connection.execute("SELECT pg_advisory_unlock_all()")


async def _make_all(connection: Connection, server: Server, changes: Mapping[int, str]) -> None:
    if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", f'"{server.workspace}"'):
        await connection.execute(f'CREATE SCHEMA "{server.workspace}"')
    await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY)")
    to_make = await _to_make(connection, server, changes)
    await connection.execute("SET statement_timeout = 0")
    await connection.execute(f"SET lock_timeout = '{TABLE_WAIT_SECONDS}s'")
    is_new = to_make == sorted(changes)
    for each in to_make:
        await _make(connection, each, _held_up_by_nobody(changes[each]) if is_new else changes[each])


async def _to_make(connection: Connection, server: Server, changes: Mapping[int, str]) -> list[int]:
    """The changes that are not made yet; one may come after others with higher numbers."""
    if await connection.fetchval("SELECT to_regclass($1)", f'"{server.workspace}".schema_version') is None:
        return sorted(changes)
    made = {version for (version,) in await connection.fetch("SELECT version FROM schema_version")}
    version, newest = max(made, default=0), max(changes)
    if version > newest:
        raise Conflict(
            f"the state has schema version {version}; this Holdfast knows versions up to {newest}",
            code="schema_too_new",
            hint="Use the newer Holdfast that wrote it, or another workspace.",
        )
    return sorted(changes.keys() - made)


async def _make(connection: Connection, version: int, change: str) -> None:
    """Make one change, again when a table it needs is in use: to wait for it would make others wait behind us."""
    for attempt in range(1, TABLE_TRIES_MOST + 1):
        try:
            if change.startswith(_OUTSIDE):
                await _make_outside(connection, version, change.removeprefix(_OUTSIDE))
            else:
                async with connection.transaction():
                    await connection.execute(change, timeout=CHANGE_SECONDS_MOST)
                    await _record(connection, version)
            return
        except asyncpg.LockNotAvailableError:
            if attempt == TABLE_TRIES_MOST:
                raise
            await asyncio.sleep(MIGRATE_POLL_SECONDS * attempt)


def _held_up_by_nobody(change: str) -> str:
    """The change for a schema that nobody works on yet, and which need not wait for those who look at others."""
    if not change.startswith(_OUTSIDE):
        return change
    return change.removeprefix(_OUTSIDE).replace(" CONCURRENTLY", "")


async def _make_outside(connection: Connection, version: int, change: str) -> None:
    for paragraph in re.split(r"\n\s*\n", change):
        if any(line and not line.startswith("--") for line in paragraph.splitlines()):
            await connection.execute(paragraph, timeout=CHANGE_SECONDS_MOST)
    await _record(connection, version)


async def _record(connection: Connection, version: int) -> None:
    await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", version)
