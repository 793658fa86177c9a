"""Weighings of adaptive paths, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.ports.adaptive import Weighing
from holdfast.stores.memory.session import Session


class ReadingAdaptive(Session):
    """Questions about weighings."""

    async def last_weighings(self, experiments: Sequence[str]) -> dict[str, Weighing]:
        last = await self.weighed()
        return {each: self._tables.weighings[each, last[each]] for each in experiments if each in last}

    async def weighing(self, experiment: str, number: int) -> Weighing | None:
        return self._tables.weighings.get((experiment, number))

    async def weighings(self, experiment: str, *, limit: int, before: int | None = None) -> list[Weighing]:
        every = [each for each in self._tables.weighings.values() if each.experiment == experiment]
        every = [each for each in every if before is None or each.number < before]
        return sorted(every, key=lambda each: -each.number)[:limit]

    async def weighed(self) -> dict[str, int]:
        return dict(sorted(self._tables.weighings))


class ChangingAdaptive(ReadingAdaptive):
    """Keeping them."""

    async def add_weighing(self, weighing: Weighing) -> bool:
        at, kept = (weighing.experiment, weighing.number), self._tables.weighings
        self._tables.weighings = {at: weighing} | kept
        return at not in kept
