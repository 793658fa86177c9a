"""Entering another journey, and going on in this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import Name
from holdfast.decisions.step import HandOver, Outcome, Place, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterJourney(Step):
    """Let the person into another journey at its start, as often as that one allows, and go on in this one.

    What lets people into it otherwise makes no difference; its `only_if`, its `again` and its holdout hold. Its
    messages see the event that led into this journey, and where it lets people in once per key, the key is that
    event's. Of journeys that lead into each other none is entered twice in one instant; and by one such step, over all
    that the other journey leads into, nobody enters more than 50 times in one instant.
    """

    journey: Annotated[str, Name(format="journey"), "The id of the journey or campaign."]

    exits = ("next",)

    def stand(self, place: Place) -> Outcome:
        return HandOver(self.journey, exit="next")

    def title(self) -> str:
        return "Enter a journey"

    def note(self) -> str:
        return self.journey


STEP = EnterJourney
