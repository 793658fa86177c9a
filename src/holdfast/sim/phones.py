"""Telephone numbers, browsers and apps of the people: addresses that reach nobody, whoever should write to them.

The numbers are those that regulators keep for film and fiction, so only countries that keep enough of them have any.
Source: Ofcom, "Telephone numbers for drama use"; ARCEP decision 2018-0881, annex 2.2.5; ComReg, numbering conditions
(020 91X XXXX); NANPA, 555 line numbers 0100 to 0199.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from holdfast.events.event import Json

_AREAS = (206, 212, 305, 312, 404, 415, 512, 617, 702, 808)

NUMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "GB": tuple(f"+447700900{number:03d}" for number in range(1_000)),
        "FR": tuple(f"+3363998{number:04d}" for number in range(10_000)),
        "IE": tuple(f"+3532091{number:05d}" for number in range(10_000)),
        "US": tuple(f"+1{area}55501{number:02d}" for number in range(100) for area in _AREAS),
    }
)
"""By ISO 3166-1, in the order they are given out."""

APP = "example.tidewrack.app"
PUSH_SERVICE = "https://push.example/tidewrack"
_CHATS_FROM = 4_000_000_000_000
"""Above every number that Telegram has given out."""


def phone_numbers(countries: list[str], tells: list[bool]) -> list[str]:
    """A number of their own for each who tells one, as long as their country has some; else the empty text."""
    left = {country: iter(numbers) for country, numbers in NUMBERS.items()}
    pairs = zip(countries, tells, strict=True)
    return [next(left[country], "") if told and country in left else "" for country, told in pairs]


def telegram_chat(person: int) -> str:
    """The number of their chat with the shop's bot; empty for most, who have none."""
    return str(_CHATS_FROM + person) if person % 9 == 0 else ""


def app_context(device_id: str, kind: str) -> dict[str, Json]:
    """What the shop's app says of the device it runs on; nothing where they use the browser, or allow no messages."""
    if kind == "laptop" or device_id[0] in "ef":
        return {}
    system = "iOS" if device_id[1] in "0123456" else "Android"
    return {
        "device": {"type": system.lower(), "token": f"demo-{device_id}"},
        "os": {"name": system},
        "app": {"name": "Tidewrack", "namespace": APP},
    }


def subscription(device_id: str) -> dict[str, Json]:
    """What a browser says when it begins to allow messages: the properties of Push Subscribed."""
    digest = hashlib.sha256(device_id.encode()).digest()
    # One more than a number below the order of the curve, which no hash of 255 bits reaches, and never zero.
    key = ec.derive_private_key(1 + (int.from_bytes(digest) >> 1), ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "endpoint": f"{PUSH_SERVICE}/{device_id}",
        "keys": {"p256dh": _base64url(point), "auth": _base64url(digest[:16])},
    }


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
