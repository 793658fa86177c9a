"""Trials: what became of the people of an experiment, as the history knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from holdfast.measures.metrics import Lives, Outcomes, Tally

LIVES_MOST = 1_000_000
"""People of one `trial_lives`."""


class Trials(Protocol):
    """Asking. What the history's `add` returned from is in every answer after it."""

    async def trial_tallies(self, question: Outcomes) -> list[Tally]:
        """The sums of every metric, by variant, look and value of the trait; in that order."""
        ...

    async def trial_course(self, question: Outcomes, moments_ms: Sequence[int]) -> list[list[Tally]]:
        """What `trial_tallies` would have told at each of these moments, by one look at what there is.

        Args:
            question: of one metric; neither by trait nor by segment, and of everyone only until a moment. Its own
                moment plays no part.
            moments_ms: at least one, in order.
        """
        ...

    async def trial_cap(self, question: Outcomes, *, first_people: int | None = None) -> float | None:
        """What `measures.metrics.cap_of` says of the first metric, of the same people as in `trial_lives`.

        Args:
            first_people: of the first so many who were assigned; None for all.
        """
        ...

    async def trial_lives(self, question: Outcomes, *, first_people: int) -> Lives:
        """The same people one by one, of the first so many who were assigned: at most `LIVES_MOST`.

        Nobody who is apart is among them. Weights play no part.
        """
        ...
