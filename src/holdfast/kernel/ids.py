"""Ids made from what they name, so that every retry makes the same one."""

from __future__ import annotations

from hashlib import blake2b

_ENDED = "%s\x1f"  # A part, ended by the unit separator: so ("ab", "c") and ("a", "bc") differ.


def _named(parts: tuple[str | int, ...]) -> bytes:
    # As `join` would, in two thirds of the time: every event and every effect has a name made here.
    whole = (_ENDED * len(parts)) % parts
    try:
        return whole.encode()
    except UnicodeEncodeError:  # A lone surrogate is not UTF-8, yet hostile JSON can carry one.
        return whole.encode("utf-8", "surrogatepass")


def hash64(*parts: str | int) -> int:
    """A 64-bit unsigned hash of the parts: the same on every machine and in every run."""
    return int.from_bytes(blake2b(_named(parts), digest_size=8).digest(), "big")


def effect_key(*parts: str | int) -> str:
    """The name of an effect: 32 hexadecimal digits, the same on every retry.

    >>> effect_key("cart-rescue", 3, "send") == effect_key("cart-rescue", 3, "send")
    True
    """
    return blake2b(_named(parts), digest_size=16).hexdigest()
