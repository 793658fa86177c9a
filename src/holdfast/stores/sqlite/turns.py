"""Turns in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from holdfast.ports.erasure import Suppression, Tombstone
from holdfast.ports.turns import Turn
from holdfast.stores.packing import pack, unpack
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("turns")
FORGOTTEN_AT_ONCE = 10_000
"""Turns looked at before the next are."""


class ReadingTurns(Session):
    """Questions about turns."""

    @in_thread
    def turns(self, *, after_id: int, limit: int) -> list[Turn]:
        return [_turn(row) for row in self._rows(_SQL["turns"], after_id, limit)]

    @in_thread
    def every_tombstone(self) -> list[Tombstone]:
        return [
            Tombstone(name=name, erasure=erasure, until=until, at_ms=at_ms)
            for name, erasure, until, at_ms in self._rows(_SQL["every_tombstone"])
        ]

    @in_thread
    def every_suppression(self) -> list[Suppression]:
        return [
            Suppression(channel=channel, address=address, reason=reason)
            for channel, address, reason in self._rows(_SQL["every_suppression"])
        ]

    @in_thread
    def notes(self) -> dict[str, str]:
        return dict(self._rows(_SQL["notes"]))


class ChangingTurns(ReadingTurns):
    """Changes of turns."""

    async def add_turn(self, turn: Turn) -> None:
        body = pack(dict(turn.said)) if turn.said else None
        self.leave(_SQL["add_turn"], turn.kind, turn.start, turn.next, turn.at_ms, body, rows=1)

    @in_thread
    def forget_turns(self, before: int) -> None:
        while rows := self._rows(_SQL["oldest_turns"], FORGOTTEN_AT_ONCE):
            gone = list(takewhile(lambda row: row[1] <= before, rows))
            if gone:
                self._do(_SQL["forget_turns"], gone[-1][0])
            if len(gone) < FORGOTTEN_AT_ONCE:
                return

    @in_thread
    def take_sends(self, keys: Sequence[str], at_ms: int) -> None:
        self._do_all(_SQL["take_send"], ((key, at_ms) for key in keys))


def _turn(row: Row) -> Turn:
    number, kind, start, following, at_ms, body = row
    return Turn(
        id=number, kind=kind, start=start, next=following, at_ms=at_ms, said={} if body is None else unpack(body)
    )
