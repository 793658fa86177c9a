"""What the contract of the state store is run against, and the names its tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.events.event import IdentityKey
from holdfast.ports.state import Identity, State, Transaction
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import MemoryState

STORES = ("memory", "sqlite")


def open_state(store: str, directory: Path) -> State:
    """A new, empty state."""
    return MemoryState() if store == "memory" else SqliteState(directory)


@pytest.fixture(params=STORES)
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    opened = open_state(request.param, tmp_path)
    yield opened
    await opened.close()


def user(value: str) -> IdentityKey:
    return IdentityKey(kind="user", value=value)


def anonymous(value: str) -> IdentityKey:
    return IdentityKey(kind="anonymous", value=value)


async def people(transaction: Transaction, *names: str) -> list[Identity]:
    """Users of these names, added in order."""
    added = await transaction.add_identities([user(name) for name in names], 0)
    return [added[user(name)] for name in names]
