"""The word of whoever may read the data directory, to a server that runs on it: a note signed with its secret.

They could read and change everything in there with the server stopped, so with the server running they may as well.
"""

from __future__ import annotations

import hashlib
import hmac

PREFIX = "local."
GOOD_SECONDS = 300


def local_token(secret: bytes, now_ms: int) -> str:
    """What to send as a bearer token, for a few minutes."""
    until = str(now_ms + GOOD_SECONDS * 1000)
    return f"{PREFIX}{until}.{_signature(secret, until)}"


def is_local(secret: bytes, token: str, now_ms: int) -> bool:
    """Whether the token is such a note, and good still.

    >>> is_local(b"s", local_token(b"s", 0), GOOD_SECONDS * 1000 - 1), is_local(b"t", local_token(b"s", 0), 0)
    (True, False)
    """
    until, _, signature = token.removeprefix(PREFIX).partition(".")
    if not token.startswith(PREFIX) or not until.isdigit() or not until.isascii() or len(until) > 20:
        return False
    good = hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), _signature(secret, until).encode())
    return good and now_ms < int(until) <= now_ms + GOOD_SECONDS * 1000


def _signature(secret: bytes, until: str) -> str:
    return hmac.new(secret, f"local\x1f{until}".encode(), hashlib.sha256).hexdigest()
