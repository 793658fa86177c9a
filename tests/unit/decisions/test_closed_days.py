"""Days on which the business is closed: how they are said, and that schedules mind them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.broadcast import Timed
from holdfast.decisions.closed_days import CLOSED_IN_A_ROW_MOST, ClosedDays, decode_closed_days
from holdfast.decisions.days_off import is_day_off
from holdfast.decisions.fields import decode_fields
from holdfast.decisions.nodes import start_types
from holdfast.decisions.start import Admitted, Applicant, Occasion
from holdfast.kernel.errors import Invalid
from holdfast.profiles.profile import EMPTY
from holdfast.segments.facts import ProfileFacts

HOLIDAYS = decode_closed_days("2026-12-28 to 2027-01-02, 05-04; 2026-05-06", "closed_days")
MONDAY = date(2026, 5, 4)


def a_start(**said: Any) -> Timed:
    fields = {"at": ["2026-05-04T12:00:00"], "time_zone": "UTC", "latest_seconds": 60, **said}
    made = decode_fields(start_types()["dates"], fields, "$")
    assert isinstance(made, Timed)
    return made


def asked(start: Timed, day: date, closed: ClosedDays, *, hours_late: int = 0) -> object:
    at = datetime.combine(day, time(12), UTC)
    wall = at.replace(tzinfo=None)
    occasion = Occasion(run=1, key=wall.isoformat(), at=at, wall=wall)
    now = at + timedelta(hours=hours_late)
    applicant = Applicant(origin="news", person_key="ada", facts=ProfileFacts(EMPTY), now=now, closed=closed)
    return start.admits(occasion, applicant)


@pytest.mark.parametrize(
    ("said", "inside", "outside"),
    [
        ("2026-12-28", ["2026-12-28"], ["2027-12-28", "2026-12-27"]),
        ("12-24", ["2026-12-24", "2031-12-24"], ["2026-12-23"]),
        (" 12-27 to 01-02 ;", ["2026-12-27", "2026-12-31", "2027-01-01", "2027-01-02"], ["2026-12-26", "2027-01-03"]),
        ("2027-08-02  to 2027-08-04", ["2027-08-02", "2027-08-03", "2027-08-04"], ["2027-08-05", "2028-08-03"]),
        ("02-29", ["2028-02-29"], ["2027-02-28", "2027-03-01"]),
        ("02-20 to 02-29", ["2028-02-29", "2027-02-28"], ["2027-03-01"]),
        ("", [], ["2026-01-01"]),
    ],
)
def test_days_are_said_one_by_one_in_spans_or_for_every_year(said: str, inside: list[str], outside: list[str]) -> None:
    closed = decode_closed_days(said, "closed_days")
    assert [each for each in inside if date.fromisoformat(each) not in closed] == []
    assert [each for each in outside if date.fromisoformat(each) in closed] == []


@pytest.mark.parametrize(
    "said",
    [
        "Christmas",
        "2026-13-01",
        "2027-02-29",
        "02-30",
        "2026-12-28 to 01-02",
        "2026-12-28 to 2026-12-27",
        "2026-01-01 to 2026-12-31",
        "03-01 to 02-28",
        "2026-12-28 until 2026-12-29",
        "01-01 to 02-25, 03-01 to 04-25, 05-01 to 06-25, 07-01 to 08-25",
        "9999-12-31 to 9999-12-30",
    ],
)
def test_what_is_no_day_is_refused_with_what_to_write(said: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_closed_days(said, "closed_days")
    assert refused.value.path == "closed_days"
    assert refused.value.hint


def test_a_closed_day_is_a_day_off_in_every_country() -> None:
    assert [is_day_off(MONDAY, country, HOLIDAYS) for country in (None, "DE", "US-CA")] == [True, True, True]
    assert not is_day_off(MONDAY, "DE")


@pytest.mark.parametrize(
    ("on_day_off", "came"), [("keep", "2026-05-04T12:00:00"), ("skip", "day_off"), ("shift", "2026-05-05T12:00:00")]
)
def test_a_schedule_keeps_skips_or_shifts_a_closed_day(on_day_off: str, came: str) -> None:
    answer = asked(a_start(on_day_off=on_day_off), MONDAY, HOLIDAYS)
    assert (answer.key if isinstance(answer, Admitted) else answer) == came
    # Where it is open nothing is different.
    other = asked(a_start(on_day_off=on_day_off), MONDAY, ClosedDays())
    assert isinstance(other, Admitted)
    assert other.key == "2026-05-04T12:00:00"


def test_a_time_that_is_past_comes_on_the_next_day_that_is_open() -> None:
    start = a_start(on_day_off="shift", if_past="next_day")
    answer = asked(start, date(2026, 5, 5), HOLIDAYS, hours_late=3)
    assert isinstance(answer, Admitted)
    assert answer.key == "2026-05-07T12:00:00"


@given(
    first=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    length=st.integers(1, CLOSED_IN_A_ROW_MOST),
    day=st.integers(0, CLOSED_IN_A_ROW_MOST - 1),
)
def test_nobody_is_written_to_while_it_is_closed(first: date, length: int, day: int) -> None:
    last = first + timedelta(days=length - 1)
    closed = decode_closed_days(f"{first} to {last}", "closed_days")
    asked_for = first + timedelta(days=min(day, length - 1))
    answer = asked(a_start(on_day_off="shift"), asked_for, closed)
    assert isinstance(answer, Admitted)
    came = date.fromisoformat(answer.key[:10])
    assert last < came <= last + timedelta(days=3)


def test_a_business_that_is_never_open_sends_nothing() -> None:
    always = ClosedDays(yearly=frozenset((month, day) for month in range(1, 13) for day in range(1, 32)))
    assert asked(a_start(on_day_off="shift"), MONDAY, always) == "day_off"
    assert asked(a_start(on_day_off="shift", if_past="next_day"), MONDAY, always, hours_late=3) == "day_off"
