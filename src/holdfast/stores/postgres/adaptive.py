"""Weighings of adaptive paths, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.adaptive import Weighing, said, weighing_said
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session

_SQL = load("adaptive")
_LAST = 2**62


class ReadingAdaptive(Session):
    """Questions about weighings."""

    async def last_weighings(self, experiments: Sequence[str]) -> dict[str, Weighing]:
        rows = await self._rows(_SQL["last_weighings"], list(experiments))
        return {experiment: weighing_said(text) for experiment, text in rows}

    async def weighing(self, experiment: str, number: int) -> Weighing | None:
        row = await self._row(_SQL["weighing"], experiment, number)
        return weighing_said(row[0]) if row else None

    async def weighings(self, experiment: str, *, limit: int, before: int | None = None) -> list[Weighing]:
        rows = await self._rows(_SQL["weighings"], experiment, _LAST if before is None else before, limit)
        return [weighing_said(row[0]) for row in rows]

    async def weighed(self) -> dict[str, int]:
        return dict(await self._rows(_SQL["weighed"]))


class ChangingAdaptive(ReadingAdaptive):
    """Keeping them."""

    async def add_weighing(self, weighing: Weighing) -> bool:
        row = await self._row(_SQL["add_weighing"], weighing.experiment, weighing.number, said(weighing))
        return row is not None
