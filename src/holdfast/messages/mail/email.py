"""Email as bytes: a letter put together and signed.

The bytes are the same on every retry: nothing here depends on a clock, a process or a host name. The body is
quoted-printable, so that signatures survive every relay and no line is too long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from holdfast.messages.mail.address import Mailbox
from holdfast.messages.mail.dkim import Signer, body_hash
from holdfast.messages.mail.markup import text_of
from holdfast.messages.mail.mime import address_header, plain_header, quoted_printable, text_header

_FEEDBACK = re.compile(r"[^A-Za-z0-9_.\-]+")
_FEEDBACK_CHARACTERS_MOST = 60
_PLAIN_PART = 'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable'
_HTML_PART = 'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable'


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything an email is made from."""

    send: str
    """The send's key: it makes the Message-ID."""
    sender: Mailbox
    sender_name: str = ""
    reply_to: Mailbox | None = None
    """Where answers go, when not to the sender."""
    to: Mailbox
    subject: str
    html: str
    text: str = ""
    """Empty: made from the HTML."""
    date: datetime
    """When the send was asked for; the same on every retry."""
    unsubscribe_url: str = ""
    """For one-click unsubscribing (RFC 8058); empty for transactional mail."""
    feedback: tuple[str, ...] = ()
    """Campaign, customer, type: what mailbox providers report complaints by (`Feedback-ID`)."""


def message_id(letter: Letter) -> str:
    """The Message-ID, with its angle brackets: the send's key at the sender's domain."""
    return f"<{letter.send}@{letter.sender.domain}>"


def assemble(letter: Letter, signers: Sequence[Signer] = ()) -> bytes:
    """The complete message, with CRLF line ends; equal letters make equal bytes.

    Args:
        signers: each puts a DKIM signature on top.

    Raises ValueError when something cannot stand in a header.
    """
    content_type, body = _body(letter)
    headers = [each.encode("utf-8") for each in (*_headers(letter), *content_type)]
    whole = b"\r\n".join((*headers, b"", body))
    if not signers:
        return whole
    hashed, at_seconds = body_hash(body), int(letter.date.timestamp())
    return b"".join((*(each.header(headers, hashed, at_seconds=at_seconds) for each in signers), whole))


def _body(letter: Letter) -> tuple[tuple[str, ...], bytes]:
    """The headers that say what the body is, and the body."""
    text = letter.text if letter.text.strip() else text_of(letter.html)
    if not letter.html.strip():
        return tuple(_PLAIN_PART.split("\r\n")), quoted_printable(text)
    boundary = f"=_holdfast_{letter.send}"  # A quoted-printable body cannot hold "=_".
    edge = f"--{boundary}"
    body = b"".join(
        (
            f"{edge}\r\n{_PLAIN_PART}\r\n\r\n".encode("ascii"),
            quoted_printable(text),
            f"{edge}\r\n{_HTML_PART}\r\n\r\n".encode("ascii"),
            quoted_printable(letter.html),
            f"{edge}--\r\n".encode("ascii"),
        )
    )
    return (f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',), body


def _headers(letter: Letter) -> list[str]:
    lines = [
        f"Date: {format_datetime(letter.date)}",
        address_header("From", letter.sender, letter.sender_name),
        address_header("To", letter.to),
        text_header("Subject", letter.subject),
        plain_header("Message-ID", message_id(letter)),
        "MIME-Version: 1.0",
    ]
    if letter.reply_to is not None:
        lines.append(address_header("Reply-To", letter.reply_to))
    return [*lines, *(f"{name}: {value}" for name, value in own_headers(letter))]


def own_headers(letter: Letter) -> list[tuple[str, str]]:
    """Headers a mail is known again by, and by which one is let alone: name and value, for whoever puts it together.

    Raises ValueError when a value cannot stand in a header.
    """
    headers = [("X-Holdfast-Send", letter.send)]
    if letter.unsubscribe_url:
        headers += [
            ("List-Unsubscribe", f"<{letter.unsubscribe_url}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    if letter.feedback:
        headers.append(("Feedback-ID", ":".join(map(_feedback, letter.feedback))))
    for name, value in headers:
        plain_header(name, value)
    return headers


def _feedback(part: str) -> str:
    return _FEEDBACK.sub("_", part)[:_FEEDBACK_CHARACTERS_MOST] or "_"
