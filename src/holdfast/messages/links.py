"""Signed links: the pixel, the click, the unsubscribe and preference links of one send, and the link nobody can see.

A link carries the send's key and, for a click, where it leads; nothing about the person. The signature covers all of
it, so a click link leads only where we sent it: there is no open redirector to abuse.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from dataclasses import dataclass
from hashlib import sha256
from html import unescape
from typing import Literal, get_args
from urllib.parse import urlsplit

from holdfast.messages.mail.markup import Tag, tags

LinkKind = Literal["open", "click", "unsubscribe", "trap", "preferences"]
"""New ones come last: a kind's place is in every link there is. A trap is a link no person can see or reach, so that
whoever follows it is a machine."""

KEY_BYTES_LEAST = 16
"""How short the signing key may be."""
TARGET_CHARACTERS_MOST = 4_000
"""How long an address may be to be tracked; a longer one is left as it is."""
TOKEN_CHARACTERS_MOST = 8_000

_KINDS: tuple[LinkKind, ...] = get_args(LinkKind)
_PATHS: dict[LinkKind, str] = {"open": "o", "click": "c", "unsubscribe": "u", "trap": "t", "preferences": "p"}
_CARRYING = frozenset({"a", "area", "body"})
_PURPOSE = b"holdfast link 1\x00"  # So that a signature made for anything else is none here.
_SIGNATURE_BYTES = 12  # 96 bits: a forger tries 2^95 links for one that opens.
_SEND_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What one signed link means."""

    kind: LinkKind
    send: str
    """The send's key: 32 hexadecimal digits."""
    target: str = ""
    """For a click: where it leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """Makes the links of one installation.

    Args:
        base_url: where the tracking routes are reached from outside, such as `https://t.shop.example`.
        key: the secret they are signed with.
    """

    base_url: str
    key: bytes
    traps: bool = False
    """Whether mails hold a link that only machines find."""

    def url(self, link: Link) -> str:
        """The link's full address."""
        return f"{self.base_url.rstrip('/')}/m/{_PATHS[link.kind]}/{encode_link(link, self.key)}"

    def unsubscribe(self, send: str) -> str:
        """The address of the send's unsubscribe page."""
        return self.url(Link(kind="unsubscribe", send=send))

    def preferences(self, send: str) -> str:
        """The address of the page on which whoever got the send says what they want to hear."""
        return self.url(Link(kind="preferences", send=send))


def encode_link(link: Link, key: bytes) -> str:
    """The link as a signed token, in characters that mean nothing special in a URL or in HTML.

    Raises ValueError when the send's key is not 32 hexadecimal digits, or the signing key is too short.
    """
    _check_key(key)
    send = bytes.fromhex(link.send)
    if len(send) != _SEND_BYTES:
        raise ValueError(f"a send's key is 32 hexadecimal digits, not {link.send!r}")
    body = bytes((_KINDS.index(link.kind),)) + send + link.target.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(_signature(body, key) + body).rstrip(b"=").decode("ascii")


def decode_link(token: str, key: bytes) -> Link | None:
    """What the token means; None when it was not made with this key, or has been changed in any way."""
    _check_key(key)
    if len(token) > TOKEN_CHARACTERS_MOST or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (BadBase64, ValueError):
        return None
    # Base64 has several spellings of the same bytes; only the one we write is ours.
    if urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
        return None
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if len(body) <= _SEND_BYTES or not hmac.compare_digest(signature, _signature(body, key)):
        return None
    if body[0] >= len(_KINDS):
        return None
    return Link(
        kind=_KINDS[body[0]],
        send=body[1 : 1 + _SEND_BYTES].hex(),
        target=body[1 + _SEND_BYTES :].decode("utf-8", "surrogatepass"),
    )


def track_links(html: str, *, linker: Linker, send: str) -> str:
    """The HTML with every http(s) link of an `<a>` or `<area>` leading through us, and the pixel that tells an opening.

    Nothing but the values of those `href`s is changed. Links of other kinds (`mailto:`, `tel:`, `#…`, relative ones),
    our own links, and what stands in comments (Outlook's conditional ones too) stay as they are.
    """
    own = linker.base_url.rstrip("/") + "/m/"
    pieces: list[str] = []
    copied, body_end = 0, len(html)
    for tag in tags(html, _CARRYING):
        if tag.closes and tag.name == "body":
            body_end = tag.start
        target = _target(tag, own)
        if target is None:
            continue
        start, end = tag.attribute_span("href")
        pieces += [html[copied:start], linker.url(Link(kind="click", send=send, target=target))]
        copied = end
    pixel = _pixel(linker.url(Link(kind="open", send=send)))
    if linker.traps:
        pixel += _trap(linker.url(Link(kind="trap", send=send)))
    if copied > body_end:  # Links after the end of the body: put the pixel at the very end.
        return "".join([*pieces, html[copied:], pixel])
    return "".join([*pieces, html[copied:body_end], pixel, html[body_end:]])


def _target(tag: Tag, own: str) -> str | None:
    """Where the tag's link leads, when it is one to be tracked."""
    if tag.closes or tag.name not in ("a", "area"):
        return None
    value = tag.attribute("href")
    if value is None:
        return None
    target = unescape(value).strip()
    # Browsers drop tabs and line breaks inside an address; one that holds any is left to them.
    if not target.isprintable() or len(target) > TARGET_CHARACTERS_MOST or target.startswith(own):
        return None
    return target if is_web_address(target) else None


def is_web_address(target: str) -> bool:
    """Whether it is a whole http or https address with a host."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _pixel(url: str) -> str:
    return f'<img src="{url}" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">'


def _trap(url: str) -> str:
    return f'<a href="{url}" rel="nofollow" tabindex="-1" aria-hidden="true" style="display:none"></a>'


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, sha256)[:_SIGNATURE_BYTES]


def _check_key(key: bytes) -> None:
    if len(key) < KEY_BYTES_LEAST:
        raise ValueError(f"a signing key needs at least {KEY_BYTES_LEAST} bytes")
