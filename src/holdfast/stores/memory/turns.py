"""Turns in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import dropwhile

from msgspec import structs

from holdfast.events.event import IdentityKey
from holdfast.kernel.errors import Internal
from holdfast.ports.erasure import Suppression, Tombstone
from holdfast.ports.state import Identity
from holdfast.ports.turns import Turn
from holdfast.stores.memory.session import Session


class MemoryTurns(Session):
    """Questions about turns."""

    async def turns(self, *, after_id: int, limit: int) -> list[Turn]:
        # Their numbers have no gaps: the first one's tells where any other is.
        kept = self._tables.turns
        start = max(after_id + 1 - kept[0].id, 0) if kept else 0
        return list(kept[start : start + limit])

    async def every_tombstone(self) -> list[Tombstone]:
        return sorted(self._tables.tombstones.values(), key=lambda each: (each.name, each.erasure))

    async def every_suppression(self) -> list[Suppression]:
        kept = sorted(self._tables.suppressions.items())
        return [Suppression(channel=channel, address=address, reason=reason) for (channel, address), reason in kept]

    async def notes(self) -> dict[str, str]:
        return dict(self._tables.notes)


class MemoryChangingTurns(MemoryTurns):
    """Changes of turns."""

    async def add_turn(self, turn: Turn) -> None:
        tables = self._tables
        tables.turn_last += 1
        tables.turns = (*tables.turns, replace(turn, id=tables.turn_last))

    async def forget_turns(self, before: int) -> None:
        self._tables.turns = tuple(dropwhile(lambda turn: turn.next <= before, self._tables.turns))

    async def add_numbered(self, numbers: Mapping[IdentityKey, int], at_ms: int) -> None:
        tables = self._tables
        taken = tables.identities.keys() & set(numbers.values())
        if taken or len(set(numbers.values())) < len(numbers) or any(key in tables.numbers for key in numbers):
            raise Internal("identities to add must be new, and their numbers free")
        every = tables.identities | {each: Identity(id=each, key=key, person=each) for key, each in numbers.items()}
        tables.identities = {each: every[each] for each in sorted(every)}
        tables.numbers = tables.numbers | dict(numbers)

    async def take_sends(self, keys: Sequence[str], at_ms: int) -> None:
        tables = self._tables
        found = [tables.sends[key] for key in keys if key in tables.sends]
        tables.sends = tables.sends | {
            each.key: structs.replace(
                each,
                state="claimed",
                claimed_ms=at_ms,
                attempts=each.attempts + 1,
                claimed_by="",
                send_by_ms=None,
                tried_ms=at_ms if each.tried_ms is None else each.tried_ms,
                dead=False,
            )
            for each in found
            if each.state in ("pending", "failed", "in_doubt")
        }
