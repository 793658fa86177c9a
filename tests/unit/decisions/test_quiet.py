from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.quiet import QuietHours, decode_quiet
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis, to_millis

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE_MS = 60_000


def hours(since: str, until: str) -> QuietHours:
    found = decode_quiet(since, until, "defer")
    assert found is not None
    return found


def over(quiet: QuietHours, at: datetime) -> datetime:
    assert isinstance(at.tzinfo, ZoneInfo)
    return from_millis(quiet.over_ms(to_millis(at.astimezone(UTC)), at.tzinfo)).astimezone(at.tzinfo)


def test_they_go_through_midnight() -> None:
    night = hours("22:00", "08:00")
    morning = datetime(2026, 6, 3, 8, 0, tzinfo=BERLIN)
    for at in (
        datetime(2026, 6, 2, 22, 0, tzinfo=BERLIN),
        datetime(2026, 6, 3, 0, 0, tzinfo=BERLIN),
        datetime(2026, 6, 3, 7, 59, 59, 999_000, tzinfo=BERLIN),
    ):
        assert over(night, at) == morning
    for at in (datetime(2026, 6, 2, 21, 59, 59, 999_000, tzinfo=BERLIN), morning):
        assert over(night, at) == at


def test_they_may_lie_within_a_day() -> None:
    noon = hours("12:00", "14:30")
    assert over(noon, datetime(2026, 6, 2, 12, 0, tzinfo=BERLIN)) == datetime(2026, 6, 2, 14, 30, tzinfo=BERLIN)
    for hour in (0, 11, 15, 23):
        at = datetime(2026, 6, 2, hour, 0, tzinfo=BERLIN)
        assert over(noon, at) == at


@pytest.mark.parametrize(
    ("at", "long"),
    [
        (datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN), timedelta(hours=8)),  # Clocks go from 2 to 3.
        (datetime(2026, 10, 24, 23, 0, tzinfo=BERLIN), timedelta(hours=10)),  # Clocks go from 3 to 2.
        (datetime(2026, 6, 1, 23, 0, tzinfo=BERLIN), timedelta(hours=9)),
    ],
)
def test_they_end_by_the_clock_on_the_wall_when_it_is_changed(at: datetime, long: timedelta) -> None:
    end = over(hours("22:00", "08:00"), at)
    assert (end.hour, end.minute) == (8, 0)
    assert end.astimezone(UTC) - at.astimezone(UTC) == long


def test_an_end_that_the_clock_leaps_over_is_where_it_leaps() -> None:
    end = over(hours("22:00", "02:30"), datetime(2026, 3, 29, 1, 0, tzinfo=BERLIN))
    assert end == datetime(2026, 3, 29, 3, 0, tzinfo=BERLIN)


def test_quiet_hours_that_the_clock_goes_back_into_come_again() -> None:
    night = hours("22:00", "02:30")
    assert over(night, datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN)) == datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    again = over(night, datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=BERLIN))
    assert (again.hour, again.minute, again.fold) == (2, 30, 1)


ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "Africa/Casablanca")
minutes = st.integers(0, 1439)
YEAR = to_millis(datetime(2026, 1, 1, tzinfo=UTC)) // MINUTE_MS
moments = st.integers(YEAR, YEAR + 366 * 1440)
CHANGES = ((3, 29), (10, 25), (4, 4), (10, 3), (3, 8), (11, 1), (2, 15))
near_changes = st.tuples(
    st.sampled_from([datetime(2026, month, day, 1, tzinfo=UTC) for month, day in CHANGES]),
    st.integers(-2000, 2000),
).map(lambda each: to_millis(each[0]) // MINUTE_MS + each[1])


windows = st.tuples(minutes, minutes).filter(lambda each: each[0] != each[1])


@given(windows, st.one_of(moments, near_changes), st.sampled_from(ZONES))
def test_they_are_over_at_the_first_minute_the_clock_says_so(window: tuple[int, int], minute: int, name: str) -> None:
    zone, quiet = ZoneInfo(name), QuietHours(from_minute=window[0], until_minute=window[1])

    def holds(at: int) -> bool:
        wall = datetime.fromtimestamp(at * 60, zone)
        now = wall.hour * 60 + wall.minute
        return (now - window[0]) % 1440 < (window[1] - window[0]) % 1440

    end = quiet.over_ms(minute * MINUTE_MS, zone)
    assert end % MINUTE_MS == 0
    assert all(holds(at) for at in range(minute, end // MINUTE_MS, 7))
    assert end // MINUTE_MS == minute or holds(end // MINUTE_MS - 1)
    assert not holds(end // MINUTE_MS)
    assert quiet.hold(minute * MINUTE_MS, zone) == holds(minute)


@pytest.mark.parametrize(
    ("since", "until", "path"),
    [
        ("22:00", "", "quiet_until"),
        ("", "08:00", "quiet_from"),
        ("22:00", "22:00", "quiet_until"),
        ("22", "08:00", "quiet_from"),
        ("24:00", "08:00", "quiet_from"),
        ("22:00", "8:00", "quiet_until"),
        ("22:00", "08:60", "quiet_until"),
        ("22:00", "08:00\n", "quiet_until"),
    ],
)
def test_what_are_no_quiet_hours_is_refused_with_a_remedy(since: str, until: str, path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode_quiet(since, until, "drop")
    assert refusal.value.path == path
    assert refusal.value.hint


def test_none_are_none() -> None:
    assert decode_quiet("", "", "defer") is None


@pytest.mark.parametrize(("since", "until"), [(5, 5), (-1, 5), (5, 1440)])
def test_hours_that_cannot_be_cannot_be_built(since: int, until: int) -> None:
    with pytest.raises(ValueError, match="use"):
        QuietHours(from_minute=since, until_minute=until)
