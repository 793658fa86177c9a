"""The log in memory: for tests, and for runs whose end nothing need outlive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from holdfast.kernel.errors import Busy
from holdfast.ports.erasure import Rewrite
from holdfast.ports.log import Entry, Record


class MemoryLog:
    """A log whose entries are durable as long as the process lives.

    Args:
        stride: how far apart offsets lie. With more than 1 it shows when a reader takes them for a count.
    """

    def __init__(self, *, stride: int = 1) -> None:
        self._stride = stride
        self._first = 0
        self._records: list[Record] = []
        self._grown = asyncio.Condition()
        self._closed = False

    async def append(self, records: Sequence[Record]) -> int:
        if self._closed:
            raise Busy("The log is closed: the server is stopping.", hint="Send it again in a few seconds.")
        async with self._grown:
            place = self._first + len(self._records)
            self._records += records
            self._grown.notify_all()
        return self._offset(place) if records else self._end()

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        start = self._place(offset)
        found: list[Entry] = []
        size = 0
        for place, record in enumerate(self._records[start : start + max(max_records, 1)], self._first + start):
            size += len(record.body)
            if found and size > max_bytes:
                break
            found.append(Entry(offset=self._offset(place), record=record))
        return found

    async def end(self) -> int:
        return self._end()

    async def waiting(self, offset: int) -> int:
        return max(0, len(self._records) - self._place(offset))

    async def size(self) -> int:
        return sum(len(each.body) for each in self._records)

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        try:
            async with asyncio.timeout(timeout_seconds), self._grown:
                await self._grown.wait_for(lambda: self._end() > offset)
        except TimeoutError:
            return False
        return True

    async def trim(self, before: int) -> None:
        count = min(self._place(before), len(self._records))
        del self._records[:count]
        self._first += count

    async def rewrite(self, before: int, change: Rewrite) -> int:
        rewritten = 0
        for place, record in enumerate(self._records[: self._place(before)]):
            body = change(Entry(offset=self._offset(self._first + place), record=record))
            if body is not None and body != record.body:
                self._records[place] = replace(record, body=body)
                rewritten += 1
        return rewritten

    async def close(self) -> None:
        self._closed = True

    def _offset(self, place: int) -> int:
        """The offset of the record at that place, counted from the first ever appended."""
        return (place + 1) * self._stride - 1

    def _end(self) -> int:
        return (self._first + len(self._records)) * self._stride

    def _place(self, offset: int) -> int:
        """Where among those kept the first record at `offset` or above is, or would be."""
        return max(offset // self._stride - self._first, 0)
