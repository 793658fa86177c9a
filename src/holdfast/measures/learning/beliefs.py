"""Beliefs: what is known of each path's outcome per person, from counts by batch.

Each path's mean is drawn towards that of all paths together, the more the less is known of it and the more alike the
paths are: how alike is estimated from the paths themselves.

Sources:
    Efron & Morris (1975), "Data analysis using Stein's estimator and its generalizations", JASA 70, 311-319: the prior
    from the data.
    Morris (1983), "Parametric empirical Bayes inference", JASA 78, 47-55.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.measures.learning.delays import delay_distribution, ripeness
from holdfast.measures.statistics.moments import Numbers, over

USUAL_SPREAD = 0.15
"""By what share of their mean paths usually differ (one standard deviation), before these have told."""
USUAL_WEIGHT = 4.0
"""How many paths' word that is worth."""
_LEAST_SPREAD = 0.02
"""However alike they look: paths that are equal to the last digit would never be told apart."""
_LENT = 40.0
"""How many conversions' delays, as everybody's are spread, a path is lent that has few of its own."""
_PRIOR_PEOPLE = 20.0
_PRIOR_RATE = 0.05
"""Before anybody has converted: one in twenty of twenty people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What was tried, by path and batch. Arrays; leading dimensions are as many trials side by side."""

    assigned: Numbers
    """People sent down each path in each batch, shape (..., paths, batches)."""
    converted: Numbers
    """Of those, conversions by bins of delay, shape (..., paths, batches, bins); the last bin ends with the window."""
    ages: npt.NDArray[np.int64]
    """How many whole bins have passed since each batch, shape (batches,)."""
    value: Numbers | None = None
    """What conversions of each batch were worth together, shape (..., paths, batches); None where each is worth 1."""
    value_squares: Numbers | None = None
    """The sum of squares of each person's worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beliefs:
    """Of each path, shape (..., paths): normal."""

    mean: Numbers
    """What a person on it brings, shrunk towards all paths."""
    deviation: Numbers
    people: Numbers
    """For how many people it has been seen what they bring: the young count for a part."""
    rate: Numbers
    """What a person on it has brought, as it was seen; nan where nobody was on it."""

    def sampled(self, draws: int, chance: np.random.Generator, temper: float = 1.0) -> Numbers:
        """Means as they might be, shape (..., draws, paths)."""
        shape = (*self.mean.shape[:-1], draws, self.mean.shape[-1])
        noise = chance.standard_normal(shape)
        return self.mean[..., None, :] + temper * self.deviation[..., None, :] * noise


def beliefs(tried: Tried, *, half_life_batches: float | None = None) -> Beliefs:
    """What to believe of each path.

    Args:
        half_life_batches: after how many batches what was seen counts half, where people's ways drift; None for never.
    """
    weight = _weights(tried.assigned.shape[-1], half_life_batches)
    came = tried.converted.sum(axis=-1) if tried.value is None else tried.value
    squares = came if tried.value_squares is None else tried.value_squares
    grown = ripe(tried)
    people = (tried.assigned * grown * weight).sum(axis=-1)
    brought, brought_squares = (came * weight).sum(axis=-1), (squares * weight).sum(axis=-1)
    every, whole = people.sum(axis=-1, keepdims=True), brought.sum(axis=-1, keepdims=True)
    middle = (whole + _PRIOR_RATE * _PRIOR_PEOPLE) / (every + _PRIOR_PEOPLE)
    spread = (brought_squares.sum(axis=-1, keepdims=True) + _PRIOR_RATE * _PRIOR_PEOPLE) / (every + _PRIOR_PEOPLE)
    noise = np.maximum(spread - middle**2, 1e-12) / np.maximum(people, 1e-9)
    rate = over(brought, people)
    apart = _apart(np.where(np.isnan(rate), middle, rate), middle, noise, people)
    precision = 1 / apart + 1 / noise
    mean = (middle / apart + np.where(np.isnan(rate), middle, rate) / noise) / precision
    return Beliefs(mean=mean, deviation=np.sqrt(1 / precision), people=people, rate=rate)


def ripe(tried: Tried) -> Numbers:
    """How ripe each batch is on each path. Paths may be slow or fast; each leans on all where it knows little."""
    bins = tried.converted.shape[-1]
    if (tried.ages >= bins).all():
        return np.ones_like(tried.assigned)
    together = tried.converted.sum(axis=-3, keepdims=True)
    count = tried.converted.sum(axis=(-1, -2, -3), keepdims=True)
    lent = together * np.minimum(1.0, over(_LENT, np.maximum(count, 1.0)))
    return ripeness_by_path(tried.converted + lent, tried.ages)


def ripeness_by_path(converted: Numbers, ages: npt.NDArray[np.int64]) -> Numbers:
    """Of each path and batch, how much of what it will bring has had time to come."""
    return np.maximum(ripeness(delay_distribution(converted, ages), ages), 0.0)


def _weights(batches: int, half_life: float | None) -> Numbers:
    if half_life is None:
        return np.ones(batches)
    weights: Numbers = 0.5 ** (np.arange(batches - 1, -1, -1) / half_life)
    return weights


def _apart(rate: Numbers, middle: Numbers, noise: Numbers, people: Numbers) -> Numbers:
    """The variance of paths' true means about their middle."""
    paths = rate.shape[-1]
    share = over(people, np.maximum(people.sum(axis=-1, keepdims=True), 1e-9))
    seen = (share * (rate - middle) ** 2).sum(axis=-1, keepdims=True)
    by_noise = (share * noise).sum(axis=-1, keepdims=True) * (paths - 1) / paths
    told = np.maximum(seen - by_noise, 0.0)
    usual = (USUAL_SPREAD * middle) ** 2
    weighed = (told * paths + usual * USUAL_WEIGHT) / (paths + USUAL_WEIGHT)
    return np.asarray(np.maximum(weighed, (_LEAST_SPREAD * middle) ** 2))
