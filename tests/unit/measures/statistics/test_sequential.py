"""Readings that may be looked at: boundaries as published, errors as promised, power nearly that of one look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measures.statistics.sequential import (
    LOOKS,
    boundaries,
    found,
    look_at,
    people_at,
    planned_factor,
    spent,
    unplanned_factor,
)

TRIALS = 20_000


def scores(drift: float, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """By how many standard errors simulated trials are off at each look."""
    steps = np.random.default_rng(seed).normal(drift / LOOKS, 1 / np.sqrt(LOOKS), (TRIALS, LOOKS))
    return np.asarray(steps.cumsum(axis=1) / np.sqrt(np.arange(1, LOOKS + 1) / LOOKS))


def test_boundaries_are_the_published_ones() -> None:
    """Lan and DeMets with O'Brien and Fleming's function, five looks, two-sided 5 %: as the field's tables have it."""
    assert boundaries(5) == pytest.approx((4.8769, 3.3569, 2.6803, 2.2898, 2.0310), abs=2e-4)
    assert boundaries(2) == pytest.approx((2.9626, 1.9686), abs=2e-4)
    assert boundaries(1) == pytest.approx((1.959964,), abs=1e-6)


def test_twenty_looks_err_as_rarely_as_one_and_naive_ones_do_not() -> None:
    off = np.abs(scores(0.0, 5))
    assert (off > boundaries()).any(axis=1).mean() <= 0.055
    assert (off > 1.96).any(axis=1).mean() == pytest.approx(0.248, abs=0.012)
    people = 40_000 * np.arange(1, LOOKS + 1) / LOOKS
    assert (off > unplanned_factor(people, 20_000)).any(axis=1).mean() <= 0.05


@pytest.mark.parametrize("drift", [2.4, 2.69, 3.2, 4.2])
def test_twenty_looks_find_nearly_what_one_finds(drift: float) -> None:
    off = np.abs(scores(drift, 9))
    power, once = (off > boundaries()).any(axis=1).mean(), (off[:, -1] > 1.96).mean()
    assert power >= 0.95 * once
    assert found(drift) == pytest.approx(power, abs=0.012)


def test_the_error_is_spent_as_it_is_found() -> None:
    assert found(0.0) == pytest.approx(0.05, abs=1e-6)
    assert found(0.0, 7, 0.1) == pytest.approx(0.1, abs=1e-6)
    assert [spent(share, 0.05) for share in (0.0, 1.0, 2.0)] == pytest.approx([0.0, 0.05, 0.05])


def test_the_unplanned_interval_holds_the_truth_at_every_moment() -> None:
    """Far beyond where it is narrowest, too."""
    drawn = np.random.default_rng(2)
    people = np.arange(1, 4_001, dtype=float)
    off = np.abs(drawn.normal(size=(2_000, 4_000)).cumsum(axis=1) / np.sqrt(people))
    assert (off > unplanned_factor(people, 500))[:, 20:].any(axis=1).mean() <= 0.055
    factors = unplanned_factor(np.array([0.0, 10.0, 500.0, 50_000.0]), 500)
    assert factors[0] == np.inf
    assert (factors[1:] > 1.96).all()


@given(st.floats(1, 1e7), st.floats(1, 1e7), st.integers(1, 50))
def test_a_look_is_a_property_of_the_data(people: float, planned: float, looks: int) -> None:
    look = look_at(people, planned, looks)
    assert 0 <= look <= looks
    if 0 < look < looks:
        assert people_at(look, planned, looks) <= people + 1
        assert people < people_at(look + 1, planned, looks) + 1


def test_before_the_first_look_nothing_is_said() -> None:
    assert planned_factor(0) == np.inf
    assert planned_factor(LOOKS) == pytest.approx(2.123, abs=0.001)
    with pytest.raises(ValueError, match="at least one look"):
        boundaries(0)
