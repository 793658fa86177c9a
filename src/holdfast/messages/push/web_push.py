"""Web push: a message only the browser can read. Source: RFC 8291, with the coding aes128gcm of RFC 8188.

The key of one message and its salt are not drawn but made of our own secret and of what is said, so that a retry hands
over the very same bytes. Whoever does not know the secret cannot tell them from drawn ones, and what differs in one
letter has another key.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.messages.push.vapid import derived, point_of, private_key
from holdfast.messages.push.web_token import read_base64url

BODY_BYTES_MOST = 4_096
"""What every push service takes (RFC 8030, 7.2)."""
PLAINTEXT_BYTES_MOST = 3_993
"""What is left for the message: less 86 bytes of header, 16 of authentication and 1 that ends it."""

_SALT_BYTES = 16
_AUTH_BYTES = 16
_POINT_BYTES = 65
_LAST = b"\x02"
"""What ends the last record, which is the only one."""


def encrypt(plaintext: bytes, *, p256dh: str, auth: str, secret: bytes, purpose: str) -> bytes:
    """The message as the body of the request; the same bytes for the same arguments.

    Args:
        plaintext: at most `PLAINTEXT_BYTES_MOST`.
        p256dh: the browser's public key, base64url.
        auth: the secret it shares with us, base64url.
        secret: ours; the keys of messages are made of it.
        purpose: what the message is, such as the send's key and the address.

    Raises ValueError for keys that are none, and for a message that is too long.
    """
    theirs, shared = read_subscription(p256dh, auth)
    salt_of = sha256(plaintext + shared + p256dh.encode()).digest()
    made_for = b"holdfast web push 1\0" + purpose.encode("utf-8", "surrogatepass")
    ours = private_key(secret, made_for, salt_of)
    salt = derived(secret, made_for + b"\0salt", salt=salt_of, length=_SALT_BYTES)
    return sealed(plaintext, theirs=theirs, auth=shared, ours=ours, salt=salt)


def sealed(
    plaintext: bytes, *, theirs: ec.EllipticCurvePublicKey, auth: bytes, ours: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """The message sealed with these keys, in one record. Raises ValueError for a message that is too long."""
    if len(plaintext) > PLAINTEXT_BYTES_MOST:
        raise ValueError(f"a push message is at most {PLAINTEXT_BYTES_MOST:,} bytes, and this one {len(plaintext):,}")
    receiver, sender = point_of(theirs), point_of(ours.public_key())
    keyed = derived(ours.exchange(ec.ECDH(), theirs), b"WebPush: info\0" + receiver + sender, salt=auth, length=32)
    key = derived(keyed, b"Content-Encoding: aes128gcm\0", salt=salt, length=16)
    nonce = derived(keyed, b"Content-Encoding: nonce\0", salt=salt, length=12)
    header = salt + BODY_BYTES_MOST.to_bytes(4, "big") + bytes((len(sender),)) + sender
    return header + AESGCM(key).encrypt(nonce, plaintext + _LAST, None)


def read_subscription(p256dh: str, auth: str) -> tuple[ec.EllipticCurvePublicKey, bytes]:
    """The keys of a subscription. Raises ValueError for a point that is not on the curve, and for wrong lengths."""
    point, shared = read_base64url(p256dh), read_base64url(auth)
    if len(point) != _POINT_BYTES or len(shared) != _AUTH_BYTES:
        raise ValueError(f"the keys of a subscription are {_POINT_BYTES} and {_AUTH_BYTES} bytes")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point), shared
    except ValueError as error:
        raise ValueError("the browser's public key is no point of the curve P-256") from error
