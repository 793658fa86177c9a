"""The rest of the reading: many at once, mismatch, belief, quantiles, plans; by published or hand-computed values."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measures.statistics.bayes import posterior
from holdfast.measures.statistics.estimates import Estimate
from holdfast.measures.statistics.many import false_discovery, holm, selected_confidence
from holdfast.measures.statistics.mismatch import mismatch
from holdfast.measures.statistics.moments import Numbers
from holdfast.measures.statistics.planning import (
    days_for,
    looks_cost,
    people_for_means,
    people_for_shares,
    power_of,
    sequential_people,
)
from holdfast.measures.statistics.resampling import bootstrap, quantile_difference, winsorised

# The fifteen p-values of Benjamini and Hochberg (1995), section 3.2: four are found at 5 %, three by Bonferroni.
MYOCARDIAL = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_many_comparisons_as_published() -> None:
    assert (false_discovery(MYOCARDIAL) <= 0.05).sum() == 4
    assert (holm(MYOCARDIAL) <= 0.05).sum() == 3
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert false_discovery([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert len(holm([])) == len(false_discovery([])) == 0
    assert selected_confidence(1, 20) == pytest.approx(0.9975)
    assert selected_confidence(20, 20) == pytest.approx(0.95)


@pytest.mark.parametrize("method", [holm, false_discovery])
@given(p_values=st.lists(st.floats(0, 1), max_size=20))
def test_raised_p_values_keep_their_order_and_do_not_depend_on_it(
    method: Callable[[list[float]], Numbers], p_values: list[float]
) -> None:
    raised = method(p_values)
    assert all(up >= p or up == pytest.approx(p) for up, p in zip(raised, p_values, strict=True))
    assert (np.diff(raised[np.argsort(p_values, kind="stable")]) >= 0).all()
    assert method(p_values[::-1])[::-1] == pytest.approx(raised)


def test_a_mismatch_as_known_from_cookie_cats() -> None:
    """44,700 players at one gate and 45,489 at the other: chance does so once in 116."""
    found = mismatch([44_700, 45_489], [0.5, 0.5])
    assert found.p_value == pytest.approx(0.0086, abs=1e-4)
    assert not found.is_one
    assert mismatch([4_000, 4_400], [1, 1]).is_one
    assert mismatch([900, 100], [0.9, 0.1]).p_value == pytest.approx(1)
    assert mismatch([3, 0], [0.5, 0.5]).p_value == 1
    with pytest.raises(ValueError, match="share"):
        mismatch([1, 2], [1, 0])


def an_estimate(value: float, error: float) -> Estimate:
    return Estimate(value=np.asarray(value), error=np.asarray(error), freedom=np.asarray(inf))


def test_belief_by_hand() -> None:
    """A prior as wide as the error takes half of the difference; the chance and the loss are the normal's."""
    believed = posterior(an_estimate(2.0, 1.0), 1.0)
    assert [believed.mean, believed.deviation] == pytest.approx([1.0, 0.5**0.5])
    assert believed.better() == pytest.approx(0.9213504)
    flat = posterior(an_estimate(0.0, 1.0), 1e9)
    assert flat.better() == pytest.approx(0.5)
    assert flat.loss() == pytest.approx(1 / np.sqrt(2 * np.pi))
    assert list(flat.interval()) == pytest.approx([-1.959964, 1.959964])
    assert posterior(an_estimate(-3.0, 0.1), 1e9).loss() == pytest.approx(3.0)


def test_the_median_has_an_interval_that_holds_it() -> None:
    drawn = np.random.default_rng(4)
    held = 0
    for seed in range(300):
        arm, base = drawn.exponential(1.2, 400), drawn.exponential(1.0, 400)
        found = quantile_difference(arm, base, 0.5, repeats=400, seed=seed)
        held += found.low <= 0.2 * np.log(2) <= found.high
    assert held / 300 == pytest.approx(0.95, abs=0.04)
    slow = bootstrap(arm, base, lambda each: float(np.median(each)), repeats=400)
    assert [found.low, found.high] == pytest.approx([slow.low, slow.high], abs=0.04)
    nothing = quantile_difference([0.0] * 90 + [5.0] * 10, [0.0] * 95 + [5.0] * 5, 0.5)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)
    with pytest.raises(ValueError, match="somebody"):
        quantile_difference([], [1.0], 0.5)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_the_p_value_of_a_quantile_says_what_its_interval_says(confidence: float) -> None:
    drawn = np.random.default_rng(9)
    sides = set()
    for seed in range(300):
        arm, base = drawn.exponential(1.15, 300), drawn.exponential(1.0, 300)
        found = quantile_difference(arm, base, 0.5, confidence=confidence, seed=seed)
        beyond = found.low > 0 or found.high < 0
        assert beyond == (found.p_value <= 1 - confidence + 1e-9)
        swapped = quantile_difference(base, arm, 0.5, confidence=confidence, seed=seed)
        assert swapped.value == pytest.approx(-found.value)
        sides.add(beyond)
    assert sides == {True, False}


def test_where_nothing_is_a_quantile_is_found_no_more_often_than_is_said() -> None:
    drawn = np.random.default_rng(12)
    found = [
        quantile_difference(drawn.exponential(1.0, 300), drawn.exponential(1.0, 300), 0.5, seed=seed).p_value <= 0.05
        for seed in range(600)
    ]
    assert np.mean(found) < 0.07


def test_one_limit_caps_both_arms() -> None:
    arm, base, limit = winsorised([float(each) for each in range(101)], [9_000.0] + [0.0] * 100, 0.99)
    assert limit == pytest.approx(98.99)  # Of 202 the 200th from below, and 99 hundredths of the way to the 201st.
    assert [arm.max(), base.max()] == pytest.approx([limit, limit])
    assert arm[:98].tolist() == list(range(98))


def test_plans_as_in_the_tables() -> None:
    """R's power.prop.test(p1=.05, p2=.06, power=.8) says 8,158; power.t.test(delta=.2, sd=1, power=.8) near 393."""
    assert people_for_shares(0.05, 0.06) == pytest.approx(8_158, abs=1)
    assert people_for_means(0.2, 1.0) == pytest.approx(393, abs=1)
    assert people_for_shares(0.05, 0.05) == people_for_means(0.0, 1.0) == inf
    assert power_of(2.8016, 1.0) == pytest.approx(0.8, abs=1e-4)
    assert power_of(0.0, 1.0) == pytest.approx(0.05)
    assert 1.02 < looks_cost(5) < 1.03
    assert sequential_people(1_000, 5) == pytest.approx(1_025, abs=2)
    assert days_for(1_000, 100, 7) == 17
    assert days_for(1_000, 0) == days_for(inf, 10) == sequential_people(inf) == inf


@pytest.mark.parametrize("ratio", [0.05, 0.5, 1.0, 4.0])
def test_a_plan_of_uneven_arms_is_the_same_whichever_is_called_the_base(ratio: float) -> None:
    there, back = (people_for_shares(*each) for each in ((0.05, 0.06), (0.06, 0.05)))
    assert there == back
    base = people_for_shares(0.05, 0.06, ratio=ratio)
    assert ratio * base == pytest.approx(people_for_shares(0.06, 0.05, ratio=1 / ratio), abs=1 + ratio)
    assert ratio * people_for_means(0.2, 1.0, ratio=ratio) == pytest.approx(
        people_for_means(0.2, 1.0, ratio=1 / ratio), abs=1 + ratio
    )
    # Of so many people most is seen when they are divided evenly.
    assert base * (1 + ratio) >= 2 * there - 2
