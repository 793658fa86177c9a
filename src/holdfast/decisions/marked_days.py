"""Marked days: what a calendar marks beside the times of a schedule, so that nobody is surprised by a day off."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from holdfast.decisions.closed_days import ClosedDays
from holdfast.decisions.days_off import ENGLISH, PERSON, holidays_of

MONTHS_MARKED = 12
"""How many of the months in which there is a time are marked, the soonest first."""
COUNTRIES_MARKED = 3
"""Of how many countries the public holidays are told, those where most people live first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedDay:
    """A day on which the business is closed, or somewhere nobody works."""

    day: date
    closed: bool
    """Whether the business itself is closed."""
    holidays: tuple[tuple[str, str], ...]
    """Countries in which it is a public holiday, each with what it is called."""


def marked_days(
    times: Iterable[date], countries: Sequence[str], closed: ClosedDays, language: str = ENGLISH
) -> tuple[MarkedDay, ...]:
    """The closed days and public holidays of the months in which these times are, in order.

    Args:
        countries: whose holidays, such as DE or US-CA.
        language: in which they are named, so far as they are: two letters.
    """
    months = sorted({(each.year, each.month) for each in times})[:MONTHS_MARKED]
    named = {country: {year: holidays_of(country, year, language) for year, _ in months} for country in countries}
    found = []
    for year, month in months:
        for day in _days_in(year, month):
            there = tuple((country, by[year][day]) for country, by in named.items() if day in by[year])
            if there or day in closed:
                found.append(MarkedDay(day=day, closed=day in closed, holidays=there))
    return tuple(found)


def countries_marked(country: str, default: str | None, lived_in: Iterable[str | None]) -> tuple[str, ...]:
    """Whose holidays a schedule minds: the country it names, or those in which most people live.

    Args:
        country: a country, or `person` for the one of each person.
        default: the country of those of whom it is not known.
        lived_in: countries as people's traits name them, the commonest first; None for what names none.
    """
    if country != PERSON:
        return (country,)
    named = [each for each in (default, *lived_in) if each is not None]
    return tuple(dict.fromkeys(named))[:COUNTRIES_MARKED]


def _days_in(year: int, month: int) -> Iterable[date]:
    return (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
