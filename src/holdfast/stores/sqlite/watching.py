"""What is watched, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.watching import Watch
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Session, in_thread

_SQL = load("watching")


class ReadingWatches(Session):
    """Questions about what is watched."""

    @in_thread
    def watches(self) -> list[Watch]:
        return [
            Watch(number=number, leaf=leaf, since_offset=since_offset, filled_to=filled_to, filled=bool(filled))
            for number, leaf, since_offset, filled_to, filled in self._rows(_SQL["watches"])
        ]


class ChangingWatches(ReadingWatches):
    """Changes of what is watched."""

    @in_thread
    def add_watches(self, watches: Sequence[Watch]) -> list[Watch]:
        return [replace(each, number=self._number(_SQL["add_watch"], *_values(each))) for each in watches]

    @in_thread
    def put_watch(self, watch: Watch) -> None:
        self._do(_SQL["put_watch"], watch.number, *_values(watch))

    @in_thread
    def drop_watches(self, numbers: Sequence[int]) -> None:
        self._do_all(_SQL["drop_watch"], [(each,) for each in sorted(numbers)])


def _values(watch: Watch) -> tuple[object, ...]:
    return watch.leaf, watch.since_offset, watch.filled_to, int(watch.filled)
