"""Starting again and again: on days of the week or of the month."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.fields import Whole
from holdfast.decisions.local_times import weekday_of
from holdfast.decisions.schedule import days_from
from holdfast.decisions.step import contradiction, cut
from holdfast.decisions.time_fields import (
    CalendarDayOrNone,
    ClockTimes,
    MonthDays,
    WeekdaySet,
    time_words,
    weekday_words,
)
from holdfast.kernel.errors import Invalid
from holdfast.segments.clock_parts import WEEKDAYS
from holdfast.segments.zones import zone_words

WEEKS_MOST = 52


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring(Timed):
    """Let in everybody in the audience on each of the `days`, when their clock shows one of the times in `at`.

    With `days_of_month` the day must be one of those too; one that a month does not have is its last day. With
    `every_weeks` only every second, third … week counts, from the week of `starts_on`, which begins on a Monday.

    When clocks are put forward and leave a time out, it is the first moment after; when they are put back and show it
    twice, the first of the two.
    """

    at: Annotated[ClockTimes, "The times of the day, such as 09:00 or 18:00:30."]
    days: Annotated[WeekdaySet, "The weekdays that count."] = WEEKDAYS
    days_of_month: Annotated[MonthDays, "The days of the month that count, 1 to 31; null for all."] = None
    every_weeks: Annotated[int, Whole(least=1, most=WEEKS_MOST), "Every so many weeks; 1 for every week."] = 1
    starts_on: Annotated[CalendarDayOrNone, "The first day it may be; null for any."] = None
    ends_on: Annotated[CalendarDayOrNone, "The last day it may be; null for any."] = None

    def walls(self, first: date) -> Iterator[datetime]:
        begin = first if self.starts_on is None else max(first, self.starts_on)
        for day in days_from(begin):
            if self.ends_on is not None and day > self.ends_on:
                return
            if self._counts(day):
                yield from (datetime.combine(day, each) for each in self.at)

    def _counts(self, day: date) -> bool:
        if weekday_of(day) not in self.days:
            return False
        if self.starts_on is not None and (_week(day) - _week(self.starts_on)) % self.every_weeks:
            return False
        if self.days_of_month is None or day.day in self.days_of_month:
            return True
        return day.day == monthrange(day.year, day.month)[1] and self.days_of_month[-1] > day.day

    def complaints(self) -> Iterator[Invalid]:
        yield from Timed.complaints(self)
        if self.every_weeks > 1 and self.starts_on is None:
            yield contradiction(
                "$.every_weeks", "Nothing says which weeks count.", hint="Give starts_on, a day of the first of them."
            )
        if self.starts_on is not None and self.ends_on is not None and self.ends_on < self.starts_on:
            yield contradiction("$.ends_on", "It ends before it starts.", hint="Make it no earlier than starts_on.")
        elif next(self.walls(self.starts_on or date(2000, 1, 1)), None) is None:
            yield contradiction("$.days", "There is no such day.", hint="Name other days, or another stretch of time.")

    def title(self) -> str:
        return "Again and again" if self.days_of_month is None else "Every month"

    def note(self) -> str:
        times = ", ".join(map(time_words, self.at))
        return cut(f"{times}{weekday_words(self.days)}{zone_words(self.time_zone)}")


def _week(day: date) -> int:
    """The number of the week, which begins on a Monday."""
    return (day.toordinal() - 1) // 7


STEP = Recurring
