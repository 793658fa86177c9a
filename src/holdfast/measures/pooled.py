"""Pooling: the same difference found several times over, by draws of their own, as one."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt

from holdfast.measures.compared import Comparison, Effect, Found, Way
from holdfast.measures.reading import TUNED_PEOPLE
from holdfast.measures.statistics.normal import quantile
from holdfast.measures.statistics.surprise import unplanned_limit
from holdfast.measures.trial import Inconclusive

LEAST_P_VALUE = 1e-12
"""No p-value is told that is smaller."""
_HALVINGS = 60


def draws_told(found: Sequence[Comparison]) -> int:
    """How many of the draws tell a difference: those that are pooled."""
    return sum(isinstance(each.difference, Found) and each.people > 0 for each in found)


def pooled_difference(found: Sequence[Comparison], reading: Way) -> Effect:
    """The mean difference per person, each draw counting for its people.

    The draws have nothing to do with each other, so their errors add up by their squares though people are the same.
    The interval is as wide for its error as those of the draws are, so it holds when they do; the p-value is the
    smallest chance of error whose interval leaves out 0.

    Args:
        reading: how the draws were read; a Bayesian one has no p-value.
    """
    told = [(each.people, each.difference) for each in found if isinstance(each.difference, Found) and each.people]
    if not told:
        return Inconclusive(reason="too little is known of every period")
    whole = sum(people for people, _ in told)
    value = sum(people * each.value for people, each in told) / whole
    halves = [people * (each.high - each.low) / 2 / whole for people, each in told]
    half = sqrt(sum(each**2 for each in halves))
    confidence = told[0][1].confidence
    p_value = _p_value(value, halves, [people for people, _ in told], reading, confidence)
    return Found(value=value, low=value - half, high=value + half, confidence=confidence, p_value=p_value)


def pooled_ratio(found: Sequence[Comparison], reading: Way) -> Effect:
    """The ratio, each draw counting for as much as it is known: by one over its variance on the logarithms' scale.

    Source: Woolf (1955), "On estimating the relation between blood group and disease", Annals of Human Genetics 19.
    """
    told = [(each.people, each.ratio) for each in found if isinstance(each.ratio, Found) and each.ratio.low > 0]
    halves = [(log(each.high) - log(each.low)) / 2 for _, each in told]
    if not told or min(halves) <= 0:
        return Inconclusive(reason="too little is known of every period")
    weights = [half**-2 / sum(each**-2 for each in halves) for half in halves]
    value = sum(weight * log(each.value) for weight, (_, each) in zip(weights, told, strict=True))
    parts = [weight * half for weight, half in zip(weights, halves, strict=True)]
    half, confidence = sqrt(sum(each**2 for each in parts)), told[0][1].confidence
    return Found(
        value=exp(value),
        low=exp(value - half),
        high=exp(value + half),
        confidence=confidence,
        p_value=_p_value(value, parts, [people for people, _ in told], reading, confidence),
        nothing=1.0,
    )


def _p_value(
    value: float, halves: Sequence[float], people: Sequence[int], reading: Way, confidence: float
) -> float | None:
    """The smallest chance of error at which the interval leaves out 0, found by halving."""
    if reading == "bayesian":
        return None

    def half(error: float) -> float:
        reaches = (
            each * _reach(number, reading, 1 - error) / _reach(number, reading, confidence)
            for each, number in zip(halves, people, strict=True)
        )
        return sqrt(sum(each**2 for each in reaches))

    low, high = log(LEAST_P_VALUE), 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if half(exp(middle)) < abs(value) else (middle, high)
    return exp(high)


def _reach(people: int, reading: Way, confidence: float) -> float:
    """By how many standard errors the interval of a draw reaches either way."""
    if reading == "sequential":
        return unplanned_limit(people, TUNED_PEOPLE, confidence)
    return quantile((1 + confidence) / 2)
