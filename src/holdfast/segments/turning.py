"""When an answer can change by time alone: the steps in which days, clocks and windows go on.

A moment here is one before which nothing changes. It may be too early, never too late, and it always lies after now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from holdfast.kernel.moments import LATEST, from_millis, to_millis
from holdfast.segments.zones import DAY_MS, clock_changes, date_of, day_of, wall_ms

LEEWAY_DAYS = 2
"""How far a day may lie off for a clock that is put forward or back, and for a moment told in another time zone."""
_YEARS_AHEAD = 5
_LATEST_MS = to_millis(LATEST)
_FEBRUARY, _LEAP_DAY = 2, 29


def soonest(moments: Iterable[int | None]) -> int | None:
    """The earliest of these; None where all are never."""
    return min((each for each in moments if each is not None), default=None)


def at_moment(turns_ms: int | None) -> datetime | None:
    """The moment of so many milliseconds; None for one after the last that anything is asked at."""
    return None if turns_ms is None or turns_ms > _LATEST_MS else from_millis(turns_ms)


def next_day(now_ms: int, zone: ZoneInfo) -> int:
    """Until then it is the same day in the zone, and no clock is put forward or back."""
    midnight = now_ms + DAY_MS - wall_ms(now_ms, zone) % DAY_MS
    return min((midnight, *clock_changes(zone, now_ms, midnight)))


def in_days(now_ms: int, zone: ZoneInfo, days: int) -> int:
    """Until then it is not yet the day so many days from now in the zone; at least 1."""
    if days <= LEEWAY_DAYS:
        return next_day(now_ms, zone)
    # However late in the day it is, and were a whole day left out of the calendar, as Samoa did once.
    return now_ms + (days - LEEWAY_DAYS) * DAY_MS


def shifted_day_turns(written: date, today: int, shifts: Iterable[int]) -> int | None:
    """For how many days it stays the same which of the days `today + shift` lie after the written one; None for ever.

    Args:
        written: a day, or the day of a moment where it was written down, which may be another one here.
        today: counted from the first of 1970.
    """
    gaps = (day_of(written) - shift - today for shift in shifts)
    return soonest(max(1, gap + 1 - LEEWAY_DAYS) if gap >= -LEEWAY_DAYS else None for gap in gaps)


def anniversary_turns(written: date, today: int, first: int, last: int) -> int | None:
    """For how many days it stays the same whether an anniversary lies from `first` to `last` days ahead."""
    year = max(date_of(today).year - 1, written.year + 1)
    kept = (_anniversary(written, each) for each in range(year, min(year + _YEARS_AHEAD, date.max.year)))
    edges = (edge for day in kept for edge in (day - last, day - first + 1))
    return min((edge - today for edge in edges if edge > today), default=None)


def _anniversary(written: date, year: int) -> int:
    """The day it is kept on in a year, counted from the first of 1970."""
    if (written.month, written.day) == (_FEBRUARY, _LEAP_DAY):
        return day_of(date(year, _FEBRUARY + 1, 1)) - 1  # The last of February.
    return day_of(written.replace(year=year))
