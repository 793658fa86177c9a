"""Parting ways by chance, so that two ways can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.shares import Shares, drawn_name, shares_words
from holdfast.decisions.step import Go, Outcome, Place, Step, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Step):
    """Leave by one of the names in `shares`: each is an exit, taken by so large a share of people.

    Which one is drawn by hash of the journey's id, the step's id and the name the person is known by. So somebody who
    comes again, in a loop, a later visit or a later version, goes the same way as before while the shares stay as they
    are; two splits divide people independently of each other, and of the holdout.
    """

    shares: Annotated[Mapping[str, float], Shares(), "The share of people by name of the exit; they add up to 1."]

    exits = ()
    exits_of = "shares"

    def stand(self, place: Place) -> Outcome:
        # Known by the same name as where the holdout is drawn: the oldest user id, else the oldest anonymous one.
        return Go(drawn_name(self.shares, f"split:{place.origin}:{place.step}", place.facts.user_id))

    def title(self) -> str:
        return "Split"

    def note(self) -> str:
        return cut(shares_words(self.shares))


STEP = Split
