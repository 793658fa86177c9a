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
    """An append-only sequence of records; offsets count records from 0 and never skip."""

    async def append(self, records: Sequence[Record]) -> int:
        """Add the records, in order; return the offset of the first. Returns only when all are durable.

        Raises Busy when more bytes are waiting than the log's limit. An fsync that fails ends the process.
        """
        ...

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        """The durable entries from `offset` on, at least one if there is one; empty at the end."""
        ...

    async def end(self) -> int:
        """The offset the next record will get; everything below it is durable."""
        ...

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        """True as soon as an entry at `offset` is durable; False when the time is up first."""
        ...

    async def trim(self, before: int) -> None:
        """Give back the space of entries below `before`, as far as whole segments allow."""
        ...

    async def close(self) -> None:
        """Let go of files and threads."""
        ...
