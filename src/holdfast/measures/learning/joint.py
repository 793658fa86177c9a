"""Joint beliefs: several adaptive steps of one journey, learnt together.

What a person brings is taken for a sum: a middle, and what the path they had at each step adds. Steps that are learnt
one by one take what the others' paths did for noise, and where shares moved while people's ways drifted, for their own
effect. Reckoned together neither is left, and what each path adds is drawn towards nothing as far as all of a step's
paths are alike.

Source: Henderson (1975), "Best linear unbiased estimation and prediction under a selection model", Biometrics 31,
423-447: estimates of many small effects at once, shrunk by how far they lie apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.measures.learning.beliefs import USUAL_SPREAD, USUAL_WEIGHT, Beliefs
from holdfast.measures.statistics.moments import Numbers

_ROUNDS = 3
"""How often it is asked how far paths lie apart, and they are drawn in accordingly: it settles at once."""
_PRIOR_PEOPLE, _PRIOR_RATE = 20.0, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Who had which paths, as sums over people: all that is needed of them, however many they are. Add what comes."""

    together: Numbers
    """How many had both of two paths, shape (..., columns, columns), a column for each path of each step; on the
    diagonal, how many had it."""
    brought: Numbers
    """What people brought who had a path, shape (..., columns)."""
    people: Numbers
    """Shape (...)."""
    whole: Numbers
    """What all brought, shape (...)."""
    squares: Numbers
    """The sum of squares of what each brought, shape (...)."""

    def __add__(self, other: Crossed) -> Crossed:
        return Crossed(
            together=self.together + other.together,
            brought=self.brought + other.brought,
            people=self.people + other.people,
            whole=self.whole + other.whole,
            squares=self.squares + other.squares,
        )


def crossed(chosen: npt.NDArray[np.int64], brought: npt.ArrayLike, paths: Sequence[int]) -> Crossed:
    """The sums of some people.

    Args:
        chosen: which path each had at each step, shape (people, steps); -1 where they did not come to it.
        brought: what each brought, shape (people,).
        paths: how many there are at each step.
    """
    outcome = np.asarray(brought, dtype=float)
    starts = np.concatenate([[0], np.cumsum(paths)])
    design = np.zeros((len(outcome), int(starts[-1])))
    for step in range(len(paths)):
        came = chosen[:, step] >= 0
        design[np.flatnonzero(came), starts[step] + chosen[came, step]] = 1
    return Crossed(
        together=design.T @ design,
        brought=design.T @ outcome,
        people=np.asarray(float(len(outcome))),
        whole=np.asarray(outcome.sum()),
        squares=np.asarray((outcome**2).sum()),
    )


def joint_beliefs(seen: Crossed, paths: Sequence[int]) -> list[Beliefs]:
    """What to believe of the paths of each step, all reckoned together.

    A path's mean is that of a person who has it, and is as everybody else at the other steps.
    """
    columns = int(sum(paths))
    middle = (seen.whole + _PRIOR_RATE * _PRIOR_PEOPLE) / (seen.people + _PRIOR_PEOPLE)
    variance = (seen.squares + _PRIOR_RATE * _PRIOR_PEOPLE) / (seen.people + _PRIOR_PEOPLE) - middle**2
    variance = np.maximum(variance, 1e-12)
    # The middle is known far better than any path: it is taken out, not reckoned with.
    centred = seen.brought - middle[..., None] * np.diagonal(seen.together, axis1=-2, axis2=-1)
    usual = (USUAL_SPREAD * middle) ** 2
    apart = np.broadcast_to(usual[..., None], (*middle.shape, len(paths))).copy()
    for _ in range(_ROUNDS):
        wide = np.repeat(apart, paths, axis=-1)
        precision = seen.together / variance[..., None, None] + np.eye(columns) / wide[..., :, None]
        covariance = np.linalg.inv(precision)
        effect = (covariance @ (centred / variance[..., None])[..., None])[..., 0]
        uncertain = np.diagonal(covariance, axis1=-2, axis2=-1)
        told = _by_step(effect**2 + uncertain, paths)
        apart = (told * np.asarray(paths) + usual[..., None] * USUAL_WEIGHT) / (np.asarray(paths) + USUAL_WEIGHT)
    deviation = np.sqrt(np.maximum(uncertain, 1e-24))
    counts = np.diagonal(seen.together, axis1=-2, axis2=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(counts > 0, seen.brought / counts, np.nan)
    ends = np.cumsum(paths)[:-1]
    parts = (np.split(each, ends, axis=-1) for each in (effect + middle[..., None], deviation, counts, rate))
    return [
        Beliefs(mean=mean, deviation=spread, people=people, rate=raw)
        for mean, spread, people, raw in zip(*parts, strict=True)
    ]


def _by_step(values: Numbers, paths: Sequence[int]) -> Numbers:
    """The mean over each step's paths."""
    ends = np.cumsum(paths)[:-1]
    return np.stack([each.mean(axis=-1) for each in np.split(values, ends, axis=-1)], axis=-1)
