"""Names that the store remembers: never anything else than what the file says."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from holdfast.events.event import IdentityKey
from holdfast.ports.state import Identity, Transaction
from holdfast.stores.sqlite.names import Names
from holdfast.stores.sqlite.state import FILE, SqliteState
from tests.contracts.state_contract import anonymous, user

ADA, PHONE = user("ada"), anonymous("phone")
BOTH = [ADA, PHONE]


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[SqliteState]:
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        await transaction.add_identities(BOTH, 1)
    yield state
    await state.close()


async def persons(state: SqliteState) -> dict[IdentityKey, int]:
    async with state.begin() as transaction:
        return {key: each.person for key, each in (await transaction.identities(BOTH)).items()}


async def asked(transaction: Transaction) -> list[str]:
    """What the file is asked while both names are looked for."""
    queries: list[str] = []
    connection = transaction._connection  # type: ignore[attr-defined]
    connection.set_trace_callback(queries.append)
    await transaction.identities(BOTH)
    connection.set_trace_callback(None)
    return queries


async def test_the_file_is_not_asked_for_a_name_again(state: SqliteState) -> None:
    async with state.begin() as transaction:
        assert await asked(transaction) == []  # As it has just added them.
    async with state.begin() as transaction:
        await transaction.assign({2: 1})
        assert len(await asked(transaction)) == 1
        assert await asked(transaction) == []


async def test_who_is_joined_is_known_as_joined_and_apart_again(state: SqliteState) -> None:
    assert await persons(state) == {ADA: 1, PHONE: 2}
    async with state.begin() as transaction:
        await transaction.assign({2: 1})
        assert (await transaction.identities(BOTH))[PHONE].person == 1
    assert await persons(state) == {ADA: 1, PHONE: 1}
    async with state.begin() as transaction:
        await transaction.assign({2: 2})
    assert await persons(state) == {ADA: 1, PHONE: 2}


async def test_what_was_undone_is_not_known(state: SqliteState) -> None:
    with suppress(ZeroDivisionError):
        async with state.begin() as transaction:
            await transaction.assign({2: 1})
            assert (await transaction.identities(BOTH))[PHONE].person == 1
            await transaction.add_identities([user("never")], 1)
            raise ZeroDivisionError
    assert await persons(state) == {ADA: 1, PHONE: 2}
    async with state.begin() as transaction:
        assert await transaction.identities([user("never")]) == {}
        assert (await transaction.add_identities([user("other")], 1))[user("other")].id == 3
        assert await transaction.identities([user("never"), user("other")]) == {
            user("other"): Identity(id=3, key=user("other"), person=3)
        }


async def test_who_is_forgotten_is_known_to_nobody(state: SqliteState) -> None:
    assert await persons(state) == {ADA: 1, PHONE: 2}
    async with state.begin() as transaction:
        await transaction.forget_identities([1])
    assert await persons(state) == {PHONE: 2}


async def test_what_somebody_else_writes_is_met(state: SqliteState, tmp_path: Path) -> None:
    assert await persons(state) == {ADA: 1, PHONE: 2}
    with sqlite3.connect(tmp_path / FILE) as shell:
        shell.execute("UPDATE identity SET person = 1 WHERE id = 2")
    shell.close()
    assert await persons(state) == {ADA: 1, PHONE: 1}


def test_of_many_names_those_asked_for_last_stay() -> None:
    names, keys = Names(2), [user(f"u{number}") for number in range(5)]
    names.keep({key: Identity(id=number, key=key, person=number) for number, key in enumerate(keys)})
    found, missing = names.find(keys)
    assert list(found) == keys[2:]
    assert missing == keys[:2]
    names.find([keys[2]])  # Whoever is asked for begins anew.
    names.keep({key: Identity(id=9, key=key, person=9) for key in keys[:1]})
    assert names.find([keys[2]])[1] == []
    names.forget(keys)
    assert names.find(keys)[0] == {}


def test_of_none_none_is_remembered() -> None:
    names = Names(0)
    names.keep({ADA: Identity(id=1, key=ADA, person=1)})
    assert names.find([ADA]) == ({}, [ADA])
