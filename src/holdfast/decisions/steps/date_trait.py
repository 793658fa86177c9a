"""Starting on a day that a trait of the person names: a birthday, a renewal."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.fields import TraitName, Truthy
from holdfast.decisions.schedule import days_from
from holdfast.decisions.start import NoEntry, Occasion
from holdfast.decisions.step import contradiction, cut
from holdfast.decisions.time_fields import ClockTime, DayOffset, time_words
from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Condition, Facts
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.trait import Trait
from holdfast.segments.dates import Written, read_date
from holdfast.segments.zones import DAY_MS, date_of, wall_ms, zone_for, zone_words

YEAR_DAYS = 365
FEBRUARY = 2
LEAP_DAY = 29


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTrait(Timed):
    """Let in everybody in the audience at the time `at` on the day in the trait `date_trait`, `offset_days` later.

    With `yearly` the day comes round every year, from the year after the one that is written: 29 February is kept on 28
    February in years without one. Otherwise it is that one day; a trait that names a moment, such as
    2026-03-01T08:00:00+01:00, means the day it then is by the person's clock.

    Who they are is asked when the day begins anywhere; a trait that is said later than that starts nothing that day.
    Whose trait names another day by the time theirs comes, or none any more, is left out.
    """

    date_trait: Annotated[TraitName, "The trait that holds the day, such as birthday or renews_on."]
    yearly: Annotated[Truthy, "Whether it comes round every year, as a birthday does."] = False
    offset_days: Annotated[DayOffset, "How many days later; less than 0 is before."] = 0
    at: Annotated[ClockTime, "The time of the day, such as 09:00."]

    def walls(self, first: date) -> Iterator[datetime]:
        return (datetime.combine(day, self.at) for day in days_from(first))

    def everybody(self, occasion: Occasion, as_of: datetime, zone: ZoneInfo) -> Condition:
        if occasion.wall is None:
            return Any(of=())
        return self.narrowed(self._dated(occasion.wall.date(), as_of.astimezone(zone).date()))

    def bars(self, wall: datetime, facts: Facts) -> NoEntry | None:
        written = read_date(facts.traits.get(self.date_trait))
        if written is None:
            return "other_day"
        kept = self._day_in(written, wall.date(), facts)
        return None if kept == wall.date() - timedelta(days=self.offset_days) else "other_day"

    def _day_in(self, written: Written, day: date, facts: Facts) -> date | None:
        """The day that is kept, where it comes round in the year of the wanted one; None for none."""
        if not self.yearly:
            return _day_of(written, zone_for(self.time_zone, facts))
        year = (day - timedelta(days=self.offset_days)).year
        return anniversary(written.day, year) if year > written.day.year else None

    def _dated(self, day: date, today: date) -> Condition:
        """Everybody whose trait may name that day, and perhaps some more."""
        wanted = day - timedelta(days=self.offset_days)
        if not self.yearly:
            # A moment with a zone is another day elsewhere.
            after, before = wanted - timedelta(days=2), wanted + timedelta(days=2)
            return Trait(trait=self.date_trait, operator="date_after", value=after.isoformat()) & Trait(
                trait=self.date_trait, operator="date_before", value=before.isoformat()
            )
        ahead = sorted({each for each in _days_until(wanted, today) if 0 <= each <= YEAR_DAYS})
        return Any(of=tuple(Trait(trait=self.date_trait, operator="anniversary_in_days", value=each) for each in ahead))

    def complaints(self) -> Iterator[Invalid]:
        yield from Timed.complaints(self)
        if self.yearly and abs(self.offset_days) > YEAR_DAYS:
            yield contradiction(
                "$.offset_days", "That is more than a year away.", hint=f"Use -{YEAR_DAYS} to {YEAR_DAYS}."
            )

    def title(self) -> str:
        return f"On {self.date_trait}"

    def note(self) -> str:
        days = abs(self.offset_days)
        side = "before" if self.offset_days < 0 else "after"
        shifted = f"{days} {'day' if days == 1 else 'days'} {side}, " if days else ""
        yearly = "Every year, " if self.yearly else ""
        return cut(f"{yearly}{shifted}{time_words(self.at)}{zone_words(self.time_zone)}")


def anniversary(written: date, year: int) -> date:
    """When the day is kept in that year.

    >>> anniversary(date(2000, 2, 29), 2027), anniversary(date(2000, 2, 29), 2028)
    (datetime.date(2027, 2, 28), datetime.date(2028, 2, 29))
    """
    if (written.month, written.day) == (FEBRUARY, LEAP_DAY) and not isleap(year):
        return date(year, FEBRUARY, LEAP_DAY - 1)
    return written.replace(year=year)


def _days_until(wanted: date, today: date) -> Iterator[int]:
    """In how many days those whose day it is have their next anniversary: one that is past by then is next year's.

    Of two days, where 29 February is kept on another one.
    """
    dates = {wanted}
    if wanted.month == FEBRUARY and wanted.day >= LEAP_DAY - 1:
        dates = {date(2000, FEBRUARY, LEAP_DAY - 1), date(2000, FEBRUARY, LEAP_DAY)}
    for each in dates:
        for year in (today.year, today.year + 1):
            yield (anniversary(each, year) - today).days


def _day_of(written: Written, zone: ZoneInfo) -> date | None:
    """The day it then is in the zone; None where that is none of the calendar."""
    if written.offset_ms is None:
        return written.day
    try:
        return date_of(wall_ms(written.wall_ms - written.offset_ms, zone) // DAY_MS)
    except (OverflowError, ValueError):
        return None


STEP = DateTrait
