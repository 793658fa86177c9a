"""Audiences: sets of people, now and at past moments, and what they have in common.

At a past moment a condition is asked of all that is known now: events up to the moment, windows back from it, traits
(and lists of people) as they were said by then, people first seen by then. Who is who, and what they are called, is as
it is now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.segments.condition import Condition

Side = Literal["entered", "left"]
"""Which way somebody went between two moments."""

MOMENTS_MOST = 16
"""Moments asked about at once."""
SETS_MOST = 50
"""Audiences compared with one another."""
COMBINATIONS_MOST = 100
"""Combinations of audiences told, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people an audience had at a moment, and who came and went since the moment before it in the question."""

    at_ms: int
    people: int
    entered: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many people an audience has, out of how many, as of when."""

    as_of_ms: int
    people: int
    everyone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """People who are in these audiences and in none of the others."""

    sets: tuple[int, ...]
    """Their places in the question, from 0."""
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What several audiences have in common."""

    as_of_ms: int
    everyone: int
    common: tuple[tuple[int, ...], ...]
    """How many people each two have in common, by their places; an audience has itself in common with itself."""
    in_any: int
    in_all: int
    in_one: int
    """In exactly one of them."""
    combinations: tuple[Combination, ...]
    """The largest first, then in order of places; at most COMBINATIONS_MOST."""


def check_sets(count: int) -> None:
    """Complain of too few audiences, or too many, to compare."""
    if count < 2:
        raise Invalid("There is nothing to compare.", path="$.segments", hint="Give two segments or more.")
    if count > SETS_MOST:
        raise TooLarge(f"{count} segments are too many.", path="$.segments", hint=f"Use at most {SETS_MOST}.")


class Audiences(Protocol):
    """Asking about sets of people. What the history's `add` returned from is in every answer after it."""

    async def sizes(self, condition: Condition, moments_ms: Sequence[int]) -> list[Size]:
        """The size at each of the moments, at most MOMENTS_MOST of them; whoever is there at the first entered then."""
        ...

    async def moved(
        self,
        condition: Condition,
        side: Side,
        *,
        since_ms: int,
        until_ms: int,
        limit: int | None = None,
        offset: int = 0,
    ) -> pa.Table:
        """The people who entered or left between two moments, as they stand now, in order of person number.

        Columns as `ports.columns.PEOPLE_COLUMNS`.
        """
        ...

    async def then(self, condition: Condition, *, at_ms: int, limit: int | None = None, offset: int = 0) -> pa.Table:
        """The people it held for at a past moment, as they stand now. Columns as `ports.columns.PEOPLE_COLUMNS`."""
        ...

    async def audience(self, condition: Condition, *, as_of_ms: int) -> Counted:
        """How many people it holds for; its parts are kept as sets, and used again while nothing has changed.

        `as_of_ms` of the answer may lie up to a minute before the one asked for, but never before a change.
        """
        ...

    async def audience_people(
        self, condition: Condition, *, as_of_ms: int, limit: int | None = None, offset: int = 0
    ) -> pa.Table:
        """The same people, as they stand now. Columns as `ports.columns.PEOPLE_COLUMNS`."""
        ...

    async def overlap(self, conditions: Sequence[Condition], *, as_of_ms: int) -> Overlap:
        """What 2 to SETS_MOST audiences have in common; they are kept, and used again, as those of `audience`."""
        ...

    async def members(self, condition: Condition, *, as_of_ms: int) -> npt.NDArray[np.uint32]:
        """The numbers of the people it holds for, in order; 4 bytes each."""
        ...


@runtime_checkable
class HasAudiences(Protocol):
    """A history that answers about audiences."""

    @property
    def audiences(self) -> Audiences: ...
