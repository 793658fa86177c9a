"""Pooling by hand: draws of their own, whose errors add up by their squares."""

from __future__ import annotations

from math import exp, hypot, log, sqrt

import pytest

from holdfast.measures.compared import Comparison, Effect, Found
from holdfast.measures.pooled import pooled_difference, pooled_ratio
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
    pooled = pooled_difference([a_draw(300, found(4.0, 3.0)), a_draw(100, found(8.0, 4.0)), a_draw(900)])
    assert isinstance(pooled, Found)
    assert pooled.value == pytest.approx(5.0)
    half = hypot(0.75 * 3.0, 0.25 * 4.0)
    assert (pooled.low, pooled.high) == pytest.approx((5.0 - half, 5.0 + half))
    assert pooled.confidence == 0.9


def test_four_equal_draws_know_twice_as_much_as_one() -> None:
    pooled = pooled_difference([a_draw(50, found(1.0, 2.0))] * 4)
    assert isinstance(pooled, Found)
    assert (pooled.value, pooled.high - pooled.low) == pytest.approx((1.0, 2.0))


def test_ratios_count_for_what_is_known_of_them() -> None:
    pooled = pooled_ratio([a_draw(1, ratio=found(2.0, 0.1, ratio=True)), a_draw(1, ratio=found(1.0, 0.2, ratio=True))])
    assert isinstance(pooled, Found)
    assert log(pooled.value) == pytest.approx(log(2.0) * 100 / 125)
    assert log(pooled.high / pooled.low) / 2 == pytest.approx(1 / sqrt(125))
    assert pooled.nothing == 1.0


def test_of_draws_that_say_nothing_nothing_is_said() -> None:
    assert isinstance(pooled_difference([a_draw(10), a_draw(0, found(1.0, 1.0))]), Inconclusive)
    assert isinstance(pooled_ratio([a_draw(10)]), Inconclusive)
