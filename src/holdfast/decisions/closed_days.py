"""Closed days: when the business itself is closed, which schedules that mind days off mind as they do holidays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from holdfast.kernel.errors import Invalid

CLOSED_IN_A_ROW_MOST = 60
"""Days of one span on which the business is closed."""
CLOSED_YEARLY_MOST = 180
"""Days of every year on which it is closed: on the others something can be sent."""
CLOSED_DAYS_MOST = 1_000
LEAP_YEAR = 2024
"""Any year that has every day there is."""
_ONE_DAY = r"(?:\d{4}-)?\d{2}-\d{2}"
_SPAN = re.compile(rf"({_ONE_DAY})(?:\s+to\s+({_ONE_DAY}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDays:
    """Days on which the business itself is closed, wherever the person lives."""

    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    """Month and day, of every year."""

    def __contains__(self, day: date) -> bool:
        return day in self.dates or (day.month, day.day) in self.yearly


NEVER_CLOSED = ClosedDays()


def decode_closed_days(text: str, path: str) -> ClosedDays:
    """Closed days as the setting has them: `2026-12-28, 12-24, 2027-08-02 to 2027-08-13`; without a year, every year.

    Raises Invalid.
    """
    dates: set[date] = set()
    yearly: set[tuple[int, int]] = set()
    for said in (each.strip() for each in re.split(r"[,;]", text)):
        if not said:
            continue
        days = list(_span(said, path))
        if len(said.partition(" ")[0]) == len("12-24"):
            yearly.update((each.month, each.day) for each in days)
        else:
            dates.update(days)
    if len(yearly) > CLOSED_YEARLY_MOST or len(dates) > CLOSED_DAYS_MOST:
        raise Invalid(
            f"has more than {CLOSED_YEARLY_MOST} days of every year, or {CLOSED_DAYS_MOST} dates.",
            path=path,
            hint="Leave out those that are over.",
        )
    return ClosedDays(dates=frozenset(dates), yearly=frozenset(yearly))


def _span(said: str, path: str) -> Iterator[date]:
    """The days of one entry, in order; of one without a year, as of some year."""
    found = _SPAN.fullmatch(said)
    ends = () if found is None else tuple(each for each in found.groups() if each is not None)
    if not ends or len({len(each) for each in ends}) > 1:
        raise _no_day(said, path)
    every_year = len(ends[0]) == len("12-24")
    try:
        first, last = (date.fromisoformat(f"{LEAP_YEAR}-{each}" if every_year else each) for each in (ends * 2)[:2])
    except ValueError as error:
        raise _no_day(said, path) from error
    if every_year and last < first:
        last = last.replace(year=LEAP_YEAR + 1) if (last.month, last.day) != (2, 29) else date(LEAP_YEAR + 1, 3, 1)
    count = (last - first).days + 1
    if not 1 <= count <= CLOSED_IN_A_ROW_MOST:
        raise Invalid(
            f"{said!r:.60} ends before it begins, or is longer than {CLOSED_IN_A_ROW_MOST} days.",
            path=path,
            hint="Write the first day, `to`, and the last day: 2026-12-28 to 2027-01-02.",
        )
    return (first + timedelta(days=number) for number in range(count))


def _no_day(said: str, path: str) -> Invalid:
    return Invalid(
        f"{said!r:.60} is no day.",
        path=path,
        hint="Write days with commas between them: 2026-12-28, or 12-24 for every year, or 2027-08-02 to 2027-08-13.",
    )
