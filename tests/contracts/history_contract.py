"""What the contract of the history is run against, and the builders its tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from holdfast.events.event import Json
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.history import History, HistoryRow, PersonRow
from holdfast.stores.clickhouse.engine import Engine, Limits
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.memory.history import MemoryHistory
from holdfast.testing.builders import an_event
from holdfast.testing.clock import START

STORES = ("memory", "chdb")
AT = to_millis(START)
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000

PATIENT = Limits(seconds=600)
"""What is asked of a busy machine may take its time: tests are about what the answer is."""

_workspaces = count(1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all tests of a file: a process can have one directory open, and opening it takes a while."""
    directory: Path = tmp_path_factory.mktemp("history") / "history"
    first = asyncio.run(ChdbHistory.open(directory, limits=PATIENT, durable=False))
    yield first._engine
    asyncio.run(first.close())


def chdb_history(engine: Engine) -> ChdbHistory:
    """An empty history: a workspace of its own, which nothing else may see."""
    return ChdbHistory(engine, workspace=next(_workspaces), currency="USD")


@pytest.fixture(params=STORES)
def history(request: pytest.FixtureRequest) -> History:
    if request.param == "memory":
        return MemoryHistory(currency="USD")
    shared: Engine = request.getfixturevalue("engine")
    return chdb_history(shared)


def limited(engine: Engine, limits: Limits) -> Engine:
    """Another way to the same engine, with other limits."""
    return Engine(engine.way, limits=limits)


def row(identity: int, name: str = "Order Completed", at_ms: int = AT, **fields: Any) -> HistoryRow:
    """An event of an identity, whose user id is its number."""
    given = {"user_id": f"u{identity}", "timestamp": from_millis(at_ms), "received_at": from_millis(at_ms)}
    return HistoryRow(identity=identity, event=an_event(name, **(given | fields)))


def person(number: int, traits: Mapping[str, Json] | None = None, **fields: Any) -> PersonRow:
    given: dict[str, Any] = {"user_id": f"u{number}", "known": True, "version": 1}
    given |= {"first_seen_ms": AT, "last_seen_ms": AT + number, "traits": traits or {}}
    return PersonRow(person=number, **(given | fields))


async def put(history: History, people: Sequence[PersonRow], rows: Sequence[HistoryRow] = ()) -> None:
    await history.put_people(people)
    await history.add(rows, token=f"put-{id(rows)}-{len(rows)}")
