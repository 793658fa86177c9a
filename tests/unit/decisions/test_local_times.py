"""When the clock on the wall shows a time, against looking at the clock every second."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.decisions.local_times import moment_at, next_moment_at, weekday_of
from holdfast.segments.clock_parts import WEEKDAYS

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Africa/Monrovia")
EVERY_DAY = frozenset(WEEKDAYS)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # Year, month, day and so on, in order.


def first_shown(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The first second of which the clock shows that time of that day or a later one, by looking at each minute."""
    wall = datetime.combine(day, at)
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=27)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += timedelta(minutes=1)
    moment -= timedelta(minutes=1)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += timedelta(seconds=1)
    return moment


CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),
    "Asia/Beirut": (date(2026, 3, 29), date(2026, 10, 25)),
    "Africa/Monrovia": (date(1972, 1, 7), date(1972, 1, 6)),
}


@settings(max_examples=60)
@given(st.sampled_from(ZONES), st.integers(0, 1), st.integers(-1, 1), st.integers(0, 4 * 3600 - 1), st.booleans())
def test_it_is_the_first_second_the_clock_shows_it(name: str, which: int, days: int, second: int, late: bool) -> None:
    zone, day = ZoneInfo(name), CHANGES[name][which] + timedelta(days=days)
    minutes, seconds = divmod(second + (20 * 3600 if late else 0), 60)
    at = time(minutes // 60, minutes % 60, seconds)
    assert moment_at(day, at, zone) == first_shown(day, at, zone)


@pytest.mark.parametrize(
    ("name", "day", "at", "moment"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), utc(2026, 3, 29, 1)),
        ("Europe/Berlin", date(2026, 3, 29), time(1, 59, 59), utc(2026, 3, 29, 0, 59, 59)),
        ("Europe/Berlin", date(2026, 3, 29), time(3, 0), utc(2026, 3, 29, 1)),
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), utc(2026, 10, 25, 0, 30)),
        ("Europe/Berlin", date(2026, 10, 25), time(3, 0), utc(2026, 10, 25, 2)),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), utc(2026, 10, 3, 15, 30)),
        ("America/Havana", date(2026, 3, 8), time(0, 30), utc(2026, 3, 8, 5)),
        ("America/Havana", date(2026, 11, 1), time(0, 30), utc(2026, 11, 1, 4, 30)),
        ("Africa/Monrovia", date(1972, 1, 7), time(0, 20), utc(1972, 1, 7, 0, 44, 30)),
        ("Pacific/Apia", date(2011, 12, 30), time(9, 0), utc(2011, 12, 30, 10)),
    ],
)
def test_days_on_which_clocks_change(name: str, day: date, at: time, moment: datetime) -> None:
    assert moment_at(day, at, ZoneInfo(name)) == moment


@settings(max_examples=60)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 1),
    st.integers(-2 * 86_400, 2 * 86_400),
    st.sampled_from((time(), time(0, 30), time(1, 30), time(2, 30), time(9), time(23, 30), time(23, 59, 59))),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
)
def test_the_next_is_later_on_a_wanted_day_and_none_lies_between(
    name: str, which: int, second: int, at: time, days: set[str]
) -> None:
    zone = ZoneInfo(name)
    after = datetime.combine(CHANGES[name][which], time(), UTC) + timedelta(seconds=second)
    found = next_moment_at(after, at, days, zone)
    around = [after.date() + timedelta(days=number) for number in range(-2, 18)]
    moments = [moment_at(day, at, zone) for day in around if weekday_of(day) in days]
    assert found == min(moment for moment in moments if moment > after)


def test_a_time_that_comes_twice_is_past_after_the_first() -> None:
    berlin, half_past_two = ZoneInfo("Europe/Berlin"), time(2, 30)
    first = utc(2026, 10, 25, 0, 30)
    assert next_moment_at(first - timedelta(seconds=1), half_past_two, EVERY_DAY, berlin) == first
    assert next_moment_at(first, half_past_two, EVERY_DAY, berlin) == utc(2026, 10, 26, 1, 30)
    between = utc(2026, 10, 25, 1, 10)
    assert between.astimezone(berlin).hour == 2
    assert next_moment_at(between, half_past_two, EVERY_DAY, berlin) == utc(2026, 10, 26, 1, 30)


def test_the_only_day_of_the_week_comes_again_in_a_week() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    sunday = utc(2026, 3, 22, 8)
    assert next_moment_at(sunday, time(9), {"sunday"}, berlin) == utc(2026, 3, 29, 7)
    assert next_moment_at(sunday - timedelta(seconds=1), time(9), {"sunday"}, berlin) == sunday
