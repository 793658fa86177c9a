"""Experiments, in SQLite."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.experiments import SavedExperiment
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("experiments")


class ReadingExperiments(Session):
    """Questions about experiments."""

    @in_thread
    def experiments(self) -> list[SavedExperiment]:
        return [_saved(row) for row in self._rows(_SQL["experiments"])]

    @in_thread
    def experiment_versions(
        self, experiment_id: str, *, limit: int, before: int | None = None
    ) -> list[SavedExperiment]:
        return self._versions_of(experiment_id, limit, before)

    @in_thread
    def experiment_changes(self) -> int:
        return self._number(_SQL["experiment_changes"])

    def _versions_of(self, experiment_id: str, limit: int, before: int | None = None) -> list[SavedExperiment]:
        return [_saved(row) for row in self._rows(_SQL["experiment_versions"], experiment_id, limit, before)]


class ChangingExperiments(ReadingExperiments):
    """Changes of experiments."""

    @in_thread
    def put_experiment(self, saved: SavedExperiment) -> SavedExperiment:
        newest = next(iter(self._versions_of(saved.id, 1)), None)
        if newest is not None and newest.definition == saved.definition:
            return newest
        added = replace(saved, version=newest.version + 1 if newest else 1)
        self._do(_SQL["add_experiment"], added.id, added.version, added.saved_ms, added.by, added.definition)
        return added


def _saved(row: Row) -> SavedExperiment:
    experiment_id, version, saved_ms, saved_by, definition = row
    return SavedExperiment(id=experiment_id, version=version, saved_ms=saved_ms, by=saved_by, definition=definition)
