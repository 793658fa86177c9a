"""Waiting for an event, but not for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from holdfast.decisions.durations import in_words
from holdfast.decisions.fields import EventName, Seconds, Where
from holdfast.decisions.step import Go, Outcome, Park, Place, Step
from holdfast.decisions.visit import is_older
from holdfast.events.event import Event
from holdfast.segments.comparison import all_hold
from holdfast.segments.zones import Standpoint, of_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Until(Step):
    """Leave by `happened` when `event` occurs, by `expired` once `seconds` have passed since arriving.

    An event that reaches us when the time is up comes too late. One that happened more than an hour before what let the
    person in does not count: it is no answer to it.
    """

    event: Annotated[EventName, "The event to wait for."]
    where: Annotated[Where, "What must be true of the event's properties."] = ()
    seconds: Annotated[Seconds, "How long to wait at most."]

    exits = ("happened", "expired")

    def rests(self) -> bool:
        return True

    def wakes(self) -> frozenset[str]:
        return frozenset({self.event})

    def stand(self, place: Place) -> Outcome:
        due = place.arrived + timedelta(seconds=self.seconds)
        if place.now >= due:
            return Go("expired")
        event = place.event
        if event is not None and self._is_it(event, of_facts(place.facts, place.now)):
            return Park(due, self.wakes()) if is_older(event, place.variables) else Go("happened")
        return Park(due, self.wakes())

    def _is_it(self, event: Event, at: Standpoint) -> bool:
        if event.is_a_journeys_saying:
            return False  # Or a loop that changes a trait could wake itself for ever.
        return event.name == self.event and all_hold(self.where, event.properties, at)

    def title(self) -> str:
        return f"Until {self.event}"

    def note(self) -> str:
        return f"Up to {in_words(self.seconds)}"


STEP = Until
