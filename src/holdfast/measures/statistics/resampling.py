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
    p_value: float
    """The smallest chance of error whose interval leaves out 0; the smallest there is with so many resamples."""


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
    return _resampled(float(np.quantile(one, share) - np.quantile(other, share)), found[0] - found[1], confidence)


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
    return _resampled(statistic(one) - statistic(other), found, confidence)


def _resampled(value: float, found: Numbers, confidence: float) -> Resampled:
    """The percentile interval, and the p-value that leaves out 0 exactly when the interval does.

    Source: Davison & Hinkley (1997), "Bootstrap Methods and their Application", section 4.2: one is added to how many
    resamples are beyond, for the sample itself is one.
    """
    ranked, repeats = np.sort(found), len(found)
    beyond = max(int((1 - confidence) / 2 * (repeats + 1) + 1e-9) - 1, 0)
    least = min(int((ranked <= 0).sum()), int((ranked >= 0).sum()))
    p_value = min(1.0, 2 * (least + 1) / (repeats + 1))
    return Resampled(value=value, low=float(ranked[beyond]), high=float(ranked[repeats - 1 - beyond]), p_value=p_value)
