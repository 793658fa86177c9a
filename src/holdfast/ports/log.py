"""The log: durable, ordered, read by offset. Everything that reaches Holdfast is in it before it is acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

RecordKind = Literal["batch", "track", "identify", "page", "screen", "group", "alias", "import"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request body, exactly as it came (decompressed), with what its transport said of it."""

    kind: RecordKind
    source: str
    """The name of the write key it came through; `holdfast` for our own events."""
    received_ms: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record at its place in the log."""

    offset: int
    record: Record


class Log(Protocol):
    """An append-only sequence of records, each at an offset that is larger than that of every record before it.

    Offsets only grow: they begin at 0 or above and may skip, so never reckon with their distance. What follows an
    entry is read from its offset + 1; how many records that is, `waiting` tells.
    """

    async def append(self, records: Sequence[Record]) -> int:
        """Add the records, in order; return the offset of the first. Returns only when all are durable.

        Raises Busy when more bytes are waiting than the log's limit, or when the log cannot say in time that they are
        durable: then they may be in it or not, and the caller sends them again. An fsync that fails ends the process.
        """
        ...

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        """The durable entries at `offset` or above, at least one if there is one; empty at the end.

        Raises Busy when the log cannot be reached.
        """
        ...

    async def end(self) -> int:
        """The offset just after the last record, which is its offset + 1. No later record will be below it.

        Raises Busy when the log cannot be reached.
        """
        ...

    async def waiting(self, offset: int) -> int:
        """How many records there are at `offset` or above. Of very many, a log may tell about how many.

        Raises Busy when the log cannot be reached.
        """
        ...

    async def size(self) -> int:
        """How many bytes it takes up where it is kept.

        Raises Busy when the log cannot be reached.
        """
        ...

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        """True as soon as there is, or was, a durable entry at `offset` or above; False when the time is up first."""
        ...

    async def trim(self, before: int) -> None:
        """Give back the space of entries below `before`, as far as the log's pieces allow."""
        ...

    async def close(self) -> None:
        """Let go of files, threads and connections."""
        ...
