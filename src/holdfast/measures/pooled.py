"""Pooling: the same difference found several times over, by draws of their own, as one."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, sqrt

from holdfast.measures.compared import Comparison, Effect, Found
from holdfast.measures.trial import Inconclusive


def pooled_difference(found: Sequence[Comparison]) -> Effect:
    """The mean difference per person, each draw counting for its people.

    The draws have nothing to do with each other, so their errors add up by their squares though people are the same.
    The interval is as wide for its error as those of the draws are, so it holds when they do.
    """
    told = [(each.people, each.difference) for each in found if isinstance(each.difference, Found) and each.people]
    if not told:
        return Inconclusive(reason="nothing can be said of any period yet")
    whole = sum(people for people, _ in told)
    value = sum(people * each.value for people, each in told) / whole
    half = sqrt(sum((people * (each.high - each.low) / 2) ** 2 for people, each in told)) / whole
    confidence = told[0][1].confidence
    return Found(value=value, low=value - half, high=value + half, confidence=confidence, p_value=None)


def pooled_ratio(found: Sequence[Comparison]) -> Effect:
    """The ratio, each draw counting for as much as it is known: by one over its variance on the logarithms' scale.

    Source: Woolf (1955), "On estimating the relation between blood group and disease", Annals of Human Genetics 19.
    """
    ratios = [each.ratio for each in found if isinstance(each.ratio, Found) and each.ratio.low > 0]
    halves = [(log(each.high) - log(each.low)) / 2 for each in ratios]
    if not ratios or min(halves) <= 0:
        return Inconclusive(reason="nothing can be said of any period yet")
    weights = [half**-2 for half in halves]
    value = sum(weight * log(each.value) for weight, each in zip(weights, ratios, strict=True)) / sum(weights)
    half = 1 / sqrt(sum(weights))
    low, high = exp(value - half), exp(value + half)
    return Found(value=exp(value), low=low, high=high, confidence=ratios[0].confidence, p_value=None, nothing=1.0)
