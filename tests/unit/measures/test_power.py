"""Power: against what R prints, and what must be true of any such number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measures.power import least_difference

SHARES = st.floats(0.001, 0.9)
ARMS = st.integers(30, 200_000)


@pytest.mark.parametrize(("power", "people"), [(0.90, 76.7), (0.80, 57.7)])
def test_it_is_what_r_prints(power: float, people: float) -> None:
    """`power.prop.test(p1 = .50, p2 = .75, power = .90)` says n = 76.7 (76.65294), with .80 it says 57.7."""
    found = least_difference(0.5, people, people, power=power)
    assert found == pytest.approx(0.25, abs=2e-4)


def test_the_usual_table_of_equal_arms() -> None:
    """The classic: 387.3 people an arm tell 60 % from 50 % with a power of 80 %."""
    assert least_difference(0.5, 387.34, 387.34) == pytest.approx(0.1, abs=1e-5)


@given(SHARES, ARMS, ARMS)
def test_more_people_show_less(base: float, people: int, held_out: int) -> None:
    few, many = least_difference(base, people, held_out), least_difference(base, people * 4, held_out * 4)
    assert many is not None or few is None
    assert few is None or (many is not None and many < few)


@given(SHARES, ARMS)
def test_a_small_holdout_costs_sight(base: float, people: int) -> None:
    """The arms count as one less than the smaller: ten thousand treated do not stand in for a holdout."""
    even, uneven = least_difference(base, people, people), least_difference(base, people * 1.9, people * 0.1)
    assert uneven is None or (even is not None and even < uneven)


def test_what_cannot_be_shown() -> None:
    assert least_difference(1.0, 1_000, 1_000) is None
    assert least_difference(0.9, 5, 5) is None
    with pytest.raises(ValueError, match="each arm has somebody"):
        least_difference(0.1, 1_000, 0)
