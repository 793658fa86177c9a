"""Differences and ratios: equal to a witness, symmetric, additive, and with intervals that hold what was planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from holdfast.measures.statistics.estimates import (
    Estimate,
    adjusted_difference,
    difference,
    lift,
    ratio,
    ratio_difference,
    ratio_lift,
    variance_cut,
)
from holdfast.measures.statistics.moments import Moments, moments_of, share_moments

TRIALS = 2_000
outcomes = st.lists(st.floats(0, 1e4).map(lambda value: round(value, 3)), min_size=3, max_size=30)


@settings(deadline=None)
@given(outcomes, outcomes)
def test_the_difference_is_welchs(arm: list[float], base: list[float]) -> None:
    found = difference(moments_of(arm), moments_of(base))
    if min(np.var(arm), np.var(base)) < 1e-6:  # The witness complains of what does not vary.
        return
    witness = ttest_ind(arm, base, equal_var=False)
    inside = witness.confidence_interval()
    low, high = map(float, found.interval())
    assert found.p_value == pytest.approx(witness.pvalue, abs=1e-6)
    assert (low, high) == pytest.approx((inside.low, inside.high), rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(outcomes, outcomes, st.floats(0.01, 100))
def test_arms_may_be_swapped_and_units_changed(arm: list[float], base: list[float], factor: float) -> None:
    one, other = moments_of(arm, arm[::-1]), moments_of(base, base[::-1])
    for estimated in (difference, adjusted_difference, lift):
        there, back = estimated(one, other), estimated(other, one)
        assert there.value == pytest.approx(-back.value, rel=1e-6, abs=1e-6, nan_ok=True)
        assert there.error == pytest.approx(back.error, rel=1e-6, abs=1e-6, nan_ok=True)
    cents = difference(moments_of([each * factor for each in arm]), moments_of([each * factor for each in base]))
    same = difference(one, other).scaled(factor)
    assert cents.value == pytest.approx(same.value, rel=1e-6, abs=1e-6)
    assert cents.error == pytest.approx(same.error, rel=1e-6, abs=1e-6 * factor * max(arm + base))


@given(outcomes, outcomes)
def test_moments_add_up(first: list[float], second: list[float]) -> None:
    together, added = moments_of(first + second), moments_of(first) + moments_of(second)
    assert added.people == together.people
    assert added.mean == pytest.approx(together.mean)
    assert added.variance == pytest.approx(together.variance, rel=1e-6, abs=1e-6)


def test_those_who_did_nothing_need_not_be_listed() -> None:
    assert moments_of([3.0, 4.0], people=10) == moments_of([3.0, 4.0] + [0.0] * 8)


def test_equal_outcomes_have_no_spread_but_that_of_rounding() -> None:
    thirds = moments_of([1 / 3] * 999)
    assert thirds.variance == 0
    assert difference(thirds, thirds).z == 0
    assert np.isnan(moments_of([1.0]).variance)
    assert np.isnan(difference(moments_of([]), moments_of([1.0, 2.0])).value)


def test_ten_thousand_comparisons_are_one() -> None:
    drawn = np.random.default_rng(3)
    people = np.full(100, 500.0)
    many, base = (share_moments(drawn.binomial(500, 0.1, 100).astype(float), people) for _ in range(2))
    together = difference(many, base)
    for index in (0, 41, 99):
        alone = difference(*(share_moments(float(np.asarray(each.y)[index]), 500.0) for each in (many, base)))
        assert together.value[index] == alone.value
        assert together.interval()[0][index] == pytest.approx(float(alone.interval()[0]))


Planted = tuple[Estimate, float]


def _share(drawn: np.random.Generator) -> Planted:
    arm, base = (
        share_moments(drawn.binomial(3_000, each, TRIALS).astype(float), np.full(TRIALS, 3_000.0))
        for each in (0.06, 0.05)
    )
    return difference(arm, base), 0.01


def _ratio_of_shares(drawn: np.random.Generator) -> Planted:
    arm, base = (
        share_moments(drawn.binomial(3_000, each, TRIALS).astype(float), np.full(TRIALS, 3_000.0))
        for each in (0.06, 0.05)
    )
    return lift(arm, base), float(np.log(0.06 / 0.05))


def _stacked(arms: list[Moments]) -> Moments:
    names = ("people", "y", "yy", "x", "xx", "xy", "d", "dd", "dy", "dx")
    return Moments(**{name: np.array([getattr(each, name) for each in arms]) for name in names})


def _revenue(drawn: np.random.Generator, rise: float) -> Moments:
    """Few buy, and some of them a lot; what they did before tells a part of it."""
    before = drawn.gamma(0.5, 40, (TRIALS, 800))
    bought = drawn.random((TRIALS, 800)) < 0.3
    spent = bought * (before * 0.5 + drawn.gamma(2, 20, (TRIALS, 800)) + rise / 0.3)
    return _stacked([moments_of(y, x, d) for y, x, d in zip(spent, before, bought, strict=True)])


def _adjusted(drawn: np.random.Generator) -> Planted:
    return adjusted_difference(_revenue(drawn, 2.0), _revenue(drawn, 0.0)), 2.0


def _per_order(drawn: np.random.Generator) -> Planted:
    return ratio_difference(_revenue(drawn, 2.0), _revenue(drawn, 0.0)), 2.0 / 0.3


@pytest.mark.parametrize("planted", [_share, _ratio_of_shares, _adjusted, _per_order])
def test_intervals_hold_the_truth_as_often_as_they_say(planted: Callable[[np.random.Generator], Planted]) -> None:
    """Over 2,000 simulated trials; 3 standard errors of a share of 0.95 are 0.0146."""
    found, truth = planted(np.random.default_rng(7))
    low, high = found.interval()
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.95, abs=0.0146)
    assert np.mean(found.value) == pytest.approx(truth, abs=4 * np.std(found.value) / np.sqrt(TRIALS))


def test_what_people_did_before_takes_noise_away_and_nothing_else() -> None:
    drawn = np.random.default_rng(11)
    before = drawn.gamma(1, 10, 8_000)
    after = 0.8 * before + drawn.normal(0, 4, 8_000)
    arm, base = moments_of(after[:4_000] + 1, before[:4_000]), moments_of(after[4_000:], before[4_000:])
    plain, adjusted = difference(arm, base), adjusted_difference(arm, base)
    share = 0.8**2 * 100 / (0.8**2 * 100 + 16)
    assert variance_cut(arm, base) == pytest.approx(share, abs=0.03)
    assert abs(adjusted.value - 1) < 3 * adjusted.error < 3 * plain.error
    nothing = moments_of(after[:4_000]), moments_of(after[4_000:])
    assert adjusted_difference(*nothing).value == difference(*nothing).value
    assert variance_cut(*nothing) == 0


def test_a_ratio_is_of_people_and_not_of_orders() -> None:
    """One person with a hundred orders is one person: by orders the error would be far too small."""
    orders = np.array([100.0] + [1.0] * 99)
    revenue = orders * np.linspace(5, 15, 100)
    found = ratio(moments_of(revenue, d=orders))
    assert found.value == pytest.approx(revenue.sum() / orders.sum())
    by_order = np.repeat(revenue / orders, orders.astype(int))
    assert found.error > 4 * by_order.std() / np.sqrt(len(by_order))
    assert np.isnan(ratio_lift(moments_of([0.0, 0.0], d=[1, 1]), moments_of([1.0, 2.0], d=[1, 1])).value)


def test_both_arms_leave_a_ratio_of_ratios_unsure() -> None:
    """By the linear form: what is left of a person's revenue when orders are paid for is a mean like any other."""
    drawn = np.random.default_rng(11)
    arms = [(drawn.poisson(2.0, count) + 1.0, drawn.gamma(2.0, 20.0, count)) for count in (60, 40)]
    one, other = (moments_of(revenue, d=orders) for orders, revenue in arms)
    errors = []
    for orders, revenue in arms:
        left = revenue - revenue.sum() / orders.sum() * orders
        errors.append(left.std(ddof=1) / np.sqrt(len(left)) / orders.mean())
    values = [revenue.sum() / orders.sum() for orders, revenue in arms]
    apart, times = ratio_difference(one, other), ratio_lift(one, other)
    assert float(apart.error) == pytest.approx(np.hypot(*errors))
    assert float(times.value) == pytest.approx(np.log(values[0] / values[1]))
    assert float(times.error) == pytest.approx(np.hypot(errors[0] / values[0], errors[1] / values[1]))


def test_a_ratio_of_nothing_has_no_logarithm() -> None:
    assert np.isnan(lift(moments_of([0.0, 0.0, 0.0]), moments_of([1.0, 2.0, 3.0])).value)
