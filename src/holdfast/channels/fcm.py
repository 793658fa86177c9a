"""Push by Firebase, to Android and to apps of Apple's devices that use it.

Source: firebase.google.com, "FCM HTTP v1 API" and "Error codes"; RFC 7523 for the token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric import rsa

from holdfast.channels.declared import Declared, Desk, Granted, Granting, HttpAnswer
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.media.mobile_push import BUTTONS_MOST, TYPES
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.push.push_payload import (
    PAYLOAD_BYTES_MOST,
    Push,
    compact,
    firebase_message,
    fitted,
    read_push,
)
from holdfast.messages.push.web_token import read_signing_key, signed_token
from holdfast.ports.state import Send
from holdfast.profiles.devices import Device, DeviceType, read_devices

GOOGLE = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_SECONDS = 3_600
"""What Google gives a token for at most."""
IDEMPOTENT_SECONDS = 3_600
"""How long the same message may be handed over again: a device shows one of a tag. Later it may have been read and put
away, and would come up anew."""
ALARM_SECONDS = 300
OVERLOAD_SECONDS = 60

_FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
_TARGETS = frozenset({"message.token", "message.fid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmSettings:
    """The project's service account."""

    service_account: Annotated[
        str, Secret(), "The JSON file of a service account that may send (role Firebase Cloud Messaging API Admin)."
    ]
    address: Annotated[str, Text(most=200), "Where Firebase is; another only for a stand-in of your own."] = GOOGLE


@dataclass(frozen=True, slots=True)
class Account:
    """What a service account's file says."""

    project: str
    email: str
    key: rsa.RSAPrivateKey
    token_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fcm:
    """Writes one message for each of a person's devices that Firebase reaches."""

    url: str
    linker: Linker

    @property
    def device_types(self) -> tuple[DeviceType, ...]:
        """It writes to all of these."""
        return TYPES

    @property
    def doubt(self) -> DoubtPolicy:
        """A message that comes twice is shown once."""
        return DoubtPolicy(idempotent_seconds=IDEMPOTENT_SECONDS, marketing="resend", transactional="resend")

    def parcel(self, send: Send, words: Words) -> Parcel | Refused:
        """The message for the device last heard of, with copies for the others; the same bytes on every retry.

        Raises ValueError when the send's address names no devices.
        """
        push = read_push(words.parts, send=send.key, linker=self.linker, buttons_most=BUTTONS_MOST)
        payload = fitted(push, partial(_payload, send=send), PAYLOAD_BYTES_MOST)
        if payload is None:
            return Refused(f"It is longer than the {PAYLOAD_BYTES_MOST:,} bytes Firebase takes.")
        message: dict[str, Json] = json.loads(payload)
        parcels = [self._for(each, send, message) for each in read_devices(send.address) if _serves(each)]
        if not parcels:
            return Refused("None of their devices is reached by Firebase.")
        first, *others = parcels
        return first.with_copies(others)

    def _for(self, device: Device, send: Send, message: Mapping[str, Json]) -> Parcel:
        target = "fid" if device.kind == "installation" else "token"
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=CHANNEL.name,
            to=device.id,
            body=compact({"message": {target: device.token, **message}}),
            url=self.url,
            headers={"Content-Type": "application/json"},
        )


def _payload(push: Push, *, send: Send) -> bytes:
    begins_ms = send.created_ms if send.tried_ms is None else send.tried_ms
    return compact(firebase_message(push, begins_seconds=begins_ms // 1_000))


def _serves(device: Device) -> bool:
    return device.type != "web" and not device.is_apples


def fcm_channel(settings: FcmSettings, desk: Desk) -> Fcm:
    """The channel by its settings. Raises Invalid for a file that is none."""
    project = quote(account_of(settings).project, safe="")
    return Fcm(url=f"{settings.address.rstrip('/')}/v1/projects/{project}/messages:send", linker=desk.linker)


@lru_cache(maxsize=16)
def account_of(settings: FcmSettings) -> Account:
    """The service account. Raises Invalid."""
    try:
        told = json.loads(settings.service_account)
    except (ValueError, RecursionError) as error:
        raise _no_account("it is no JSON") from error
    names = ("project_id", "client_email", "private_key", "token_uri")
    missing = [each for each in names if not isinstance(told, dict) or not isinstance(told.get(each), str)]
    if missing:
        raise _no_account(f"it has no {missing[0]}")
    try:
        key = read_signing_key(told["private_key"])
    except ValueError as error:
        raise _no_account(str(error)) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _no_account("its key is no RSA key")
    return Account(told["project_id"], told["client_email"], key, told["token_uri"])


def _no_account(reason: str) -> Invalid:
    return Invalid(
        f"This is no service account: {reason}.",
        path="$.service_account",
        hint="In the Firebase console, under Project settings, Service accounts, generate a key; paste the whole file.",
    )


def ask_token(settings: FcmSettings, at_seconds: int) -> Parcel:
    """The call for a token: a claim that the service account signs."""
    account = account_of(settings)
    claims: dict[str, str | int] = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": account.token_url,
        "iat": at_seconds,
        "exp": at_seconds + TOKEN_SECONDS,
    }
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    asked = urlencode({"grant_type": grant, "assertion": signed_token(claims, account.key)})
    return Parcel(
        key="",
        channel="",
        sender=CHANNEL.name,
        to="",
        body=asked.encode(),
        url=account.token_url,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def read_token(reply: HttpReply) -> Granted | Deferred:
    """The token that was given; Deferred where none was."""
    told = reply.json()
    token, seconds = told.get("access_token"), told.get("expires_in")
    if reply.status == 200 and isinstance(token, str) and token.isascii() and token.isprintable() and token:
        known = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 10**6
        return Granted({"authorization": f"Bearer {token}"}, int(str(seconds)) if known else TOKEN_SECONDS)
    usual = OVERLOAD_SECONDS if reply.status >= 500 or reply.status == 429 else ALARM_SECONDS
    said = f"Google gave no token: {reply.status} {reply.said()}".strip()
    return Deferred(said, reply.retry_after(usual), "provider")


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every message is answered alike.
    """What the answer means for the message to this device."""
    if 200 <= reply.status < 300:
        name = reply.json().get("name")
        return Accepted(name.rpartition("/")[2] if isinstance(name, str) else "")
    problem = _Problem.of(reply)
    said = f"Firebase said {reply.status} {problem.code}: {problem.message}".removesuffix(": ").strip()
    match problem.code:
        case "UNREGISTERED" | "SENDER_ID_MISMATCH":
            return Refused(said, gone=True)
        case "INVALID_ARGUMENT" if problem.blames_target:
            return Refused(said, gone=True)
        case "THIRD_PARTY_AUTH_ERROR":
            return Deferred(said, ALARM_SECONDS, "provider")
        case _:
            return _by_status(reply, said, is_fcm=problem.is_fcm)


def _by_status(reply: HttpReply, said: str, *, is_fcm: bool) -> Verdict:
    match reply.status:
        case 401 | 403:
            # Our account, or its rights: nothing is wrong with the device.
            return Deferred(said, ALARM_SECONDS, "provider")
        case 404 if not is_fcm:
            return Deferred(said, ALARM_SECONDS, "provider")  # There is no such project.
        case 408 | 429:
            return Deferred(said, reply.retry_after(OVERLOAD_SECONDS), "provider")
        case status if status >= 500:
            return Deferred(said, reply.retry_after(OVERLOAD_SECONDS), "provider")
        case status if status >= 300:
            return Refused(said)
        case _:
            return InDoubt(said)


@dataclass(frozen=True, slots=True)
class _Problem:
    """What an answer says went wrong."""

    code: str
    message: str
    is_fcm: bool
    """Whether Firebase itself says it, and not what stands before it."""
    blames_target: bool
    """Whether it is the device's token that is wrong, as far as is said; else it may be the message, which is ours."""

    @classmethod
    def of(cls, reply: HttpReply) -> _Problem:
        told = reply.json().get("error")
        told = told if isinstance(told, dict) else {}
        listed = told.get("details")
        details = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        own = next((each for each in details if each.get("@type") == _FCM_ERROR), None)
        code = own.get("errorCode") if own is not None else told.get("status")
        message = told.get("message")
        return cls(
            code=code if isinstance(code, str) and code.isidentifier() else "",
            message=" ".join(message.split())[:200] if isinstance(message, str) else "",
            is_fcm=own is not None,
            blames_target=own is not None and all(_is_of_target(each) for each in details),
        )


def _is_of_target(detail: Mapping[str, object]) -> bool:
    if detail.get("@type") != _BAD_REQUEST:
        return True
    violations = detail.get("fieldViolations")
    fields = (
        [each.get("field") for each in violations if isinstance(each, dict)] if isinstance(violations, list) else []
    )
    return bool(fields) and all(isinstance(each, str) and each in _TARGETS for each in fields)


def _answer(
    status: int,
    code: str,
    message: str,
    means: Verdict,
    *,
    note: str = "",
    fields: tuple[str, ...] = (),
    own: bool = True,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    details: list[Json] = [{"@type": _FCM_ERROR, "errorCode": code}] if own else []
    if fields:
        details.append({"@type": _BAD_REQUEST, "fieldViolations": [{"field": each} for each in fields]})
    error: dict[str, Json] = {"code": status, "message": message, "status": code, "details": details}
    return HttpAnswer(HttpReply(status=status, headers=headers or {}, body=compact({"error": error})), means, note)


def _said(status: int, code: str, message: str) -> str:
    return f"Firebase said {status} {code}: {message}"


def _gone(status: int, code: str, message: str, **more: tuple[str, ...]) -> HttpAnswer:
    return _answer(status, code, message, Refused(_said(status, code, message), gone=True), **more)  # type: ignore[arg-type]


CHANNEL = Declared(
    name="fcm",
    label="Firebase push",
    medium="mobile_push",
    transport="http2",
    source="Firebase: FCM HTTP v1 API, Error codes",
    settings=FcmSettings,
    open=fcm_channel,
    read=read,
    grant=Granting(ask_token, read_token),
    answers=(
        HttpAnswer(
            HttpReply(status=200, body=b'{"name":"projects/shop/messages/0:1500415314455276%31bd1c9631bd1c96"}'),
            Accepted("0:1500415314455276%31bd1c9631bd1c96"),
        ),
        _gone(404, "UNREGISTERED", "Requested entity was not found."),
        _gone(403, "SENDER_ID_MISMATCH", "SenderId mismatch"),
        _gone(400, "INVALID_ARGUMENT", "The registration token is not a valid FCM registration token"),
        _gone(400, "INVALID_ARGUMENT", "Invalid registration token", fields=("message.token",)),
        _answer(
            400,
            "INVALID_ARGUMENT",
            "Invalid value at 'message.android.ttl'",
            Refused(_said(400, "INVALID_ARGUMENT", "Invalid value at 'message.android.ttl'")),
            fields=("message.android.ttl",),
            own=False,
            note="the message is wrong, not the device",
        ),
        _answer(
            429,
            "QUOTA_EXCEEDED",
            "Quota exceeded",
            Deferred(_said(429, "QUOTA_EXCEEDED", "Quota exceeded"), 90, "provider"),
            headers={"retry-after": "90"},
        ),
        _answer(
            503,
            "UNAVAILABLE",
            "The service is currently unavailable.",
            Deferred(_said(503, "UNAVAILABLE", "The service is currently unavailable."), OVERLOAD_SECONDS, "provider"),
        ),
        _answer(
            500,
            "INTERNAL",
            "Internal error encountered.",
            Deferred(_said(500, "INTERNAL", "Internal error encountered."), OVERLOAD_SECONDS, "provider"),
        ),
        _answer(
            401,
            "THIRD_PARTY_AUTH_ERROR",
            "Auth error from APNS or Web Push Service",
            Deferred(
                _said(401, "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"),
                ALARM_SECONDS,
                "provider",
            ),
            note="the key for Apple that Firebase was given is wrong",
        ),
        _answer(
            403,
            "PERMISSION_DENIED",
            "Permission denied",
            Deferred(_said(403, "PERMISSION_DENIED", "Permission denied"), ALARM_SECONDS, "provider"),
            own=False,
        ),
    ),
)
