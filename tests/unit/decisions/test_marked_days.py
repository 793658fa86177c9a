"""What a calendar marks beside the times of a schedule: closed days and public holidays."""

from __future__ import annotations

from datetime import date

import pytest

from holdfast.decisions.closed_days import NEVER_CLOSED, decode_closed_days
from holdfast.decisions.days_off import countries, country_named, holidays_of, is_day_off
from holdfast.decisions.marked_days import COUNTRIES_MARKED, MONTHS_MARKED, countries_marked, marked_days


def test_closed_days_and_holidays_of_the_months_are_marked_in_order() -> None:
    closed = decode_closed_days("2027-01-01, 01-04, 2027-02-01", "closed_days")
    marked = marked_days([date(2027, 1, 20), date(2027, 1, 27)], ["DE", "DE-BY"], closed)
    assert [(each.day.day, each.closed, [country for country, _ in each.holidays]) for each in marked] == [
        (1, True, ["DE", "DE-BY"]),
        (4, True, []),
        (6, False, ["DE-BY"]),
    ]
    assert all(each.day.month == 1 for each in marked)


def test_whatever_is_marked_is_a_day_off_there() -> None:
    marked = marked_days([date(2026, month, 1) for month in range(1, 13)], ["US-CA"], NEVER_CLOSED)
    assert len(marked) > 8
    assert all(is_day_off(each.day, "US-CA") for each in marked)


def test_no_more_months_are_marked_than_a_year_has() -> None:
    times = [date(2026 + number // 12, number % 12 + 1, 1) for number in range(30)]
    marked = marked_days(times, [], decode_closed_days(", ".join(f"{month:02}-15" for month in range(1, 13)), "c"))
    assert len(marked) == MONTHS_MARKED
    assert marked[-1].day == date(2026, 12, 15)


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_days_like_others(year: int) -> None:
    closed = decode_closed_days("12-31", "closed_days")
    (last, *more) = marked_days([date(year, 12, 31)], [], closed)
    assert (last.day, more) == (date(year, 12, 31), [])


def test_a_named_country_is_the_only_one_and_else_those_where_most_live() -> None:
    assert countries_marked("AT", "DE", ["FR"]) == ("AT",)
    assert countries_marked("person", "DE", ["FR", None, "DE", "ES", "IT"]) == ("DE", "FR", "ES")
    assert countries_marked("person", None, [country_named("nowhere")]) == ()
    assert len(countries_marked("person", None, ["A", "B", "C", "D"])) == COUNTRIES_MARKED


@pytest.mark.parametrize(
    ("country", "language", "name"),
    [
        ("DE", "de", "Neujahr"),
        ("DE", "en", "New Year's Day"),
        ("JP", "de", "New Year's Day"),
        ("DE", "??", "New Year's Day"),
    ],
)
def test_a_holiday_is_named_in_the_language_asked_for_else_in_english(country: str, language: str, name: str) -> None:
    assert holidays_of(country, 2027, language)[date(2027, 1, 1)] == name


def test_every_country_there_is_has_names_for_its_holidays() -> None:
    for country in countries():
        assert all(holidays_of(country, 2027).values()), country
