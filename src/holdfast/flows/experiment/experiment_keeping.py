"""Experiments from Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from holdfast.decisions.experiment import Experiment
from holdfast.events.event import IdentityKey
from holdfast.flows.experiment.assign import Decided, Decider
from holdfast.flows.experiment.loading import decoded
from holdfast.flows.experiment.publishing import (
    declare_winner,
    find_experiment,
    save_experiment,
    stop_experiment,
)
from holdfast.ports.state import State

T = TypeVar("T")
BY = "python"
"""Who changes are by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """What keeping experiments asks of the workspace."""

    state: State
    decider: Decider
    now: datetime


class ExperimentKeeper(ABC):
    """Whoever keeps experiments."""

    @abstractmethod
    def in_the_laboratory(self, work: Callable[[Laboratory], Coroutine[Any, Any, T]]) -> T:
        """Do something with experiments, now, and wait for it."""

    def experiments(self) -> list[Experiment]:
        """Every experiment in its newest version, in order of id."""

        async def asked(at: Laboratory) -> list[Experiment]:
            async with at.state.view() as view:
                return [decoded(each.definition) for each in await view.experiments()]

        return self.in_the_laboratory(asked)

    def experiment(self, experiment_id: str, version: int | None = None) -> Experiment:
        """One version; without a number the newest. Raises NotFound."""

        async def asked(at: Laboratory) -> Experiment:
            async with at.state.view() as view:
                return decoded((await find_experiment(view, experiment_id, version)).definition)

        return self.in_the_laboratory(asked)

    def save_experiment(self, definition: Mapping[str, object]) -> Experiment:
        """Save an experiment as the next version of its id; the same again makes none. It runs when it says so.

        Raises Invalid with the path, and Conflict where it meets another or has run as something else.
        """

        async def saved(at: Laboratory) -> Experiment:
            return decoded((await save_experiment(at.state, definition, by=BY, now=at.now)).definition)

        return self.in_the_laboratory(saved)

    def stop_experiment(self, experiment_id: str) -> Experiment:
        """Stop an experiment: nobody takes part any more, and what was found stays. Raises NotFound."""

        async def stopped(at: Laboratory) -> Experiment:
            return decoded((await stop_experiment(at.state, experiment_id, by=BY, now=at.now)).definition)

        return self.in_the_laboratory(stopped)

    def declare_winner(self, experiment_id: str, variant: str) -> Experiment:
        """Give everybody who takes part this variant from now on, whatever they had; what was found stays.

        Raises NotFound, Invalid for a variant that is not there, and Conflict for an experiment that does not run.
        """

        async def declared(at: Laboratory) -> Experiment:
            return decoded((await declare_winner(at.state, experiment_id, variant, by=BY, now=at.now)).definition)

        return self.in_the_laboratory(declared)

    def decide(
        self,
        user_id: str = "",
        experiments: Sequence[str] | None = None,
        *,
        anonymous_id: str = "",
        only_look: bool = False,
    ) -> dict[str, Decided]:
        """What somebody gets of these experiments, or of all that run; those they take no part in are not there.

        The history is told of it, once: their outcome counts from here on. With `only_look` it is told nothing.
        """
        key = IdentityKey(kind="user", value=user_id) if user_id else IdentityKey(kind="anonymous", value=anonymous_id)

        async def asked(at: Laboratory) -> dict[str, Decided]:
            return {each.experiment: each for each in await at.decider.decide(key, experiments, only_look=only_look)}

        return self.in_the_laboratory(asked)
