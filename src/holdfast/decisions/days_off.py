"""Days off: weekends and public holidays of a country, from the `holidays` library, and what the business says.

Like the tables of time zones, the calendars are data that come with a release: asking twice gives the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Literal, cast

from holdfast.decisions.closed_days import NEVER_CLOSED, ClosedDays
from holdfast.decisions.fields import Kind, wrong_type
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Facts

COUNTRY_TRAIT = "country"
"""The trait that names the country a person lives in: two letters, and a region after a hyphen where one is known."""
PERSON = "person"
ENGLISH = "en"
OnDayOff = Literal["keep", "skip", "shift"]
ON_DAY_OFF: tuple[OnDayOff, ...] = ("keep", "skip", "shift")
SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True, slots=True)
class Country(Kind):
    """`person`, or a country by two letters, with or without a region: DE, DE-BY, US-CA."""

    person: bool = True
    """Whether `person` is allowed."""

    def decode(self, value: object, path: str) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, "text", path)
        if (value == PERSON and self.person) or country_named(value) == value:
            return value
        near = get_close_matches(value[:20].upper(), countries(), n=1)
        raise Invalid(
            f"There is no calendar of public holidays for {value!r:.40}.",
            code="unknown_country",
            path=path,
            hint=f"Did you mean {near[0]!r}?" if near else "Use two letters, such as DE, or with a region: DE-BY.",
        )

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "country"}


def country_for(country: str, default: str | None, facts: Facts) -> str | None:
    """Whose days off count for one person; None where it is not known."""
    if country != PERSON:
        return country
    said = facts.traits.get(COUNTRY_TRAIT)
    return (country_named(said) if isinstance(said, str) else None) or default


def is_day_off(day: date, country: str | None, closed: ClosedDays = NEVER_CLOSED) -> bool:
    """Whether it is a weekend or a public holiday there, or the business is closed.

    Of no known country, a Saturday or a Sunday is one.
    A day on which people work in the place of another, which some countries declare, is no day off.
    """
    if day in closed:
        return True
    if country is None:
        return day.weekday() in (SATURDAY, SUNDAY)
    weekend, off, worked = _days(country, day.year)
    return day in off or (day.weekday() in weekend and day not in worked)


@lru_cache(maxsize=256)
def holidays_of(country: str, year: int, language: str = ENGLISH) -> Mapping[date, str]:
    """The public holidays of a country in a year, and what they are called.

    Args:
        language: two letters; where there are no names in it, they are in English, else as they are called there.
    """
    import holidays  # noqa: PLC0415  # As below.

    code, _, region = country.partition("-")
    spoken = getattr(holidays, code).supported_languages
    named = next((each for wanted in (language, ENGLISH) for each in spoken if each.startswith(wanted)), None)
    return dict(holidays.country_holidays(code, subdiv=region or None, years=year, language=named))


@cache
def countries() -> Mapping[str, frozenset[str]]:
    """Every country there is a calendar for, by its two letters, with its regions."""
    import holidays  # noqa: PLC0415  # A third of a second, and most of what is run never asks.

    listed = cast("Mapping[str, list[str]]", holidays.list_supported_countries(include_aliases=False))
    return {code: frozenset(regions) for code, regions in listed.items() if len(code) == len("DE")}


def country_named(written: str) -> str | None:
    """The country a text names: with the region if there is a calendar for it, else without; None for none."""
    code, _, region = written.strip().upper().partition("-")
    if code not in countries():
        return None
    found = _regions(code).get(region)
    return code if found is None else f"{code}-{found}"


@cache
def _regions(code: str) -> Mapping[str, str]:
    """The regions of a country as they are named, by their names in capitals."""
    return {each.upper(): each for each in countries()[code]}


@lru_cache(maxsize=4_096)
def _days(country: str, year: int) -> tuple[frozenset[int], frozenset[date], frozenset[date]]:
    """The weekdays of the weekend, the public holidays of the year, and the weekend days that are worked."""
    import holidays  # noqa: PLC0415  # As above.

    code, _, region = country.partition("-")
    told = holidays.country_holidays(code, subdiv=region or None, years=year)
    worked = frozenset(getattr(told, "weekend_workdays", ()))
    return frozenset(told.weekend), frozenset(told), worked
