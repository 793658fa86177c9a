"""Many comparisons at once: how few of what is found may be nothing.

Sources:
    Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 65-70.
    Benjamini & Hochberg (1995), "Controlling the false discovery rate", JRSS B 57, 289-300.
    Benjamini & Yekutieli (2005), "False discovery rate-adjusted multiple confidence intervals for selected
    parameters", JASA 100, 71-81.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holdfast.measures.statistics.moments import Numbers


def holm(p_values: Sequence[float]) -> Numbers:
    """The p-values, raised so that the chance of any false find is held. In the order given. Source: Holm (1979)."""
    given = np.asarray(p_values, dtype=float)
    order = np.argsort(given, kind="stable")
    raised = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    return _in_order(np.minimum(raised, 1.0), order)


def false_discovery(p_values: Sequence[float]) -> Numbers:
    """The p-values, raised so that the share of false finds is held. In the order given.

    Source: Benjamini & Hochberg (1995).
    """
    given = np.asarray(p_values, dtype=float)
    order = np.argsort(given, kind="stable")[::-1]
    ranks = np.arange(len(given), 0, -1)
    raised = np.minimum.accumulate(given[order] * len(given) / np.maximum(ranks, 1))
    return _in_order(np.minimum(raised, 1.0), order)


def selected_confidence(found: int, among: int, confidence: float = 0.95) -> float:
    """The confidence of intervals of those that were found among so many, so that so many of them hold the truth.

    Source: Benjamini & Yekutieli (2005).
    """
    return 1 - (1 - confidence) * max(found, 1) / among if among else confidence


def _in_order(values: Numbers, order: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Numbers:
    found = np.empty_like(values)
    found[order] = values
    return found
