"""Parting ways by chance, so that two ways can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.shares import Shares, drawn_name, shares_words
from holdfast.decisions.step import Assign, Outcome, Place, Step, cut, step_experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Step):
    """Leave by one of the names in `shares`: each is an exit, taken by so large a share of people.

    Which one is drawn by hash of the journey's id, the step's id and the name the person is known by. So somebody who
    comes again, in a loop, a later visit or a later version, goes the same way as before while that way is open; two
    splits divide people independently of each other, and of the holdout.

    The first time it is told as `Variant Assigned`, of the experiment `<journey>.<step>`. What was told first stands,
    also when two devices turn out to be one person's.
    """

    shares: Annotated[Mapping[str, float], Shares(), "The share of people by name of the exit; they add up to 1."]

    exits = ()
    exits_of = "shares"

    def stand(self, place: Place) -> Outcome:
        experiment = step_experiment(place.origin, place.step)
        variant = place.facts.variant(experiment) or ""
        if self.shares.get(variant, 0) == 0:
            # Known by the same name as where the holdout is drawn: the oldest user id, else the oldest anonymous one.
            variant = drawn_name(self.shares, f"split:{place.origin}:{place.step}", place.facts.user_id)
        return Assign(experiment=experiment, variant=variant, propensity=self.shares[variant], exit=variant)

    def title(self) -> str:
        return "Split"

    def note(self) -> str:
        return cut(shares_words(self.shares))


STEP = Split
