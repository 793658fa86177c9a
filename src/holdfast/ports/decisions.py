"""Journeys and campaigns as they are saved, and the visits of those who are under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from holdfast.decisions.visit import Visit

DecisionState = Literal["live", "paused", "stopped", "archived"]
"""`paused`: nobody enters or moves. `stopped`: everybody leaves. `archived`: stopped, and out of sight."""
OVER: frozenset[DecisionState] = frozenset({"stopped", "archived"})
"""The states in which nobody is under way, or will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A saved journey or campaign: one immutable version of it."""

    id: str
    kind: Literal["journey", "campaign"]
    version: int
    state: DecisionState
    definition: bytes
    """Its JSON form."""
    published_ms: int


class StepCount(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How many passed a step of a journey and by which exit, since it was published."""

    origin: str
    version: int
    step: str
    exit: str
    """`entered` for arrivals, else the name of the exit taken."""
    count: int


class Entered(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How often, and when last, an identity entered a journey."""

    count: int
    last_ms: int
    open: bool
    """Whether a visit is still under way."""
    keys: frozenset[str] = frozenset()
    """The entry keys of these entries: a journey entered once per key asks for them."""


class DecisionView(Protocol):
    """Reading journeys and campaigns."""

    async def decisions(self, *, latest: bool = True) -> list[Decision]:
        """Every journey and campaign; only the newest version of each unless `latest` is False."""
        ...

    async def decision_states(self) -> list[tuple[str, int, DecisionState]]:
        """Every version of every decision, in order of id and version, with its state: so it is told what changed."""
        ...

    async def open_visits(self, identities: Sequence[int]) -> list[Visit]:
        """Visits under way of these identities, in order of id."""
        ...

    async def visits_of(self, identities: Sequence[int], *, limit: int) -> list[Visit]:
        """Past and present visits of these identities, newest first."""
        ...

    async def due_visits(
        self, now_ms: int, *, limit: int, without: Sequence[str] = (), part: int | None = None
    ) -> list[Visit]:
        """Visits whose `due_ms` is at or before now, soonest first; those of the origins `without` are left out.

        Args:
            part: only those of identities whose number is of that part.
        """
        ...

    async def due_parts(self, now_ms: int, *, without: Sequence[str] = ()) -> list[int]:
        """The parts in which `due_visits` would find any, in order."""
        ...

    async def next_due(self) -> int | None:
        """When the soonest visit or pending send falls due."""
        ...

    async def entered(self, origins: Sequence[str], identities: Sequence[int]) -> dict[tuple[str, int], Entered]:
        """Past and present entries of these identities into these journeys."""
        ...

    async def step_counts(self, origin: str) -> list[StepCount]: ...

    async def waiting(self, origin: str) -> dict[str, int]:
        """How many stand at each step now."""
        ...

    async def under_way(self, origin: str) -> dict[int, int]:
        """How many are under way on each version; it looks at every open visit, so ask it seldom."""
        ...

    async def standing(self, origin: str) -> dict[tuple[int, str], int]:
        """How many are under way on each version at each step; as seldom as `under_way`."""
        ...

    async def visits_at(self, origin: str, version: int, step: str, *, limit: int, after_id: int = 0) -> list[Visit]:
        """Visits under way on a version that stand at a step, in order of id, those numbered above `after_id`."""
        ...


class DecisionTransaction(DecisionView, Protocol):
    """Changing journeys and campaigns."""

    async def put_decision(self, decision: Decision) -> None:
        """Add a version, or change the `state` of one that exists."""
        ...

    async def add_visits(self, visits: Sequence[Visit]) -> list[Visit]:
        """Returns them with their ids, in the same order."""
        ...

    async def put_visits(self, visits: Sequence[Visit]) -> None:
        """Write where these visits stand; of several of the same number the last counts.

        Whose they are, what let them in, when and into which arm never changes, and need not be written.
        """
        ...

    async def count_steps(self, passed: Sequence[StepCount]) -> None:
        """Add to the step counters."""
        ...
