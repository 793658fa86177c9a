"""Schedules: when the clock on the wall shows the times that were asked for, everywhere or for each person.

A schedule is a row of times on a clock without a zone. In one zone each of them is one moment. Where everybody goes by
their own clock it is a stretch of 26 hours: from when it is that time on the first islands to the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Protocol
from zoneinfo import ZoneInfo

from holdfast.decisions.local_times import moment_at
from holdfast.segments.zones import PERSON, WORKSPACE, zones

FIRST_ZONE = "Etc/GMT-14"
"""Where every time comes first; the sign is the POSIX way round."""
STRETCH = timedelta(hours=26)
"""From when it is a time of the day in the first zone to when it is in the last."""
SEARCH_DAYS = 4_000
"""How far ahead a next time is looked for: a rule so rare that it has none in eleven years has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time of a schedule."""

    wall: datetime
    """What the clock says; without a zone."""
    opens: datetime
    """The first moment at which it says so anywhere it is asked."""
    closes: datetime
    """The last such moment; the same in one zone."""

    @property
    def key(self) -> str:
        """What it is called: the same for ever."""
        return self.wall.isoformat(timespec="seconds")

    @classmethod
    def opening(cls, wall: datetime, opens: datetime, schedule: Schedule) -> Occurrence:
        """The occurrence of a schedule that opens at that moment."""
        closes = opens + STRETCH if schedule.time_zone == PERSON else opens
        return cls(wall=wall, opens=opens, closes=closes)


class Schedule(Protocol):
    """What has times."""

    @property
    def time_zone(self) -> str:
        """Whose clock: `person`, `workspace`, or the name of a zone."""
        ...

    @property
    def if_past(self) -> str:
        """What becomes of a time that is past: `skip` or `next_day`."""
        ...

    def walls(self, first: date) -> Iterator[datetime]:
        """The times from a day on, in order and each once, for at most SEARCH_DAYS."""
        ...


def next_occurrence(schedule: Schedule, after: datetime, zone: ZoneInfo) -> Occurrence | None:
    """The first occurrence that opens later than `after`; None when there is none any more.

    Two times that fall on one moment, because clocks were put forward over both, are one occurrence: the earlier.

    Args:
        zone: the workspace's time zone.
    """
    return next(occurrences(schedule, after, zone), None)


def occurrences(schedule: Schedule, after: datetime, zone: ZoneInfo) -> Iterator[Occurrence]:
    """Every occurrence that opens later than `after`, in order."""
    clock = opening_zone(schedule.time_zone, zone)
    last = after
    for wall in schedule.walls(after.astimezone(clock).date() - timedelta(days=1)):
        try:
            found = Occurrence.opening(wall, moment_at(wall.date(), wall.time(), clock), schedule)
        except OverflowError:
            return  # The calendar ends here.
        if found.opens > last:
            last = found.opens
            yield found


def first_after(schedule: Schedule, published: datetime) -> datetime:
    """The moment to look from when a schedule is new: what was past for everybody by then was never asked for.

    But where that waits for the next day, the last day's was.
    """
    return published - (STRETCH if schedule.time_zone == PERSON else next_day(schedule))


def next_day(schedule: Schedule) -> timedelta:
    """How long after a time it may still be taken on the next day; nothing where it may not."""
    return timedelta(days=1) if schedule.if_past == "next_day" else timedelta()


def coming(schedule: Schedule, after: datetime, zone: ZoneInfo, count: int) -> list[Occurrence]:
    """The next occurrences that have not closed yet."""
    found = occurrences(schedule, first_after(schedule, after), zone)
    return list(islice((each for each in found if each.closes > after), count))


def opening_zone(time_zone: str, zone: ZoneInfo) -> ZoneInfo:
    """The zone in which the times of a schedule come first."""
    if time_zone == PERSON:
        return zones()[FIRST_ZONE]
    return zone if time_zone == WORKSPACE else zones()[time_zone]


def days_from(first: date) -> Iterator[date]:
    """The days from one on, as far as is searched, and as there are."""
    for number in range(SEARCH_DAYS):
        if first.toordinal() + number > date.max.toordinal():
            return
        yield first + timedelta(days=number)
