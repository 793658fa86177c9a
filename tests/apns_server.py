"""Apple's push service for tests, answering as it documents: tokens of teams and devices, every reason to say no."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tests.http2_server import Answered, Asked, Http2Server, Leaving, serving

TOKEN_SECONDS_LEAST = 1_200
TOKEN_SECONDS_MOST = 3_600
PAYLOAD_BYTES_MOST = 4_096
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass
class ApnsServer:
    """One environment of Apple's service; it knows the devices of one app of one team."""

    now_seconds: Callable[[], int]
    team: str
    key_id: str
    key: ec.EllipticCurvePublicKey
    topic: str
    devices: set[str] = field(default_factory=set)
    unregistered: dict[str, int] = field(default_factory=dict)
    """Device tokens that were good until then, in milliseconds since 1970."""
    reasons: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By device token: what is answered whatever is asked."""
    shown: list[tuple[str, dict[str, object], dict[str, str]]] = field(default_factory=list)
    """Device token, payload and headers of what was taken; one of an `apns-collapse-id` takes the place of another."""
    tokens: list[tuple[str, int]] = field(default_factory=list)
    """The teams' tokens it was shown, and when first."""
    server: Http2Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Http2Server(self._answer)

    def _answer(self, asked: Asked) -> Answered:
        device = asked.path.removeprefix("/3/device/")
        apns_id = asked.headers.get("apns-id", "")
        status, reason, more = self._judged(asked, device)
        body = json.dumps({"reason": reason, **more}).encode() if reason else b""
        # Apple's servers send an empty frame of data before they end a stream.
        return Answered(status=status, headers={"apns-id": apns_id}, body=body, empty_frames=1)

    def _judged(self, asked: Asked, device: str) -> tuple[int, str, dict[str, int]]:
        if asked.method != "POST":
            return 405, "MethodNotAllowed", {}
        if not asked.path.startswith("/3/device/"):
            return 404, "BadPath", {}
        refused = self._token_refused(asked.headers.get("authorization", ""))
        if refused is not None:
            return *refused, {}
        if device in self.reasons:
            return *self.reasons[device], {}
        reason = self._bad_request(asked)
        if reason:
            return (413 if reason == "PayloadTooLarge" else 400), reason, {}
        if device in self.unregistered:
            return 410, "Unregistered", {"timestamp": self.unregistered[device]}
        if device not in self.devices:
            return 400, "BadDeviceToken", {}
        self.shown.append((device, json.loads(asked.body), dict(asked.headers)))
        return 200, "", {}

    def _token_refused(self, header: str) -> tuple[int, str] | None:
        token = header.removeprefix("bearer ")
        if not header.startswith("bearer "):
            return 403, "MissingProviderToken"
        try:
            head, said, signature = token.split(".")
            told, claims, raw = json.loads(_read(head)), json.loads(_read(said)), _read(signature)
            numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            self.key.verify(encode_dss_signature(*numbers), f"{head}.{said}".encode(), ec.ECDSA(SHA256()))
        except (ValueError, InvalidSignature):
            return 403, "InvalidProviderToken"
        if (told.get("alg"), told.get("kid"), claims.get("iss")) != ("ES256", self.key_id, self.team):
            return 403, "InvalidProviderToken"
        now = self.now_seconds()
        if not 0 <= now - claims["iat"] <= TOKEN_SECONDS_MOST:
            return 403, "ExpiredProviderToken"
        if token not in [each for each, _ in self.tokens]:
            if self.tokens and now - self.tokens[-1][1] < TOKEN_SECONDS_LEAST:
                return 429, "TooManyProviderTokenUpdates"
            self.tokens.append((token, now))
        return None

    def _bad_request(self, asked: Asked) -> str:
        headers = asked.headers
        if "apns-topic" not in headers:
            return "MissingTopic"
        if headers["apns-topic"] != self.topic:
            return "DeviceTokenNotForTopic"
        if headers.get("apns-push-type") not in ("alert", "background"):
            return "InvalidPushType"
        if headers.get("apns-priority", "10") not in ("10", "5", "1"):
            return "BadPriority"
        if not headers.get("apns-expiration", "0").isdigit():
            return "BadExpirationDate"
        if len(headers.get("apns-collapse-id", "").encode()) > 64:
            return "BadCollapseId"
        if "apns-id" in headers and not _UUID.fullmatch(headers["apns-id"]):
            return "BadMessageId"
        if not asked.body:
            return "PayloadEmpty"
        return "PayloadTooLarge" if len(asked.body) > PAYLOAD_BYTES_MOST else ""


@asynccontextmanager
async def apns_server(apns: ApnsServer, *, leaving: list[Leaving] | None = None) -> AsyncIterator[ApnsServer]:
    """The service, on a free port of this machine."""
    apns.server.leaving = leaving or []
    async with serving(apns.server):
        yield apns


def _read(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
