"""Results: did it work? Treated against holdout, from the history."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.decisions.journey import Journey
from holdfast.measures.outcome import ArmOutcome, OutcomeQuestion
from holdfast.measures.trial import TrialResult, compare
from holdfast.ports.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a journey or campaign caused, as far as can be told by now."""

    question: OutcomeQuestion
    arms: list[ArmOutcome]
    trial: TrialResult


async def result_of(history: History, origin: str, journey: Journey, *, as_of_ms: int, currency: str) -> Result:
    """Measure one journey or campaign against its goal."""
    question = OutcomeQuestion(
        origin=origin,
        goal_event=journey.goal.event,
        within_seconds=journey.goal.within_seconds,
        as_of_ms=as_of_ms,
        currency=currency,
    )
    arms = await history.outcomes(question)
    return Result(question=question, arms=arms, trial=compare(arms))
