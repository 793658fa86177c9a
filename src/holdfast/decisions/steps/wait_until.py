"""Waiting for a time of the day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.decisions.fields import Choice
from holdfast.decisions.local_times import moment_at, next_moment_at, weekday_of
from holdfast.decisions.step import Go, Outcome, Park, Place, Step, cut
from holdfast.decisions.time_fields import ClockTime, WeekdaySet, WhoseTime, time_words, weekday_words
from holdfast.events.event import NAMES
from holdfast.segments.clock_parts import WEEKDAYS
from holdfast.segments.zones import PERSON, zone_for, zone_traits, zone_words


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntil(Step):
    """Leave by `waited` when the clock next shows the time `at`, on one of the `days`, after arriving.

    Where it has shown it already on the day of arriving, or shows it at that very moment, `if_past` decides: `next_day`
    waits for the next of the `days`, `skip` leaves by `past` at once. On a day of another kind both wait.

    When clocks are put forward and leave the time out, it is the first moment after; when they are put back and show it
    twice, the first of the two. A person whose trait `timezone` changes meanwhile goes by their new clock.
    """

    at: Annotated[ClockTime, "The time of the day, such as 09:00 or 18:00:30."]
    days: Annotated[WeekdaySet, "The weekdays that count."] = WEEKDAYS
    time_zone: Annotated[
        WhoseTime,
        "Whose clock: `person` (their trait `timezone`, else the workspace's), `workspace`, or a zone's name.",
    ] = PERSON
    if_past: Annotated[
        Literal["next_day", "skip"],
        Choice(("next_day", "skip")),
        "Who comes when the time is past on that day: `next_day` waits for the next, `skip` leaves by `past`.",
    ] = "next_day"

    exits = ("waited", "past")
    spared = ("past",)

    def rests(self) -> bool:
        return self.if_past == "next_day"

    def stand(self, place: Place) -> Outcome:
        zone = zone_for(self.time_zone, place.facts)
        today = place.arrived.astimezone(zone).date()
        if (
            self.if_past == "skip"
            and weekday_of(today) in self.days
            and moment_at(today, self.at, zone) <= place.arrived
        ):
            return Go("past")
        due = next_moment_at(place.arrived, self.at, frozenset(self.days), zone)
        if place.now >= due:
            return Go("waited")
        return Park(due, self.wakes())

    def wakes(self) -> frozenset[str]:
        # What is said of them may be where they live now.
        return frozenset({NAMES["identify"]}) if zone_traits(self.time_zone) else frozenset()

    def title(self) -> str:
        return f"Wait until {time_words(self.at)}"

    def note(self) -> str:
        words = f"{weekday_words(self.days)}{zone_words(self.time_zone)}".strip()
        return cut(words[:1].upper() + words[1:])

    def stand_ins(self) -> Mapping[str, str]:
        return {"past": "waited"} if self.if_past == "next_day" else {}


STEP = WaitUntil
