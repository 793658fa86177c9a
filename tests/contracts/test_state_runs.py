"""The state contract: runs of campaigns, their audiences, and when schedules come next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from holdfast.ports.runs import CHUNK_PEOPLE, Planned, Run
from holdfast.ports.state import State
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


def a_run(**fields: Any) -> Run:
    given: dict[str, Any] = {"origin": "news", "version": 2, "key": "2026-12-01T09:00:00", "created_ms": 5, "at_ms": 9}
    return Run(**(given | fields))


async def test_a_run_comes_back_as_it_was_put(state: State) -> None:
    whole = a_run(
        state="running",
        wall="2026-12-01T09:00:00",
        name="Episode Released",
        properties={"show_id": "s1", "ß": [1, None, {"a": 2.5}]},
        wake_ms=77,
        as_of_ms=70,
        found=12,
        chosen=10,
        cursor=3,
        counts={"treated": 2, "condition": 1},
        places={29_000_000: 3},
        ended_ms=99,
        reason="because",
    )
    async with state.begin() as transaction:
        added = await transaction.add_run(a_run())
        assert added is not None
        assert added.id == 1
        await transaction.put_run(replace(whole, id=added.id))
    async with state.view() as view:
        assert await view.run(1) == replace(whole, id=1)
        assert await view.run_of("news", whole.key) == replace(whole, id=1)
        assert await view.run(2) is None
        assert await view.run_of("news", "other") is None


async def test_an_occasion_has_one_run(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.add_run(a_run())
        assert await transaction.add_run(a_run(version=3, state="done")) is None
        other = await transaction.add_run(a_run(origin="other"))
        assert first is not None
        assert other is not None
        assert other.id > first.id
        assert await transaction.run(first.id) == first


async def test_runs_are_listed_newest_first_and_by_state_oldest_first(state: State) -> None:
    async with state.begin() as transaction:
        states = ("done", "preparing", "held", "running", "missed")
        runs = [await transaction.add_run(a_run(key=each, state=each)) for each in states]
        await transaction.add_run(a_run(origin="other", state="preparing"))
        ids = [run.id for run in runs if run is not None]
        assert [run.id for run in await transaction.runs_of("news", limit=9)] == ids[::-1]
        assert [run.id for run in await transaction.runs_of("news", limit=2)] == ids[:2:-1]
        assert [run.id for run in await transaction.runs_of("news", limit=2, before_id=ids[3])] == [ids[2], ids[1]]
        assert [run.id for run in await transaction.runs_in(("preparing",), limit=9)] == [ids[1], ids[-1] + 1]
        assert [run.id for run in await transaction.runs_in(("held", "running"), limit=1)] == [ids[2]]
        assert [run.id for run in await transaction.runs_in(("done", "held"), limit=9)] == [ids[0], ids[2]], (
            "over or not"
        )
        assert await transaction.run_states([ids[0], ids[2], 999]) == {ids[0]: "done", ids[2]: "held"}
        assert await transaction.run_states([]) == {}


async def test_runs_and_schedules_fall_due(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.next_run() is None
        one = await transaction.add_run(a_run(key="a", state="running", wake_ms=50))
        two = await transaction.add_run(a_run(key="b", origin="other", state="running", wake_ms=40))
        await transaction.add_run(a_run(key="c"))
        assert one is not None
        assert two is not None
        assert await transaction.due_runs(39, limit=9) == []
        assert await transaction.due_runs(50, limit=9) == [two, one]
        assert await transaction.due_runs(50, limit=1) == [two]
        assert await transaction.due_runs(50, limit=9, without=["other"]) == [one]
        assert await transaction.next_run() == 40
        await transaction.plan(Planned(origin="news", version=1, wall="x", next_ms=30))
        assert await transaction.next_run() == 30
        await transaction.put_run(replace(two, wake_ms=None))
        await transaction.plan(Planned(origin="news", version=2, wall="", next_ms=None))
        assert await transaction.planned() == {"news": Planned(origin="news", version=2, wall="", next_ms=None)}
        assert await transaction.next_run() == 50


@pytest.mark.parametrize("count", [0, 1, CHUNK_PEOPLE - 1, CHUNK_PEOPLE, 2 * CHUNK_PEOPLE + 7])
async def test_an_audience_is_read_in_pieces(state: State, count: int) -> None:
    persons = np.arange(7, 7 + count, dtype="<u4")
    async with state.begin() as transaction:
        await transaction.put_members(1, b"\1\0\0\0" * 3)
        await transaction.put_members(1, persons.tobytes())
        await transaction.put_members(2, b"\2\0\0\0")
    async with state.begin() as transaction:
        found: list[int] = []
        for start in range(0, count + 1, 4_321):
            found += await transaction.run_members(1, start, 4_321)
        assert found == persons.tolist()
        assert await transaction.run_members(1, count, 5) == []
        await transaction.forget_members(1)
        assert await transaction.run_members(1, 0, 5) == []
        assert await transaction.run_members(2, 0, 5) == [2]


async def test_what_was_not_committed_is_as_if_it_never_was(state: State) -> None:
    async with state.begin() as transaction:
        added = await transaction.add_run(a_run())
        assert added is not None
        await transaction.put_members(added.id, b"\5\0\0\0")
    with pytest.raises(RuntimeError, match="died"):
        await _die_in_the_middle(state, added)
    async with state.view() as view:
        assert await view.run(added.id) == added
        assert await view.run_members(added.id, 0, 9) == [5]


async def _die_in_the_middle(state: State, run: Run) -> None:
    async with state.begin() as transaction:
        await transaction.put_run(replace(run, cursor=1))
        await transaction.forget_members(run.id)
        raise RuntimeError("died")
