"""Veils: keyed hashes, by which a name is recognised again by whoever has the key, and by nobody else."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

_SEPARATOR = b"\x1f"  # The unit separator: it ends a part, so ("ab", "c") and ("a", "bc") differ.
_VEIL, _SEAL = b"holdfast veil", b"holdfast seal"


def veiled(key: bytes, *parts: str) -> str:
    """What stands for the parts where they must not stand themselves: 32 hexadecimal digits.

    >>> veiled(b"secret", "user", "ada") == veiled(b"secret", "user", "ada")
    True
    """
    text = _SEPARATOR.join(part.encode("utf-8", "surrogatepass") for part in parts)
    return hashlib.blake2b(text, digest_size=16, key=_derived(key, _VEIL)).hexdigest()


def seal(key: bytes, text: bytes) -> str:
    """The seal under a text: whoever has the key can tell that it was made with it, and that not a byte is altered."""
    return hashlib.blake2b(text, digest_size=32, key=_derived(key, _SEAL)).hexdigest()


def is_sealed(key: bytes, text: bytes, sealed: str) -> bool:
    """Whether that is the seal of the text. Takes as long whatever is wrong."""
    return hmac.compare_digest(seal(key, text), sealed)


@lru_cache(maxsize=16)
def _derived(key: bytes, purpose: bytes) -> bytes:
    """A key of its own for each purpose, so that what one shows says nothing of the other."""
    return hashlib.blake2b(purpose, digest_size=32, key=hashlib.sha256(key).digest()).digest()
