"""Return addresses that say which send a bounce is about: `b+<send>-<seal>@bounces.shop.example`.

Variable envelope return paths (VERP): a server that cannot deliver a mail tells its return address so, and some say
little else that can be relied on. The seal is an HMAC: nobody can make us believe that an address bounced by guessing.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

SEAL_CHARACTERS = 12
"""48 bits, in hexadecimal: servers on the way may change the case of an address."""

_PURPOSE = b"holdfast bounce 1\x00"  # So that a seal made for anything else is none here.
_LOCAL = re.compile(rf"b\+(?P<send>[0-9a-f]{{32}})-(?P<seal>[0-9a-f]{{{SEAL_CHARACTERS}}})")


def bounce_address(send: str, host: str, key: bytes) -> str:
    """The return address of one send.

    Args:
        send: the send's key, 32 hexadecimal digits.
        host: where bounces are received, such as `bounces.shop.example`.
        key: the workspace's secret.
    """
    return f"b+{send}-{_seal(send, key)}@{host}"


def bounced_send(address: str, key: bytes) -> str | None:
    """The key of the send whose return address it is; None when it is none that was made with this key.

    >>> bounced_send(bounce_address("00112233445566778899aabbccddeeff", "b.example", b"secret").upper(), b"secret")
    '00112233445566778899aabbccddeeff'
    """
    local = address.strip().strip("<>").rpartition("@")[0]
    found = _LOCAL.fullmatch(local.lower())
    if found is None or not hmac.compare_digest(found["seal"], _seal(found["send"], key)):
        return None
    return found["send"]


def _seal(send: str, key: bytes) -> str:
    return hmac.digest(key, _PURPOSE + send.encode("ascii"), sha256).hex()[:SEAL_CHARACTERS]
