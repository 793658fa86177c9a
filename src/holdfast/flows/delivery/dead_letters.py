"""Dead letters: what nobody tries to deliver any more, to be looked at, tried again, or let go of.

A replayed letter keeps its key, and passes the gate when it is claimed as every send does: who has opted out meanwhile
is not written to. One in doubt says again what it said, for it may have been taken; one that failed is written anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.flows.upkeep.chronicle import note_turn
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import WAITED_MS_MOST, Send, State

AT_ONCE = 500
"""How many are replayed or dropped in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which dead letters are meant: those of these keys, or every one of an origin and a channel."""

    keys: Sequence[str] | None = None
    """None for every one."""
    origin: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What became of them."""

    done: int = 0
    too_old: int = 0
    """Marketing that was asked for so long ago that the caps have forgotten it: left where it is."""
    unknown: int = 0
    """Keys that are no dead letter's, or no more."""


async def replay_letters(state: State, which: Which, *, now: datetime) -> Decided:
    """Put dead letters back into the outbox, due at once."""
    now_ms = to_millis(now)
    decided = Decided()
    before: tuple[int, str] | None = None
    while True:
        async with state.begin() as transaction:
            if which.keys is None:
                letters = await transaction.dead_letters(
                    limit=AT_ONCE, origin=which.origin, channel=which.channel, before=before
                )
            else:
                letters = [each for each in (await transaction.sends(which.keys)).values() if each.dead]
            young = [each.key for each in letters if not is_too_old(each, now_ms)]
            done = await transaction.replay_dead_letters(young, now_ms)
            if done:
                await note_turn(transaction, "letters", {"keys": [*done]}, at_ms=now_ms)
        decided = Decided(
            done=decided.done + len(done),
            too_old=decided.too_old + len(letters) - len(young),
            unknown=0 if which.keys is None else len(set(which.keys)) - len(letters),
        )
        if which.keys is not None or len(letters) < AT_ONCE:
            return decided
        before = _place(letters[-1])


async def drop_letters(state: State, which: Which) -> Decided:
    """Let go of dead letters: they stay among the failed, and on nobody's list."""
    decided = Decided()
    while True:
        async with state.begin() as transaction:
            if which.keys is None:
                letters = await transaction.dead_letters(limit=AT_ONCE, origin=which.origin, channel=which.channel)
                keys: Sequence[str] = [each.key for each in letters]
            else:
                keys = which.keys
            done = await transaction.drop_dead_letters(keys)
            await transaction.drop_words(done)
        unknown = 0 if which.keys is None else len(set(keys)) - len(done)
        decided = Decided(done=decided.done + len(done), unknown=unknown)
        if which.keys is not None or len(keys) < AT_ONCE:
            return decided


def is_too_old(send: Send, now_ms: int) -> bool:
    """Whether the caps would no longer see it as the contact it is."""
    return not send.transactional and send.created_ms < now_ms - WAITED_MS_MOST


def _place(letter: Send) -> tuple[int, str]:
    return letter.settled_ms or 0, letter.key
