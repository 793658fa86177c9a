"""How lively the demo's shop is: no day of it towers over its past, and there is always something to see."""

from __future__ import annotations

import pytest

from holdfast.sim.bustle import ARRIVES_SECONDS, SHOWN_LEAST_PER_SECOND, SHOWN_PER_SECOND, Bustle

HOUR = 3_600
USUAL = 0.06
"""Events a second in the past of 20,000 people."""


def gone_on(bustle: Bustle, seconds: int, *, looked_at: bool) -> float:
    """How many events there are in that time."""
    return sum(bustle.per_second(1.0, looked_at=looked_at) for _ in range(seconds))


def test_an_hour_that_is_looked_at_is_about_a_day_of_the_past() -> None:
    bustle = Bustle(USUAL)
    assert bustle.per_second(0.0, looked_at=True) == SHOWN_PER_SECOND
    assert gone_on(bustle, HOUR, looked_at=True) == pytest.approx(24 * HOUR * USUAL, rel=0.2)


def test_there_is_always_something_to_see_for_whoever_looks() -> None:
    bustle = Bustle(USUAL)
    gone_on(bustle, 10 * HOUR, looked_at=True)
    assert bustle.per_second(1.0, looked_at=True) == pytest.approx(SHOWN_LEAST_PER_SECOND)


def test_while_nobody_looks_days_are_as_they_were() -> None:
    bustle = Bustle(USUAL)
    assert bustle.per_second(ARRIVES_SECONDS, looked_at=False) > SHOWN_LEAST_PER_SECOND
    assert gone_on(bustle, 24 * HOUR, looked_at=False) == pytest.approx(24 * HOUR * USUAL)
    assert bustle.per_second(1.0, looked_at=True) > SHOWN_LEAST_PER_SECOND


def test_a_shop_with_more_going_on_is_never_slower_than_it_was() -> None:
    assert Bustle(50.0).per_second(1.0, looked_at=True) == 50.0
