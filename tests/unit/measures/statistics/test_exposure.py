"""Per exposed: the errors are those of what is left of each person's outcome when their exposure is paid for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from holdfast.measures.statistics.exposure import per_exposed, per_exposed_alike
from holdfast.measures.statistics.moments import moments_of

Column = npt.NDArray[np.float64]


def people(seed: int, count: int, share: float) -> tuple[Column, Column]:
    """Outcomes, and who was exposed: they go together, as those who can be reached buy more."""
    drawn = np.random.default_rng(seed)
    exposed = (drawn.random(count) < share).astype(float)
    return drawn.gamma(2.0, 1.0 + 3.0 * exposed), exposed


def error_of(left: Column, base_left: Column, share: float) -> float:
    """Of a quotient, by its linear form: what is left of each person's outcome is a mean like any other."""
    return float(np.sqrt(left.var(ddof=1) / len(left) + base_left.var(ddof=1) / len(base_left)) / abs(share))


def test_the_error_is_that_of_what_is_left_when_exposure_is_paid_for() -> None:
    (y, d), (base_y, base_d) = people(1, 300, 0.6), people(2, 200, 0.1)
    found = per_exposed(moments_of(y, None, d), moments_of(base_y, None, base_d))
    share = d.mean() - base_d.mean()
    worth = (y.mean() - base_y.mean()) / share
    assert float(found.value) == pytest.approx(worth)
    assert float(found.error) == pytest.approx(error_of(y - worth * d, base_y - worth * base_d, share))


def test_where_both_expose_alike_each_counts_for_its_people() -> None:
    (y, d), (base_y, base_d) = people(3, 300, 0.5), people(4, 100, 0.5)
    found = per_exposed_alike(moments_of(y, None, d), moments_of(base_y, None, base_d))
    share = 0.75 * d.mean() + 0.25 * base_d.mean()
    worth = (y.mean() - base_y.mean()) / share
    assert float(found.value) == pytest.approx(worth)
    left, base_left = y - worth * 0.75 * d, base_y + worth * 0.25 * base_d
    assert float(found.error) == pytest.approx(error_of(left, base_left, share))
