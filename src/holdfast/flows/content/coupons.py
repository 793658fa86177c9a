"""Coupons: codes given to sends, and codes brought in.

A code is given in a transaction of the state, by the key of the send: a send that is tried again has the same code, and
no code is ever another send's. A code goes back only when its message was never handed to any provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from holdfast.flows.content.in_use import COUPONS, refuse_used
from holdfast.flows.delivery.gathering import Gathering
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.moments import to_millis
from holdfast.messages.liquid.catalogue import check_name
from holdfast.ports.catalogues import ClaimedCode, CouponPool
from holdfast.ports.clock import Clock
from holdfast.ports.state import State

AT_ONCE_MOST = 500
"""Claims made in one transaction."""
ADDED_AT_ONCE = 5_000
CODE_CHARACTERS_MOST = 100
EXAMPLES_MOST = 5
_IN_NO_CODE = frozenset(',;"\ufffd')
"""What parts the columns of a table, and what stands for bytes that are no text: a customer could type none of it."""


class CouponDesk:
    """Gives codes to sends. Those who ask while a transaction is under way are served by the next, together."""

    def __init__(self, *, state: State, clock: Clock) -> None:
        """Nobody has asked yet."""
        self._state = state
        self._clock = clock
        self._claims = Gathering(self._claimed, most=AT_ONCE_MOST)

    async def claim(self, pool: str, send: str) -> ClaimedCode | None:
        """The send's code of the pool; None when none is left, or there is no such pool."""
        return await self._claims.ask((pool, send))

    async def give_back(self, pools: Iterable[str], send: str) -> None:
        """Take back codes that were given just now, and that nobody has seen."""
        given = [(pool, send) for pool in pools]
        if given:
            async with self._state.begin() as transaction:
                await transaction.return_coupons(given)

    async def _claimed(self, asks: Sequence[tuple[str, str]]) -> dict[tuple[str, str], ClaimedCode]:
        async with self._state.begin() as transaction:
            return await transaction.claim_coupons(asks, to_millis(self._clock.now()))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedCodes:
    """What became of codes that were brought in."""

    added: int
    known: int
    """Codes that a pool has already, this one or another."""
    bad: int
    """Lines that can be no code."""
    examples: tuple[str, ...] = ()
    """Some of those."""


async def add_codes(
    state: State, clock: Clock, pool: str, lines: Iterable[str], progress: Callable[[int, int | None], None]
) -> AddedCodes:
    """Put codes into a pool, making it as needed: one a line, blanks around it left out.

    Doing it again changes nothing. Raises Invalid for a pool's name that is none, and where there is no code at all.
    """
    check_name(pool, "pool")
    count = added = 0
    bad: list[str] = []
    seen = iter(lines)
    while chunk := await asyncio.to_thread(lambda: list(islice(seen, ADDED_AT_ONCE))):
        codes = [code for line in chunk if (code := line.strip())]
        fine = [code for code in codes if can_be_code(code)]
        bad += [code for code in codes if not can_be_code(code)] if len(fine) < len(codes) else []
        if fine:
            async with state.begin() as transaction:
                added += await transaction.add_coupons(pool, fine, to_millis(clock.now()))
        count += len(fine)
        progress(count, None)
    if not count:
        hint = "Give a text of codes, one a line and nothing else: of a table only the column with the codes."
        raise Invalid("there is no code in it.", code="no_codes", hint=hint)
    return AddedCodes(
        added=added, known=count - added, bad=len(bad), examples=tuple(f"{each!r:.60}" for each in bad[:EXAMPLES_MOST])
    )


def can_be_code(code: str) -> bool:
    """Whether a customer could be given it."""
    return 0 < len(code) <= CODE_CHARACTERS_MOST and code.isprintable() and _IN_NO_CODE.isdisjoint(code)


async def coupon_pools(state: State) -> Sequence[CouponPool]:
    """Every pool, by name."""
    async with state.view() as view:
        return await view.coupon_pools()


async def withdraw_codes(state: State, pool: str, *, allow_unknown: bool = False) -> int:
    """Delete the codes of a pool that nobody has; returns how many.

    Args:
        allow_unknown: though words hand out codes of it.

    Raises NotFound when there is no such pool, and Conflict naming who hands out codes of it.
    """
    async with state.begin() as transaction:
        if pool not in {each.name for each in await transaction.coupon_pools()}:
            raise NotFound(
                f"there is no coupon pool {pool!r:.100}.", hint="See which there are: holdfast coupons list."
            )
        if not allow_unknown:
            await refuse_used(transaction, COUPONS, pool, called="the coupon pool")
        return await transaction.withdraw_coupons(pool)
