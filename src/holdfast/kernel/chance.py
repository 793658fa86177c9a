"""Chance by hashing: sticky, reproducible, and never drawn."""

from __future__ import annotations

import hashlib

from holdfast.kernel.ids import hash64

_SPAN = float(1 << 64)


def share(salt: str, key: str) -> float:
    """Where `key` falls in [0, 1) under `salt`: uniform over keys, independent between salts.

    The same key always falls at the same place, so a holdout needs no memory.
    """
    return hash64(salt, key) / _SPAN


def place(salt: str, key: str) -> int:
    """Where `key` falls among the whole numbers below 2^64 under `salt`: as uniform, sticky and independent as `share`.

    The first eight bytes of the SHA-256 of salt, unit separator and key, little-endian. Not `hash64`: ClickHouse
    reckons this one too, so that it can be asked of everybody at once.
    """
    digest = hashlib.sha256(place_prefix(salt).encode("utf-8", "surrogatepass") + key.encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8], "little")


def place_prefix(salt: str) -> str:
    """What stands before the key where the place is reckoned."""
    return salt + "\x1f"
