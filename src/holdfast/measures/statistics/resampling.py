"""Quantiles and capped means, where a few people decide everything.

Sources:
    Efron & Tibshirani (1993), "An Introduction to the Bootstrap", sections 13.3 and 14: percentile intervals.
    Chamandy et al. (2012), "Estimating uncertainty for massive data streams", Google: Poisson weights in the place of
    drawing with replacement, so that arms of millions need one pass.
    Tukey (1962), "The future of data analysis", Annals of Mathematical Statistics 33, 1-67: winsorising.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.measures.statistics.moments import Numbers

REPEATS = 1_000
SEED = 20_261_122
"""Fixed: the same data always give the same interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """A difference, and where it lies."""

    value: float
    low: float
    high: float


def quantile_difference(
    arm: npt.ArrayLike,
    base: npt.ArrayLike,
    share: float,
    *,
    confidence: float = 0.95,
    repeats: int = REPEATS,
    seed: int = SEED,
) -> Resampled:
    """The difference of a quantile of two arms, arm less base, with its bootstrap interval.

    Args:
        arm: each person's outcome.
        share: which quantile, such as 0.5 for the median; 0 < share < 1.

    A quantile that hardly anybody lies at, such as the median of revenue that most do not bring, is 0 in both arms: the
    interval says so.
    """
    one, other = _sorted(arm), _sorted(base)
    drawn = np.random.default_rng(seed)
    found = [_order_statistics(each, share, repeats, drawn) for each in (one, other)]
    tails = np.quantile(found[0] - found[1], ((1 - confidence) / 2, (1 + confidence) / 2))
    return Resampled(
        value=float(np.quantile(one, share) - np.quantile(other, share)), low=float(tails[0]), high=float(tails[1])
    )


def _order_statistics(ranked: Numbers, share: float, repeats: int, drawn: np.random.Generator) -> Numbers:
    """The quantile of each resample. Its rank in the sample is a binomial quantile: no resample need be made.

    A resample's quantile at rank k is the value below which k of its draws lie; how many lie below the sample's i-th
    is binomial, so that rank is that of a beta variable. Source: Efron & Tibshirani (1993), problem 5.4 and section 2.
    """
    size = len(ranked)
    rank = share * (size - 1) + 1
    places = drawn.beta(rank, size + 1 - rank, repeats)
    chosen: Numbers = ranked[np.minimum((places * size).astype(int), size - 1)]
    return chosen


def _sorted(values: npt.ArrayLike) -> Numbers:
    given = np.asarray(values, dtype=float)
    if not len(given) or not np.isfinite(given).all():
        raise ValueError("an arm has somebody in it, and every outcome is a number")
    return np.sort(given)


def winsorised(arm: npt.ArrayLike, base: npt.ArrayLike, share: float = 0.99) -> tuple[Numbers, Numbers, float]:
    """Both arms with outcomes above the quantile `share` of both together brought down to it; and that limit.

    One limit for both, taken from both: a limit an arm would hide the very difference that is looked for.
    """
    one, other = np.asarray(arm, dtype=float), np.asarray(base, dtype=float)
    limit = float(np.quantile(np.concatenate((one, other)), share))
    return np.minimum(one, limit), np.minimum(other, limit), limit


def bootstrap(
    arm: npt.ArrayLike,
    base: npt.ArrayLike,
    statistic: Callable[[Numbers], float],
    *,
    confidence: float = 0.95,
    repeats: int = REPEATS,
    seed: int = SEED,
) -> Resampled:
    """The difference of any statistic of two arms, arm less base, with its percentile interval."""
    one, other = np.asarray(arm, dtype=float), np.asarray(base, dtype=float)
    drawn = np.random.default_rng(seed)
    found = np.array(
        [
            statistic(one[drawn.integers(0, len(one), len(one))])
            - statistic(other[drawn.integers(0, len(other), len(other))])
            for _ in range(repeats)
        ]
    )
    low, high = np.quantile(found, ((1 - confidence) / 2, (1 + confidence) / 2))
    return Resampled(value=statistic(one) - statistic(other), low=float(low), high=float(high))
