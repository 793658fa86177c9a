"""Sample-ratio mismatch: whether people are divided among the arms as they were meant to be.

Where they are not, whoever is missing is missing for a reason, and no difference between the arms means anything.

Source:
    Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments", KDD. The threshold of
    0.001 is theirs. Pearson's test of fit; where an arm is expected to have few, the exact multinomial is not needed:
    with fewer than 5 expected nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

THRESHOLD = 0.001
EXPECTED_LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """How well the arms fit the shares that were designed."""

    p_value: float
    """How often chance alone divides people so unevenly; 1 where there are too few to say."""
    expected: tuple[float, ...]

    @property
    def is_one(self) -> bool:
        """Whether something other than chance divided them."""
        return self.p_value < THRESHOLD


def mismatch(people: Sequence[int], shares: Sequence[float]) -> Mismatch:
    """Compare how many came into each arm with the shares they were to have.

    Args:
        shares: as designed, each more than 0; they need not add up to 1.
    """
    if len(people) != len(shares) or not people or any(share <= 0 for share in shares):
        raise ValueError("each arm has a share of more than 0")
    whole, total = sum(shares), sum(people)
    expected = tuple(total * share / whole for share in shares)
    if len(people) < 2 or min(expected) < EXPECTED_LEAST:
        return Mismatch(p_value=1.0, expected=expected)
    from scipy.special import chdtrc  # noqa: PLC0415 - A fifth of a second, which few of our processes need.

    off = sum((came - meant) ** 2 / meant for came, meant in zip(people, expected, strict=True))
    return Mismatch(p_value=float(chdtrc(len(people) - 1, off)), expected=expected)
