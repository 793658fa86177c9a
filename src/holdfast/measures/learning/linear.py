"""Linear Thompson sampling: shares of their own for people whose traits may make another path better for them.

What a person brings on a path is taken for a sum: what the path brings anybody, and what each of their traits' values
adds on that path. What a value adds is drawn towards nothing, the more the fewer people have it, so that groups which
are hardly known are treated as everybody is.

Source: Agrawal & Goyal (2013), "Thompson sampling for contextual bandits with linear payoffs", ICML, 127-135.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.measures.learning.beliefs import USUAL_SPREAD, Beliefs
from holdfast.measures.statistics.moments import Numbers, over


def features(values: Sequence[Sequence[str]]) -> Numbers:
    """For each cell a 1, and a 1 for each of its traits' values, shape (cells, 1 + values).

    Args:
        values: of each cell, the value of each trait, in order.
    """
    columns = sorted({(place, value) for each in values for place, value in enumerate(each)})
    at = {column: index for index, column in enumerate(columns, 1)}
    design = np.zeros((len(values), 1 + len(columns)))
    design[:, 0] = 1
    for row, each in enumerate(values):
        for place, value in enumerate(each):
            design[row, at[place, value]] = 1
    return design


def cell_shares(
    design: Numbers,
    people: Numbers,
    brought: Numbers,
    believed: Beliefs,
    *,
    variance: float,
    temper: float,
    seed: int,
    draws: int = 2_000,
) -> Numbers:
    """Of each cell, the share of people that each path gets, shape (cells, paths).

    Args:
        design: what `features` makes of the cells.
        people: for how many it has been seen what they bring, shape (cells, paths).
        brought: what those brought together, shape (cells, paths).
        believed: of each path over all cells.
        variance: of what one person brings.
        temper: as `Dial.temper`.
        seed: the same gives the same shares.
    """
    chance = np.random.default_rng(seed)
    paths = people.shape[1]
    middle = float(believed.mean.mean())
    spread = max((USUAL_SPREAD * middle) ** 2, 1e-12)
    sampled = np.empty((draws, design.shape[0], paths))
    for path in range(paths):
        prior = _Prior(mean=float(believed.mean[path]), deviation=float(believed.deviation[path]), spread=spread)
        mean, root = _posterior(design, people[:, path] / variance, over(brought[:, path], people[:, path]), prior)
        noise = temper * chance.standard_normal((draws, design.shape[1])) @ root.T
        sampled[:, :, path] = (mean + noise) @ design.T
    best = sampled.argmax(axis=-1)
    return np.stack([(best == path).mean(axis=0) for path in range(paths)], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prior:
    """What is believed of a path before its people are told apart."""

    mean: float
    deviation: float
    spread: float
    """The variance of what a trait's value adds."""


def _posterior(design: Numbers, weight: Numbers, rate: Numbers, prior: _Prior) -> tuple[Numbers, Numbers]:
    """The coefficients' mean, and a root of their covariance."""
    apart = np.full(design.shape[1], 1 / prior.spread)
    # What the path brings anybody was shrunk once; here it is only held to that, as far as it is known.
    apart[0] = 1 / max(prior.deviation**2, 1e-12)
    seen = np.nan_to_num(rate, nan=prior.mean)
    precision = np.diag(apart) + (design * weight[:, None]).T @ design
    before = np.zeros(design.shape[1])
    before[0] = prior.mean
    mean = before + np.linalg.solve(precision, design.T @ (weight * (seen - prior.mean)))
    root = np.linalg.inv(np.linalg.cholesky(precision)).T
    return np.asarray(mean), np.asarray(root)
