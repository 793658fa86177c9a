"""Decisions and those on their way through them, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.decisions.visit import Visit
from holdfast.ports.state import Decision, DecisionState, Entered, StepCount
from holdfast.stores.packing import pack, unpack
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session, numbers
from holdfast.stores.postgres.text import restored

_SQL = load("journeys")


class ReadingJourneys(Session):
    """Questions about journeys."""

    async def decisions(self, *, latest: bool = True) -> list[Decision]:
        return [_decision(row) for row in await self._rows(_SQL["decisions_latest" if latest else "decisions"])]

    async def decision_states(self) -> list[tuple[str, int, DecisionState]]:
        return [(name, version, state) for name, version, state in await self._rows(_SQL["decision_states"])]

    async def open_visits(self, identities: Sequence[int]) -> list[Visit]:
        return [_visit(row) for row in await self._rows(_SQL["open_visits"], numbers(identities))]

    async def visits_of(self, identities: Sequence[int], *, limit: int) -> list[Visit]:
        return [_visit(row) for row in await self._rows(_SQL["visits_of"], numbers(identities), limit)]

    async def due_visits(
        self, now_ms: int, *, limit: int, without: Sequence[str] = (), part: int | None = None
    ) -> list[Visit]:
        if part is not None:
            rows = await self._rows(_SQL["due_visits_of"], now_ms, limit, list(without), part)
        else:
            rows = await self._rows(_SQL["due_visits"], now_ms, limit, list(without))
        return [_visit(row) for row in rows]

    async def due_parts(self, now_ms: int, *, without: Sequence[str] = ()) -> list[int]:
        return [part for (part,) in await self._rows(_SQL["due_parts"], now_ms, list(without))]

    async def next_due(self) -> int | None:
        row = await self._row(_SQL["next_due"])
        return row[0] if row else None

    async def entered(self, origins: Sequence[str], identities: Sequence[int]) -> dict[tuple[str, int], Entered]:
        rows = await self._rows(_SQL["entered"], numbers(identities), list(origins))
        return {
            (origin, identity): Entered(count=count, last_ms=last_ms, open=is_open, keys=frozenset(map(restored, keys)))
            for origin, identity, count, last_ms, is_open, keys in rows
        }

    async def step_counts(self, origin: str) -> list[StepCount]:
        return [
            StepCount(origin=of, version=version, step=step, exit=by, count=count)
            for of, version, step, by, count in await self._rows(_SQL["step_counts"], origin)
        ]

    async def waiting(self, origin: str) -> dict[str, int]:
        return dict(await self._rows(_SQL["waiting"], origin))

    async def under_way(self, origin: str) -> dict[int, int]:
        return dict(await self._rows(_SQL["under_way"], origin))

    async def standing(self, origin: str) -> dict[tuple[int, str], int]:
        return {(version, step): count for version, step, count in await self._rows(_SQL["standing"], origin)}

    async def visits_at(self, origin: str, version: int, step: str, *, limit: int, after_id: int = 0) -> list[Visit]:
        return [_visit(row) for row in await self._rows(_SQL["visits_at"], origin, version, step, after_id, limit)]


class ChangingJourneys(ReadingJourneys):
    """Changes of journeys."""

    async def put_decision(self, decision: Decision) -> None:
        await self._do(
            _SQL["put_decision"],
            decision.id,
            decision.version,
            decision.kind,
            decision.state,
            decision.definition,
            decision.published_ms,
        )

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        first = await self._number(_SQL["last_visit"]) + 1
        added = [visit.numbered(number) for number, visit in enumerate(visits, first)]
        await self._do_all(_SQL["add_visits"], map(_visit_row, added))
        return added

    async def put_visits(self, visits: Sequence[Visit]) -> None:
        newest = {visit.id: visit for visit in visits}
        await self._do_all(_SQL["put_visits"], map(_visit_row, newest.values()))

    async def count_steps(self, passed: Sequence[StepCount]) -> None:
        await self._do_all(
            _SQL["count_steps"], ((each.origin, each.version, each.step, each.exit, each.count) for each in passed)
        )


def _decision(row: Row) -> Decision:
    name, kind, version, state, definition, published_ms = row
    return Decision(id=name, kind=kind, version=version, state=state, definition=definition, published_ms=published_ms)


def _visit_row(visit: Visit) -> tuple[object, ...]:
    return (
        visit.id,
        visit.origin,
        visit.version,
        visit.identity,
        visit.entry_key,
        visit.arm,
        visit.step,
        visit.seq,
        visit.entered_ms,
        visit.arrived_ms,
        visit.due_ms,
        visit.left_ms,
        visit.left_by,
        pack((sorted(visit.waits_for), visit.variables, visit.trail)),
    )


def _visit(row: Row) -> Visit:
    waits_for, variables, *more = unpack(row[13])  # Those of an earlier Holdfast have no trail.
    return Visit(
        id=row[0],
        origin=row[1],
        version=row[2],
        identity=row[3],
        entry_key=row[4],
        arm=row[5],
        step=row[6],
        seq=row[7],
        entered_ms=row[8],
        arrived_ms=row[9],
        due_ms=row[10],
        left_ms=row[11],
        left_by=row[12],
        waits_for=frozenset(waits_for),
        variables=variables,
        trail=tuple((step, by, at_ms) for trail in more for step, by, at_ms in trail),
    )
