"""Discovery: which of many behaviours go with an outcome, beyond what sheer volume explains, and beyond chance.

People come in strata of alike volume, and in parts drawn by a hash: `DISCOVERY_PARTS` in which is looked for something,
and a last one, the hold-out, in which is measured what was found. Only counts are needed.

Sources:
    Mantel & Haenszel (1959), "Statistical aspects of the analysis of data from retrospective studies of disease", JNCI
    22, 719-748: the test over strata, here without a correction for continuity.
    Sato (1989), "On the variance estimator for the Mantel-Haenszel risk difference", Biometrics 45, 1323-1324: the
    interval, good for many thin strata as for few full ones.
    Benjamini & Hochberg (1995), "Controlling the false discovery rate", JRSS B 57, 289-300. Where nothing is to be
    found, the chance to find anything is at most the rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

CONFIDENCE = 0.95
DISCOVERY_PARTS = 4
STABLE_PARTS_LEAST = 3
"""In how many of the parts an effect must point the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Four counts of people for each part and stratum: shape (DISCOVERY_PARTS + 1, strata)."""

    did: Array
    did_stayed: Array
    rest: Array
    rest_stayed: Array

    def of_parts(self, parts: slice) -> Counts:
        """The same for some parts taken together: shape (1, strata)."""
        summed = (
            each[parts].sum(axis=0, keepdims=True) for each in (self.did, self.did_stayed, self.rest, self.rest_stayed)
        )
        did, did_stayed, rest, rest_stayed = summed
        return Counts(did=did, did_stayed=did_stayed, rest=rest, rest_stayed=rest_stayed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """The difference in the share that stayed, who did it less who did not, among people of alike volume."""

    difference: float
    low: float
    high: float
    p_value: float
    did: int
    """People who did it, in strata in which others did not."""
    rest: int
    """People who did not, in strata in which others did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A behaviour that goes with staying."""

    index: int
    """Which of the behaviours that were asked about."""
    discovery: Adjusted
    q_value: float
    """The least rate of false discoveries at which it would have been found."""
    stable_parts: int
    """In how many of the discovery parts the effect points the same way."""
    holdout: Adjusted

    @property
    def confirmed(self) -> bool:
        """Whether the interval of the hold-out lies on the side of 0 that the discovery does."""
        return self.holdout.low > 0 if self.discovery.difference > 0 else self.holdout.high < 0


def adjusted(counts: Counts, confidence: float = CONFIDENCE) -> Adjusted | None:
    """The Mantel-Haenszel risk difference over the strata of all parts, with Sato's interval.

    None when no stratum has people of both kinds, or when all of them stayed, or none.
    """
    did, rest, did_stayed, rest_stayed = (
        each.ravel() for each in (counts.did, counts.rest, counts.did_stayed, counts.rest_stayed)
    )
    both = (did > 0) & (rest > 0)
    n1, n2, x1, x2 = did[both], rest[both], did_stayed[both], rest_stayed[both]
    n = n1 + n2
    spread = float(np.sum(n1 * n2 * (x1 + x2) * (n - x1 - x2) / (n * n * np.maximum(n - 1, 1))))
    if spread <= 0:
        return None
    weight = float(np.sum(n1 * n2 / n))
    difference = float(np.sum((x1 * n2 - x2 * n1) / n)) / weight
    p = np.sum((n1 * n1 * x2 - n2 * n2 * x1 + n1 * n2 * (n2 - n1) / 2) / (n * n))
    q = np.sum((x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * n))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(max(0.0, float(difference * p + q))) / weight
    z = difference * weight / sqrt(spread)
    return Adjusted(
        difference=difference,
        low=max(-1.0, difference - half),
        high=min(1.0, difference + half),
        p_value=erfc(abs(z) / sqrt(2)),
        did=int(n1.sum()),
        rest=int(n2.sum()),
    )


def q_values(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's: for each test the least rate of false discoveries at which it is one."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    found, least = [1.0] * len(p_values), 1.0
    for place, index in enumerate(order):
        least = min(least, p_values[index] * len(p_values) / (len(p_values) - place))
        found[index] = least
    return found


def discover(behaviours: Sequence[Counts], *, rate: float, people_least: int) -> list[Found]:
    """What goes with staying, the clearest first.

    Only behaviours are tried that at least `people_least` people did, and as many did not, in strata where they can be
    compared, in the discovery parts and in the hold-out; which they are is known before anyone looks who stayed.

    Args:
        rate: at most this share of what is found, on average, is found by chance.
    """
    tried: list[tuple[int, Adjusted]] = []
    for index, each in enumerate(behaviours):
        discovery = each.of_parts(slice(0, DISCOVERY_PARTS))
        if min(_comparable(discovery) + _comparable(each.of_parts(slice(DISCOVERY_PARTS, None)))) < people_least:
            continue
        if (effect := adjusted(discovery)) is not None:
            tried.append((index, effect))
    found: list[Found] = []
    for (index, effect), q_value in zip(tried, q_values([each.p_value for _, each in tried]), strict=True):
        stable = _stable_parts(behaviours[index], effect.difference)
        holdout = adjusted(behaviours[index].of_parts(slice(DISCOVERY_PARTS, None)))
        if q_value <= rate and stable >= STABLE_PARTS_LEAST and holdout is not None:
            found.append(Found(index=index, discovery=effect, q_value=q_value, stable_parts=stable, holdout=holdout))
    return sorted(found, key=lambda each: (each.discovery.p_value, each.index))


def _comparable(counts: Counts) -> tuple[float, float]:
    """People who did it and who did not, in strata that have both."""
    both = (counts.did > 0) & (counts.rest > 0)
    return float(counts.did[both].sum()), float(counts.rest[both].sum())


def _stable_parts(counts: Counts, difference: float) -> int:
    effects = (adjusted(counts.of_parts(slice(part, part + 1))) for part in range(DISCOVERY_PARTS))
    return sum(each is not None and each.difference * difference > 0 for each in effects)
