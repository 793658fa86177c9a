"""Ids made from what they name, so that every retry makes the same one."""

from __future__ import annotations

import hashlib

_SEPARATOR = b"\x1f"  # The unit separator: it ends a part, so ("ab", "c") and ("a", "bc") differ.


def _digest(parts: tuple[str | int, ...], size: int) -> bytes:
    hasher = hashlib.blake2b(digest_size=size)
    for part in parts:
        # A lone surrogate is not UTF-8, yet hostile JSON can carry one.
        hasher.update(str(part).encode("utf-8", "surrogatepass"))
        hasher.update(_SEPARATOR)
    return hasher.digest()


def hash64(*parts: str | int) -> int:
    """A 64-bit unsigned hash of the parts: the same on every machine and in every run."""
    return int.from_bytes(_digest(parts, 8), "big")


def effect_key(*parts: str | int) -> str:
    """The name of an effect: 32 hexadecimal digits, the same on every retry.

    >>> effect_key("cart-rescue", 3, "send") == effect_key("cart-rescue", 3, "send")
    True
    """
    return _digest(parts, 16).hex()
