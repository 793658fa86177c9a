"""Weighings of adaptive paths, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.adaptive import Weighing, said, weighing_said
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, in_thread

_SQL = load("adaptive")
_LAST = 2**62


class ReadingAdaptive(Session):
    """Questions about weighings."""

    @in_thread
    def last_weighings(self, experiments: Sequence[str]) -> dict[str, Weighing]:
        rows = {each: self._row(_SQL["last_weighing"], each) for each in experiments}
        return {each: weighing_said(row[0]) for each, row in rows.items() if row}

    @in_thread
    def weighing(self, experiment: str, number: int) -> Weighing | None:
        row = self._row(_SQL["weighing"], experiment, number)
        return weighing_said(row[0]) if row else None

    @in_thread
    def weighings(self, experiment: str, *, limit: int, before: int | None = None) -> list[Weighing]:
        rows = self._rows(_SQL["weighings"], experiment, _LAST if before is None else before, limit)
        return [weighing_said(row[0]) for row in rows]

    @in_thread
    def weighed(self) -> dict[str, int]:
        return dict(self._rows(_SQL["weighed"]))


class ChangingAdaptive(ReadingAdaptive):
    """Keeping them."""

    @in_thread
    def add_weighing(self, weighing: Weighing) -> bool:
        return bool(self._rows(_SQL["add_weighing"], weighing.experiment, weighing.number, said(weighing)))
