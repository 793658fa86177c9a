"""Decisions and those on their way through them, in SQLite."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
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

    @in_thread
    def due_shares(
        self, now_ms: int, *, limit: int, among: int, without: Sequence[str], apart: Collection[int]
    ) -> dict[int, list[int]]:
        rows = self._rows(_SQL["due_shares"], now_ms, limit, among, texts(without), numbers(apart))
        return {share: json.loads(ids) for share, ids in rows}

    @in_thread
    def visits_by_id(self, ids: Sequence[int]) -> list[Visit]:
        return [_visit(row) for row in self._rows(_SQL["visits_by_id"], numbers(ids))]

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
        first = self._add_visits([new_row(visit) for visit in visits])
        return [visit.numbered(number) for number, visit in enumerate(visits, first)]

    @in_thread
    def put_visits(self, visits: Sequence[Visit]) -> None:
        self._put_visits(Moved.of(visits))

    def _add_visits(self, rows: Sequence[Row]) -> int:
        """Number and write them; returns the first number."""
        first = self._number(_SQL["last_visit"]) + 1
        self._do_all(_SQL["add_visit"], ((number, *row) for number, row in enumerate(rows, first)))
        self._do(_SQL["count_new_visits"], first)
        return first

    def _put_visits(self, moved: Moved) -> None:
        ended, ids = moved.ended, numbers(row[0] for row in (*moved.going, *moved.ended))
        self._do(_SQL["uncount_visits"], ids)
        changed = self._change_all(_SQL["move_visit"], moved.going) if moved.going else 0
        all_went_on = changed == len(moved.going)
        if not all_went_on:
            # Some had left: nobody comes back, but whoever writes so is taken at their word.
            ended = [*ended, *((*row, None, "") for row in moved.going)]
        self._do_all(_SQL["put_visit"], ended)
        if all_went_on:
            self._do_all(_SQL["count_standing"], moved.came)
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


def new_row(visit: Visit) -> Row:
    """A visit without its number."""
    return (
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


class Moved(msgspec.Struct, frozen=True, array_like=True):
    """Visits that have moved, ready to be written."""

    going: list[Row]
    """Where those stand that are under way still."""
    ended: list[Row]
    """The same of the others, with when and why they left."""
    came: list[tuple[str, str, int]]
    """How many of those under way have come to a step, by origin and step."""

    @staticmethod
    def of(visits: Sequence[Visit]) -> Moved:
        """Of several of one visit the last."""
        newest = {visit.id: visit for visit in visits}
        going = [visit for visit in newest.values() if visit.left_ms is None]
        came = Counter((each.origin, each.step) for each in going)
        return Moved(
            going=[_place_row(each) for each in going],
            ended=[
                (*_place_row(each), each.left_ms, each.left_by) for each in newest.values() if each.left_ms is not None
            ],
            came=[(*where, count) for where, count in came.items()],
        )


def _place_row(visit: Visit) -> Row:
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
