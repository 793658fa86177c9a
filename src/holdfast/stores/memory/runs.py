"""Runs and schedules in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from holdfast.ports.runs import Planned, Run, RunState
from holdfast.stores.memory.session import Session


class MemoryRuns(Session):
    """Questions about runs."""

    async def planned(self) -> dict[str, Planned]:
        return dict(self._tables.planned)

    async def run(self, run_id: int) -> Run | None:
        return self._tables.runs.get(run_id)

    async def run_of(self, origin: str, key: str) -> Run | None:
        return next((each for each in self._tables.runs.values() if (each.origin, each.key) == (origin, key)), None)

    async def runs_of(self, origin: str, *, limit: int, before_id: int | None = None) -> list[Run]:
        newest = sorted(self._tables.runs.values(), key=lambda run: -run.id)
        found = [run for run in newest if run.origin == origin and (before_id is None or run.id < before_id)]
        return found[:limit]

    async def runs_in(self, states: Sequence[RunState], *, limit: int) -> list[Run]:
        return [run for _, run in sorted(self._tables.runs.items()) if run.state in states][:limit]

    async def due_runs(self, now_ms: int, *, limit: int, without: Sequence[str] = ()) -> list[Run]:
        due = [
            (run.wake_ms, run.id, run)
            for run in self._tables.runs.values()
            if run.wake_ms is not None and run.wake_ms <= now_ms and run.origin not in without
        ]
        return [run for _, _, run in sorted(due, key=lambda each: each[:2])[:limit]]

    async def run_states(self, run_ids: Sequence[int]) -> dict[int, RunState]:
        return {each: self._tables.runs[each].state for each in run_ids if each in self._tables.runs}

    async def run_members(self, run_id: int, start: int, limit: int) -> list[int]:
        kept = np.frombuffer(self._tables.run_members.get(run_id, b""), dtype="<u4")
        return [int(each) for each in kept[start : start + limit]]

    async def next_run(self) -> int | None:
        """When the soonest run or schedule falls due."""
        runs = (run.wake_ms for run in self._tables.runs.values() if run.wake_ms is not None)
        planned = (each.next_ms for each in self._tables.planned.values() if each.next_ms is not None)
        return min((*runs, *planned), default=None)


class MemoryChangingRuns(MemoryRuns):
    """Changes of runs."""

    async def plan(self, planned: Planned) -> None:
        self._tables.planned = self._tables.planned | {planned.origin: planned}

    async def add_run(self, run: Run) -> Run | None:
        if await self.run_of(run.origin, run.key) is not None:
            return None
        added = replace(run, id=len(self._tables.runs) + 1)
        self._tables.runs = self._tables.runs | {added.id: added}
        return added

    async def put_run(self, run: Run) -> None:
        if run.id in self._tables.runs:
            self._tables.runs = self._tables.runs | {run.id: run}

    async def put_members(self, run_id: int, persons: bytes) -> None:
        self._tables.run_members = self._tables.run_members | {run_id: persons}

    async def forget_members(self, run_id: int) -> None:
        self._tables.run_members = {each: kept for each, kept in self._tables.run_members.items() if each != run_id}
