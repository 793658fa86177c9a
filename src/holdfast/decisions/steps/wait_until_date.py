"""Waiting for a day that a trait of the person names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from holdfast.decisions.fields import TraitName
from holdfast.decisions.local_times import moment_at
from holdfast.decisions.step import Go, Outcome, Park, Place, Step, cut
from holdfast.decisions.time_fields import ClockTime, DayOffset, WhoseTime, time_words
from holdfast.events.event import NAMES
from holdfast.segments.dates import Written, read_date
from holdfast.segments.zones import DAY_MS, PERSON, date_of, wall_ms, zone_for, zone_words


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitUntilDate(Step):
    """Leave by `waited` when it is the time `at` on the day in the trait `date_trait`, `offset_days` later.

    Who comes at that moment or later leaves by `past` at once; who has no such trait, or one that names no day, leaves
    by `missing`. A trait that names a moment, such as 2026-03-01T08:00:00+01:00, means the day it then is by the same
    clock.

    When clocks are put forward and leave the time out, it is the first moment after; when they are put back and show it
    twice, the first of the two. When the trait changes while somebody waits, they wait for the new day, and leave at
    once where that is past or there is none any more.
    """

    date_trait: Annotated[TraitName, "The trait that holds the day, such as renews_on."]
    offset_days: Annotated[DayOffset, "How many days later; less than 0 is before."] = 0
    at: Annotated[ClockTime, "The time of the day, such as 09:00."]
    time_zone: Annotated[
        WhoseTime,
        "Whose clock: `person` (their trait `timezone`, else the workspace's), `workspace`, or a zone's name.",
    ] = PERSON

    exits = ("waited", "past", "missing")

    def stand(self, place: Place) -> Outcome:
        due = self._due(place)
        if due is None:
            return Go("missing")
        if place.arrived >= due:
            return Go("past")
        return Go("waited") if place.now >= due else Park(due, self.wakes())

    def wakes(self) -> frozenset[str]:
        return frozenset({NAMES["identify"]})

    def _due(self, place: Place) -> datetime | None:
        zone = zone_for(self.time_zone, place.facts)
        written = read_date(place.facts.traits.get(self.date_trait))
        if written is None:
            return None
        try:
            return moment_at(_day_in(written, zone) + timedelta(days=self.offset_days), self.at, zone)
        except (OverflowError, ValueError):  # Beyond the years there are: no day to wait for.
            return None

    def title(self) -> str:
        return f"Wait until {self.date_trait}"

    def note(self) -> str:
        days = abs(self.offset_days)
        side = "before" if self.offset_days < 0 else "after"
        shifted = f"{days} {'day' if days == 1 else 'days'} {side}, " if days else ""
        return cut(f"{shifted}{time_words(self.at)}{zone_words(self.time_zone)}")


def _day_in(written: Written, zone: ZoneInfo) -> date:
    if written.offset_ms is None:
        return written.day
    return date_of(wall_ms(written.wall_ms - written.offset_ms, zone) // DAY_MS)


STEP = WaitUntilDate
