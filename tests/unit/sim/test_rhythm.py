"""The rhythm of the week: even time and the clock."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from holdfast.sim.rhythm import DAY_MS, HOUR_MS, clock_of, even_of

moments = st.integers(min_value=0, max_value=4_000_000_000_000)


@given(moments)
def test_clock_and_even_time_are_each_others_inverse(at_ms: int) -> None:
    back = clock_of(even_of(np.array([float(at_ms)])))
    assert abs(float(back[0]) - at_ms) < 2


@given(moments, st.integers(min_value=1, max_value=100 * DAY_MS))
def test_later_stays_later(at_ms: int, gap_ms: int) -> None:
    first, second = even_of(np.array([float(at_ms), float(at_ms + gap_ms)]))
    assert first < second


@given(moments)
def test_a_week_is_a_week(at_ms: int) -> None:
    first, second = even_of(np.array([float(at_ms), float(at_ms + 7 * DAY_MS)]))
    assert abs((second - first) - 7) < 1e-6


@given(moments)
def test_no_moment_is_moved_by_more_than_a_day(at_ms: int) -> None:
    even = float(even_of(np.array([float(at_ms)]))[0])
    assert abs(even * DAY_MS - (at_ms - 4 * DAY_MS)) < DAY_MS


def test_people_are_about_in_the_evening_and_not_at_night() -> None:
    clock = clock_of(np.random.default_rng(1).uniform(0, 7 * 400, size=40_000))
    hours = np.bincount((clock // HOUR_MS % 24).astype(np.int64), minlength=24)
    assert hours[20] > 15 * hours[3]
    # Day 0 of 1970 was a Thursday.
    weekdays = np.bincount(((clock // DAY_MS + 3) % 7).astype(np.int64), minlength=7)
    assert weekdays[6] > 1.2 * weekdays[1]
