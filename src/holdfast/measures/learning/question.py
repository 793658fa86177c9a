"""What the history is asked about an adaptive step, and what it answers: who was sent where, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedGoal:
    """A goal as the history is asked about it."""

    event: str
    within_seconds: int
    worth: float = 1.0
    value: str = ""
    """A property by whose number the worth is multiplied; empty for none."""


BIN_MS_LEAST = 600_000
"""Ten minutes: shares are not weighed more often than conversions can be told apart."""
BINS = 20
"""Bins of delay in the longest window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedQuestion:
    """What became of the people an adaptive step sent down its paths. The holdouts' people are left out."""

    experiment: str
    goals: tuple[TriedGoal, ...]
    """Each counts once per person, by its first event in the window; at least one."""
    as_of_ms: int
    since_ms: int = 0
    """Leave out people who came before."""

    @property
    def bin_ms(self) -> int:
        """How long a bin of delay is, and a batch of people."""
        window_ms = 1000 * max(goal.within_seconds for goal in self.goals)
        return max(-(-window_ms // BINS), BIN_MS_LEAST)

    def age(self, batch: int) -> int:
        """How many whole bins have passed for everybody of a batch, at most `BINS`."""
        return min(BINS, max(0, self.as_of_ms // self.bin_ms - batch - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRow:
    """Who was sent where, and what came of it: one row for each path, batch of people, cell, half and chance.

    Only what happened within the whole bins that had passed for the whole batch is counted, so that the youngest of a
    batch were given as long as the oldest.
    """

    variant: str
    batch: int
    """The batch of people: how many bins had passed since 1970 when they came."""
    cell: str
    evenly: bool
    """Whether they are of the slice that is divided evenly."""
    propensity: float
    """The chance with which each of them was sent there."""
    people: int
    reached: tuple[int, ...]
    """Goals reached, by bins of delay."""
    worth: tuple[float, ...]
    """What those were worth."""
    squares: float
    """Over people, the sum of the squares of what each brought."""

    @property
    def brought(self) -> float:
        """What they brought together."""
        return sum(self.worth)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyQuestion:
    """Which paths the people of several adaptive steps had at the others. The holdouts' people are left out."""

    experiments: tuple[str, ...]
    """Each `<journey>.<step>`; at least two."""
    bin_ms: int
    """As `TriedQuestion.bin_ms`, of all of them."""
    as_of_ms: int
    since_ms: int = 0
    half_life_bins: float | None = None
    """After how many bins what was seen counts half; None for never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRow:
    """People of one step who had the same path there and the same at another, and came there at about one time."""

    step: int
    other: int
    """Both by their place among the question's experiments."""
    variant: str
    """The path at `step`."""
    age: int
    """How many whole bins have passed since they came to `step`, at most `BINS`."""
    other_variant: str
    """The path at `other`."""
    people: float
    """How many, each counting for as much as is left of them after the half-life."""
