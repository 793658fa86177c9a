"""Reading mail: bytes from anybody into what a person wants to see. Nothing in a message makes this raise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesParser
from html import unescape

from holdfast.messages.mail.markup import tags, text_of

PREVIEW_CHARACTERS = 160
GLIMPSED_BYTES = 8_192
"""How much of a message is looked at as it comes in: its headers and the beginning of its first part."""
LINKS_MOST = 500
_LINKING = frozenset({"a", "area"})
_PARSER = BytesParser(policy=policy.default)
_STUMBLES = (MessageError, ValueError, LookupError, TypeError, AttributeError, IndexError)
"""What the standard library's parser still raises for some malformed messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """What a list shows of a message."""

    subject: str
    preview: str
    """The beginning of the text, on one line."""
    send: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a message says."""

    html: str
    text: str
    headers: dict[str, str]
    links: Sequence[str]


def glimpse(raw: bytes) -> Glimpse:
    """What a list shows of the message. Cheap: reading all of one takes longer than sending it did."""
    try:
        message = message_from_bytes(raw[:GLIMPSED_BYTES])
        subject = _decoded(message.get("Subject", ""))
        preview = " ".join(_first_words(message).split())[:PREVIEW_CHARACTERS]
        send = _plain(str(message.get("X-Holdfast-Send", "")))
    except _STUMBLES:
        subject, preview, send = "", raw[:PREVIEW_CHARACTERS].decode("utf-8", "replace"), ""
    return Glimpse(subject=subject, preview=preview, send=send)


def _decoded(header: object) -> str:
    unfolded = str(header).replace("\r", "").replace("\n", "")
    try:
        return _plain(str(make_header(decode_header(unfolded))))
    except _STUMBLES:
        return _plain(unfolded)


def _first_words(message: Message) -> str:
    """The text of the first part that has any."""
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            text = payload.decode(part.get_content_charset("utf-8"), "replace")
            return _plain(text_of(text) if part.get_content_subtype() == "html" else text)
    return ""


def read_message(raw: bytes) -> Content:
    """What the message says, as far as it can be told."""
    try:
        message = _PARSER.parsebytes(raw)
        html, text = _part(message, "html"), _part(message, "plain")
        headers = {name: _plain(str(value)) for name, value in message.items()}
    except _STUMBLES:
        html, text, headers = "", raw.decode("utf-8", "replace"), {}
    return Content(html=html, text=text or text_of(html), headers=headers, links=_links(html))


def _links(html: str) -> list[str]:
    found: list[str] = []
    for tag in tags(html, _LINKING):
        address = tag.attribute("href")
        if address and len(found) < LINKS_MOST:
            found.append(unescape(address))
    return found


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    content = part.get_content()
    return _plain(content) if isinstance(content, str) else ""


def _plain(text: str) -> str:
    """The text with what is no character replaced: a lone surrogate fits no JSON and no database."""
    return text.encode("utf-8", "replace").decode("utf-8")
