"""Experiments, in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.experiments import SavedExperiment
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("experiments")


class ReadingExperiments(Session):
    """Questions about experiments."""

    async def experiments(self) -> list[SavedExperiment]:
        return [_saved(row) for row in await self._rows(_SQL["experiments"])]

    async def experiment_versions(
        self, experiment_id: str, *, limit: int, before: int | None = None
    ) -> list[SavedExperiment]:
        return [_saved(row) for row in await self._rows(_SQL["experiment_versions"], experiment_id, limit, before)]

    async def experiment_changes(self) -> int:
        return await self._number(_SQL["experiment_changes"])


class ChangingExperiments(ReadingExperiments):
    """Changes of experiments."""

    async def put_experiment(self, saved: SavedExperiment) -> SavedExperiment:
        newest = next(iter(await self.experiment_versions(saved.id, limit=1)), None)
        if newest is not None and newest.definition == saved.definition:
            return newest
        added = replace(saved, version=newest.version + 1 if newest else 1)
        await self._do(_SQL["add_experiment"], added.id, added.version, added.saved_ms, added.by, added.definition)
        return added


def _saved(row: Row) -> SavedExperiment:
    experiment_id, version, saved_ms, saved_by, definition = row
    return SavedExperiment(id=experiment_id, version=version, saved_ms=saved_ms, by=saved_by, definition=definition)
