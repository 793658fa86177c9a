"""Turns in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from holdfast.ports.erasure import Suppression, Tombstone
from holdfast.ports.turns import Turn
from holdfast.stores.packing import pack, unpack
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("turns")
FORGOTTEN_AT_ONCE = 10_000
"""Turns looked at before the next are."""


class ReadingTurns(Session):
    """Questions about turns."""

    async def turns(self, *, after_id: int, limit: int) -> list[Turn]:
        return [_turn(row) for row in await self._rows(_SQL["turns"], after_id, limit)]

    async def every_tombstone(self) -> list[Tombstone]:
        return [
            Tombstone(name=name, erasure=erasure, until=until, at_ms=at_ms)
            for name, erasure, until, at_ms in await self._rows(_SQL["every_tombstone"])
        ]

    async def every_suppression(self) -> list[Suppression]:
        return [
            Suppression(channel=channel, address=address, reason=reason)
            for channel, address, reason in await self._rows(_SQL["every_suppression"])
        ]

    async def notes(self) -> dict[str, str]:
        return dict(await self._rows(_SQL["notes"]))


class ChangingTurns(ReadingTurns):
    """Changes of turns."""

    async def add_turn(self, turn: Turn) -> None:
        body = pack(dict(turn.said)) if turn.said else None
        await self._do(_SQL["add_turn"], turn.kind, turn.start, turn.next, turn.at_ms, body)

    async def forget_turns(self, before: int) -> None:
        while rows := await self._rows(_SQL["oldest_turns"], FORGOTTEN_AT_ONCE):
            gone = list(takewhile(lambda row: row[1] <= before, rows))
            if gone:
                await self._do(_SQL["forget_turns"], gone[-1][0])
            if len(gone) < FORGOTTEN_AT_ONCE:
                return

    async def take_sends(self, keys: Sequence[str], at_ms: int) -> None:
        await self._do(_SQL["take_sends"], list(keys), at_ms)


def _turn(row: Row) -> Turn:
    number, kind, start, following, at_ms, body = row
    return Turn(
        id=number, kind=kind, start=start, next=following, at_ms=at_ms, said={} if body is None else unpack(body)
    )
