"""Power: how small a difference between two arms a trial of so many people would show.

Source:
    Fleiss, Levin & Paik (2003), "Statistical Methods for Rates and Proportions", 3rd edition, section 4.2: the size of
    two samples, equal or not, without the correction for continuity. It is what R's `power.prop.test` reckons with.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
POWER = 0.8
"""How often a difference that is there is to be found."""
_HALVINGS = 60


def least_difference(
    base: float, people: float, other_people: float, *, confidence: float = CONFIDENCE, power: float = POWER
) -> float | None:
    """The smallest rise above `base` that the trial shows with this power; None when it shows none at all.

    Args:
        base: the share that reaches the goal without the treatment; 0 to 1.
        people: how many are treated; more than 0.
        other_people: how many are held out; more than 0.
        confidence: of the two-sided test.

    Returns:
        In shares, 0 to 1 - base.
    """
    if not 0 <= base <= 1 or people <= 0 or other_people <= 0:
        raise ValueError("a share lies between 0 and 1, and each arm has somebody in it")
    if base == 1 or not _shown(base, 1.0, people, other_people, confidence, power):
        return None
    low, high = base, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _shown(base, middle, people, other_people, confidence, power) else (middle, high)
    return high - base


def _shown(  # noqa: PLR0917 - Two shares, two arms, two chances of error.
    base: float, share: float, people: float, other_people: float, confidence: float, power: float
) -> bool:
    """Whether the arms are large enough for the difference between the two shares."""
    ratio = people / other_people
    together = (ratio * share + base) / (ratio + 1)
    normal = NormalDist()
    by_chance = normal.inv_cdf((1 + confidence) / 2) * sqrt((ratio + 1) * together * (1 - together))
    missed = normal.inv_cdf(power) * sqrt(ratio * base * (1 - base) + share * (1 - share))
    return ratio * other_people * (share - base) ** 2 >= (by_chance + missed) ** 2
