"""A web push service for tests, such as browsers' makers run: it knows who sends, and its browsers read what is sent.

Written from the standards and not from our own code: RFC 8030 (the protocol), 8188 and 8291 (the coding), 8292 (VAPID).
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.http2_server import Answered, Asked, Http2Server, Leaving, serving

BODY_BYTES_MOST = 4_096
DAY_SECONDS = 86_400
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Unreadable(Exception):
    """The message cannot be read, or nobody knows whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a browser keeps of a subscription: a pair of keys and a secret of its own."""

    name: str
    private: ec.EllipticCurvePrivateKey
    secret: bytes
    sender: str = ""
    """The only key it takes messages from, where it was subscribed with one."""

    @classmethod
    def made(cls, name: str, sender: str = "") -> Subscription:
        """The subscription of that name: the same each time."""
        seed = hashlib.sha256(name.encode()).digest()
        key = ec.derive_private_key(int.from_bytes(seed, "big") >> 1 | 1, ec.SECP256R1())
        return cls(name=name, private=key, secret=hashlib.sha256(seed).digest()[:16], sender=sender)

    @property
    def p256dh(self) -> str:
        """As `PushSubscription.toJSON` gives it."""
        return _written(_point(self.private.public_key()))

    @property
    def auth(self) -> str:
        """As `PushSubscription.toJSON` gives it."""
        return _written(self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a browser was shown, and how the service was asked to treat it."""

    subscription: str
    plaintext: bytes
    ttl: int
    urgency: str
    topic: str
    contact: str


@dataclass
class PushService:
    """Takes messages for its subscriptions at `/push/<name>`."""

    now_seconds: Callable[[], int]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Answered 410; a name that was never known, 404."""
    busy: dict[str, str] = field(default_factory=dict)
    """Answered 429, with this `Retry-After`."""
    received: list[Received] = field(default_factory=list)
    server: Http2Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Http2Server(self._answer)

    @property
    def origin(self) -> str:
        """Where it is."""
        return self.server.url

    def endpoint(self, name: str) -> str:
        """The address of a subscription."""
        return f"{self.origin}/push/{name}"

    def subscribe(self, name: str, sender: str = "") -> Subscription:
        """A browser subscribes."""
        self.subscriptions[name] = made = Subscription.made(name, sender)
        return made

    def _answer(self, asked: Asked) -> Answered:
        name = asked.path.removeprefix("/push/")
        if name in self.busy:
            return Answered(status=429, headers={"retry-after": self.busy[name]}, body=b"slow down")
        if name in self.gone:
            return Answered(status=410, body=b"gone")
        if name not in self.subscriptions:
            return Answered(status=404)
        if len(asked.body) > BODY_BYTES_MOST:
            return Answered(status=413)
        try:
            claims = check_vapid(asked.headers.get("authorization", ""), self.origin, self.now_seconds())
        except Unreadable as error:
            return Answered(status=401, body=str(error).encode())
        subscription = self.subscriptions[name]
        if subscription.sender not in ("", claims["key"]):
            return Answered(status=403, body=b"another key subscribed")
        if not asked.headers.get("ttl", "").isdigit() or not _is_topic(asked.headers.get("topic")):
            return Answered(status=400, body=b"TTL or Topic is wrong")
        if asked.headers.get("content-encoding") != "aes128gcm":
            return Answered(status=400, body=b"the coding is wrong")
        try:
            plaintext = decrypt(asked.body, subscription)
        except Unreadable as error:
            return Answered(status=400, body=str(error).encode())
        self.received.append(
            Received(
                subscription=name,
                plaintext=plaintext,
                ttl=int(asked.headers["ttl"]),
                urgency=asked.headers.get("urgency", "normal"),
                topic=asked.headers.get("topic", ""),
                contact=str(claims["sub"]),
            )
        )
        return Answered(status=201, headers={"location": f"{self.origin}/m/{len(self.received)}"})


@asynccontextmanager
async def push_service(
    now_seconds: Callable[[], int], *, leaving: list[Leaving] | None = None
) -> AsyncIterator[PushService]:
    """The service, on a free port of this machine."""
    service = PushService(now_seconds=now_seconds)
    service.server.leaving = leaving or []
    async with serving(service.server):
        yield service


def decrypt(body: bytes, subscription: Subscription) -> bytes:
    """What the browser reads in a body of one record. Raises Unreadable."""
    if len(body) < 21:
        raise Unreadable("the header is cut off")
    salt, record_bytes, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    key, sealed = body[21 : 21 + length], body[21 + length :]
    if record_bytes < 18 or len(sealed) > record_bytes:
        raise Unreadable("the record is longer than it says")
    try:
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    except ValueError as error:
        raise Unreadable("the sender's key is none") from error
    info = b"WebPush: info\x00" + _point(subscription.private.public_key()) + key
    ikm = HKDF(SHA256(), 32, subscription.secret, info).derive(subscription.private.exchange(ec.ECDH(), sender))
    content_key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(ikm)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(ikm)
    try:
        padded = AESGCM(content_key).decrypt(nonce, sealed, None)
    except InvalidTag as error:
        raise Unreadable("it was not written for this browser, or was altered") from error
    plaintext, ends, padding = padded.rpartition(b"\x02")
    if not ends or padding.strip(b"\x00"):
        raise Unreadable("the last record does not end")
    return plaintext


def check_vapid(header: str, origin: str, now_seconds: int) -> dict[str, str | int]:
    """The claims of whoever sends, with their `key`. Raises Unreadable for what a push service does not take."""
    told = re.fullmatch(r"vapid t=([\w.-]+), *k=([\w-]+)", header)
    if told is None:
        raise Unreadable("there is no vapid in the header")
    try:
        head, said, signature = told[1].split(".")
        claims = json.loads(_read(said))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _read(told[2]))
        raw = _read(signature)
        numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        key.verify(encode_dss_signature(*numbers), f"{head}.{said}".encode(), ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise Unreadable("the signature is wrong") from error
    if json.loads(_read(head)).get("alg") != "ES256":
        raise Unreadable("it is not signed by ES256")
    if claims.get("aud") != origin:
        raise Unreadable(f"aud is {claims.get('aud')}, and this is {origin}")
    if not now_seconds < claims.get("exp", 0) <= now_seconds + DAY_SECONDS:
        raise Unreadable("exp is over, or more than a day away")
    if not str(claims.get("sub", "")).startswith(("mailto:", "https://")):
        raise Unreadable("sub is no address")
    return {**claims, "key": told[2]}


def _is_topic(said: str | None) -> bool:
    return said is None or bool(_TOPIC.fullmatch(said))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _written(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
