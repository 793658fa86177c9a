"""Web push. Source: RFC 8030 (the protocol), RFC 8291 (the coding), RFC 8292 (VAPID: who sends)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from holdfast.channels.declared import Declared, Desk, HttpAnswer
from holdfast.decisions.fields import Secret, Text
from holdfast.decisions.media.web_push import BUTTONS_MOST, TYPES
from holdfast.kernel.errors import Invalid
from holdfast.messages.content import Words
from holdfast.messages.doubt import DoubtPolicy
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.links import Linker
from holdfast.messages.parcel import Accepted, Deferred, InDoubt, Parcel, Refused, Verdict
from holdfast.messages.push.push_payload import Push, browser_payload, fitted, read_push, topic
from holdfast.messages.push.vapid import Vapid, VapidKey, origin_of, read_vapid_key, vapid_key
from holdfast.messages.push.web_push import PLAINTEXT_BYTES_MOST, encrypt
from holdfast.ports.state import Send
from holdfast.profiles.devices import Device, DeviceType, read_devices

IDEMPOTENT_SECONDS = 3_600
"""How long the same message may be handed over again: it bears a tag of its own, under which a browser shows one. Later
it may have been read and put away, and would come up anew."""
ALARM_SECONDS = 300
"""How long to leave a service alone that does not know us."""
OVERLOAD_SECONDS = 60
KNOWN_SERVICES = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "notify.windows.com",
    "push.apple.com",
)
"""The push services of the browsers there are. That one of these does not know us is our mistake; what any other says
is the word of whoever named its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPushSettings:
    """Who sends."""

    contact: Annotated[
        str,
        Text(),
        "Whom a push service turns to when there is trouble: mailto:push@shop.example, or an https address.",
    ]
    private_key: Annotated[
        str, Secret(least=0), "The private VAPID key, base64url; one is made where none is said. Keep it for good."
    ] = ""
    public_key: Annotated[
        str, Text(least=0), "Its other half, which browsers subscribe with (applicationServerKey); it need not be said."
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPush:
    """Writes one message for each browser of a person."""

    key: VapidKey
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
        """The message for the browser last heard of, with copies for the others; the same bytes on every retry.

        Raises ValueError when the send's address names no devices.
        """
        push = read_push(words.parts, send=send.key, linker=self.linker, buttons_most=BUTTONS_MOST)
        payload = fitted(push, browser_payload, PLAINTEXT_BYTES_MOST)
        if payload is None:
            return Refused(f"It is longer than the {PLAINTEXT_BYTES_MOST:,} bytes a push message may have.")
        parcels = [
            parcel
            for device in read_devices(send.address)
            if device.type == "web" and (parcel := self._for(device, send, push, payload)) is not None
        ]
        if not parcels:
            return Refused("None of their browsers can be written to.")
        first, *others = parcels
        return first.with_copies(others)

    def _for(self, device: Device, send: Send, push: Push, payload: bytes) -> Parcel | None:
        """The message for one browser; None for one whose keys are no keys: nobody could read it."""
        try:
            origin_of(device.token)
            body = encrypt(
                payload,
                p256dh=device.p256dh,
                auth=device.auth,
                secret=self.key.secret_bytes,
                purpose=f"{send.key} {device.token}",
            )
        except ValueError:
            return None
        return Parcel(
            key=send.key,
            channel=send.channel,
            sender=CHANNEL.name,
            to=device.id,
            body=body,
            url=device.token,
            headers={
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(push.ttl_seconds),
                "Urgency": push.urgent,
                "Topic": topic(push.tag),
            },
        )


def web_push_channel(settings: WebPushSettings, desk: Desk) -> WebPush:
    """The channel by its settings. Raises Invalid."""
    if not settings.contact.startswith(("mailto:", "https://")):
        raise Invalid(
            f"{settings.contact!r:.100} is no contact.",
            path="$.contact",
            hint="Write mailto: and a mail address, or an address that begins with https://.",
        )
    return WebPush(key=_key(settings), linker=desk.linker)


def completed(said: Mapping[str, object], random: bytes) -> dict[str, object]:
    """The settings with a key: a new one where there is none yet, and the half of it that is no secret."""
    private = said.get("private_key") or ""
    key = _read_key(private) if isinstance(private, str) and private else vapid_key(random)
    public = said.get("public_key") or ""
    if isinstance(public, str) and private and public and public.rstrip("=") != key.public:
        raise Invalid(
            "This is not the other half of the private key.",
            path="$.public_key",
            hint="Leave it out: it follows from the private key.",
        )
    return {**said, "private_key": private or key.secret, "public_key": key.public}


def _key(settings: WebPushSettings) -> VapidKey:
    return _read_key(settings.private_key)


def _read_key(text: str) -> VapidKey:
    try:
        return read_vapid_key(text)
    except ValueError as error:
        raise Invalid(
            f"This is no VAPID key: {error}.",
            path="$.private_key",
            hint="Write the private key as it was made: 43 characters of base64url, or PEM.",
        ) from error


@lru_cache(maxsize=16)
def _vapid(settings: WebPushSettings) -> Vapid:
    return Vapid(_key(settings), settings.contact)


def seal(settings: WebPushSettings, parcel: Parcel, at_seconds: int) -> dict[str, str]:
    """The header by which the push service knows us."""
    return {"Authorization": _vapid(settings).header(parcel.url, at_seconds)}


def read(reply: HttpReply, parcel: Parcel) -> Verdict:
    """What the answer means for the message to this browser."""
    said = f"The push service said {reply.status} {reply.said()}".strip()
    match reply.status:
        case 404 | 410:
            return Refused(said, gone=True)
        case 413:
            return Refused(f"{said}: the message is too long for it.")
        case 408 | 425 | 429:
            return Deferred(said, reply.retry_after(OVERLOAD_SECONDS))
        case 401 | 403:
            # Our key, or our clock: nothing is wrong with the browser.
            return Deferred(said, ALARM_SECONDS, "provider") if _is_known(parcel) else Refused(said)
        case status if 200 <= status < 300:
            return Accepted(reply.headers.get("location", "").rpartition("/")[2])
        case status if status >= 500:
            return Deferred(said, reply.retry_after(OVERLOAD_SECONDS), "provider" if _is_known(parcel) else "domain")
        case status if status >= 300:
            return Refused(said)
        case _:
            return InDoubt(said)


def _is_known(parcel: Parcel) -> bool:
    try:
        host = urlsplit(parcel.url).hostname or ""
    except ValueError:
        return False
    return any(host == each or host.endswith(f".{each}") for each in KNOWN_SERVICES)


def _said(status: int) -> str:
    return f"The push service said {status}"


CHANNEL = Declared(
    name="web_push",
    label="Web push",
    medium="web_push",
    transport="http2",
    source="RFC 8030, RFC 8291, RFC 8292",
    settings=WebPushSettings,
    complete=completed,
    open=web_push_channel,
    read=read,
    seal=seal,
    answers=(
        HttpAnswer(
            HttpReply(status=201, headers={"location": "https://push.example/message/qDIYHNcfAIPP_5ITvURr-d6BGt"}),
            Accepted("qDIYHNcfAIPP_5ITvURr-d6BGt"),
            "RFC 8030, 5: it was taken",
        ),
        HttpAnswer(HttpReply(status=404), Refused(_said(404), gone=True), "RFC 8030, 7.3: the subscription is over"),
        HttpAnswer(HttpReply(status=410), Refused(_said(410), gone=True), "the subscription is over"),
        HttpAnswer(
            HttpReply(status=413),
            Refused(f"{_said(413)}: the message is too long for it."),
            "RFC 8030, 7.2: more than 4,096 bytes",
        ),
        HttpAnswer(
            HttpReply(status=429, headers={"retry-after": "120"}),
            Deferred(_said(429), 120),
            "RFC 8030, 8.4: too many messages",
        ),
        HttpAnswer(HttpReply(status=400), Refused(_said(400)), "the request is wrong"),
        HttpAnswer(HttpReply(status=503), Deferred(_said(503), OVERLOAD_SECONDS), "it cannot work now"),
    ),
)
