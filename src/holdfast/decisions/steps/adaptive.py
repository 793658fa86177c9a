"""Parting ways so that more and more people go the way that works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.adaptive_fields import Between, PathNames
from holdfast.decisions.drawing import draw
from holdfast.decisions.fields import EventName, Many, Nested, OrNull, Seconds, Text, TraitName, Whole
from holdfast.decisions.step import Assign, Outcome, Place, Step, contradiction, cut, step_experiment
from holdfast.decisions.weights import Weights, cell_of
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid

GOALS_MOST = 5
CONTEXT_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveGoal:
    """What a path should bring about."""

    event: Annotated[EventName, "The event."]
    within_seconds: Annotated[Seconds, "In what time, from when somebody came to the step."]
    worth: Annotated[float, Between(0, 10**9, above=True), "What it is worth, beside the step's other goals."] = 1.0
    value: Annotated[
        str | None, OrNull(Text(most=200)), "A property of the event by whose number the worth is multiplied."
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive(Step):
    """Leave by one of `paths`: each is an exit, and the better one works, the more people take it.

    What the paths brought of `goals` is looked at again and again, and people are divided anew: each path gets the
    share that is its chance of being the best. What has not had time to happen is not held against a path. A slice of
    people is divided evenly all along; they are what everything is measured against. `holdfast adaptive show` tells the
    shares, what is believed of each path, and why.

    Whoever has come here once goes the same way again while that way is open, and is told of as `Variant Assigned`,
    of the experiment `<journey>.<step>`, with the chance they had. A new version of the journey goes on with what was
    learnt of the paths whose names are the same.
    """

    paths: Annotated[tuple[str, ...], PathNames(), "The names of the paths."]
    goals: Annotated[
        tuple[AdaptiveGoal, ...],
        Many(Nested(AdaptiveGoal), most=GOALS_MOST),
        "What the paths are for; without any it is the journey's goal.",
    ] = ()
    slice: Annotated[float, Between(0.01, 1), "The share of people who are divided evenly whatever is learnt."] = 0.05
    temper: Annotated[
        float,
        Between(0.01, 1),
        "How much is tried of what is not known yet: 1 is cautious and slow, less earns sooner and may settle wrongly.",
    ] = 0.3
    half_life_days: Annotated[
        int | None, OrNull(Whole(least=1, most=3650)), "After how many days what was seen counts half; null for never."
    ] = None
    context: Annotated[
        tuple[TraitName, ...],
        Many(Text(most=200, format="trait"), most=CONTEXT_MOST),
        "Traits by whose values people may differ in what works for them.",
    ] = ()
    minimum_minutes: Annotated[
        int, Whole(least=1, most=7 * 24 * 60), "How long shares stay as they are before they are weighed again."
    ] = 60

    exits = ()
    exits_of = "paths"

    def stand(self, place: Place) -> Outcome:
        experiment = step_experiment(place.origin, place.step)
        weights = place.weights.get(experiment) or Weights(slice=self.slice)
        cell = cell_of(place.facts.traits, self.context)
        drawn = draw(weights, self.paths, experiment, place.facts.user_id, cell)
        before = place.facts.variant(experiment) or ""
        path = before if before in self.paths else drawn.path
        about: dict[str, Json] = {"weighing": weights.number, "evenly": drawn.evenly}
        if cell:
            about["cell"] = cell
        return Assign(experiment=experiment, variant=path, propensity=drawn.propensity, exit=path, about=about)

    def complaints(self) -> Iterator[Invalid]:
        if len(set(self.context)) < len(self.context):
            yield contradiction("$.context", "A trait is named twice.", hint="Name each once.")
        events = [each.event for each in self.goals]
        if len(set(events)) < len(events):
            yield contradiction("$.goals", "Two goals are the same event.", hint="Keep one of them.")

    def title(self) -> str:
        return "Adaptive paths"

    def note(self) -> str:
        goals = ", ".join(each.event for each in self.goals) or "the journey's goal"
        return cut(f"{len(self.paths)} paths, for {goals}")


STEP = Adaptive
