"""Parts of the time of day and week, as the clock on the wall tells them: the hour, the weekday."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeAlias

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.segments.comparison import nearest
from holdfast.segments.condition import FieldKind

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = 24
_WEEK_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class ClockPart:
    """One part, counted from 0."""

    values: tuple[str | int, ...]
    """What each number is called."""
    words: Callable[[object], str]
    of: Callable[[datetime], int]
    """Of a moment in its time zone."""
    sql: Callable[[Sql], Sql]
    """Of the seconds a clock shows, counted as one in UTC would; they may be a day below 0."""

    def number(self, value: object, path: str) -> int:
        """The number of a value. Raises Invalid, with the path, when there is none such."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or value not in self.values:
            raise Invalid(
                f"{value!r:.100} is none of its values.",
                code="wrong_value",
                path=path,
                hint=nearest(str(value)[:100], [str(each) for each in self.values]),
            )
        return self.values.index(value)


CLOCK_PARTS: Mapping[str, ClockPart] = {
    "hour": ClockPart(
        values=tuple(range(HOURS)),
        words=lambda value: f"from {value}:00 to {value}:59",
        of=lambda moment: moment.hour,
        sql=lambda seconds: fill(
            "intDiv(([[seconds]] + [[week]]) % 86400, 3600)", {"seconds": seconds, "week": bind("Int64", _WEEK_SECONDS)}
        ),
    ),
    "weekday": ClockPart(
        values=WEEKDAYS,
        words=lambda value: f"on a {str(value).capitalize()}",
        of=lambda moment: moment.weekday(),
        # The first of 1970 was a Thursday.
        sql=lambda seconds: fill(
            "(intDiv([[seconds]] + [[week]], 86400) + 3) % 7",
            {"seconds": seconds, "week": bind("Int64", _WEEK_SECONDS)},
        ),
    ),
}

ClockPartName: TypeAlias = Annotated[
    str,
    FieldKind(
        "clock_part",
        "a part of the time of the event instead of a property: `hour` (0 to 23) or `weekday` (`monday` to `sunday`)",
        tries=tuple(CLOCK_PARTS),
        choices=tuple(CLOCK_PARTS),
    ),
]
