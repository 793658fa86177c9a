"""Kinds of fields that name times of the day, days of the week and whose clock tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, cast

from holdfast.decisions.fields import Choice, Kind, OrNull, Whole, at, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.clock_parts import WEEKDAYS
from holdfast.segments.zones import check_time_zone

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WALL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


@dataclass(frozen=True, slots=True)
class TimeOfDay(Kind):
    """A time of the day, to the minute or to the second."""

    def decode(self, value: object, path: str) -> time:
        if not isinstance(value, str):
            raise wrong_type(value, "text", path)
        read = _CLOCK.fullmatch(value)
        if read is None:
            raise Invalid(
                f"{value!r:.40} is no time of the day.",
                code="wrong_value",
                path=path,
                hint='Write hours and minutes, such as "09:30" or "18:00:30"; a day goes from "00:00" to "23:59:59".',
            )
        return time(int(read[1]), int(read[2]), int(read[3] or 0))

    def encode(self, value: object) -> Json:
        return time_words(cast("time", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "pattern": f"^{_CLOCK.pattern}$", "format": "time_of_day"}


@dataclass(frozen=True, slots=True)
class Weekdays(Kind):
    """Days of the week, at least one; kept in the order of the week."""

    def decode(self, value: object, path: str) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)):
            raise wrong_type(value, "a list of weekdays", path)
        named = {Choice(WEEKDAYS).decode(each, at(path, index)) for index, each in enumerate(value)}
        if not named:
            raise Invalid(
                "There is no day in this list.",
                code="empty",
                path=path,
                hint='Name at least one, such as "monday", or leave the field out for every day.',
            )
        return tuple(day for day in WEEKDAYS if day in named)

    def encode(self, value: object) -> Json:
        return list(cast("tuple[str, ...]", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1, "format": "weekdays"}


@dataclass(frozen=True, slots=True)
class TimeZone(Kind):
    """Whose clock tells the time: `workspace`, `person`, or the name of a zone."""

    def decode(self, value: object, path: str) -> str:
        check_time_zone(value, path)
        return cast("str", value)

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "time_zone"}


@dataclass(frozen=True, slots=True)
class Days(Kind):
    """A whole number of days, before (less than 0) or after."""

    most: int = 3_652

    def decode(self, value: object, path: str) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(value, "a whole number of days", path)
        if abs(value) > self.most:
            raise Invalid(
                f"{value} days is too far.",
                code="out_of_range",
                path=path,
                hint=f"Use -{self.most} to {self.most}; less than 0 is before.",
            )
        return value

    def schema(self) -> dict[str, Json]:
        return {"type": "integer", "minimum": -self.most, "maximum": self.most, "format": "days"}


TIMES_MOST = 48
"""Times in one day, or days named one by one in a month."""
DATES_MOST = 366
"""Dates named one by one."""


@dataclass(frozen=True, slots=True)
class TimesOfDay(Kind):
    """Times of the day, at least one; kept in order."""

    def decode(self, value: object, path: str) -> tuple[time, ...]:
        found = {TimeOfDay().decode(each, at(path, index)) for index, each in enumerate(_some(value, path, TIMES_MOST))}
        return tuple(sorted(found))

    def encode(self, value: object) -> Json:
        return [time_words(each) for each in cast("tuple[time, ...]", value)]

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": TimeOfDay().schema(), "minItems": 1, "format": "times_of_day"}


@dataclass(frozen=True, slots=True)
class Day(Kind):
    """A day of the calendar, such as 2026-12-01."""

    def decode(self, value: object, path: str) -> date:
        if not isinstance(value, str):
            raise wrong_type(value, "text", path)
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise Invalid(f"{value!r:.40} is no day.", code="wrong_value", path=path, hint='Write it like "2026-12-01".')

    def encode(self, value: object) -> Json:
        return cast("date", value).isoformat()

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "date"}


@dataclass(frozen=True, slots=True)
class WallTimes(Kind):
    """What clocks say on some days, such as 2026-12-01T09:00; at least one, kept in order."""

    def decode(self, value: object, path: str) -> tuple[datetime, ...]:
        given = _some(value, path, DATES_MOST)
        return tuple(sorted({_wall(each, at(path, index)) for index, each in enumerate(given)}))

    def encode(self, value: object) -> Json:
        return [wall_words(each) for each in cast("tuple[datetime, ...]", value)]

    def schema(self) -> dict[str, Json]:
        wall: dict[str, Json] = {"type": "string", "format": "wall_time"}
        return {"type": "array", "items": wall, "minItems": 1, "format": "wall_times"}


@dataclass(frozen=True, slots=True)
class DaysOfMonth(Kind):
    """Days of the month by number, 1 to 31; at least one, kept in order."""

    def decode(self, value: object, path: str) -> tuple[int, ...]:
        days = Whole(least=1, most=31)
        given = _some(value, path, TIMES_MOST)
        return tuple(sorted({days.decode(each, at(path, index)) for index, each in enumerate(given)}))

    def encode(self, value: object) -> Json:
        return list(cast("tuple[int, ...]", value))

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": Whole(least=1, most=31).schema(), "minItems": 1, "format": "days_of_month"}


def _some(value: object, path: str, most: int) -> list[object]:
    """The elements of a list that may not be empty, nor longer than so many."""
    if not isinstance(value, (list, tuple)):
        raise wrong_type(value, "a list", path)
    if not value:
        raise Invalid("This list is empty.", code="empty", path=path, hint="Name at least one.")
    if len(value) > most:
        raise Invalid(f"{len(value):,} are too many.", code="too_long", path=path, hint=f"Name {most} or fewer.")
    return list(value)


def _wall(value: object, path: str) -> datetime:
    if not isinstance(value, str):
        raise wrong_type(value, "text", path)
    try:
        if _WALL.fullmatch(value):
            return datetime.fromisoformat(value)  # What a clock says, wherever it hangs.
    except ValueError:
        pass
    raise Invalid(
        f"{value!r:.40} is no day and time.",
        code="wrong_value",
        path=path,
        hint='Write it like "2026-12-01T09:00", without a zone; time_zone says whose clock it is.',
    )


ClockTime = Annotated[time, TimeOfDay()]
ClockTimes = Annotated[tuple[time, ...], TimesOfDay()]
CalendarDay = Annotated[date, Day()]
CalendarDayOrNone = Annotated[date | None, OrNull(Day())]
WallTimeSet = Annotated[tuple[datetime, ...], WallTimes()]
MonthDays = Annotated[tuple[int, ...] | None, OrNull(DaysOfMonth())]
WeekdaySet = Annotated[tuple[str, ...], Weekdays()]
WhoseTime = Annotated[str, TimeZone()]
DayOffset = Annotated[int, Days()]


def time_words(at: time) -> str:
    """The time as people write it.

    >>> time_words(time(9, 0)), time_words(time(18, 0, 30))
    ('09:00', '18:00:30')
    """
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def wall_words(at: datetime) -> str:
    """The day and the time, as a field says it.

    >>> wall_words(datetime(2026, 12, 1, 9))
    '2026-12-01T09:00'
    """
    return at.isoformat(timespec="seconds" if at.second else "minutes")


def weekday_words(days: tuple[str, ...]) -> str:
    """The days, short, with a space before them; nothing for every day.

    >>> weekday_words(("monday", "sunday"))
    ' on Mon, Sun'
    """
    return "" if days == WEEKDAYS else f" on {', '.join(day[:3].capitalize() for day in days)}"
