"""Moments: what is kept of an arm's people so that means, variances and adjustments follow from it.

They add up: those of two days, two segments or two servers together are the sum. Every field may be a number or an
array, one element a comparison, so ten thousand comparisons are reckoned as one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.float64]
Many: TypeAlias = float | Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums over the people of one arm: of the outcome `y`, of what the same people did before, `x`, and of `d`.

    `d` is what a ratio is divided by, such as orders where `y` is revenue; for a mean per person it is left alone.
    """

    people: Many
    y: Many
    yy: Many
    """The sum of squares; likewise below, products of two."""
    x: Many = 0.0
    xx: Many = 0.0
    xy: Many = 0.0
    d: Many = 0.0
    dd: Many = 0.0
    dy: Many = 0.0
    dx: Many = 0.0

    def __add__(self, other: Moments) -> Moments:
        return Moments(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @property
    def mean(self) -> Numbers:
        """The outcome per person; nan where there is nobody."""
        return over(self.y, self.people)

    @property
    def mean_before(self) -> Numbers:
        """What was done before, per person."""
        return over(self.x, self.people)

    @property
    def variance(self) -> Numbers:
        """The outcome's variance among people, with n - 1; 0 where rounding would make it less, nan below two."""
        return _spread(self.yy, self.y, self.y, self.people)

    @property
    def variance_before(self) -> Numbers:
        """The same of what was done before."""
        return _spread(self.xx, self.x, self.x, self.people)

    @property
    def covariance(self) -> Numbers:
        """Of the outcome and what was done before."""
        return _shared(self.xy, self.x, self.y, self.people)


NOBODY = Moments(people=0.0, y=0.0, yy=0.0)
"""Those of no people."""


def moments_of(
    y: npt.ArrayLike, x: npt.ArrayLike | None = None, d: npt.ArrayLike | None = None, *, people: int | None = None
) -> Moments:
    """The moments of people given one by one.

    Args:
        y: each person's outcome.
        x: what each did before, in the same order.
        d: what each adds to the divisor of a ratio.
        people: how many there are where only those who did something are given: the others did nothing.
    """
    outcome = np.asarray(y, dtype=float)
    before = np.zeros_like(outcome) if x is None else np.asarray(x, dtype=float)
    divisor = np.zeros_like(outcome) if d is None else np.asarray(d, dtype=float)
    return Moments(
        people=float(len(outcome) if people is None else people),
        y=float(outcome.sum()),
        yy=float(outcome @ outcome),
        x=float(before.sum()),
        xx=float(before @ before),
        xy=float(before @ outcome),
        d=float(divisor.sum()),
        dd=float(divisor @ divisor),
        dy=float(divisor @ outcome),
        dx=float(divisor @ before),
    )


def share_moments(successes: Many, people: Many) -> Moments:
    """The moments of an outcome that is 1 or 0."""
    return Moments(people=people, y=successes, yy=successes)


def over(above: Many, below: Many) -> Numbers:
    """A quotient; nan where it is divided by 0."""
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.nan, above / below)


_ROUNDING = 1e-12
"""A spread that is so small a part of the sum of squares is the rounding of that sum."""


def _spread(squares: Many, one: Many, other: Many, people: Many) -> Numbers:
    left = np.asarray(squares - over(np.multiply(one, other), people), dtype=float)
    left = np.where(left > _ROUNDING * np.abs(squares), left, np.where(np.isnan(left), np.nan, 0.0))
    return over(left, np.where(np.asarray(people) > 1, np.asarray(people, dtype=float) - 1, 0.0))


def _shared(products: Many, one: Many, other: Many, people: Many) -> Numbers:
    left = products - over(np.multiply(one, other), people)
    return over(left, np.where(np.asarray(people) > 1, np.asarray(people, dtype=float) - 1, 0.0))


def scalar(value: Any) -> float:  # noqa: ANN401 - A number however numpy holds it.
    """One number out of an array of one."""
    return float(np.asarray(value))
