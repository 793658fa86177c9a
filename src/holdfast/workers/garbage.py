"""When Python looks for garbage that holds itself: seldom enough that ticks are not looked through for nothing."""

from __future__ import annotations

import gc

YOUNG_MOST = 50_000
"""Objects made before the youngest are looked through. A tick makes tens of thousands that all live until its end and
hold no circles: with Python's own 700, a quarter of its time goes into looking through them."""
YOUNG_ROUNDS, OLD_ROUNDS = 20, 50
"""How many rounds of the younger go before one of the older."""


def spare_ticks() -> None:
    """For a process that ticks."""
    # Not `gc.freeze` as well: what is frozen is never let go of, and the engine complains of that on its way out.
    gc.set_threshold(YOUNG_MOST, YOUNG_ROUNDS, OLD_ROUNDS)
