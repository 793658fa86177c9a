"""Results: did it work? Treated against holdout, from the history."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.decisions.journey import Journey
from holdfast.measures.outcome import APART, ARMS, ArmOutcome, OutcomeQuestion
from holdfast.measures.trial import TrialResult, compare
from holdfast.ports.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a journey or campaign caused, as far as can be told by now."""

    question: OutcomeQuestion
    arms: list[ArmOutcome]
    """Those that are compared."""
    global_holdout_people: int
    """Who entered and is in neither arm, for they get no marketing of any kind."""
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
    outcomes = await history.outcomes(question)
    arms = [each for each in outcomes if each.arm in ARMS]
    apart = sum(each.people + each.open_people for each in outcomes if each.arm == APART)
    return Result(question=question, arms=arms, global_holdout_people=apart, trial=compare(arms))
