"""Chance by hashing: sticky, reproducible, and never drawn."""

from __future__ import annotations

from holdfast.kernel.ids import hash64

_SPAN = float(1 << 64)


def share(salt: str, key: str) -> float:
    """Where `key` falls in [0, 1) under `salt`: uniform over keys, independent between salts.

    The same key always falls at the same place, so a holdout needs no memory.
    """
    return hash64(salt, key) / _SPAN
