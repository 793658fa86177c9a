"""The second factor: codes that change every thirty seconds (TOTP, RFC 6238), and recovery codes for a lost telephone.

A code is good once: what is kept says which thirty seconds the last one was of. Recovery codes are kept as hashes, and
the secret is sealed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import msgspec

from holdfast.kernel.sealing import NONCE_BYTES, Sealer

STEP_SECONDS = 30
DIGITS = 6
STEPS_AROUND = 1
"""Clocks may differ by so many steps, back and forth."""
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactor:
    """What somebody's second factor is checked by."""

    sealed: bytes = field(repr=False)
    """The secret shared with their telephone."""
    confirmed: bool = False
    """Whether they have shown that their telephone has it; until then no code is asked for."""
    last_step: int = -1
    """Which thirty seconds the last code that was taken was of."""
    recovery: tuple[str, ...] = field(default=(), repr=False)
    """SHA-256 of each recovery code that is left, in hexadecimal."""


def pack(factor: SecondFactor) -> bytes:
    """As the state keeps it."""
    return msgspec.msgpack.encode(factor)


def unpack(packed: bytes) -> SecondFactor | None:
    """What the state keeps; None where that is nothing."""
    return msgspec.msgpack.decode(packed, type=SecondFactor) if packed else None


def is_on(packed: bytes) -> bool:
    """Whether somebody is asked for a code."""
    factor = unpack(packed)
    return factor is not None and factor.confirmed


def new_factor(sealer: Sealer, account_id: str) -> tuple[SecondFactor, str, list[str]]:
    """A second factor that is not confirmed yet, its secret in base 32, and its recovery codes."""
    secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
    codes = [_grouped(base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]
    sealed = sealer.seal(secret, "account", account_id, nonce=secrets.token_bytes(NONCE_BYTES))
    return SecondFactor(sealed=sealed, recovery=tuple(_hash(each) for each in codes)), secret, codes


def address_of(secret: str, email: str, issuer: str) -> str:
    """What a telephone reads from the picture. Source: the `otpauth` key URI format of Google Authenticator."""
    label = quote(f"{issuer}:{email}", safe="")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"


def code_at(secret: str, step: int) -> str:
    """The code of a step, counted in thirties of seconds since 1970.

    Source: RFC 4226, section 5.3, and RFC 6238; with the secret of its appendix B, in base 32:

    >>> code_at("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59 // 30)
    '287082'
    """
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return str((number & 0x7FFFFFFF) % 10**DIGITS).zfill(DIGITS)


def used(factor: SecondFactor, said: str, sealer: Sealer, account_id: str, *, now_seconds: int) -> SecondFactor | None:
    """The factor once the code was taken; None when it is not to be taken: wrong, too old, or taken before."""
    plain = "".join(said.split()).replace("-", "").upper() if len(said) <= 40 and said.isascii() else ""
    if len(plain) != DIGITS:
        hashed = _hash(plain)
        left = tuple(each for each in factor.recovery if not hmac.compare_digest(each, hashed))
        return replace(factor, recovery=left) if len(left) < len(factor.recovery) and factor.confirmed else None
    secret = sealer.unseal(factor.sealed, "account", account_id)
    now_step = now_seconds // STEP_SECONDS
    matching = [
        step
        for step in range(max(0, now_step - STEPS_AROUND), now_step + STEPS_AROUND + 1)
        if hmac.compare_digest(code_at(secret, step), plain) and step > factor.last_step
    ]
    return replace(factor, last_step=matching[0]) if matching else None


def _grouped(code: str) -> str:
    plain = code.rstrip("=")
    return "-".join(plain[each : each + 4] for each in range(0, len(plain), 4)).lower()


def _hash(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").upper().encode()).hexdigest()
