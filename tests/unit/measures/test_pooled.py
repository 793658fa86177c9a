"""Pooling by hand: draws of their own, whose errors add up by their squares."""

from __future__ import annotations

from math import exp, hypot, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measures.compared import Comparison, Effect, Found, Way
from holdfast.measures.pooled import draws_told, pooled_difference, pooled_ratio
from holdfast.measures.reading import TUNED_PEOPLE
from holdfast.measures.statistics.normal import below, quantile
from holdfast.measures.statistics.surprise import unplanned_limit, unplanned_p_value
from holdfast.measures.trial import Inconclusive

NOTHING = Inconclusive(reason="too few")


def found(value: float, half: float, *, ratio: bool = False) -> Found:
    low, high = (value / exp(half), value * exp(half)) if ratio else (value - half, value + half)
    return Found(value=value, low=low, high=high, confidence=0.9, p_value=0.01, nothing=1.0 if ratio else 0.0)


def a_draw(people: int, difference: Effect = NOTHING, ratio: Effect = NOTHING) -> Comparison:
    return Comparison(
        variant="treated",
        base="holdout",
        metric="revenue",
        people=people,
        look=0,
        difference=difference,
        ratio=ratio,
        exposed=NOTHING,
        in_all=NOTHING,
        adjusted=False,
        variance_cut=0.0,
    )


def test_differences_count_for_their_people_and_errors_add_up_by_their_squares() -> None:
    draws = [a_draw(300, found(4.0, 3.0)), a_draw(100, found(8.0, 4.0)), a_draw(900)]
    assert draws_told(draws) == 2
    pooled = pooled_difference(draws, "fixed")
    assert isinstance(pooled, Found)
    assert pooled.value == pytest.approx(5.0)
    half = hypot(0.75 * 3.0, 0.25 * 4.0)
    assert (pooled.low, pooled.high) == pytest.approx((5.0 - half, 5.0 + half))
    assert pooled.confidence == 0.9


def test_four_equal_draws_know_twice_as_much_as_one() -> None:
    pooled = pooled_difference([a_draw(50, found(1.0, 2.0))] * 4, "fixed")
    assert isinstance(pooled, Found)
    assert (pooled.value, pooled.high - pooled.low) == pytest.approx((1.0, 2.0))


def test_ratios_count_for_what_is_known_of_them() -> None:
    draws = [a_draw(1, ratio=found(2.0, 0.1, ratio=True)), a_draw(1, ratio=found(1.0, 0.2, ratio=True))]
    pooled = pooled_ratio(draws, "fixed")
    assert isinstance(pooled, Found)
    assert log(pooled.value) == pytest.approx(log(2.0) * 100 / 125)
    assert log(pooled.high / pooled.low) / 2 == pytest.approx(1 / sqrt(125))
    assert pooled.nothing == 1.0


def test_of_draws_that_say_nothing_nothing_is_said() -> None:
    assert isinstance(pooled_difference([a_draw(10), a_draw(0, found(1.0, 1.0))], "fixed"), Inconclusive)
    assert isinstance(pooled_ratio([a_draw(10)], "fixed"), Inconclusive)


def test_one_draw_alone_has_the_p_value_that_it_had() -> None:
    error = 2.0
    for people in (800, 90_000):
        reach = error * unplanned_limit(people, TUNED_PEOPLE, 0.9)
        alone = pooled_difference([a_draw(people, found(9.0, reach))], "sequential")
        assert isinstance(alone, Found)
        assert alone.p_value == pytest.approx(unplanned_p_value(9.0 / error, people, TUNED_PEOPLE), rel=1e-6)
    once = pooled_difference([a_draw(800, found(9.0, error * quantile(0.95)))], "fixed")
    assert isinstance(once, Found)
    assert once.p_value == pytest.approx(2 * below(-9.0 / error), rel=1e-6)
    believed = pooled_difference([a_draw(800, found(9.0, 2.0))], "bayesian")
    assert isinstance(believed, Found)
    assert believed.p_value is None


@given(
    draws=st.lists(st.tuples(st.integers(20, 10**6), st.floats(-3, 3), st.floats(0.01, 5)), min_size=1, max_size=5),
    reading=st.sampled_from(("sequential", "fixed")),
)
def test_the_p_value_says_what_the_interval_says(draws: list[tuple[int, float, float]], reading: Way) -> None:
    differences = [a_draw(people, found(value, half)) for people, value, half in draws]
    ratios = [a_draw(people, ratio=found(exp(value), half, ratio=True)) for people, value, half in draws]
    for pooled in (pooled_difference(differences, reading), pooled_ratio(ratios, reading)):
        assert isinstance(pooled, Found)
        assert pooled.p_value is not None
        if abs(pooled.p_value - 0.1) > 1e-9:
            assert (pooled.p_value < 0.1) == pooled.beyond_chance
