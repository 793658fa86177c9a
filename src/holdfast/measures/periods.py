"""Stretches of the calendar in a time zone, as the moments they start at.

They are reckoned here and bound into SQL as numbers, so that a day means one thing everywhere: on the two days a year
that have not 24 hours, and whatever time zones the engine knows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import TooLarge
from holdfast.kernel.moments import EARLIEST, LATEST, from_millis, parse_moment, to_millis

Period = Literal["minute", "hour", "day", "week", "month", "quarter", "year"]
PERIODS: tuple[Period, ...] = ("minute", "hour", "day", "week", "month", "quarter", "year")
PERIODS_MOST = 5_000
"""Periods in one answer."""
DAYS_EVER = 84_000
"""More than there are days from 1970 to 2199: for days that are counted, and not told one by one."""
_SECONDS = {"minute": 60, "hour": 3_600}


def starts(
    since_ms: int, until_ms: int, period: Period, zone: ZoneInfo, *, most: int = PERIODS_MOST
) -> tuple[int, ...]:
    """When each period that [since, until) touches starts, in milliseconds; the first starts at `since` or before.

    A day begins the first time its midnight comes, or would have come: weeks on Monday. Minutes and hours are exactly
    so long, and the first of them begins on the minute or hour of the zone. Raises TooLarge when there are over `most`.
    """
    if period in _SECONDS:
        return _clock_starts(since_ms, until_ms, _SECONDS[period] * 1_000, zone, most)
    first = _floor(from_millis(since_ms).astimezone(zone).date(), period)
    found: list[int] = []
    while (at_ms := start_of(first, zone)) < until_ms:
        if not found or at_ms > found[-1]:  # A day may have been left out of the calendar.
            found.append(at_ms)
        _check(len(found), period, most)
        first = _next(first, period)
    return tuple(found)


def index_of(at_ms: int, edges: Sequence[int]) -> int:
    """Which of the periods the moment lies in; -1 when before them all."""
    return bisect_right(edges, at_ms) - 1


def start_of(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day, in milliseconds; no earlier than 1970 and no later than 2199."""
    moment = datetime(day.year, day.month, day.day, tzinfo=zone)
    return to_millis(min(max(moment, EARLIEST), LATEST))


def moment_of(text: str, zone: ZoneInfo) -> int:
    """The milliseconds an ISO 8601 text means: a date is its midnight in the zone.

    Raises ValueError when it is neither a date nor a moment, or lies outside 1970 to 2199.
    """
    if len(text) == len("2026-01-31"):
        day = date.fromisoformat(text)
        if not EARLIEST.year <= day.year < LATEST.year:
            raise ValueError(f"{text!r} lies outside 1970 to {LATEST.year - 1}")
        return start_of(day, zone)
    return to_millis(parse_moment(text))


def _clock_starts(since_ms: int, until_ms: int, step_ms: int, zone: ZoneInfo, most: int) -> tuple[int, ...]:
    offset = from_millis(since_ms).astimezone(zone).utcoffset() or timedelta()
    offset_ms = round(offset.total_seconds() * 1_000)
    first = (since_ms + offset_ms) // step_ms * step_ms - offset_ms
    _check(-(-(until_ms - first) // step_ms), "minute" if step_ms == _SECONDS["minute"] * 1_000 else "hour", most)
    return tuple(range(first, until_ms, step_ms))


def _check(number: int, period: Period, most: int) -> None:
    if number > most:
        raise TooLarge(
            f"These are more than {most} {period}s.",
            path="$.since",
            hint="Ask for longer periods or less time.",
        )


def _floor(day: date, period: Period) -> date:
    match period:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _next(day: date, period: Period) -> date:
    match period:
        case "week":
            return day + timedelta(days=7)
        case "month" | "quarter" | "year":
            months = {"month": 1, "quarter": 3, "year": 12}[period]
            years, month = divmod(day.month - 1 + months, 12)
            return date(day.year + years, month + 1, 1)
    return day + timedelta(days=1)
