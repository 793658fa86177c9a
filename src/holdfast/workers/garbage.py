"""How Python is set for a process that ticks: when it looks for garbage, and how long threads wait for each other."""

from __future__ import annotations

import gc
import sys

YOUNG_MOST = 50_000
"""Objects made before the youngest are looked through. A tick makes tens of thousands that all live until its end and
hold no circles: with Python's own 700, a quarter of its time goes into looking through them."""
YOUNG_ROUNDS, OLD_ROUNDS = 20, 50
"""How many rounds of the younger go before one of the older."""
TURN_SECONDS = 0.000_5
"""How long a thread may keep the interpreter while others wait for it. A tick lets go of it a hundred times, at each of
its queries, and whoever is there takes it: with Python's own 5 ms, it would stand still for as long each time."""


def spare_ticks() -> None:
    """For a process that ticks."""
    # Not `gc.freeze` as well: what is frozen is never let go of, and the engine complains of that on its way out.
    gc.set_threshold(YOUNG_MOST, YOUNG_ROUNDS, OLD_ROUNDS)
    sys.setswitchinterval(TURN_SECONDS)
