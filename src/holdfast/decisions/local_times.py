"""When a clock on a wall shows a time: also on days on which clocks are put forward or back."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from holdfast.kernel.moments import from_millis
from holdfast.segments.clock_parts import WEEKDAYS
from holdfast.segments.zones import moment_of_wall, offset_ms, wall_ms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def moment_at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When it is that time of that day in the zone.

    Of a time that comes twice, when clocks are put back, the first. Of one that does not come, when they are put
    forward, the first moment after.

    Raises OverflowError for a moment before the year 1 or after 9999.
    """
    wall = datetime.combine(day, at)
    found = moment_of_wall(wall, zone)
    left_out = wall_ms(found, zone) - (wall.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
    return from_millis(_change_after(found - left_out, found, zone) if left_out > 0 else found)


def next_moment_at(after: datetime, at: time, days: AbstractSet[str], zone: ZoneInfo) -> datetime:
    """The first moment later than `after` at which it is that time in the zone, on one of these weekdays.

    Args:
        days: names of `WEEKDAYS`; not empty.
    """
    today = after.astimezone(zone).date()
    # Two weeks: the time of the only weekday may be past today, and a zone may leave out a day of the next week.
    ahead = (today + timedelta(days=number) for number in range(15))
    moments = (moment_at(day, at, zone) for day in ahead if weekday_of(day) in days)
    return next(moment for moment in moments if moment > after)


def weekday_of(day: date) -> str:
    """The name of the day of the week."""
    return WEEKDAYS[day.weekday()]


def _change_after(before_ms: int, after_ms: int, zone: ZoneInfo) -> int:
    """When the clocks were put forward: later than the one moment, and at the other at the latest."""
    low, high = before_ms // 1_000, after_ms // 1_000
    offset = offset_ms(after_ms, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset_ms(middle * 1_000, zone) == offset else (middle, high)
    return high * 1_000
