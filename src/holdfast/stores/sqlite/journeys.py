"""Decisions and those on their way through them, in SQLite."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from holdfast.decisions.visit import Visit
from holdfast.ports.state import Decision, DecisionState, Entered, StepCount
from holdfast.stores.packing import decoder, pack
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, briefly, few_at_once, in_thread, numbers, texts

_SQL = load("journeys")


class _Body(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of a visit has no column."""

    waits_for: frozenset[str]
    variables: dict[str, Any]
    trail: tuple[tuple[str, str, int], ...] = ()
    """Those of an earlier Holdfast have none."""


_BODIES = decoder(_Body)


class ReadingJourneys(Session):
    """Questions about journeys."""

    @in_thread
    def decisions(self, *, latest: bool = True) -> list[Decision]:
        return [_decision(row) for row in self._rows(_SQL["decisions_latest" if latest else "decisions"])]

    @briefly
    def decision_states(self) -> list[tuple[str, int, DecisionState]]:
        return [(name, version, state) for name, version, state in self._rows(_SQL["decision_states"])]

    @in_thread
    def open_visits(self, identities: Sequence[int]) -> list[Visit]:
        return [_visit(row) for row in self._rows(_SQL["open_visits"], numbers(set(identities)))]

    @in_thread
    def visits_of(self, identities: Sequence[int], *, limit: int) -> list[Visit]:
        return [_visit(row) for row in self._rows(_SQL["visits_of"], numbers(set(identities)), limit)]

    @few_at_once
    def due_visits(
        self, now_ms: int, *, limit: int, without: Sequence[str] = (), part: int | None = None
    ) -> list[Visit]:
        if part is not None:
            return [_visit(row) for row in self._rows(_SQL["due_visits_of"], now_ms, limit, texts(without), part)]
        return [_visit(row) for row in self._rows(_SQL["due_visits"], now_ms, limit, texts(without))]

    @in_thread
    def due_parts(self, now_ms: int, *, without: Sequence[str] = ()) -> list[int]:
        return [part for (part,) in self._rows(_SQL["due_parts"], now_ms, texts(without))]

    @briefly
    def next_due(self) -> int | None:
        row = self._row(_SQL["next_due"])
        return row[0] if row else None

    @in_thread
    def entered(self, origins: Sequence[str], identities: Sequence[int]) -> dict[tuple[str, int], Entered]:
        rows = self._rows(_SQL["entered"], numbers(set(identities)), texts(origins))
        return {
            (origin, identity): Entered(
                count=count, last_ms=last_ms, open=bool(is_open), keys=frozenset(json.loads(keys))
            )
            for origin, identity, count, last_ms, is_open, keys in rows
        }

    @in_thread
    def step_counts(self, origin: str) -> list[StepCount]:
        return [
            StepCount(origin=of, version=version, step=step, exit=by, count=count)
            for of, version, step, by, count in self._rows(_SQL["step_counts"], origin)
        ]

    @in_thread
    def waiting(self, origin: str) -> dict[str, int]:
        return dict(self._rows(_SQL["waiting"], origin))

    @in_thread
    def under_way(self, origin: str) -> dict[int, int]:
        return dict(self._rows(_SQL["under_way"], origin))

    @in_thread
    def standing(self, origin: str) -> dict[tuple[int, str], int]:
        return {(version, step): count for version, step, count in self._rows(_SQL["standing"], origin)}

    @in_thread
    def visits_at(self, origin: str, version: int, step: str, *, limit: int, after_id: int = 0) -> list[Visit]:
        return [_visit(row) for row in self._rows(_SQL["visits_at"], origin, version, step, after_id, limit)]


class ChangingJourneys(ReadingJourneys):
    """Changes of journeys."""

    @in_thread
    def put_decision(self, decision: Decision) -> None:
        self._do(
            _SQL["put_decision"],
            decision.id,
            decision.version,
            decision.kind,
            decision.state,
            decision.definition,
            decision.published_ms,
        )

    @in_thread
    def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        first = self._number(_SQL["last_visit"]) + 1
        added = [visit.numbered(number) for number, visit in enumerate(visits, first)]
        self._do_all(_SQL["add_visit"], map(_visit_row, added))
        self._do(_SQL["count_new_visits"], first)
        return added

    @in_thread
    def put_visits(self, visits: Sequence[Visit]) -> None:
        newest = {visit.id: visit for visit in visits}
        going = [visit for visit in newest.values() if visit.left_ms is None]
        ended = [visit for visit in newest.values() if visit.left_ms is not None]
        ids = numbers(newest)
        self._do(_SQL["uncount_visits"], ids)
        moved = self._change_all(_SQL["move_visit"], map(_place_row, going)) if going else 0
        all_went_on = moved == len(going)
        if not all_went_on:
            ended += going  # Some had left: nobody comes back, but whoever writes so is taken at their word.
        self._do_all(_SQL["put_visit"], ((*_place_row(each), each.left_ms, each.left_by) for each in ended))
        if all_went_on:
            came = Counter((each.origin, each.step) for each in going)
            self._do_all(_SQL["count_standing"], ((*where, count) for where, count in came.items()))
        else:
            self._do(_SQL["count_visits"], ids)

    @in_thread
    def count_steps(self, passed: Sequence[StepCount]) -> None:
        self._do_all(
            _SQL["count_step"], ((each.origin, each.version, each.step, each.exit, each.count) for each in passed)
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
        _body(visit),
    )


def _place_row(visit: Visit) -> tuple[object, ...]:
    """Where a visit stands."""
    return visit.id, visit.version, visit.step, visit.seq, visit.arrived_ms, visit.due_ms, _body(visit)


def _body(visit: Visit) -> bytes:
    return pack((sorted(visit.waits_for), visit.variables, visit.trail))


def _visit(row: Row) -> Visit:
    body = _BODIES.decode(row[13])
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
        waits_for=body.waits_for,
        variables=body.variables,
        trail=body.trail,
    )
