"""The named cells of recency, frequency and monetary value.

Eleven names over two scores of 1 to 5: recency, and the mean of frequency and monetary value. The names, and what they
mean, are those Putler made common ("RFM Analysis For Successful Customer Segmentation"). There the ranges of the cells
overlap; here each pair of scores is in one cell, divided as is usual for quintiles ("champions" at a recency of 5 and 4
or 5 of worth, "loyal" at 3 or 4 and 4 or 5, and so on), with "lost" taken out of "hibernating" as its least recent row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

RfmName = Literal[
    "champions", "loyal", "potential_loyalists", "new", "promising", "need_attention", "about_to_sleep",
    "at_risk", "cannot_lose", "hibernating", "lost",
]  # fmt: skip
NAMES: tuple[RfmName, ...] = (
    "champions", "loyal", "potential_loyalists", "new", "promising", "need_attention", "about_to_sleep",
    "at_risk", "cannot_lose", "hibernating", "lost",
)  # fmt: skip

# From the least to the most frequency and monetary value.
_ROWS: Mapping[int, tuple[RfmName, RfmName, RfmName, RfmName, RfmName]] = {
    5: ("new", "potential_loyalists", "potential_loyalists", "champions", "champions"),
    4: ("promising", "potential_loyalists", "potential_loyalists", "loyal", "loyal"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "cannot_lose"),
    1: ("lost", "lost", "at_risk", "at_risk", "cannot_lose"),
}


def of_five(score: int, bins: int) -> int:
    """A score of 1 to `bins` as one of 1 to 5: stretched evenly, halves up. 1 stays 1, and the best is 5.

    >>> [of_five(score, 4) for score in (1, 2, 3, 4)]
    [1, 2, 4, 5]
    """
    return 1 + (8 * (score - 1) + bins - 1) // (2 * (bins - 1))


def worth(frequency: int, monetary: int, bins: int) -> int:
    """The mean of the scores of frequency and monetary value as a score of 1 to 5, halves up."""
    return (of_five(frequency, bins) + of_five(monetary, bins) + 1) // 2


def name_of(recency: int, frequency: int, monetary: int, bins: int) -> RfmName:
    """The cell of somebody with these scores, each of 1 to `bins`."""
    return named(of_five(recency, bins), worth(frequency, monetary, bins))


def named(recency: int, worth_score: int) -> RfmName:
    """The cell at these two scores of 1 to 5."""
    return _ROWS[recency][worth_score - 1]
