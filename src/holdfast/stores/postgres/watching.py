"""What is watched, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.watching import Watch
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Session
from holdfast.stores.postgres.session import numbers as as_numbers

_SQL = load("watching")


class ReadingWatches(Session):
    """Questions about what is watched."""

    async def watches(self) -> list[Watch]:
        return [
            Watch(number=number, leaf=leaf, since_offset=since_offset, filled_to=filled_to, filled=filled)
            for number, leaf, since_offset, filled_to, filled in await self._rows(_SQL["watches"])
        ]


class ChangingWatches(ReadingWatches):
    """Changes of what is watched."""

    async def add_watches(self, watches: Sequence[Watch]) -> list[Watch]:
        return [replace(each, number=await self._number(_SQL["add_watch"], *_values(each))) for each in watches]

    async def put_watch(self, watch: Watch) -> None:
        await self._do(_SQL["put_watch"], watch.number, *_values(watch))

    async def drop_watches(self, numbers: Sequence[int]) -> None:
        await self._do(_SQL["drop_watches"], as_numbers(numbers))


def _values(watch: Watch) -> tuple[object, ...]:
    return watch.leaf, watch.since_offset, watch.filled_to, watch.filled
