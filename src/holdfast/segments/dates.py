"""Operators about dates: texts that name a day, or a moment, in ISO 8601.

A day (`2026-03-01`) and a moment without a zone (`2026-03-01T08:00`) are what a calendar and a clock on the wall say,
wherever one is. A moment with a zone (`2026-03-01T08:00:00Z`) is the same moment everywhere, on the day it is there.
All is compared with a pair of numbers, one for each kind, so that nothing but days and their edges is reckoned in SQL.
"""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, fill, sql
from holdfast.segments.operator_row import Operator, Takes
from holdfast.segments.place import Place, all_sql, any_sql
from holdfast.segments.turning import anniversary_turns, shifted_day_turns
from holdfast.segments.zones import (
    DAY_MS,
    Standpoint,
    Standpoints,
    date_of,
    day_of,
    moment_of_wall,
    start_of_day,
    wall_ms,
)

PATTERN = (
    "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    "(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?"
    "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?$"
)
"""The same to Python and to RE2. Whether the month has the day is looked at apart."""
_DATE = re.compile(PATTERN.removesuffix("$"))
_FEBRUARY_29, _FEBRUARY_28, _DECEMBER_31 = 229, 228, 1231


@dataclass(frozen=True, slots=True)
class Written:
    """A day or a moment as it is written."""

    day: date
    wall_ms: int
    """What the clock says there, in milliseconds, as one in UTC would count."""
    offset_ms: int | None
    """How far that clock is ahead of UTC; None where it names no zone."""
    has_time: bool


def read_date(value: object) -> Written | None:
    """What a value of a trait or property names; None when it is no text that names a day or a moment."""
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        return None
    year, month, day = int(value[:4]), int(value[5:7]), int(value[8:10])
    if year == 0 or day > monthrange(year, month)[1]:
        return None
    written = date(year, month, day)
    zone = _ZONE.search(value) if len(value) > _DAY_LENGTH else None
    return Written(
        day=written,
        wall_ms=day_of(written) * DAY_MS + _clock_ms(value),
        offset_ms=None if zone is None else _zone_ms(zone[0]),
        has_time=len(value) > _DAY_LENGTH,
    )


_DAY_LENGTH = len("2026-03-01")
_ZONE = re.compile("(?:Z|[+-][0-9]{2}:[0-9]{2})$")
_FRACTION = re.compile("[.]([0-9]{1,3})")


def _clock_ms(value: str) -> int:
    if len(value) <= _DAY_LENGTH:
        return 0
    seconds = int(value[17:19]) if value[16:17] == ":" else 0
    fraction = _FRACTION.search(value)
    thousandths = 0 if fraction is None else int(fraction[1].ljust(3, "0"))
    return ((int(value[11:13]) * 60 + int(value[14:16])) * 60 + seconds) * 1_000 + thousandths


def _zone_ms(written: str) -> int:
    if written == "Z":
        return 0
    minutes = int(written[1:3]) * 60 + int(written[4:6])
    return (minutes if written[0] == "+" else -minutes) * 60_000


# All below is over a text called `written` and the three numbers it begins with: see `_of_date_sql`.
_IS_DATE_SQL = (
    sql("match(written, '")
    + sql(PATTERN)
    + sql(
        "') AND year > 0 AND day <= [31, if(year % 4 = 0 AND (year % 100 != 0 OR year % 400 = 0), 29, 28), "
        "31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]"
    )
)
# Days are counted by years that begin in March, so that a leap day is the last of one.
_DAYS_SQL = fill(
    "(365 * [[y]] + intDiv([[y]], 4) - intDiv([[y]], 100) + intDiv([[y]], 400) "
    "+ intDiv(153 * (month + if(month > 2, -3, 9)) + 2, 5) + day - 719469)",
    {"y": sql("(year - if(month > 2, 0, 1))")},
)
_WALL_SQL = fill(
    "([[days]] * 86400000 + toInt64(toUInt16OrZero(substring(written, 12, 2))) * 3600000 "
    "+ toInt64(toUInt16OrZero(substring(written, 15, 2))) * 60000 "
    "+ if(substring(written, 17, 1) = ':', toInt64(toUInt16OrZero(substring(written, 18, 2))), 0) * 1000 "
    "+ toInt64(toUInt16OrZero(substring(concat(extract(written, '[.]([0-9]{1,3})'), '00'), 1, 3))))",
    {"days": _DAYS_SQL},
)
_ZONED_SQL = sql("(length(written) > 10 AND match(written, '(?:Z|[+-][0-9]{2}:[0-9]{2})$'))")
_OFFSET_SQL = sql(
    "if(endsWith(written, 'Z'), 0, if(substring(written, -6, 1) = '-', -60000, 60000) "
    "* (toInt64(toUInt16OrZero(substring(written, -5, 2))) * 60 + toInt64(toUInt16OrZero(substring(written, -2, 2)))))"
)


def _of_date_sql(place: Place, meaning: Sql) -> Sql:
    """Whether the value is a date and the meaning holds of it."""
    return fill(
        "arrayExists((written, year, month, day) -> [[is_date]] AND [[meaning]], [ [[text]] ], "
        "[toInt64(toUInt16OrZero(substring([[text]], 1, 4)))], [toInt64(toUInt16OrZero(substring([[text]], 6, 2)))], "
        "[toInt64(toUInt16OrZero(substring([[text]], 9, 2)))])",
        {"is_date": _IS_DATE_SQL, "meaning": meaning, "text": place.text},
    )


Edge: TypeAlias = Callable[[Standpoint], tuple[int, int]]
"""The first moment of what lies behind an edge of time, and what the clock on the wall says there."""
Edges: TypeAlias = tuple[Edge | None, Edge | None]


def _at_day(day_from: Callable[[Standpoint], int]) -> Edge:
    """The beginning of a day, counted from 1970."""
    return lambda at: (start_of_day(day_from(at), at.zone), day_from(at) * DAY_MS)


def _at_moment(written: Written, later_ms: int = 0) -> Edge:
    def edge(at: Standpoint) -> tuple[int, int]:
        if written.offset_ms is not None:
            moment = written.wall_ms - written.offset_ms
            return moment + later_ms, wall_ms(moment, at.zone) + later_ms
        clock = datetime.combine(written.day, time()) + timedelta(milliseconds=written.wall_ms % DAY_MS)
        return moment_of_wall(clock, at.zone) + later_ms, written.wall_ms + later_ms

    return edge


def _asked(operand: str) -> Written:
    written = read_date(operand)
    if written is None:
        raise ValueError(f"{operand!r} is no date; a comparison checks what it is given")
    return written


def _before(operand: str) -> Edges:
    asked = _asked(operand)
    return None, _at_moment(asked) if asked.has_time else _at_day(lambda at: day_of(asked.day))


def _after(operand: str) -> Edges:
    asked = _asked(operand)
    return _at_moment(asked, 1) if asked.has_time else _at_day(lambda at: day_of(asked.day) + 1), None


def _on(operand: str) -> Edges:
    day = day_of(_asked(operand).day)
    return _at_day(lambda at: day), _at_day(lambda at: day + 1)


def _matches(edges: Edges, value: Json, at: Standpoint) -> bool:
    written = read_date(value)
    if written is None:
        return False

    def is_behind(edge: Edge) -> bool:
        moment, wall = edge(at)
        return written.wall_ms >= wall if written.offset_ms is None else written.wall_ms - written.offset_ms >= moment

    low, high = edges
    return (low is None or is_behind(low)) and (high is None or not is_behind(high))


def _sql(edges: Edges, place: Place, at: Standpoints) -> Sql:
    def is_behind(edge: Edge) -> Sql:
        # In brackets of their own: where everybody has a zone of their own, they are not values but expressions.
        return fill(
            "if([[zoned]], [[wall]] - [[offset]] >= ([[moment]]), [[wall]] >= ([[clock]]))",
            {
                "zoned": _ZONED_SQL,
                "wall": _WALL_SQL,
                "offset": _OFFSET_SQL,
                "moment": at.sql(lambda one: edge(one)[0]),
                "clock": at.sql(lambda one: edge(one)[1]),
            },
        )

    low, high = edges
    wanted = ([] if low is None else [is_behind(low)]) + ([] if high is None else [sql("NOT ") + is_behind(high)])
    return _of_date_sql(place, all_sql(*wanted))


def _dated(
    label: str,
    takes: Takes,
    edges: Callable[[Any], Edges],
    example: str | int,
    *,
    about: str = "",
    days_alike: Callable[[Json, Any, Standpoint], int | None] | None = None,
) -> Operator:
    return Operator(
        label,
        takes,
        lambda value, operand, at: _matches(edges(operand), value, at),
        lambda place, operand, at: _sql(edges(operand), place, at),
        example,
        about=about,
        days_alike=days_alike,
    )


def _from_today(
    label: str, low: Callable[[int], int] | None, high: Callable[[int], int] | None, example: int, about: str = ""
) -> Operator:
    """A day from `low` to before `high` days after today, each reckoned from the days asked for; None has no end."""

    def edge(shift: Callable[[int], int] | None, days: int) -> Edge | None:
        return None if shift is None else _at_day(lambda at: at.today + shift(days))

    def days_alike(value: Json, days: int, at: Standpoint) -> int | None:
        written = read_date(value)
        if written is None:
            return None
        return shifted_day_turns(written.day, at.today, (shift(days) for shift in (low, high) if shift is not None))

    return _dated(
        label,
        Takes.DAYS,
        lambda days: (edge(low, days), edge(high, days)),
        example,
        about=about,
        days_alike=days_alike,
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days of one year in which an anniversary may fall; days are month * 100 + day."""

    year: int
    first: int
    last: int

    @property
    def leap_day(self) -> int:
        """When whoever was born on a 29 February has a birthday in that year."""
        return _FEBRUARY_29 if isleap(self.year) else _FEBRUARY_28


def _stretches(today: int, first: int, last: int) -> tuple[_Stretch, _Stretch]:
    """The days from `first` to `last` days after today: of one year, and of the next, which may be none."""
    begin, end = date_of(today + first), date_of(today + last)
    if begin.year == end.year:
        return _Stretch(begin.year, _in_year(begin), _in_year(end)), _Stretch(end.year, 1, 0)
    return _Stretch(begin.year, _in_year(begin), _DECEMBER_31), _Stretch(end.year, 1, _in_year(end))


def _in_year(day: date) -> int:
    return day.month * 100 + day.day


def _anniversary(label: str, first_of: Callable[[int], int], example: int, about: str) -> Operator:
    """The day as it is written comes round again: a birthday is no moment, whatever clock was put with it."""

    def matches(value: Json, days: int, at: Standpoint) -> bool:
        written = read_date(value)
        if written is None:
            return False
        day = _in_year(written.day)
        return any(
            written.day.year < each.year and each.first <= (each.leap_day if day == _FEBRUARY_29 else day) <= each.last
            for each in _stretches(at.today, first_of(days), days)
        )

    def meaning(place: Place, days: int, at: Standpoints) -> Sql:
        def falls_in(which: int) -> Sql:
            def reckoned(number: Callable[[_Stretch], int]) -> Sql:
                return at.sql(lambda one: number(_stretches(one.today, first_of(days), days)[which]))

            return fill(
                "(year < [[year]] AND if(month = 2 AND day = 29, [[leap_day]], month * 100 + day) "
                "BETWEEN [[first]] AND [[last]])",
                {
                    "year": reckoned(lambda each: each.year),
                    "leap_day": reckoned(lambda each: each.leap_day),
                    "first": reckoned(lambda each: each.first),
                    "last": reckoned(lambda each: each.last),
                },
            )

        return _of_date_sql(place, any_sql(falls_in(0), falls_in(1)))

    def days_alike(value: Json, days: int, at: Standpoint) -> int | None:
        written = read_date(value)
        return None if written is None else anniversary_turns(written.day, at.today, first_of(days), days)

    return Operator(label, Takes.YEAR_DAYS, matches, meaning, example, about=about, days_alike=days_alike)


_LEAP_DAY = "29 February is kept on 28 February in years without one; the day itself is no anniversary"

DATE_OPERATORS: dict[str, Operator] = {
    "date_before": _dated("is a date before", Takes.DATE, _before, "2026-03-01"),
    "date_after": _dated("is a date after", Takes.DATE, _after, "2026-03-01", about="of a day: once it is over"),
    "date_on": _dated("is the date", Takes.DAY, _on, "2026-03-01", about="any time of that day"),
    "days_since_is": _from_today("is so many days ago:", lambda n: -n, lambda n: 1 - n, 3, "0 is today"),
    "days_since_at_least": _from_today("is at least so many days ago:", None, lambda n: 1 - n, 30),
    "days_since_at_most": _from_today(
        "is at most so many days ago:", lambda n: -n, lambda n: 1, 30, "today or earlier"
    ),
    "days_until_is": _from_today("is in so many days:", lambda n: n, lambda n: n + 1, 3, "0 is today"),
    "days_until_at_least": _from_today("is at least so many days ahead:", lambda n: n, None, 30),
    "days_until_at_most": _from_today(
        "is at most so many days ahead:", lambda n: 0, lambda n: n + 1, 30, "today or later"
    ),
    "anniversary_in_days": _anniversary(
        "has its anniversary in so many days:", lambda days: days, 3, f"such as a birthday; {_LEAP_DAY}"
    ),
    "anniversary_within_days": _anniversary(
        "has its anniversary within so many days:", lambda days: 0, 7, f"today with them; {_LEAP_DAY}"
    ),
}
