"""What is taken in: how far the log is read, what was seen before, what could be no event, and own events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRecord:
    """A record that could not be an event, kept so that a person can read, mend and replay it."""

    id: int = 0
    """Given by the store."""
    at_ms: int
    source: str
    code: str
    message: str
    path: str
    hint: str
    body: str
    """The record as it came, as JSON text."""
    origin: str = ""
    """What it came from: `log:17.3` for record 3 of entry 17, or `online_retail.parquet:1442`. Unique."""
    replayed_ms: int | None = None


class IntakeView(Protocol):
    """Reading what is taken in."""

    async def offset(self, group: str) -> int:
        """The next log offset the group is to read; 0 for a new group."""
        ...

    async def offsets(self) -> dict[str, int]:
        """The same for every group there is."""
        ...

    async def seen(self, hashes: Sequence[int]) -> dict[int, int]:
        """For message ids seen before: the position (offset * 4096 + index) of the first."""
        ...

    async def skipped(self, first: int, last: int) -> frozenset[int]:
        """Between these positions, both counted, those of own events that were read and not taken in."""
        ...

    async def bad_records(self, *, limit: int, before_id: int | None, replayed: bool | None) -> list[BadRecord]:
        """Newest first; `replayed` None means both."""
        ...

    async def bad_records_by_id(self, ids: Sequence[int]) -> list[BadRecord]: ...

    async def count_bad_records(self, *, by_code: bool = False) -> dict[str, int]:
        """Open (not replayed) bad records: by code, or under the key `all`."""
        ...

    async def emitted(self, *, limit: int, after_id: int = 0) -> list[tuple[int, Event]]:
        """Oldest first, with their ids; only those with an id above `after_id`."""
        ...

    async def last_emitted(self) -> int:
        """The highest id among them; 0 when there are none.

        To a transaction of `State.begin`: whatever has this id or a lower one is there, and whoever commits later has a
        higher one. In a view others may be about to commit lower ones.
        """
        ...


class IntakeTransaction(IntakeView, Protocol):
    """Changing what is taken in."""

    async def set_offset(self, group: str, offset: int) -> None: ...

    async def mark_seen(self, positions: Mapping[int, int], at_ms: int) -> None: ...

    async def forget_seen(self, before_ms: int) -> None:
        """Let go of what was marked before, positions that were skipped, too."""
        ...

    async def mark_skipped(self, positions: Sequence[int], at_ms: int) -> None:
        """Of own events that are known by their numbers: those that are not taken in, for they were before."""
        ...

    async def add_bad_records(self, records: Sequence[BadRecord]) -> None:
        """Keep them; one whose `origin` is already kept is passed over."""
        ...

    async def mark_replayed(self, ids: Sequence[int], at_ms: int) -> None: ...

    async def emit(self, events: Sequence[Event]) -> None:
        """Keep own events until they are in the log, in this order.

        One whose message id is waiting already may be passed over. Whoever reads them cannot rely on it: the first may
        be in the log by now.
        """
        ...

    async def forget_emitted(self, up_to_id: int) -> None: ...
