"""Taking over in SQLite: writing, in one transaction, what others found who can only read. See `recording`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from holdfast.stores.sqlite.journeys import ChangingJourneys, Moved
from holdfast.stores.sqlite.outbox import Alike, ChangingOutbox
from holdfast.stores.sqlite.people import ChangingPeople
from holdfast.stores.sqlite.session import Row


class Do(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A statement with its values."""

    query: str
    values: Row


class DoAll(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A statement for each of some rows."""

    query: str
    rows: list[Row]


class PutVisits(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Visits that have moved."""

    moved: Moved


class AddVisits(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """New visits, which get their numbers when they are written."""

    rows: list[Row]


class AddSends(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """New sends."""

    groups: list[Alike]


class TouchPeople(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """People who have changed; the change gets its number when it is written."""

    persons: list[int]


Write = Do | DoAll | PutVisits | AddVisits | AddSends | TouchPeople
encode = msgspec.msgpack.Encoder().encode
_WRITES = msgspec.msgpack.Decoder(list[Write])


class TakingOver(ChangingPeople, ChangingJourneys, ChangingOutbox):
    """A transaction that can write what a hand found."""

    async def take_over(self, writes: bytes) -> None:
        self._check()
        if writes:
            self._leave(partial(self._write, _WRITES.decode(writes)))

    def _write(self, writes: Sequence[Write]) -> None:
        for each in writes:
            match each:
                case Do():
                    self._do(each.query, *each.values)
                case DoAll():
                    self._do_all(each.query, each.rows)
                case PutVisits():
                    self._put_visits(each.moved)
                case AddVisits():
                    self._add_visits(each.rows)
                case AddSends():
                    self._add_sends(each.groups)
                case TouchPeople():
                    self._touch(each.persons)
