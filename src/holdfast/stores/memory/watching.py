"""What is watched, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.watching import Watch
from holdfast.stores.memory.session import Session


class ReadingWatches(Session):
    """Questions about what is watched."""

    async def watches(self) -> list[Watch]:
        return [each for _, each in sorted(self._tables.watches.items())]


class ChangingWatches(ReadingWatches):
    """Changes of what is watched."""

    async def add_watches(self, watches: Sequence[Watch]) -> list[Watch]:
        tables = self._tables
        added = [replace(each, number=number) for number, each in enumerate(watches, tables.watch_last + 1)]
        tables.watch_last += len(added)
        tables.watches = tables.watches | {each.number: each for each in added}
        return added

    async def put_watch(self, watch: Watch) -> None:
        if watch.number in self._tables.watches:
            self._tables.watches = self._tables.watches | {watch.number: watch}

    async def drop_watches(self, numbers: Sequence[int]) -> None:
        tables = self._tables
        tables.watches = {number: each for number, each in tables.watches.items() if number not in numbers}
