"""Reckoning: what was tried at adaptive steps that learn together, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast.flows.adaptive.steps import AdaptiveStep
from holdfast.measures.learning.allocation import Dial
from holdfast.measures.learning.question import CompanyQuestion, TriedQuestion, TriedRow
from holdfast.measures.learning.weighing import StepTried, Weighed, half_life_bins, weigh_together
from holdfast.ports.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """One step, what its people did, and the shares that follow."""

    step: AdaptiveStep
    question: TriedQuestion
    rows: list[TriedRow]
    weighed: Weighed


async def reckon(
    history: History, steps: Sequence[AdaptiveStep], seeds: Mapping[str, int], *, as_of_ms: int
) -> list[Reckoned]:
    """Weigh steps that learn together, in their order.

    Args:
        steps: as `learning_together` puts them.
        seeds: by experiment.
    """
    questions = [each.question(as_of_ms) for each in steps]
    rows = [await history.tried(each) for each in questions]
    half_life = steps[0].step.half_life_days
    several = CompanyQuestion(
        experiments=tuple(each.experiment for each in steps),
        bin_ms=questions[0].bin_ms,
        as_of_ms=as_of_ms,
        since_ms=questions[0].since_ms,
        half_life_bins=half_life_bins(half_life, questions[0]),
    )
    company = await history.company(several) if len(steps) > 1 else []
    tried = [
        StepTried(
            rows=found,
            question=question,
            paths=each.step.paths,
            dial=Dial(temper=each.step.temper, slice=each.step.slice),
            seed=seeds[each.experiment],
            half_life_days=half_life,
        )
        for each, question, found in zip(steps, questions, rows, strict=True)
    ]
    weighed = weigh_together(tried, company)
    return [
        Reckoned(step=step, question=question, rows=found, weighed=each)
        for step, question, found, each in zip(steps, questions, rows, weighed, strict=True)
    ]
