"""Presence: who has the same thing open at this moment. A page says so again and again as long as it is open."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.flows.teamwork.things import Thing
from holdfast.ports.state import State
from holdfast.ports.teamwork import Presence

AGAIN_SECONDS = 15
"""How often a page says so."""
GONE_MS = 40_000
"""Whoever has not said so for as long is not there any more: two misses, and a little."""


async def be_present(state: State, thing: Thing, *, by: str, by_name: str, now_ms: int) -> Sequence[Presence]:
    """Say that one is there; returns who else is, whoever came first first."""
    async with state.begin() as transaction:
        there = await transaction.presences(thing.kind, thing.about, now_ms - GONE_MS)
        since_ms = next((each.since_ms for each in there if each.by == by), now_ms)
        own = Presence(kind=thing.kind, about=thing.about, by=by, by_name=by_name, since_ms=since_ms, seen_ms=now_ms)
        await transaction.put_presence(own, forget_before_ms=now_ms - GONE_MS)
    return [each for each in there if each.by != by]


async def leave(state: State, thing: Thing, *, by: str) -> None:
    """Say that one is there no more."""
    async with state.begin() as transaction:
        await transaction.drop_presence(thing.kind, thing.about, by)
