"""Experiments, in memory."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.experiments import SavedExperiment
from holdfast.stores.memory.session import Session


class ReadingExperiments(Session):
    """Questions about experiments."""

    async def experiments(self) -> list[SavedExperiment]:
        return list({each.id: each for _, each in sorted(self._tables.experiments.items())}.values())

    async def experiment_versions(
        self, experiment_id: str, *, limit: int, before: int | None = None
    ) -> list[SavedExperiment]:
        found = [each for _, each in sorted(self._tables.experiments.items()) if each.id == experiment_id]
        return [each for each in found[::-1] if not before or each.version < before][:limit]

    async def experiment_changes(self) -> int:
        return len(self._tables.experiments)


class ChangingExperiments(ReadingExperiments):
    """Changes of experiments."""

    async def put_experiment(self, saved: SavedExperiment) -> SavedExperiment:
        newest = next(iter(await self.experiment_versions(saved.id, limit=1)), None)
        if newest is not None and newest.definition == saved.definition:
            return newest
        added = replace(saved, version=newest.version + 1 if newest else 1)
        self._tables.experiments = self._tables.experiments | {(added.id, added.version): added}
        return added
