"""The normal distribution, for numbers."""

from __future__ import annotations

from statistics import NormalDist

_NORMAL = NormalDist()


def quantile(share: float) -> float:
    """What so large a share of a standard normal variable lies below; 0 < share < 1."""
    return _NORMAL.inv_cdf(share)


def below(value: float) -> float:
    """The share of a standard normal variable that lies below a value."""
    return _NORMAL.cdf(value)
