"""The log in memory: for tests, and for runs whose end nothing need outlive."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from holdfast.kernel.errors import Busy
from holdfast.ports.log import Entry, Record


class MemoryLog:
    """A log whose entries are durable as long as the process lives."""

    def __init__(self) -> None:
        self._first = 0
        self._records: list[Record] = []
        self._grown = asyncio.Condition()
        self._closed = False

    async def append(self, records: Sequence[Record]) -> int:
        if self._closed:
            raise Busy("The log is closed: the server is stopping.", hint="Send it again in a few seconds.")
        async with self._grown:
            first = await self.end()
            self._records += records
            self._grown.notify_all()
        return first

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        start = max(offset, self._first) - self._first
        found: list[Entry] = []
        size = 0
        for place, record in enumerate(self._records[start : start + max(max_records, 1)], start + self._first):
            size += len(record.body)
            if found and size > max_bytes:
                break
            found.append(Entry(offset=place, record=record))
        return found

    async def end(self) -> int:
        return self._first + len(self._records)

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        try:
            async with asyncio.timeout(timeout_seconds), self._grown:
                await self._grown.wait_for(lambda: self._first + len(self._records) > offset)
        except TimeoutError:
            return False
        return True

    async def trim(self, before: int) -> None:
        count = min(max(before - self._first, 0), len(self._records))
        del self._records[:count]
        self._first += count

    async def close(self) -> None:
        self._closed = True
