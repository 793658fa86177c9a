"""Coupon codes made here: so many of a pattern, easy to read out, hard to guess, and none of them ever there twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random, SystemRandom

from holdfast.flows.content.coupons import CODE_CHARACTERS_MOST, can_be_code
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.messages.liquid.catalogue import check_name
from holdfast.ports.clock import Clock
from holdfast.ports.state import State

ALPHABET = "CDFGHJKMNPQRTVWXY34679"
"""No vowels, so that no code is a word, and of what looks alike (0 O, 1 I L, 2 Z, 5 S, 8 B, U V) one at most."""
PLACE = "#"
EXAMPLE = "SPRING-####-####"
COUNT_MOST = 20_000
"""Codes made at once: they are added in one transaction, all of them or none."""
GUESSES_LEAST = 100_000
"""How many codes of a pattern somebody tries, on average, before one is among those made at once."""


async def make_codes(
    state: State, clock: Clock, pool: str, pattern: str, count: int, *, chance: Random | None = None
) -> Sequence[str]:
    """Add codes that no pool has to a pool, making it as needed; returns them, in no order. All of them, or none.

    Args:
        pattern: what they look like: each `#` is one of `ALPHABET`, everything else stands as it is.
        count: up to `COUNT_MOST`.
        chance: where they come from; the system's own source of chance when left out, as codes are worth money.

    Raises Invalid, with the path.
    """
    check_name(pool, "pool")
    _check(pattern, count)
    chance = chance or SystemRandom()
    made: set[str] = set()
    async with state.begin() as transaction:
        while len(made) < count:
            drawn = await asyncio.to_thread(_drawn, pattern, count - len(made), chance)
            made |= drawn - await transaction.known_codes(sorted(drawn))
        await transaction.add_coupons(pool, sorted(made), to_millis(clock.now()))
    return sorted(made)


def _drawn(pattern: str, count: int, chance: Random) -> set[str]:
    pieces = pattern.split(PLACE)
    return {
        "".join(
            piece + letter for piece, letter in zip(pieces, chance.choices(ALPHABET, k=len(pieces) - 1), strict=False)
        )
        + pieces[-1]
        for _ in range(count)
    }


def _check(pattern: str, count: int) -> None:
    hint = f"Write one such as {EXAMPLE}: each {PLACE} is a letter or a digit."
    if not 0 < count <= COUNT_MOST:
        more = f"Make up to {COUNT_MOST:,}, and again for more."
        raise Invalid(f"{count:,} codes cannot be made at once.", code="bad_count", path="count", hint=more)
    if not can_be_code(pattern) or any(each.isspace() for each in pattern):
        said = f"{pattern!r:.120} is no pattern of codes of up to {CODE_CHARACTERS_MOST} characters, without blanks."
        raise Invalid(said, code="bad_pattern", path="pattern", hint=hint)
    places = pattern.count(PLACE)
    least = next(each for each in range(1, 100) if len(ALPHABET) ** each >= count * GUESSES_LEAST)
    if places < least:
        raise Invalid(
            f"codes of {pattern!r:.120} would soon be guessed, {count:,} of them being good.",
            code="guessable_pattern",
            path="pattern",
            hint=f"Give it {least} times {PLACE} or more, such as {EXAMPLE}.",
        )
