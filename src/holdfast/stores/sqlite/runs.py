"""Runs of campaigns, and when schedules come next, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from holdfast.ports.runs import CHUNK_PEOPLE, Planned, Run, RunState
from holdfast.stores.packed_run import are_open, packed, unpacked
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, briefly, few_at_once, in_thread, numbers, texts

_SQL = load("runs")
_NUMBER_MOST = 2**62
PERSON_BYTES = 4


class ReadingRuns(Session):
    """Questions about runs."""

    @in_thread
    def planned(self) -> dict[str, Planned]:
        return {
            origin: Planned(origin=origin, version=version, wall=wall, next_ms=next_ms)
            for origin, version, wall, next_ms in self._rows(_SQL["planned"])
        }

    @in_thread
    def run(self, run_id: int) -> Run | None:
        row = self._row(_SQL["run"], run_id)
        return unpacked(row) if row else None

    @in_thread
    def run_of(self, origin: str, key: str) -> Run | None:
        row = self._row(_SQL["run_of"], origin, key)
        return unpacked(row) if row else None

    @in_thread
    def runs_of(self, origin: str, *, limit: int, before_id: int | None = None) -> list[Run]:
        below = _NUMBER_MOST if before_id is None else before_id
        return [unpacked(row) for row in self._rows(_SQL["runs_of"], origin, below, limit)]

    @in_thread
    def runs_in(self, states: Sequence[RunState], *, limit: int) -> list[Run]:
        return [
            unpacked(row)
            for row in self._rows(_SQL["runs_in" if are_open(states) else "runs_in_any"], texts(states), limit)
        ]

    @few_at_once
    def due_runs(self, now_ms: int, *, limit: int, without: Sequence[str] = ()) -> list[Run]:
        return [unpacked(row) for row in self._rows(_SQL["due_runs"], now_ms, limit, texts(without))]

    @in_thread
    def run_states(self, run_ids: Sequence[int]) -> dict[int, RunState]:
        return dict(self._rows(_SQL["run_states"], numbers(set(run_ids))))

    @briefly
    def next_run(self) -> int | None:
        row = self._row(_SQL["next_run"])
        return row[0] if row else None

    @briefly
    def run_members(self, run_id: int, start: int, limit: int) -> list[int]:
        first = start // CHUNK_PEOPLE
        rows = self._rows(_SQL["members"], run_id, first, (start + limit) // CHUNK_PEOPLE)
        kept = np.frombuffer(b"".join(persons for _, persons in rows), dtype="<u4")
        skipped = start - first * CHUNK_PEOPLE
        found: list[int] = kept[skipped : skipped + limit].tolist()
        return found


class ChangingRuns(ReadingRuns):
    """Changes of runs."""

    @in_thread
    def plan(self, planned: Planned) -> None:
        self._do(_SQL["plan"], planned.origin, planned.version, planned.wall, planned.next_ms)

    @in_thread
    def add_run(self, run: Run) -> Run | None:
        row = self._row(_SQL["add_run"], run.origin, run.key, run.state, run.wake_ms, packed(run))
        return replace(run, id=row[0]) if row else None

    @briefly
    def put_run(self, run: Run) -> None:
        self._do(_SQL["put_run"], run.id, run.state, run.wake_ms, packed(run))

    @in_thread
    def put_members(self, run_id: int, persons: bytes) -> None:
        self._do(_SQL["forget_members"], run_id)
        size = CHUNK_PEOPLE * PERSON_BYTES
        chunks = (persons[start : start + size] for start in range(0, len(persons), size))
        self._do_all(_SQL["add_members"], ((run_id, number, chunk) for number, chunk in enumerate(chunks)))

    @in_thread
    def forget_members(self, run_id: int) -> None:
        self._do(_SQL["forget_members"], run_id)
