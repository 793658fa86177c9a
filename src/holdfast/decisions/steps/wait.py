"""Waiting for a length of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from holdfast.decisions.durations import in_words
from holdfast.decisions.fields import Seconds
from holdfast.decisions.step import Go, Outcome, Park, Place, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Step):
    """Leave by `waited` when so many `seconds` have passed since arriving."""

    seconds: Annotated[Seconds, "How long to wait."]

    exits = ("waited",)

    def rests(self) -> bool:
        return True

    def stand(self, place: Place) -> Outcome:
        due = place.arrived + timedelta(seconds=self.seconds)
        return Go("waited") if place.now >= due else Park(due)

    def title(self) -> str:
        return "Wait"

    def note(self) -> str:
        return in_words(self.seconds)


STEP = Wait
