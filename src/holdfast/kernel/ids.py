"""Ids made from what they name, so that every retry makes the same one."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

NEIGHBOURS = 256
"""How many numbers in a row have names that begin alike."""
_CROWDS_MOST = 4_096
"""Beginnings kept at hand."""
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


def neighbouring_key(of: str, number: int, *parts: str | int) -> str:
    """The name of an effect, near those of the same origin whose numbers are near: 32 hexadecimal digits.

    What goes to many goes to them in order of their numbers, a few hundred at a time. Names in no order would come to
    as many places of the index by name, each of them a page to be written; these come to one or two.

    >>> neighbouring_key("sale", 1, "send")[:8] == neighbouring_key("sale", 2, "send")[:8]
    True
    """
    return _crowd(of, number // NEIGHBOURS) + blake2b(_named((number, *parts)), digest_size=12).hexdigest()


@lru_cache(_CROWDS_MOST)
def _crowd(of: str, which: int) -> str:
    return blake2b(_named((of, which)), digest_size=4).hexdigest()
