"""The newest entries of the log, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from holdfast.ports.log import Entry


class Tail:
    """Up to about `bytes_most` of bodies, without a gap, ending where the log ends. Not for several threads at once."""

    def __init__(self, end: int, bytes_most: int) -> None:
        self._first = end
        self._bytes = 0
        self._bytes_most = bytes_most
        self._entries: list[Entry] = []

    def add(self, entries: Sequence[Entry]) -> None:
        """Add the log's next entries; forget the oldest when there are too many."""
        self._entries += entries
        self._bytes += sum(len(entry.record.body) for entry in entries)
        if self._bytes > self._bytes_most:
            self._forget()

    def read(self, offset: int, max_records: int, max_bytes: int) -> list[Entry]:
        """The entries from `offset` on within the limits, at least one; empty when `offset` is too old for the tail."""
        start = offset - self._first
        if start < 0:
            return []
        found = self._entries[start : start + max(max_records, 1)]
        size = 0
        for count, entry in enumerate(found):
            size += len(entry.record.body)
            if count and size > max_bytes:
                return found[:count]
        return found

    def rewrite(self, bodies: Mapping[int, bytes]) -> None:
        """Put new bodies in the place of those of some offsets."""
        for offset, body in bodies.items():
            place = offset - self._first
            if 0 <= place < len(self._entries):
                entry = self._entries[place]
                self._bytes += len(body) - len(entry.record.body)
                self._entries[place] = replace(entry, record=replace(entry.record, body=body))

    def _forget(self) -> None:
        """Drop the oldest until half the room is free, so that dropping is rare."""
        count = 0
        while self._bytes > self._bytes_most // 2:
            self._bytes -= len(self._entries[count].record.body)
            count += 1
        del self._entries[:count]
        self._first += count
