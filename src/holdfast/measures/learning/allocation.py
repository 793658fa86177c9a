"""Allocation: how large a share of the next people each path gets.

Thompson sampling in batches: a path gets the share of people that is its chance of being the best. One dial tempers it:
with less spread than is believed, it earns more now and learns less. A slice of people is divided evenly whatever is
believed, for as long as it runs: they are what everything is measured against.

Sources:
    Thompson (1933), "On the likelihood that one unknown probability exceeds another", Biometrika 25, 285-294.
    Chapelle & Li (2011), "An empirical evaluation of Thompson sampling", NIPS: section 3 on tempering the posterior.
    Horvitz & Thompson (1952), "A generalization of sampling without replacement from a finite universe", JASA 47,
    663-685; Hájek (1971): estimates by the inverse of the chance with which somebody got what they got.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.measures.learning.beliefs import Beliefs
from holdfast.measures.statistics.estimates import Estimate
from holdfast.measures.statistics.moments import Numbers

TEMPER = 0.3
SLICE = 0.05
DRAWS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """How boldly it is done."""

    temper: float = TEMPER
    """How much of what is not known is taken into account: 1 is Thompson's own, less earns sooner; more than 0."""
    slice: float = SLICE
    """The share of people who are divided evenly; 0 < slice <= 1."""

    def __post_init__(self) -> None:
        if not (self.temper > 0 and 0 < self.slice <= 1):
            raise ValueError("the temper is more than 0, and the slice more than 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What follows from what is believed, shape (..., paths)."""

    shares: Numbers
    """Of the people outside the slice; they add up to 1."""
    best: Numbers
    """The chance that the path is the best: untempered."""
    loss: Numbers
    """What is lost per person, on average, if this path is chosen for good and another is the best."""

    def propensity(self, slice_: float) -> Numbers:
        """The chance with which somebody gets each path, whether or not they are in the slice."""
        return np.asarray((1 - slice_) * self.shares + slice_ / self.shares.shape[-1])


def allocate(believed: Beliefs, dial: Dial, seed: int, *, draws: int = DRAWS) -> Allocation:
    """The shares of the next batch. The same beliefs and seed give the same shares.

    Args:
        seed: such as the number of the re-weighting.
    """
    paths = believed.mean.shape[-1]
    chance = np.random.default_rng(seed)
    plain = believed.sampled(draws, chance)
    tempered = believed.mean[..., None, :] + dial.temper * (plain - believed.mean[..., None, :])
    shares, best = (_frequency(each.argmax(axis=-1), paths) for each in (tempered, plain))
    loss = (plain.max(axis=-1, keepdims=True) - plain).mean(axis=-2)
    return Allocation(shares=shares, best=best, loss=loss)


def _frequency(winners: npt.NDArray[np.intp], paths: int) -> Numbers:
    return np.stack([(winners == path).mean(axis=-1) for path in range(paths)], axis=-1)


def weighted_mean(outcomes: npt.ArrayLike, propensities: npt.ArrayLike, people: float) -> Estimate:
    """What people would bring on average, had everybody been sent down one path.

    Args:
        outcomes: of those who were, one by one.
        propensities: the chance with which each of them was; more than 0.
        people: how many there were on all paths together.

    Source: Horvitz & Thompson (1952), with the weights brought to add up as Hájek (1971) has it. Shares that were
    learnt from earlier people leave it as it is: each weight is of the moment somebody was sent.
    """
    worth, weight = np.asarray(outcomes, dtype=float), 1 / np.asarray(propensities, dtype=float)
    whole = weight.sum()
    value = float((weight * worth).sum() / whole) if whole else float("nan")
    error = float(np.sqrt(((weight * (worth - value)) ** 2).sum()) / whole) if whole else float("nan")
    return Estimate(value=np.asarray(value), error=np.asarray(error), freedom=np.asarray(max(people - 1.0, 1.0)))
