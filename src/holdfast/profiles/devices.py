"""Devices: where push messages reach somebody, as their apps and browsers say it, and as providers take it back.

Each event an app sends may name the device it runs on; a browser that allows messages says so, and takes it back; and a
provider says of a device that it is gone. Of each device the last thing said stands, whatever order it is heard in: a
device that is said to be gone as of noon, and spoke after noon, is there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeGuard

import msgspec

from holdfast.events.event import OWN_SOURCE, Event, Json
from holdfast.kernel.moments import to_millis

PUSH_SUBSCRIBED = "Push Subscribed"
"""A browser allows messages: properties `endpoint` and `keys` {`p256dh`, `auth`}, as `PushSubscription.toJSON` gives
them. An app may say so too, with `token` and `type`."""
PUSH_UNSUBSCRIBED = "Push Unsubscribed"
"""It takes that back: property `endpoint`, or `token`. An app says so when whoever uses it logs out."""
DEVICE_GONE = "Device Gone"
"""What we say of a device that its provider no longer knows: property `device`, its id."""

DEVICES_MOST = 20
"""Of how many devices of one person something is kept, those last heard of; those that are gone count as well, until
newer ones take their place."""
TOKEN_CHARACTERS_MOST = 2_048
APP_CHARACTERS_MOST = 200

DeviceType = Literal["web", "ios", "android"]
TokenKind = Literal["token", "installation"]
"""What its provider knows it by. Firebase is moving from registration tokens to installation ids."""

_TYPES: Mapping[str, DeviceType] = {"ios": "ios", "ipados": "ios", "iphone os": "ios", "android": "android"}
_PRINTABLE = re.compile(r"[!-~]+")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{64,200}")
# No user and no backslash: with them not everybody reads the same host.
_ENDPOINT = re.compile(r"https://[A-Za-z0-9.:\[\]-]+(?:[/?#][^\\]*)?")
_P256DH = re.compile(r"[A-Za-z0-9_-]{87}")
_AUTH = re.compile(r"[A-Za-z0-9_-]{22}")


class Device(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One device, as its provider knows it."""

    type: DeviceType
    token: str
    """For the web the address of the subscription; else a token or an installation id."""
    p256dh: str = ""
    """For the web: the browser's public key, base64url without padding."""
    auth: str = ""
    """For the web: the secret it shares with us, base64url without padding."""
    app: str = ""
    """The bundle or package of the app; empty where it is not known."""
    kind: TokenKind = "token"
    sandbox: bool = False
    """For Apple's own tokens: whether it is an app in development, which another server serves."""

    @property
    def id(self) -> str:
        """A name for it that gives nothing away: 16 hexadecimal digits."""
        return device_id(self.token)

    @property
    def is_apples(self) -> bool:
        """Whether its token is Apple's own, which are hexadecimal digits; others of iOS are Firebase's."""
        return self.type == "ios" and self.kind == "token" and bool(_HEXADECIMAL.fullmatch(self.token))


class Heard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was said of a device last: what it is, or that it is gone.

    The later one wins. In the same millisecond that it is gone does, for it was there before that; then the message id.
    """

    at_ms: int
    message_id: str
    device: Device | None

    def beaten_by(self, other: Heard) -> bool:
        """Whether the other was said later."""
        return other.order > self.order

    @property
    def order(self) -> tuple[int, bool, str]:
        """Grows with what is said later."""
        return self.at_ms, self.device is None, self.message_id


Devices = dict[str, Heard]
"""By the device's id."""


def device_id(token: str) -> str:
    """The id of the device with this token, or address of a subscription."""
    return hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def heard_of(devices: Devices, event: Event) -> Devices:
    """What is known of an identity's devices after one more event; the very same where it says nothing of them."""
    # Every event comes through here, and most are of nobody's device.
    if event.name not in _OF_DEVICES and "device" not in event.context:
        return devices
    said = _said(event)
    return devices if said is None else later_heard(devices, {said[0]: said[1]})


def later_heard(one: Devices, other: Devices) -> Devices:
    """What is known of the devices of both; the order makes no difference."""
    if not (one and other):
        return one or other
    merged = dict(one)
    for each, heard in other.items():
        before = merged.get(each)
        if before is None or before.beaten_by(heard):
            merged[each] = heard
    if len(merged) <= DEVICES_MOST:
        return merged
    # Whatever goes now would go in any order: those that stay can only be heard of again.
    kept = sorted(merged.items(), key=_newest, reverse=True)[:DEVICES_MOST]
    return dict(kept)


def devices_of(devices: Devices, types: Iterable[DeviceType]) -> list[Device]:
    """Those of these types that are there, the one last heard of first."""
    wanted = frozenset(types)
    newest = sorted(devices.items(), key=_newest, reverse=True)
    return [heard.device for _, heard in newest if heard.device is not None and heard.device.type in wanted]


def write_devices(devices: Sequence[Device]) -> str:
    """The devices as a text, for a message's address."""
    return msgspec.json.encode(devices).decode()


def read_devices(text: str) -> list[Device]:
    """What `write_devices` wrote. Raises ValueError for anything else, and for no device."""
    try:
        devices = _DECODER.decode(text)
    except msgspec.ValidationError as error:
        raise ValueError(f"these are no devices: {error}") from error
    except msgspec.DecodeError as error:
        raise ValueError("these are no devices") from error
    if not devices:
        raise ValueError("there is no device")
    return devices


_DECODER = msgspec.json.Decoder(list[Device])
_OF_DEVICES = frozenset({DEVICE_GONE, PUSH_SUBSCRIBED, PUSH_UNSUBSCRIBED})


def _newest(entry: tuple[str, Heard]) -> tuple[tuple[int, bool, str], str]:
    each, heard = entry
    return heard.order, each


def _said(event: Event) -> tuple[str, Heard] | None:
    """What an event says of a device, by its id."""
    at_ms = to_millis(event.timestamp)
    if event.name == DEVICE_GONE and event.source == OWN_SOURCE:
        gone = event.properties.get("device")
        return (gone, Heard(at_ms, event.message_id, None)) if isinstance(gone, str) and gone else None
    if event.name == PUSH_UNSUBSCRIBED:
        token = event.properties.get("endpoint") or event.properties.get("token")
        return (device_id(token), Heard(at_ms, event.message_id, None)) if _is_token(token) else None
    device = _subscribed(event) if event.name == PUSH_SUBSCRIBED else _running_on(event)
    return None if device is None else (device.id, Heard(at_ms, event.message_id, device))


def _subscribed(event: Event) -> Device | None:
    endpoint, keys = event.properties.get("endpoint"), event.properties.get("keys")
    if not isinstance(endpoint, str) or not isinstance(keys, dict):
        return _app_device(event.properties, event)
    p256dh, auth = _unpadded(keys.get("p256dh")), _unpadded(keys.get("auth"))
    if not (_is_token(endpoint) and _ENDPOINT.fullmatch(endpoint)):
        return None
    if not (_P256DH.fullmatch(p256dh) and _AUTH.fullmatch(auth)):
        return None
    return Device("web", endpoint, p256dh, auth)


def _running_on(event: Event) -> Device | None:
    said = event.context.get("device")
    return _app_device(said, event) if isinstance(said, Mapping) else None


def _app_device(said: Mapping[str, Json], event: Event) -> Device | None:
    token = said.get("token")
    device_type = _type_of(said.get("type")) or _type_of(_inside(event, "os", "name"))
    if not _is_token(token) or device_type is None:
        return None
    app = _inside(event, "app", "namespace")
    return Device(
        type=device_type,
        token=token,
        app=app if isinstance(app, str) and len(app) <= APP_CHARACTERS_MOST and _PRINTABLE.fullmatch(app) else "",
        kind="installation" if said.get("token_kind") == "installation" else "token",
        sandbox=said.get("sandbox") is True,
    )


def _type_of(said: Json) -> DeviceType | None:
    return _TYPES.get(said.lower()) if isinstance(said, str) else None


def _inside(event: Event, part: str, name: str) -> Json:
    said = event.context.get(part)
    return said.get(name) if isinstance(said, dict) else None


def _unpadded(said: Json) -> str:
    """Base64 in the letters of URLs, without padding; browsers' own differ in both."""
    return said.rstrip("=").replace("+", "-").replace("/", "_") if isinstance(said, str) else ""


def _is_token(said: Json) -> TypeGuard[str]:
    return isinstance(said, str) and len(said) <= TOKEN_CHARACTERS_MOST and bool(_PRINTABLE.fullmatch(said))
