"""Sealing: secrets as they are kept, so that whoever has the files, and not the key, has nothing.

AES-256 in Galois/Counter Mode (NIST SP 800-38D). What is sealed says by which key, so that a key can be changed while
what an older one sealed is still read; and it is bound to the place it is kept in, so that one secret cannot be put in
the place of another.

    1 byte    the version of this form, 1
    4 bytes   the id of the key
    12 bytes  the nonce, never used twice with one key
    the rest  the secret, sealed, and 16 bytes that prove it
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.kernel.errors import Conflict

NONCE_BYTES = 12
_VERSION = b"\x01"
_ID_BYTES = 4
_HEAD_BYTES = len(_VERSION) + _ID_BYTES + NONCE_BYTES
_KEY, _ID = b"holdfast sealing key", b"holdfast sealing key id"


class CannotUnseal(Conflict):
    """A secret was sealed with a key we have not, or was tampered with."""

    default_code = "cannot_unseal"


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key, made of whatever secret somebody chose. The secret must be one nobody can guess: it is not stretched."""

    secret: bytes = field(repr=False)
    id: bytes = field(init=False)
    """By which it is known: says nothing of the key."""
    key: bytes = field(init=False, repr=False)
    """32 bytes."""

    def __post_init__(self) -> None:
        key = hmac.new(self.secret, _KEY, hashlib.sha256).digest()
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "id", hmac.new(key, _ID, hashlib.sha256).digest()[:_ID_BYTES])


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the first of its keys, and unseals what any of them sealed."""

    keys: Sequence[SealingKey]

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("sealing needs a key")

    def seal(self, secret: str, *place: str, nonce: bytes) -> bytes:
        """The secret as it may be kept.

        Args:
            place: where it is kept, such as the name of a connection and of the field; it opens nowhere else.
            nonce: 12 bytes drawn at random, and used for nothing else.
        """
        if len(nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes, and this one {len(nonce)}")
        key = self.keys[0]
        head = _VERSION + key.id + nonce
        return head + AESGCM(key.key).encrypt(nonce, secret.encode("utf-8", "surrogatepass"), _bound(head, place))

    def unseal(self, sealed: bytes, *place: str) -> str:
        """The secret that was sealed for that place.

        Raises CannotUnseal when it was sealed with another key, for another place, or is not as it was.
        """
        head, rest = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        # There is a chance in four thousand million that two keys go by one id: each that does is tried.
        for key in self.keys:
            if head[: len(_VERSION) + _ID_BYTES] != _VERSION + key.id or len(head) < _HEAD_BYTES:
                continue
            try:
                secret = AESGCM(key.key).decrypt(head[-NONCE_BYTES:], rest, _bound(head, place))
                return secret.decode("utf-8", "surrogatepass")
            except (InvalidTag, UnicodeDecodeError):
                continue
        raise CannotUnseal(
            "what is kept here was sealed with another key, or is not as it was.",
            hint="Start with the `secret_key` it was sealed with, or give the secret anew.",
        )

    def is_current(self, sealed: bytes) -> bool:
        """Whether it was sealed with the key that seals now."""
        return sealed[: len(_VERSION) + _ID_BYTES] == _VERSION + self.keys[0].id


def _bound(head: bytes, place: Sequence[str]) -> bytes:
    """What the seal holds together with the secret. Lengths in front: ("ab", "c") and ("a", "bc") differ."""
    parts = [each.encode("utf-8", "surrogatepass") for each in place]
    return head + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
