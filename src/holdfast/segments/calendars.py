"""Stretches of the calendar: today, last week, the last three months."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.segments.comparison import nearest
from holdfast.segments.condition import FieldKind, Part
from holdfast.segments.zones import day_of, moment_of_wall, start_of_day, wall_ms

Unit = Literal["day", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = get_args(Unit)
_UNITS_MOST = {"day": 36_525, "week": 5_218, "month": 1_200, "quarter": 400, "year": 100}
"""A hundred years of each."""
_MONTHS = {"month": 1, "quarter": 3, "year": 12}

UnitName: TypeAlias = Annotated[
    str, FieldKind("calendar_unit", "`" + "`, `".join(UNITS) + "`; weeks begin on Monday", tries=UNITS, choices=UNITS)
]
Units: TypeAlias = Annotated[int, FieldKind("calendar_count", "how many of them", tries=(1, 2, 3, 13, 60))]
Back: TypeAlias = Annotated[
    int, FieldKind("calendar_back", "how many ago the last of them is; 0 is the one that runs", tries=(0, 1, 2, 12))
]
Rolling: TypeAlias = Annotated[
    bool, FieldKind("calendar_rolling", "counted back from now instead, to the same time of day", tries=(True, False))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar(Part):
    """`count` whole days, weeks, months, quarters or years, the last of them `back` before the one that runs.

    `{"unit": "day"}` is today, `{"unit": "month", "back": 1}` last month, `{"unit": "day", "count": 3}` today and the
    two days before. With `rolling` it is the time from `back` + `count` units ago to `back` units ago, by the calendar:
    a month before 31 March is 28 or 29 February, at the same time of day.
    """

    unit: UnitName
    count: Units = 1
    back: Back = 0
    rolling: Rolling = False

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise Invalid(
                f"There is no unit {self.unit!r:.100}.",
                code="wrong_value",
                path="$.unit",
                hint=nearest(str(self.unit)[:100], UNITS),
            )
        _check_units(self.count, 1, _UNITS_MOST[self.unit], "$.count")
        _check_units(self.back, 0, _UNITS_MOST[self.unit], "$.back")
        if not isinstance(self.rolling, bool):
            raise Invalid("This is neither true nor false.", code="wrong_type", path="$.rolling", hint="Write true.")

    def edges_ms(self, now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
        """The first moment that is in it and the first that is not any more, as it lies at `now_ms`."""
        if self.rolling:
            since, until = self.walls(now_ms, zone)
            # What is counted back from now ends with its last moment, and begins just after its first, as days do.
            until_ms = moment_of_wall(until, zone) if self.back else now_ms
            return moment_of_wall(since, zone) + 1, until_ms + 1
        today = from_millis(now_ms).astimezone(zone).replace(tzinfo=None)
        first = _floor(today.date(), self.unit)
        since, until = (_moved(datetime.combine(first, datetime.min.time()), self.unit, units) for units in self._units)
        return start_of_day(day_of(since.date()), zone), start_of_day(day_of(until.date()), zone)

    def walls(self, now_ms: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """What the clock on the wall said at either end of it, counted back from now: of one that is `rolling`."""
        wall = datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(milliseconds=wall_ms(now_ms, zone))
        return _moved(wall, self.unit, -self.back - self.count), _moved(wall, self.unit, -self.back)

    def running_until_ms(self, now_ms: int, zone: ZoneInfo) -> int:
        """When the unit that runs at `now_ms` ends; of one that is not `rolling`."""
        return Calendar(unit=self.unit).edges_ms(now_ms, zone)[1]

    @property
    def _units(self) -> tuple[int, int]:
        """From and until when, counted in units from the one that runs."""
        return 1 - self.count - self.back, 1 - self.back

    def words(self) -> str:
        """The stretch in plain words, such as `in the last 3 calendar months`."""
        if self.rolling:
            if self.back == 0:
                return f"in the last {self._many(self.count)}"
            return f"between {self.back} and {self._many(self.back + self.count)} ago"
        if self.count == 1:
            return self._one()
        if self.back == 0:
            return f"in the last {self.count} calendar {self.unit}s"
        before = "today" if self.unit == "day" else f"this {self.unit}"
        gap = "" if self.back == 1 else f" and {self._many(self.back - 1)}"
        return f"in the {self.count} calendar {self.unit}s before {before}{gap}"

    def _one(self) -> str:
        if self.back > 1:
            return f"in the calendar {self.unit} {self._many(self.back)} ago"
        if self.unit == "day":
            return "yesterday" if self.back else "today"
        return f"{'last' if self.back else 'this'} {self.unit}"

    def _many(self, units: int) -> str:
        return self.unit if units == 1 and self.rolling and self.back == 0 else _units_words(units, self.unit)


def _units_words(units: int, unit: str) -> str:
    return f"1 {unit}" if units == 1 else f"{units} {unit}s"


def _moved(at: datetime, unit: str, units: int) -> datetime:
    """So many units later, at the same time of day; where a month is too short, on its last day."""
    match unit:
        case "day":
            return at + timedelta(days=units)
        case "week":
            return at + timedelta(weeks=units)
    years, month = divmod(at.month - 1 + units * _MONTHS[unit], 12)
    year = at.year + years
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def _floor(day: date, unit: str) -> date:
    """The first day of the unit that a day is in."""
    match unit:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _check_units(value: object, least: int, most: int, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("This is not a whole number.", code="wrong_type", path=path, hint="Write a number such as 3.")
    if not least <= value <= most:
        raise Invalid(
            f"{value} is out of bounds.",
            code="out_of_range",
            path=path,
            hint=f"Use {least} to {most}: a hundred years.",
        )
