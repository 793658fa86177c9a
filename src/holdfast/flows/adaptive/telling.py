"""Telling: how an adaptive step's paths stand at this moment, and how they came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType

from holdfast.events.event import Json
from holdfast.flows.adaptive.adapting import learnt_of, shares_before
from holdfast.flows.adaptive.reckoning import reckon
from holdfast.flows.adaptive.steps import AdaptiveStep, adaptive_step, adaptive_steps_of, learning_together
from holdfast.kernel.moments import format_moment, from_millis
from holdfast.measures.learning.question import BINS, TriedQuestion, TriedRow
from holdfast.measures.learning.weighing import GAIN_PEOPLE_LEAST, gain, unbiased
from holdfast.measures.statistics.estimates import Estimate
from holdfast.measures.trial import CONFIDENCE, Effect, Estimated, Inconclusive
from holdfast.ports.adaptive import Mode, PathLearnt, Weighing
from holdfast.ports.history import History
from holdfast.ports.state import State
from holdfast.version import __version__

LOG_MOST = 1_000
NOTHING_SAID: Mapping[str, Json] = MappingProxyType(
    dict.fromkeys(("difference", "low", "high", "confidence", "relative")) | {"reason": ""}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStanding:
    """One path: who is sent down it, and what it brings per person."""

    share: float
    """Of the people outside the slice."""
    propensity: float
    """The chance of anybody to get it."""
    learnt: PathLearnt
    """As of now."""
    unbiased: Estimate
    """Had everybody been sent down it: by the chances people had, of those whose time is over."""

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        low, high = self.unbiased.interval(CONFIDENCE)
        margin = 1.96 * self.learnt.deviation
        return {
            "path": self.learnt.path,
            "share": self.share,
            "propensity": self.propensity,
            "people": self.learnt.people,
            "seen": self.learnt.seen,
            "rate": self.learnt.rate,
            "believed": {
                "mean": self.learnt.mean,
                "low": self.learnt.mean - margin,
                "high": self.learnt.mean + margin,
            },
            "unbiased": {
                "mean": _finite(float(self.unbiased.value)),
                "low": _finite(float(low)),
                "high": _finite(float(high)),
            },
            "best": self.learnt.best,
            "loss": self.learnt.loss,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveStanding:
    """How one adaptive step stands."""

    step: AdaptiveStep
    question: TriedQuestion
    mode: Mode
    slice: float
    paths: tuple[PathStanding, ...]
    gain: Effect
    """What a person brings more than where people are divided evenly."""
    log: tuple[Weighing, ...]
    """Every weighing, newest first; of very many the last."""

    @property
    def words(self) -> str:
        """How it stands, in plain words."""
        best = max(self.paths, key=lambda each: each.learnt.best)
        if not any(each.learnt.people for each in self.paths):
            return "Nobody has come to it yet: people are divided evenly."
        if self.mode == "declared":
            winner = max(self.paths, key=lambda each: each.share)
            return f"{winner.learnt.path} was declared the winner."
        name, chance = best.learnt.path, best.learnt.best
        said = f"{name} is the best path with a chance of {chance:.0%}; {best.share:.0%} of people are sent down it."
        match self.gain:
            case Estimated(difference=difference, low=low, high=high):
                sure = "" if self.gain.beyond_chance else ", which may be chance"
                between = f"{difference:+.4g} a person ({low:.4g} to {high:.4g})"
                return f"{said} Against dividing evenly it brings {between}{sure}."
            case Inconclusive(reason=reason):
                return f"{said} Against dividing evenly nothing can be said yet: {reason}."

    def as_json(self) -> dict[str, Json]:
        """The form it has in every interface."""
        return {
            "experiment": self.step.experiment,
            "journey": self.step.play.id,
            "version": self.step.play.version,
            "as_of": format_moment(from_millis(self.question.as_of_ms)),
            "code_version": __version__,
            "mode": self.mode,
            "slice": self.slice,
            "goals": [
                {"event": each.event, "within_seconds": each.within_seconds, "worth": each.worth, "value": each.value}
                for each in self.question.goals
            ],
            "paths": [each.as_json() for each in self.paths],
            "gain": {**NOTHING_SAID, **self.gain.as_json()},
            "words": self.words,
            "log": [weighing_json(each) for each in self.log],
        }


def weighing_json(weighing: Weighing) -> dict[str, Json]:
    """A weighing as every interface has it."""
    return {
        "number": weighing.number,
        "at": format_moment(from_millis(weighing.at_ms)),
        "mode": weighing.mode,
        "shares": dict(weighing.weights.shares),
        "slice": weighing.weights.slice,
        "groups": len(weighing.weights.cells),
        "reason": weighing.reason,
        "by": weighing.by,
        "seed": weighing.seed,
        "learnt": [
            {
                "path": each.path,
                "people": each.people,
                "seen": each.seen,
                "mean": each.mean,
                "deviation": each.deviation,
                "best": each.best,
                "loss": each.loss,
            }
            for each in weighing.learnt
        ],
    }


async def standing_of_step(
    state: State, history: History, experiment: str, *, as_of_ms: int, log: int = LOG_MOST
) -> AdaptiveStanding:
    """How a step stands. Raises NotFound."""
    async with state.view() as view:
        step = await adaptive_step(view, experiment)
        beside = await adaptive_steps_of(view)
        weighings = await view.weighings(experiment, limit=min(max(log, 1), LOG_MOST))
    together = next(each for each in learning_together(beside) if step in each)
    last = weighings[0] if weighings else None
    number = 0 if last is None else last.number
    reckoned = await reckon(history, together, {each.experiment: number for each in together}, as_of_ms=as_of_ms)
    found = next(each for each in reckoned if each.step == step)
    rows, question = found.rows, found.question
    slice_ = step.step.slice if last is None else last.weights.slice
    shares, paths = shares_before(step, last), len(step.step.paths)
    return AdaptiveStanding(
        step=step,
        question=question,
        mode="learning" if last is None else last.mode,
        slice=slice_,
        paths=tuple(
            PathStanding(
                share=shares[each.path],
                propensity=(1 - slice_) * shares[each.path] + slice_ / paths,
                learnt=each,
                unbiased=unbiased(rows, question, each.path),
            )
            for each in learnt_of(step, found.weighed)
        ),
        gain=_gain(rows, question),
        log=tuple(weighings[:log]),
    )


async def every_adaptive_step(state: State) -> list[tuple[AdaptiveStep, Weighing | None]]:
    """Every adaptive step, with its last weighing."""
    async with state.view() as view:
        steps = await adaptive_steps_of(view)
        last = await view.last_weighings([each.experiment for each in steps])
    return [(each, last.get(each.experiment)) for each in steps]


def _gain(rows: list[TriedRow], question: TriedQuestion) -> Effect:
    found = gain(rows, question)
    if found is None:
        return Inconclusive(
            reason=f"it takes {GAIN_PEOPLE_LEAST} people who reached a goal in the slice and as many outside it, among "
            "those whose time for it is over"
        )
    low, high = found.interval(CONFIDENCE)
    closed = [row for row in rows if row.evenly and question.age(row.batch) == BINS]
    even = sum(row.brought for row in closed) / max(sum(row.people for row in closed), 1)
    value = float(found.value)
    return Estimated(
        difference=value,
        low=float(low),
        high=float(high),
        confidence=CONFIDENCE,
        relative=value / even if even else None,
    )


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
