"""What another process lays out for the history is what it would have laid out itself."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from holdfast.flows.ingest import archive
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.copying import copied
from holdfast.kernel.sql import Sql, sql
from holdfast.places import layout_of
from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.handle import Handle
from holdfast.stores.clickhouse.history import ChdbHistory
from holdfast.stores.sqlite.recording import SqliteRecorder
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing.house import House
from tests.contracts.history_contract import chdb_history
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.

GIANT = 2**70


class CopyistHere:
    """One in this process, over a connection of its own."""

    def __init__(self, directory: Path, *, fails: bool = False) -> None:
        self.may_copy = True
        self.fails = fails
        self.recorder = SqliteRecorder(directory)
        self.asked = 0

    async def copy(self, task: bytes) -> bytes | None:
        self.asked += 1
        return None if self.fails else await copied(task, self.recorder, layout_of)


def said(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Seen", "properties": {"n": 1}} | fields


STORY: tuple[tuple[dict[str, Any], ...], ...] = (
    (
        {"type": "identify", "userId": "ann", "traits": {"name": "Ann 🦊", "age": 41, "tags": ["a", {"b": None}]}},
        {"type": "identify", "userId": "bob", "traits": {"name": "", "vip": True, "giant": GIANT}},
        said(userId="ann", properties={"revenue": 12.5, "currency": "EUR", "giant": GIANT, "deep": {"x": [1, 2.5]}}),
        said(anonymousId="a1", context={"page": {"url": "https://shop.example/?q=ü"}}),
    ),
    (
        said(userId="bob", properties={}),
        {"type": "identify", "userId": "ann", "anonymousId": "a1"},
        said(anonymousId="a1", event="Order Completed", properties={"revenue": 0, "currency": "JPY"}),
    ),
    ({"type": "alias", "userId": "cid", "previousId": "bob"}, said(userId="cid", event="x" * 200)),
)


def rows_of(handle: Handle, query: Sql) -> list[Any]:
    return list(handle.rows(query))


async def lived(directory: Path, history: ChdbHistory, copyist_of: Any) -> tuple[list[Any], CopyistHere | None]:
    """What the history has after the story."""
    directory.mkdir()
    state = SqliteState(directory / "state")
    house = await House.build(directory, state=state)
    app = house.app
    app.archivist = Archivist(log=app.log, state=state, history=history)
    copyist = copyist_of(directory / "state")
    if copyist is not None:
        app.archivist.use(copyist)
    for number, messages in enumerate(STORY):
        await house.happens(*({"messageId": f"m{number}-{place}"} | each for place, each in enumerate(messages)))
    if copyist is not None:
        await copyist.recorder.close()
    await state.close()
    workspace, _ = history.laid_out_for
    found = []
    for table in ("events", "people FINAL", "identity_map FINAL"):  # Of rows that came again the last counts.
        query = sql(f"SELECT * EXCEPT workspace FROM {table} WHERE workspace = {workspace:d} ORDER BY ALL")
        rows = await history._engine.run(partial(rows_of, query=query))
        found.append(sorted(map(repr, rows)))
    return found, copyist


@pytest.mark.parametrize(("fails", "at_once"), [(False, 2_000), (False, 1), (True, 2_000)])
async def test_it_is_the_same_whoever_lays_it_out(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, *, fails: bool, at_once: int
) -> None:
    monkeypatch.setattr(archive, "COPIED_LEAST", 1)
    monkeypatch.setattr(archive, "COPIED_MOST", at_once)
    alone, _ = await lived(tmp_path / "alone", chdb_history(engine), lambda _: None)
    together, copyist = await lived(
        tmp_path / "together", chdb_history(engine), lambda directory: CopyistHere(directory, fails=fails)
    )
    assert together == alone
    assert all(alone), "there is something in each of the tables"
    assert copyist is not None
    first, *others = STORY
    # No message carries a giant: of the first batch only what comes before one is asked for.
    events = 1 + sum(map(len, others)) if at_once == 1 else len(others)
    assert copyist.asked == events + len(STORY)
    assert len(first) > 1
