"""Where a client puts its write key: in front of the body, if it can."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from urllib.parse import parse_qs


def write_key_before_body(headers: Mapping[bytes, bytes], query: bytes) -> str | None:
    """The write key of the Authorization header (the user of Basic, or Bearer), else of `writeKey` in the query.

    None when neither names one: then it may stand in the body.
    """
    authorization = headers.get(b"authorization")
    if authorization:
        scheme, _, credentials = authorization.partition(b" ")
        match scheme.lower():
            case b"basic":
                return _basic_user(credentials)
            case b"bearer":
                return credentials.strip().decode("latin-1") or None
    if query:
        return next(iter(parse_qs(query.decode("latin-1")).get("writeKey", ())), None)
    return None


def _basic_user(credentials: bytes) -> str | None:
    try:
        user, _, _ = binascii.a2b_base64(credentials.strip(), strict_mode=True).partition(b":")
        return user.decode() or None
    except (binascii.Error, UnicodeDecodeError):
        return None
