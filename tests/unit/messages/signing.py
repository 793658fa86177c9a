"""Keys that sign in tests, and dkimpy as the one who checks."""

from __future__ import annotations

import functools

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from holdfast.messages.mail.dkim import Signer, public_record, signer


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@functools.cache
def rsa_pem() -> bytes:
    return pem(rsa.generate_private_key(public_exponent=65_537, key_size=2_048))


@functools.cache
def ed25519_pem() -> bytes:
    return pem(ed25519.Ed25519PrivateKey.generate())


@functools.cache
def rsa_signer() -> Signer:
    return signer("shop.example", "hf1", rsa_pem())


@functools.cache
def ed25519_signer() -> Signer:
    return signer("shop.example", "hf2", ed25519_pem())


def holds(raw: bytes, signs: Signer) -> bool:
    """Whether dkimpy finds the topmost signature good."""

    def dns(name: bytes, timeout: int = 5) -> bytes | None:
        del timeout
        asked = f"{signs.selector}._domainkey.{signs.domain}."
        return public_record(signs).encode() if name.decode() == asked else None

    try:
        return bool(dkim.verify(raw, dnsfunc=dns))
    except dkim.DKIMException:
        return False
