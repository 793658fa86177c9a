"""VAPID: how a web push service knows who sends. Source: RFC 8292.

A browser subscribes for the public half of one key, and its push service takes messages only from whoever signs with
the other half. So the key of a site is made once and kept: with another one every subscription is lost.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from holdfast.messages.push.web_token import base64url, read_base64url, read_signing_key, signed_token

SEED_BYTES_LEAST = 32
RENEWED_SECONDS = 43_200
"""How long one token is used for one push service: half the day that RFC 8292 allows it to be good for."""
GOOD_SECONDS = 84_600
"""How long a token is good for, from the beginning of the span it is used in: half an hour less than a day, for clocks
that differ."""
ORIGINS_MOST = 1_000
"""For how many push services tokens are kept; there are about five, but what browsers say is their word."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many points the curve P-256 has."""
_SCALAR_BYTES = 32
_WIDE_BYTES = 48
"""So many that the remainder by the order is uniform, but for one part in 2^128."""


@dataclass(frozen=True, slots=True)
class VapidKey:
    """The key of a site."""

    private: ec.EllipticCurvePrivateKey

    @property
    def public(self) -> str:
        """What browsers subscribe with, as their `applicationServerKey`: base64url."""
        return base64url(point_of(self.private.public_key()))

    @property
    def secret(self) -> str:
        """The private half as `read_vapid_key` reads it: base64url."""
        return base64url(self.secret_bytes)

    @property
    def secret_bytes(self) -> bytes:
        """The private half as a number of 32 bytes."""
        return self.private.private_numbers().private_value.to_bytes(_SCALAR_BYTES, "big")


def vapid_key(seed: bytes) -> VapidKey:
    """A new key, made of bytes that were drawn at random. Raises ValueError when they are too few."""
    if len(seed) < SEED_BYTES_LEAST:
        raise ValueError(f"a key is made of at least {SEED_BYTES_LEAST} random bytes")
    return VapidKey(private_key(seed, b"holdfast vapid key 1"))


def read_vapid_key(text: str) -> VapidKey:
    """The key in a text: base64url of the private number, as most tools write it, or PEM. Raises ValueError."""
    told = text.strip()
    if told.startswith("-----"):
        key = read_signing_key(told)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("web push signs with a key of the curve P-256, and this is an RSA key")
        return VapidKey(key)
    number = int.from_bytes(read_base64url(told), "big")
    if len(read_base64url(told)) != _SCALAR_BYTES or not 0 < number < _ORDER:
        raise ValueError("a private VAPID key is 32 bytes in base64url: 43 characters")
    return VapidKey(ec.derive_private_key(number, ec.SECP256R1()))


def derived(secret: bytes, purpose: bytes, *, salt: bytes = b"", length: int) -> bytes:
    """Bytes made of a secret for a purpose: HKDF with SHA-256 (RFC 5869). Twice as fast as by objects of a library."""
    extracted = hmac.digest(salt or b"\0" * 32, secret, "sha256")
    made, block = b"", b""
    while len(made) < length:
        block = hmac.digest(extracted, block + purpose + bytes((len(made) // 32 + 1,)), "sha256")
        made += block
    return made[:length]


def private_key(secret: bytes, purpose: bytes, salt: bytes = b"") -> ec.EllipticCurvePrivateKey:
    """A private key made of a secret: the same for the same purpose and salt, and telling nothing of the secret."""
    number = int.from_bytes(derived(secret, purpose, salt=salt, length=_WIDE_BYTES), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as 65 bytes: 4 and both coordinates."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def origin_of(endpoint: str) -> str:
    """The push service of a subscription: scheme, host and port. Raises ValueError for what is no https address."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"{endpoint!r:.100} is no address of a push service")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port is not None else "")


class Vapid:
    """Makes the header by which a push service knows us; one token serves for twelve hours."""

    def __init__(self, key: VapidKey, contact: str) -> None:
        """Nothing is signed yet.

        Args:
            contact: whom a push service turns to when there is trouble: `mailto:…` or `https://…`.
        """
        self._key = key
        self._contact = contact
        self._public = key.public
        self._made: dict[tuple[str, int], str] = {}

    def header(self, endpoint: str, now_seconds: int) -> str:
        """The value of `Authorization` for a message to this subscription. Raises ValueError for no address."""
        span = now_seconds // RENEWED_SECONDS
        asked = (origin_of(endpoint), span)
        made = self._made.get(asked)
        if made is None:
            until = span * RENEWED_SECONDS + GOOD_SECONDS
            claims: dict[str, str | int] = {"aud": asked[0], "exp": until, "sub": self._contact}
            made = f"vapid t={signed_token(claims, self._key.private)}, k={self._public}"
            if len(self._made) >= ORIGINS_MOST:
                self._made.clear()
            self._made[asked] = made
        return made
