"""The key that calls to webhooks are signed with: how both sides come to the same one.

Source: the Standard Webhooks specification, 1.0, "Signature scheme": a secret is written `whsec_` and the key in
base64, of 24 to 64 bytes. Every library that checks such signatures reads it so.
"""

from __future__ import annotations

import binascii

from holdfast.kernel.errors import Invalid

PREFIX = "whsec_"
KEY_BYTES_LEAST, KEY_BYTES_MOST = 24, 64


def signing_key(secret: str, *, path: str) -> bytes:
    """The key a secret stands for; a text that is not written as the standard has it is the key as it is.

    Raises Invalid, which does not tell the secret, where it begins as the standard has it and goes on otherwise.
    """
    said = secret.strip()
    if not said.startswith(PREFIX):
        return secret.encode("utf-8", "replace")
    try:
        key = binascii.a2b_base64(said.removeprefix(PREFIX).encode(), strict_mode=True)
    except ValueError as error:
        raise _wrong("it is no base64", path) from error
    if not KEY_BYTES_LEAST <= len(key) <= KEY_BYTES_MOST:
        raise _wrong(f"it has {len(key)} bytes", path)
    return key


def _wrong(why: str, path: str) -> Invalid:
    return Invalid(
        f"What stands behind {PREFIX} is no key: {why}.",
        code="bad_key",
        path=path,
        hint=f"Write {PREFIX} and {KEY_BYTES_LEAST} to {KEY_BYTES_MOST} bytes in base64: `openssl rand -base64 32`.",
    )
