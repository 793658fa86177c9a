"""Planning: how many people, and how many days, a trial needs to show what it is meant to show.

Sources:
    Fleiss, Levin & Paik (2003), "Statistical Methods for Rates and Proportions", 3rd edition, section 4.2, for shares.
    Chow, Shao & Wang (2008), "Sample Size Calculations in Clinical Research", 2nd edition, section 3.2.1, for means.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, inf, sqrt

from holdfast.measures.statistics.normal import below, quantile
from holdfast.measures.statistics.sequential import LOOKS, found

CONFIDENCE = 0.95
POWER = 0.8
_HALVINGS = 14


def people_for_means(
    difference: float, deviation: float, *, confidence: float = CONFIDENCE, power: float = POWER, ratio: float = 1.0
) -> float:
    """How many people the base arm needs for a difference of two means to be found; the other needs `ratio` times it.

    Args:
        difference: the smallest that matters, in the outcome's units; not 0.
        deviation: the outcome's standard deviation among people, in the same units.
        ratio: people in the treated arm for each in the base; more than 0.
    """
    if difference == 0:
        return inf
    wanted = quantile((1 + confidence) / 2) + quantile(power)
    return ceil((1 + 1 / ratio) * (deviation * wanted / difference) ** 2)


def people_for_shares(
    base: float, share: float, *, confidence: float = CONFIDENCE, power: float = POWER, ratio: float = 1.0
) -> float:
    """The same for two shares, 0 to 1."""
    if base == share:
        return inf
    together = (ratio * share + base) / (ratio + 1)
    by_chance = quantile((1 + confidence) / 2) * sqrt((ratio + 1) * together * (1 - together))
    missed = quantile(power) * sqrt(ratio * base * (1 - base) + share * (1 - share))
    return ceil((by_chance + missed) ** 2 / (ratio * (share - base) ** 2))


def power_of(difference: float, error: float, *, confidence: float = CONFIDENCE) -> float:
    """How often a difference is found that has this standard error, either way."""
    if error <= 0:
        return 1.0
    edge, off = quantile((1 + confidence) / 2), difference / error
    return below(off - edge) + below(-off - edge)


def sequential_people(
    people: float, looks: int = LOOKS, *, confidence: float = CONFIDENCE, power: float = POWER
) -> float:
    """How many people a trial with looks needs for the power that one look at the end has with `people`."""
    return ceil(people * looks_cost(looks, confidence, power)) if people < inf else inf


@lru_cache(maxsize=64)
def looks_cost(looks: int = LOOKS, confidence: float = CONFIDENCE, power: float = POWER) -> float:
    """By how many times more people the looks of a planned trial are paid for; the power stays the same."""
    once = quantile((1 + confidence) / 2) + quantile(power)
    low, high = once, 2 * once
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle, looks, 1 - confidence) < power else (low, middle)
    return float((high / once) ** 2)


def days_for(people: float, people_a_day: float, follow_up_days: float = 0.0) -> float:
    """How many days until so many people have come and have been followed for as long as the goal allows."""
    return ceil(people / people_a_day + follow_up_days) if people_a_day > 0 and people < inf else inf
