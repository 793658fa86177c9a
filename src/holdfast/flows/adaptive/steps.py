"""Which adaptive steps there are, and what the history is asked about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.decisions.steps.adaptive import Adaptive
from holdfast.flows.journey.playbook import Play, adaptive_steps, play_of
from holdfast.kernel.errors import NotFound
from holdfast.measures.learning.question import TriedGoal, TriedQuestion
from holdfast.ports.state import Decision, View

DAY_MS = 86_400_000
LOOK_BACK_DAYS = 180
"""How far back people are looked at: what paths brought before says little of what they bring now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveStep:
    """One adaptive step, as the newest version of its journey has it."""

    experiment: str
    step: Adaptive
    play: Play

    @property
    def goals(self) -> tuple[TriedGoal, ...]:
        """The step's goals; without any the journey's."""
        if not self.step.goals:
            goal = self.play.journey.goal
            return (TriedGoal(event=goal.event, within_seconds=goal.within_seconds),)
        return tuple(
            TriedGoal(event=each.event, within_seconds=each.within_seconds, worth=each.worth, value=each.value or "")
            for each in self.step.goals
        )

    def question(self, as_of_ms: int) -> TriedQuestion:
        """What the history is asked."""
        since_ms = max(0, as_of_ms - LOOK_BACK_DAYS * DAY_MS)
        return TriedQuestion(experiment=self.experiment, goals=self.goals, as_of_ms=as_of_ms, since_ms=since_ms)


async def adaptive_steps_of(view: View) -> list[AdaptiveStep]:
    """Every adaptive step in the newest version of what is not archived, in order of name."""
    found: list[AdaptiveStep] = []
    for play in _plays(await view.decisions(latest=True)):
        every = adaptive_steps(play).items()
        found += [AdaptiveStep(experiment=experiment, step=step, play=play) for experiment, step in every]
    return sorted(found, key=lambda each: each.experiment)


def learning_together(steps: Sequence[AdaptiveStep]) -> list[tuple[AdaptiveStep, ...]]:
    """The steps put together that learn together: those of one journey with the same goals, and the same half-life."""
    found: dict[object, list[AdaptiveStep]] = {}
    for each in steps:
        found.setdefault((each.play.id, each.goals, each.step.half_life_days), []).append(each)
    return [tuple(each) for each in found.values()]


async def adaptive_step(view: View, experiment: str) -> AdaptiveStep:
    """One of them. Raises NotFound."""
    every = await adaptive_steps_of(view)
    found = next((each for each in every if each.experiment == experiment), None)
    if found is None:
        named = ", ".join(each.experiment for each in every[:5])
        hint = f"There are: {named}." if named else "A journey has one where it has a step of type 'adaptive'."
        raise NotFound(f"there is no adaptive step {experiment!r:.100}.", hint=hint)
    return found


def _plays(decisions: Sequence[Decision]) -> list[Play]:
    return [play_of(each) for each in decisions if each.kind == "journey" and each.state != "archived"]
