"""What the contract of the state store is run against, and the names its tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.events.event import IdentityKey
from holdfast.ports.state import Identity, State, Transaction
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import MemoryState
from tests.postgres_server import PostgresServer

STORES = ("memory", "sqlite", "postgres")


@pytest.fixture(params=STORES)
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    opened = await open_state(request, tmp_path)
    yield opened
    await opened.close()


async def open_state(request: pytest.FixtureRequest, directory: Path) -> State:
    """A new, empty state."""
    match request.param:
        case "memory":
            return MemoryState()
        case "sqlite":
            return SqliteState(directory)
        case _:
            postgres: PostgresServer = request.getfixturevalue("postgres")
            return await postgres.open()


def user(value: str) -> IdentityKey:
    return IdentityKey(kind="user", value=value)


def anonymous(value: str) -> IdentityKey:
    return IdentityKey(kind="anonymous", value=value)


async def people(transaction: Transaction, *names: str) -> list[Identity]:
    """Users of these names, added in order."""
    added = await transaction.add_identities([user(name) for name in names], 0)
    return [added[user(name)] for name in names]
