"""Forgetting: letting go of what was kept of messages for a while.

That is what tells whose a receipt is, once none comes any more; and what messages said that nobody has come back to.
"""

from __future__ import annotations

from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.state import State

RECEIPT_DAYS = 45
"""How long it is known what a provider calls a message: a complaint may come after weeks, and bounces count for two."""
AT_ONCE = 5_000
"""How much is let go of in one transaction."""
DAY_MS = 86_400_000


async def forget_receipts(state: State, clock: Clock) -> int:
    """Let go of what is too old to be asked for; returns how much."""
    before_ms = to_millis(clock.now()) - RECEIPT_DAYS * DAY_MS
    forgotten = 0
    while True:
        async with state.begin() as transaction:
            receipts = await transaction.forget_receipts(before_ms, limit=AT_ONCE)
            words = await transaction.forget_words(before_ms, limit=AT_ONCE)
        forgotten += receipts + words
        if max(receipts, words) < AT_ONCE:
            return forgotten
