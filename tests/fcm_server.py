"""Firebase's push service for tests, answering as it documents, and what gives the tokens for it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tests.http2_server import Answered, Asked, Http2Server, Leaving, serving

PAYLOAD_BYTES_MOST = 4_096
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


@dataclass
class FcmServer:
    """Knows the devices of one project; gives its service account tokens at `/token`."""

    now_seconds: Callable[[], int]
    project: str
    email: str
    key: rsa.RSAPublicKey
    devices: set[str] = field(default_factory=set)
    """Registration tokens, and installation ids as `fid:…`."""
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By device: status and code, whatever is asked."""
    retry_after: str = ""
    shown: list[dict[str, object]] = field(default_factory=list)
    """The messages that were taken."""
    tokens: list[str] = field(default_factory=list)
    """Tokens given, the last one good."""
    gives_tokens: bool = True
    server: Http2Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Http2Server(self._answer)

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        return f"{self.server.url}/token"

    def take_back(self) -> None:
        """The last token is good no more."""
        self.tokens.append("taken back")

    def _answer(self, asked: Asked) -> Answered:
        if asked.path == "/token":
            return self._token(asked)
        if asked.path != f"/v1/projects/{self.project}/messages:send":
            return _error(404, "NOT_FOUND", "Not found", own=False)
        if not self.tokens or asked.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", own=False)
        try:
            message = json.loads(asked.body)["message"]
        except (ValueError, KeyError):
            return _error(400, "INVALID_ARGUMENT", "Invalid JSON payload received.", own=False)
        return self._sent(message)

    def _sent(self, message: dict[str, object]) -> Answered:
        device = str(message["token"]) if "token" in message else f"fid:{message.get('fid')}"
        if device in self.errors:
            status, code = self.errors[device]
            headers = {"retry-after": self.retry_after} if self.retry_after else {}
            return _error(status, code, code.lower(), headers=headers)
        wrong = _wrong_field(message)
        if wrong:
            return _error(400, "INVALID_ARGUMENT", f"Invalid value at '{wrong}'", own=False, field_name=wrong)
        shown = {name: message[name] for name in ("notification", "data") if name in message}
        if len(json.dumps(shown, ensure_ascii=False).encode()) > PAYLOAD_BYTES_MOST:
            return _error(400, "INVALID_ARGUMENT", "Message too big", field_name="message")
        if device not in self.devices:
            return _error(404, "UNREGISTERED", "Requested entity was not found.")
        self.shown.append(message)
        name = f"projects/{self.project}/messages/{len(self.shown)}"
        return Answered(status=200, body=json.dumps({"name": name}).encode())

    def _token(self, asked: Asked) -> Answered:
        if not self.gives_tokens:
            return Answered(status=503, body=b"try again later")
        form = parse_qs(asked.body.decode())
        try:
            assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
            head, said, signature = form["assertion"][0].split(".")
            claims = json.loads(_read(said))
            self.key.verify(_read(signature), f"{head}.{said}".encode(), padding.PKCS1v15(), SHA256())
        except (KeyError, ValueError, InvalidSignature):
            return Answered(status=400, body=b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}')
        now = self.now_seconds()
        fits = (
            claims["iss"] == self.email
            and claims["scope"] == SCOPE
            and claims["aud"] == self.token_url
            and claims["iat"] <= now < claims["exp"] <= claims["iat"] + 3_600
        )
        if not fits:
            return Answered(status=400, body=b'{"error":"invalid_grant","error_description":"Invalid JWT"}')
        self.tokens.append(f"ya29.{len(self.tokens)}")
        told = {"access_token": self.tokens[-1], "expires_in": 3599, "token_type": "Bearer"}
        return Answered(status=200, body=json.dumps(told).encode())


def _wrong_field(message: Mapping[str, object]) -> str:
    data = message.get("data", {})
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        return "message.data"
    android = message.get("android", {})
    assert isinstance(android, dict)
    if not str(android.get("ttl", "1s")).removesuffix("s").isdigit() or not str(android.get("ttl", "1s")).endswith("s"):
        return "message.android.ttl"
    return "message.android.priority" if android.get("priority", "NORMAL") not in ("NORMAL", "HIGH") else ""


def _error(
    status: int,
    code: str,
    message: str,
    *,
    own: bool = True,
    field_name: str = "",
    headers: Mapping[str, str] | None = None,
) -> Answered:
    details: list[dict[str, object]] = [{"@type": FCM_ERROR, "errorCode": code}] if own else []
    if field_name:
        violations = [{"field": field_name, "description": message}]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    told = {"error": {"code": status, "message": message, "status": code, "details": details}}
    return Answered(status=status, headers=headers or {}, body=json.dumps(told).encode())


@asynccontextmanager
async def fcm_server(fcm: FcmServer, *, leaving: list[Leaving] | None = None) -> AsyncIterator[FcmServer]:
    """The service, on a free port of this machine."""
    fcm.server.leaving = leaving or []
    async with serving(fcm.server):
        yield fcm


def _read(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
