"""Parting ways by what is true of the person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import LiveCondition
from holdfast.decisions.step import Go, Outcome, Place, Step, cut
from holdfast.segments.condition import Truth
from holdfast.segments.library import is_resolved

_EXITS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Step):
    """Leave by `yes` when `condition` is true of the person on arriving, by `no` when it is not.

    Leave by `unknown` when it cannot be known at that moment. That exit may be left out, and `no` is taken instead,
    where the condition can always be known from the person's profile.
    """

    condition: Annotated[LiveCondition, "What is asked of the person."]

    exits = ("yes", "no", "unknown")
    spared = ("unknown",)

    def stand(self, place: Place) -> Outcome:
        return Go(_EXITS[self.condition.holds(place.facts, place.now)])

    def title(self) -> str:
        return "Branch"

    def note(self) -> str:
        return cut(self.condition.words())

    def stand_ins(self) -> Mapping[str, str]:
        # Whether what it names can be known is asked again once that is bound to it.
        knowable = not is_resolved(self.condition) or self.condition.not_live("$.condition") is None
        return {"unknown": "no"} if knowable else {}


STEP = Branch
