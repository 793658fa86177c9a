"""Delays: how long conversions take, so that one that has not had time to happen is not taken for one that never will.

Sources:
    Lagakos, Barraj & De Gruttola (1988), "Nonparametric analysis of truncated survival data, with application to
    AIDS", Biometrika 75, 515-523: delays that are known only of those that are over, read backwards.
    Chapelle (2014), "Modeling delayed feedback in display advertising", KDD: why the young must count for less.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from holdfast.measures.statistics.moments import Numbers

_PRIOR_CONVERSIONS = 5.0
"""How many conversions the prior is worth: that they come as evenly as the window is long, until some have."""


def delay_distribution(converted: npt.ArrayLike, ages: npt.ArrayLike) -> Numbers:
    """The share of conversions that have come by the end of each bin of the window; the last is 1.

    Args:
        converted: conversions by batch of people and bin of delay, shape (..., batches, bins). Bins that a batch has
            not reached yet hold 0.
        ages: how many whole bins have passed for each batch, shape (batches,); at least 0.

    Returns:
        shape (..., bins), rising.
    """
    counts = np.asarray(converted, dtype=float)
    bins = counts.shape[-1]
    reached = np.asarray(ages)[:, None] > np.arange(bins)
    counts = counts * reached
    even = np.arange(1, bins + 1) / bins
    # Of the conversions that took no longer than this bin, among batches old enough to have seen it, how many took it.
    by = counts.cumsum(axis=-1)
    at_bin = (counts * reached).sum(axis=-2) + _PRIOR_CONVERSIONS / bins
    up_to = (by * reached).sum(axis=-2) + _PRIOR_CONVERSIONS * even
    stays = 1 - at_bin / up_to
    # The distribution is read from the end: what has come by this bin is what has not come in a later one.
    later = np.concatenate([stays[..., 1:], np.ones_like(stays[..., :1])], axis=-1)
    found: Numbers = np.flip(np.cumprod(np.flip(later, axis=-1), axis=-1), axis=-1)
    return found


def ripeness(distribution: Numbers, ages: npt.ArrayLike) -> Numbers:
    """How much of what a batch will ever bring has had time to come, shape (..., batches); between 0 and 1."""
    whole = np.concatenate([np.zeros_like(distribution[..., :1]), distribution], axis=-1)
    places = np.minimum(np.asarray(ages, dtype=int), distribution.shape[-1])
    taken: Numbers = whole[..., places]
    return taken
