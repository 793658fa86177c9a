"""Experiments, in the state: every version of each, which never changes.

None is ever deleted: what was found by it would lose its meaning. One that is over is stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedExperiment:
    """One version of an experiment."""

    id: str
    version: int = 0
    """From 1; given by the store."""
    saved_ms: int
    by: str = ""
    """Who saved it, where that is known."""
    definition: bytes
    """Its JSON form; whether it runs stands in it."""


class ExperimentView(Protocol):
    """Reading experiments."""

    async def experiments(self) -> list[SavedExperiment]:
        """The newest version of each, in order of id."""
        ...

    async def experiment_versions(
        self, experiment_id: str, *, limit: int, before: int | None = None
    ) -> list[SavedExperiment]:
        """Every version of one, newest first; only those numbered below `before`, if given."""
        ...

    async def experiment_changes(self) -> int:
        """How many versions there are of all: a number that grows with every change."""
        ...


class ExperimentTransaction(ExperimentView, Protocol):
    """Changing experiments."""

    async def put_experiment(self, saved: SavedExperiment) -> SavedExperiment:
        """Save it as the next version of its id; returns it with its number.

        Where the newest says the same, nothing changes and that one is returned.
        """
        ...
