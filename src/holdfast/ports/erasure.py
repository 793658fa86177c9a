"""Erasure: what the stores do so that a person is forgotten, and the little that is kept so that they stay forgotten.

An erasure is decided in one transaction of the state: what the state holds of the person goes, and a plan of what is to
go from the other stores is kept until it is done. What stays for ever is a tombstone for each name, a keyed hash, and
the record of what was done, with nothing personal in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from holdfast.events.event import IdentityKey
from holdfast.ports.log import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One person's erasure, under way or done."""

    id: str
    requested_ms: int
    until: int
    """Log entries below this offset are erased as far as they are the person's; what comes later is somebody new."""
    done_ms: int | None = None
    plan: bytes = b""
    """JSON: who is erased, by name and number. Personal, and so empty once it is done."""
    record: bytes = b""
    """JSON: what was asked and done, without personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """What is kept of a name that was erased."""

    name: str
    """The keyed hash of the name."""
    erasure: str
    until: int
    at_ms: int
    """When it was erased: nothing that is said to have happened before may come back by an import."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address nobody may be written to at."""

    channel: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Who is to be forgotten, as a store that is no state knows them."""

    identities: tuple[int, ...]
    """Their identities' numbers, which nobody gets again."""
    names: tuple[IdentityKey, ...]
    last_identity: int
    """The last number given out when they were erased: whoever has a higher one is somebody new, whatever the name."""
    until_ms: int
    """What others say later, by when it was received, is of somebody new, though it bears one of their names."""


class ErasureView(Protocol):
    """Reading what was erased, and whether it is gone."""

    async def erasures(self, *, open_only: bool = False) -> list[Erasure]:
        """Erasures, the oldest first."""
        ...

    async def erasure(self, erasure_id: str) -> Erasure | None: ...

    async def tombstones(self, names: Sequence[str]) -> dict[str, Tombstone]:
        """Of those of the hashed names that were erased, the latest tombstone each."""
        ...

    async def suppressions(self, addresses: Sequence[str]) -> list[Suppression]:
        """Every suppression of these addresses, on whatever channel; in order of channel and address."""
        ...

    async def last_identity(self) -> int:
        """The highest number ever given to an identity; 0 when none was."""
        ...

    async def held(self, identities: Sequence[int]) -> dict[str, int]:
        """How many rows there are of these identities.

        By what they are: `identities`, `profiles`, `links`, `visits`, `sends`, `memberships` (of live segments) and
        `inbox`.
        """
        ...


class ErasureTransaction(ErasureView, Protocol):
    """Forgetting people, in the transaction under way."""

    async def put_erasure(self, erasure: Erasure) -> None:
        """Keep it, in the place of the one of the same id."""
        ...

    async def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None: ...

    async def forget_identities(self, identities: Sequence[int]) -> dict[str, int]:
        """Delete these identities and all that hangs on them; how many rows, as `held` names them.

        Their numbers are never given again. Counters of steps and settled sends stay as they are; those of people who
        stand at a step, and of sends still to be made, no longer count them.
        """
        ...

    async def drop_emitted(self, ids: Sequence[int]) -> None:
        """Forget these own events before they reach the log."""
        ...

    async def drop_bad_records(self, ids: Sequence[int]) -> None: ...

    async def drop_suppressions(self, addresses: Sequence[str]) -> None:
        """Forget what is said of these addresses, on every channel."""
        ...


Rewrite = Callable[[Entry], bytes | None]
"""The body an entry is to have instead; None where it stays as it is."""


@runtime_checkable
class Rewritable(Protocol):
    """A log whose entries can be rewritten where they stand."""

    async def rewrite(self, before: int, change: Rewrite) -> int:
        """Put new bodies in the place of those below `before` that `change` gives one for; returns how many.

        Offsets, kinds and times stay. Durable when it returns, and the old bodies are in none of its files. Cut off in
        the middle, every entry is as it was or as it is to be; doing it again completes it.
        """
        ...


class Forgetting(Protocol):
    """A history that forgets people."""

    async def event_names(self, identities: Sequence[int]) -> list[str]:
        """The names of the events stored under these identities."""
        ...

    async def forget(self, whom: Whom, *, events: Sequence[str]) -> Mapping[str, int]:
        """Remove their events, their rows, and their names from events of others; how many of each.

        What is counted of the properties of these events, whose commonest values may be theirs, is counted anew. Doing
        it again completes what was cut off.
        """
        ...

    async def purge(self) -> bool:
        """Whether what was removed is in no file any more; what is not is on its way out."""
        ...

    async def held_of(self, whom: Whom) -> Mapping[str, int]:
        """How many rows are still theirs, by table."""
        ...
