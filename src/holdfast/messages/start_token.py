"""Start tokens: who somebody is that presses Start in a bot's chat, having come by a link of ours.

Telegram passes on what a link says after `?start=`, up to 64 letters, digits, `_` and `-`. A token names one identity
and is signed; it does not end, for a mail may be opened next year, and gives no more than an unsubscribe link does:
whoever is passed the mail can put their chat in the place of the person's own.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from hashlib import sha256

_PURPOSE = b"holdfast start 1\x00"  # So that a signature made for anything else is none here.
_IDENTITY_BYTES = 8
_SIGNATURE_BYTES = 13
"""104 bits; with the identity 21 bytes, which base64 writes without padding in 28 characters."""


def start_token(identity: int, key: bytes) -> str:
    """The token of an identity, by its number."""
    body = identity.to_bytes(_IDENTITY_BYTES, "big")
    return urlsafe_b64encode(_signature(body, key) + body).decode("ascii")


def read_start(token: str, key: bytes) -> int | None:
    """The identity a token names; None when it was not made with this key, or was changed in any way."""
    if len(token) != 4 * (_IDENTITY_BYTES + _SIGNATURE_BYTES) // 3 or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token)
    except (BadBase64, ValueError):
        return None
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if len(body) != _IDENTITY_BYTES or not hmac.compare_digest(signature, _signature(body, key)):
        return None
    return int.from_bytes(body, "big")


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, sha256)[:_SIGNATURE_BYTES]
