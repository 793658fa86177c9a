"""Adapting: weighing the paths of every adaptive step again, as more is known of what they bring.

The history is asked first, outside any transaction; what follows from its answer is then written in one, with the
weighing's number. Whoever was quicker, another process or somebody who froze the shares meanwhile, has taken that
number, and what was reckoned is let go. A process that dies at any line has changed nothing, or everything.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from holdfast.decisions.drawing import shares_for
from holdfast.decisions.weights import Weights
from holdfast.events.event import Json
from holdfast.flows.adaptive.reckoning import reckon
from holdfast.flows.adaptive.steps import AdaptiveStep, adaptive_steps_of, learning_together
from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import to_millis
from holdfast.measures.learning.weighing import Weighed
from holdfast.ports.adaptive import PathLearnt, Weighing
from holdfast.ports.clock import Clock
from holdfast.ports.history import History
from holdfast.ports.state import State, Transaction

_log = logging.getLogger(__name__)

TOLD_LEAST = 0.005
"""A share that moved by less is not told among the reasons."""


class Adapter:
    """Weighs paths again when it is time."""

    def __init__(self, *, state: State, history: History, clock: Clock) -> None:
        """Nothing is read or written yet."""
        self._state = state
        self._history = history
        self._clock = clock

    async def adapt(self) -> int:
        """Weigh again whatever may be; returns how many steps have new shares.

        A step of which nothing new is known keeps its shares, and its log has no line that says nothing.
        """
        now_ms = to_millis(self._clock.now())
        async with self._state.view() as view:
            steps = [each for each in await adaptive_steps_of(view) if each.play.state == "live"]
            last = await view.last_weighings([each.experiment for each in steps])
        done = 0
        for together in learning_together(steps):
            due = {each.experiment for each in together if _is_due(each, last.get(each.experiment), now_ms)}
            if not due:
                continue
            seeds = {each.experiment: _number(last.get(each.experiment)) for each in together}
            try:
                found = await reckon(self._history, together, seeds, as_of_ms=now_ms)
            except Exposed as refusal:
                _log.warning("%s could not be weighed again: %s", ", ".join(sorted(due)), refusal)
                continue
            for each in found:
                experiment = each.step.experiment
                if experiment in due:
                    done += await self._keep(each.step, last.get(experiment), each.weighed, now_ms)
        return done

    async def _keep(self, step: AdaptiveStep, before: Weighing | None, found: Weighed, now_ms: int) -> bool:
        number = _number(before)
        learnt = learnt_of(step, found)
        if not any(each.people for each in learnt) or (before is not None and _is_known(before, learnt)):
            return False
        weighing = Weighing(
            experiment=step.experiment,
            weights=_weights(step, found, number),
            mode="learning",
            at_ms=now_ms,
            reason=_reason(step, before, found, learnt),
            seed=number,
            learnt=learnt,
        )
        async with self._state.begin() as transaction:
            return await keep_weighing(transaction, weighing)


async def keep_weighing(transaction: Transaction, weighing: Weighing) -> bool:
    """Keep it, and note that it was made then; False, and nothing is changed, when its number is taken."""
    if not await transaction.add_weighing(weighing):
        return False
    said: dict[str, Json] = {"experiment": weighing.experiment, "number": weighing.number}
    await note_turn(transaction, "weighing", said, at_ms=weighing.at_ms)
    return True


def learnt_of(step: AdaptiveStep, found: Weighed) -> tuple[PathLearnt, ...]:
    """What is known of each path, in the step's order."""
    believed, allocation = found.believed, found.allocation
    return tuple(
        PathLearnt(
            path=path,
            people=found.people[at],
            seen=float(believed.people[at]),
            rate=float(believed.rate[at]) if believed.people[at] > 0 else None,
            mean=float(believed.mean[at]),
            deviation=float(believed.deviation[at]),
            best=float(allocation.best[at]),
            loss=float(allocation.loss[at]),
        )
        for at, path in enumerate(step.step.paths)
    )


def shares_before(step: AdaptiveStep, before: Weighing | None) -> dict[str, float]:
    """The shares people had until now, of the paths there are."""
    return shares_for({} if before is None else before.weights.shares, step.step.paths)


def _weights(step: AdaptiveStep, found: Weighed, number: int) -> Weights:
    paths = step.step.paths
    return Weights(
        number=number,
        shares={path: float(each) for path, each in zip(paths, found.allocation.shares, strict=True)},
        slice=step.step.slice,
        cells={cell: dict(zip(paths, shares, strict=True)) for cell, shares in found.cells.items()},
    )


def _number(before: Weighing | None) -> int:
    """Of the next weighing."""
    return 1 if before is None else before.number + 1


def _is_due(step: AdaptiveStep, before: Weighing | None, now_ms: int) -> bool:
    if before is None:
        return True
    return before.mode == "learning" and now_ms - before.at_ms >= step.step.minimum_minutes * 60_000


def _is_known(before: Weighing, learnt: tuple[PathLearnt, ...]) -> bool:
    """Whether the last weighing knew as much of the same paths."""
    return before.learnt == learnt


def _reason(step: AdaptiveStep, before: Weighing | None, found: Weighed, learnt: tuple[PathLearnt, ...]) -> str:
    """Why the shares are what they are: how many more people, and which shares moved from what to what."""
    known = 0 if before is None else sum(each.people for each in before.learnt)
    more = sum(each.people for each in learnt) - known
    came = f"{more:,} more people" if more != 1 else "1 more person"
    was = shares_before(step, before)
    shares: Mapping[str, float] = dict(zip(step.step.paths, map(float, found.allocation.shares), strict=True))
    moved = sorted(
        (path for path in shares if abs(shares[path] - was[path]) >= TOLD_LEAST), key=lambda each: -shares[each]
    )
    if not moved:
        return f"{came}: no share moved by as much as {TOLD_LEAST:.1%}."
    told = ", ".join(f"{path} from {was[path]:.0%} to {shares[path]:.0%}" for path in moved)
    return f"{came}: {told}."
