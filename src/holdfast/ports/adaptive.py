"""Weighings: how the shares of adaptive paths came to be what they are. All times are milliseconds.

Each weighing is kept for good, with its reason and what was believed at that moment: together they are the change log,
and whoever drew a path can be told why from the weighing's number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from holdfast.decisions.weights import Weights

Mode = Literal["learning", "frozen", "manual", "declared"]
"""`learning`: shares are weighed again as more is known. `frozen`: they stay as they are. `manual`: somebody has said
what they are. `declared`: somebody has declared a winner, and everybody goes that way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLearnt:
    """What was known of one path at a weighing."""

    path: str
    people: int
    """Who was sent down it."""
    seen: float
    """For how many of them it has been seen what they bring: the young count for a part."""
    rate: float | None
    """What each of those has brought; None where there are none."""
    mean: float
    """The same, as it is believed."""
    deviation: float
    """How far that may be off; one standard deviation."""
    best: float
    """The chance that it is the best path."""
    loss: float
    """What is lost per person if it is chosen for good and another is the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """One weighing of an adaptive step's paths."""

    experiment: str
    """`<journey>.<step>`."""
    weights: Weights
    mode: Mode
    at_ms: int
    reason: str
    """Why the shares are what they are, in plain words."""
    by: str = ""
    """Who said so; empty where nobody did."""
    seed: int = 0
    """With which chance was reckoned."""
    learnt: tuple[PathLearnt, ...] = ()
    """By path, in the step's order."""

    @property
    def number(self) -> int:
        """Which weighing of the step it is, from 1 on."""
        return self.weights.number


def said(weighing: Weighing) -> str:
    """A weighing as stores keep it."""
    return msgspec.json.encode(weighing).decode()


def weighing_said(text: str) -> Weighing:
    """The weighing that was kept."""
    return _DECODER.decode(text)


class AdaptiveView(Protocol):
    """Questions about weighings."""

    async def last_weighings(self, experiments: Sequence[str]) -> dict[str, Weighing]:
        """The last weighing of each; those that were never weighed are left out."""
        ...

    async def weighing(self, experiment: str, number: int) -> Weighing | None:
        """One of them by its number."""
        ...

    async def weighings(self, experiment: str, *, limit: int, before: int | None = None) -> list[Weighing]:
        """The weighings of a step, newest first; only those numbered below `before`, if given."""
        ...

    async def weighed(self) -> dict[str, int]:
        """Everything that was ever weighed, with the number of its last weighing."""
        ...


class AdaptiveTransaction(AdaptiveView, Protocol):
    """Keeping them."""

    async def add_weighing(self, weighing: Weighing) -> bool:
        """Keep a weighing; False, and nothing is changed, when there is one of its number already."""
        ...


_DECODER = msgspec.json.Decoder(Weighing)
