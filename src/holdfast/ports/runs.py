"""Runs: one occasion of a campaign that lets in an audience, and how far it has come. All times are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from holdfast.events.event import Json

RunState = Literal["preparing", "held", "running", "paused", "done", "stopped", "missed"]
"""`preparing`: its audience is being asked for; `held`: the audience is larger than was allowed, and waits for somebody
to confirm it; `running`: people enter; `paused`: somebody paused it; `done`: everybody was asked; `stopped`: somebody
stopped it, or the campaign; `missed`: its time was past when it could have begun."""
OPEN: tuple[RunState, ...] = ("preparing", "held", "running", "paused")
"""Runs that are not over."""
CHUNK_PEOPLE = 10_000
"""People of an audience kept in one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One occasion of a journey or campaign, and how far it has come."""

    id: int = 0
    """Given by the store."""
    origin: str
    """The id of the journey or campaign."""
    version: int
    """The version people enter."""
    key: str
    """Which occasion of it: what the clock says, the key of a call, or the message id of an event."""
    state: RunState = "preparing"
    created_ms: int
    at_ms: int
    """When the occasion is: of a schedule the first moment at which it is that time anywhere it is asked for."""
    wall: str = ""
    """Of a schedule: what the clock says, such as 2026-12-01T09:00:00."""
    name: str = ""
    """The event about a thing, or the call, that it is about."""
    properties: Mapping[str, Json] = field(default_factory=dict)
    """What came with it."""
    wake_ms: int | None = None
    """When the next people enter; None while it waits for something other than time."""
    as_of_ms: int | None = None
    """The moment its audience is of; None until that is known."""
    found: int | None = None
    """People in the audience; None until that is known."""
    chosen: int = 0
    """How many of them are to be asked."""
    cursor: int = 0
    """How many of them were."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What became of those: `treated`, `holdout` and `global_holdout` for who entered, else why they did not."""
    places: Mapping[int, int] = field(default_factory=dict)
    """Under a throttle: people by the number of the minute or hour they have a place in."""
    ended_ms: int | None = None
    reason: str = ""
    """Why it is held, was missed or stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """When a schedule comes next."""

    origin: str
    version: int
    """The version whose schedule it is."""
    wall: str
    """What the clock will say; empty when it never comes again."""
    next_ms: int | None
    """When that is, the first time anywhere; None when it never comes again."""


class ReadingRuns(Protocol):
    """Questions about runs."""

    async def planned(self) -> dict[str, Planned]:
        """When each schedule comes next, by origin."""
        ...

    async def run(self, run_id: int) -> Run | None:
        """One run by its number."""
        ...

    async def run_of(self, origin: str, key: str) -> Run | None:
        """The run of one occasion."""
        ...

    async def runs_of(self, origin: str, *, limit: int, before_id: int | None = None) -> list[Run]:
        """The runs of a journey or campaign, newest first; only those numbered below `before_id`, if given."""
        ...

    async def runs_in(self, states: Sequence[RunState], *, limit: int) -> list[Run]:
        """Runs in these states, oldest first."""
        ...

    async def due_runs(self, now_ms: int, *, limit: int, without: Sequence[str] = ()) -> list[Run]:
        """Runs whose `wake_ms` is at or before now, soonest first; those of the origins `without` are left out."""
        ...

    async def next_run(self) -> int | None:
        """When the soonest run or schedule falls due."""
        ...

    async def run_states(self, run_ids: Sequence[int]) -> dict[int, RunState]:
        """The states of these runs; unknown numbers are left out."""
        ...

    async def run_members(self, run_id: int, start: int, limit: int) -> list[int]:
        """The person numbers at the places `start` and after in a run's audience; at most `limit`."""
        ...


class ChangingRuns(ReadingRuns, Protocol):
    """Changes of runs."""

    async def plan(self, planned: Planned) -> None:
        """Keep when a schedule comes next, in place of what was kept of its origin."""
        ...

    async def add_run(self, run: Run) -> Run | None:
        """Add a run; returns it with its number. None when its occasion has one: then nothing is changed."""
        ...

    async def put_run(self, run: Run) -> None:
        """Put a run in the place of the one of its number."""
        ...

    async def put_members(self, run_id: int, persons: bytes) -> None:
        """Keep a run's audience, in place of what was kept: person numbers of 4 bytes each, little-endian, in order."""
        ...

    async def forget_members(self, run_id: int) -> None:
        """Let go of a run's audience."""
        ...
