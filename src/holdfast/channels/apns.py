"""Push to Apple's devices.

Source: developer.apple.com, "Sending notification requests to APNs", "Handling notification responses from APNs".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.decisions.fields import Choice, Secret, Text
from holdfast.decisions.media.mobile_push import BUTTONS_MOST, TYPES
from holdfast.decisions.web_fields import WebAddress
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import effect_key
from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.push.push_payload import (
    PAYLOAD_BYTES_MOST,
    Push,
    apple_headers,
    apple_payload,
    fitted,
    read_push,
)
from holdfast.messages.push.web_token import SigningKey, read_signing_key, signed_token
from holdfast.ports.state import Send
from holdfast.profiles.devices import Device, DeviceType, read_devices

PRODUCTION = "https://api.push.apple.com"
SANDBOX = "https://api.sandbox.push.apple.com"
TOKEN_SECONDS = 2_400
"""How long one token is used: Apple asks for a new one after 20 minutes at the earliest and 60 at the latest."""
IDEMPOTENT_SECONDS = 3_600
"""How long the same message may be handed over again: a device shows one of an `apns-collapse-id`. Later it may have
been read and put away, and would come up anew."""
ALARM_SECONDS = 300
OVERLOAD_SECONDS = 60
TOO_MANY_TOKENS_SECONDS = 1_200

_GONE = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"})
_DEVICE_BUSY = "TooManyRequests"
_ELSEWHERE = "BadDeviceToken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsSettings:
    """The key of a team, and the app it sends to."""

    team_id: Annotated[str, Text(most=20), "The team's id: ten letters and digits, from the membership page."]
    key_id: Annotated[str, Text(most=20), "The key's id: ten letters and digits, from the page on which it was made."]
    private_key: Annotated[str, Secret(), "What the .p8 file holds, from -----BEGIN PRIVATE KEY----- on."]
    topic: Annotated[str, Text(most=200), "The app's bundle id, such as example.shop."]
    environment: Annotated[
        str,
        Choice(("production", "sandbox")),
        "Where apps get their tokens: those from the store in production, those under development in the sandbox.",
    ] = "production"
    address: Annotated[
        str,
        WebAddress(least=0),
        "Where Apple's service is; empty: where it is for the environment. Another only for a stand-in of your own.",
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apns:
    """Writes one message for each of a person's devices whose token is Apple's own."""

    settings: ApnsSettings
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
        payload = fitted(push, apple_payload, PAYLOAD_BYTES_MOST)
        if payload is None:
            return Refused(f"It is longer than the {PAYLOAD_BYTES_MOST:,} bytes Apple takes.")
        parcels = [self._for(each, send, push, payload) for each in read_devices(send.address) if self._serves(each)]
        if not parcels:
            return Refused("None of their devices is reached by Apple's service.")
        first, *others = parcels
        return first.with_copies(others)

    def _serves(self, device: Device) -> bool:
        return device.is_apples and device.app in ("", self.settings.topic)

    def _for(self, device: Device, send: Send, push: Push, payload: bytes) -> Parcel:
        # What waited for quiet hours to end is good from then on, and no shorter for having waited.
        begins_ms = send.created_ms if send.tried_ms is None else send.tried_ms
        sandbox = device.sandbox or self.settings.environment == "sandbox"
        address = self.settings.address.rstrip("/") or (SANDBOX if sandbox else PRODUCTION)
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=CHANNEL.name,
            to=device.id,
            body=payload,
            url=f"{address}/3/device/{device.token}",
            headers={
                "apns-topic": self.settings.topic,
                "apns-push-type": "alert" if push.title or push.body else "background",
                "apns-id": str(UUID(effect_key("apns", send.key, device.id))),
                **apple_headers(push, begins_seconds=begins_ms // 1_000),
            },
        )


def apns_channel(settings: ApnsSettings, desk: Desk) -> Apns:
    """The channel by its settings. Raises Invalid for a key that is none."""
    _key(settings)
    return Apns(settings=settings, linker=desk.linker)


def _key(settings: ApnsSettings) -> SigningKey:
    hint = "Paste the whole .p8 file that Apple gave with the key."
    try:
        key = read_signing_key(settings.private_key)
    except ValueError as error:
        raise Invalid(f"This is no key: {error}.", path="$.private_key", hint=hint) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Invalid("Apple's keys are of the curve P-256, and this is an RSA key.", path="$.private_key", hint=hint)
    return key


@lru_cache(maxsize=16)
def _token(settings: ApnsSettings, span: int) -> str:
    claims: dict[str, str | int] = {"iss": settings.team_id, "iat": span * TOKEN_SECONDS}
    return signed_token(claims, _key(settings), key_id=settings.key_id)


def seal(settings: ApnsSettings, parcel: Parcel, at_seconds: int) -> dict[str, str]:  # noqa: ARG001 - One for a team.
    """The token by which Apple knows the team: the same for forty minutes, in every process."""
    return {"authorization": f"bearer {_token(settings, at_seconds // TOKEN_SECONDS)}"}


def elsewhere(parcel: Parcel, reply: HttpReply) -> Parcel | None:
    """The same for Apple's other server, where the first one does not know the token: it may be of the other's.

    Tokens do not say which they are of; a connection set up for the wrong one would seem to lose every device.
    """
    if reply.status != 400 or reply.json().get("reason") != _ELSEWHERE:
        return None
    if parcel.url.startswith(PRODUCTION):
        return replace(parcel, url=SANDBOX + parcel.url.removeprefix(PRODUCTION))
    if parcel.url.startswith(SANDBOX):
        return replace(parcel, url=PRODUCTION + parcel.url.removeprefix(SANDBOX))
    return None  # A stand-in has no other beside it.


def read(reply: HttpReply, parcel: Parcel) -> Verdict:  # noqa: ARG001 - Every message is answered alike.
    """What the answer means for the message to this device."""
    told = reply.json()
    reason = told.get("reason")
    reason = reason if isinstance(reason, str) and reason.isprintable() else ""
    said = f"Apple said {reply.status} {reason[:100]}".strip()
    match reply.status:
        case status if 200 <= status < 300:
            return Accepted(reply.headers.get("apns-id", ""))
        case 410:
            # As of then: if the app said since that it has this token, it has it.
            return Refused(said, gone=True, since_ms=_moment(told))
        case 400 if reason in _GONE:
            return Refused(said, gone=True)
        case 403:
            # Our key, our team or our clock: nothing is wrong with the device.
            return Deferred(said, ALARM_SECONDS, "provider")
        case 429 if reason == _DEVICE_BUSY:
            return Deferred(said, reply.retry_after(OVERLOAD_SECONDS))
        case 429:
            return Deferred(said, reply.retry_after(TOO_MANY_TOKENS_SECONDS), "provider")
        case status if status >= 500:
            return Deferred(said, reply.retry_after(OVERLOAD_SECONDS), "provider")
        case status if status >= 300:
            return Refused(said)
        case _:
            return InDoubt(said)


def _moment(told: Mapping[str, object]) -> int | None:
    said = told.get("timestamp")
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 < said < 2**53 else None


def _answer(status: int, reason: str, means: Verdict, note: str = "", **more: int) -> HttpAnswer:
    return HttpAnswer(HttpReply(status=status, body=json.dumps({"reason": reason, **more}).encode()), means, note)


def _said(status: int, reason: str) -> str:
    return f"Apple said {status} {reason}"


def _refused(status: int, reason: str, *, gone: bool = False) -> HttpAnswer:
    return _answer(status, reason, Refused(_said(status, reason), gone=gone))


def _alarm(status: int, reason: str) -> HttpAnswer:
    return _answer(status, reason, Deferred(_said(status, reason), ALARM_SECONDS, "provider"))


def _later(status: int, reason: str) -> HttpAnswer:
    return _answer(status, reason, Deferred(_said(status, reason), OVERLOAD_SECONDS, "provider"))


CHANNEL = Declared(
    name="apns",
    label="Apple push",
    medium="mobile_push",
    transport="http2",
    source="Apple: Sending notification requests to APNs, Handling notification responses from APNs",
    settings=ApnsSettings,
    open=apns_channel,
    read=read,
    seal=seal,
    elsewhere=elsewhere,
    answers=(
        HttpAnswer(
            HttpReply(status=200, headers={"apns-id": "EC1BF194-B3B2-424A-89C9-5A918A6E6B5D"}),
            Accepted("EC1BF194-B3B2-424A-89C9-5A918A6E6B5D"),
        ),
        _refused(400, "BadDeviceToken", gone=True),
        _refused(400, "DeviceTokenNotForTopic", gone=True),
        *(
            _refused(400, each)
            for each in (
                "BadCollapseId",
                "BadExpirationDate",
                "BadMessageId",
                "BadPriority",
                "BadTopic",
                "DuplicateHeaders",
                "IdleTimeout",
                "InvalidPushType",
                "MissingDeviceToken",
                "MissingTopic",
                "PayloadEmpty",
                "TopicDisallowed",
            )
        ),
        *(
            _alarm(403, each)
            for each in (
                "BadCertificate",
                "BadCertificateEnvironment",
                "ExpiredProviderToken",
                "Forbidden",
                "InvalidProviderToken",
                "MissingProviderToken",
                "UnrelatedKeyIdInToken",
                "BadEnvironmentKeyIdInToken",
            )
        ),
        _refused(404, "BadPath"),
        _refused(405, "MethodNotAllowed"),
        _answer(
            410,
            "Unregistered",
            Refused(_said(410, "Unregistered"), gone=True, since_ms=1_712_345_678_901),
            "gone as of `timestamp`, in milliseconds",
            timestamp=1_712_345_678_901,
        ),
        _refused(410, "ExpiredToken", gone=True),
        _refused(413, "PayloadTooLarge"),
        _answer(
            429,
            "TooManyProviderTokenUpdates",
            Deferred(_said(429, "TooManyProviderTokenUpdates"), TOO_MANY_TOKENS_SECONDS, "provider"),
        ),
        _answer(429, "TooManyRequests", Deferred(_said(429, "TooManyRequests"), OVERLOAD_SECONDS), "of this device"),
        _later(500, "InternalServerError"),
        _later(503, "ServiceUnavailable"),
        _later(503, "Shutdown"),
    ),
)
