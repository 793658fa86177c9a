"""Email as bytes: RFC 5322 and MIME, put together by hand.

By hand because it is ten times faster than the standard library's `EmailMessage` and because the bytes must be the same
on every retry: nothing here depends on a clock, a process or a host name. The body is quoted-printable, so that
signatures survive every relay and no line is too long.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from holdfast.messages.address import Mailbox
from holdfast.messages.markup import text_of
from holdfast.messages.template import one_line

LINE_BYTES_MOST = 76
"""Lines of headers that hold encoded words, and of the body (RFC 2047, 2045)."""

_WORD_OVERHEAD = len("=?utf-8?B??=")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ \-]*")
_NAME_CHARACTERS_MOST = 32  # Twice that, quoted, fits a line; a longer name is encoded, which folds.
_FEEDBACK = re.compile(r"[^A-Za-z0-9_.\-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything an email is made from."""

    send: str
    """The send's key: it makes the Message-ID."""
    sender: Mailbox
    sender_name: str = ""
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


def assemble(letter: Letter) -> bytes:
    """The complete message, with CRLF line ends; equal letters make equal bytes."""
    boundary = f"=_holdfast_{letter.send}"  # A quoted-printable body cannot hold "=_".
    text = letter.text if letter.text.strip() else text_of(letter.html)
    headers = "\r\n".join([*_headers(letter), _content_type(letter, boundary), "", ""]).encode("utf-8")
    if not letter.html.strip():
        return headers + quoted_printable(text)
    edge = b"--" + boundary.encode("ascii")
    return b"".join(
        (
            headers,
            edge,
            b'\r\nContent-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n',
            quoted_printable(text),
            edge,
            b'\r\nContent-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n',
            quoted_printable(letter.html),
            edge,
            b"--\r\n",
        )
    )


def _content_type(letter: Letter, boundary: str) -> str:
    if not letter.html.strip():
        return 'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable'
    return f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"'


def _headers(letter: Letter) -> list[str]:
    lines = [
        f"Date: {format_datetime(letter.date)}",
        _address_header("From", letter.sender, letter.sender_name),
        _address_header("To", letter.to, ""),
        text_header("Subject", letter.subject),
        f"Message-ID: {message_id(letter)}",
        "MIME-Version: 1.0",
        f"X-Holdfast-Send: {letter.send}",
    ]
    if letter.unsubscribe_url:
        lines += [
            f"List-Unsubscribe: <{letter.unsubscribe_url}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    if letter.feedback:
        lines.append("Feedback-ID: " + ":".join(_FEEDBACK.sub("_", each)[:60] or "_" for each in letter.feedback))
    return lines


def quoted_printable(text: str) -> bytes:
    """The text as quoted-printable UTF-8, with CRLF line ends and one at the end; no line over 76 bytes."""
    lines = text.rstrip("\r\n").replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n") + "\r\n"
    # The encoder takes its own line ends from the first it meets, so there must be one; and it leaves a line of one dot
    # alone only when the dot is encoded, as it does.
    return b2a_qp(lines.encode("utf-8", "replace"), istext=True)


def text_header(name: str, value: str) -> str:
    """The header folded, with every line within 76 bytes; encoded where it is not plain ASCII (RFC 2047)."""
    value = one_line(value)
    head = f"{name}: "
    if _PLAIN.fullmatch(value) and "=?" not in value:
        folded = _folded(head, value)
        if folded is not None:
            return folded
    return head + encoded_words(value, first_line_used=len(head))


def _folded(head: str, value: str) -> str | None:
    """The value broken at single blanks; None when a word is too long for a line, or a blank would be lost."""
    if len(head) + len(value) <= LINE_BYTES_MOST:
        return head + value
    lines, line = [], head
    for index, word in enumerate(value.split(" ")):
        if not word:  # Two blanks in a row: folding there would leave a line of blanks only.
            return None
        put = word if index == 0 else f" {word}"
        if len(line) + len(put) > LINE_BYTES_MOST:
            if index == 0 or len(put) > LINE_BYTES_MOST:
                return None
            lines.append(line)
            line = put
        else:
            line += put
    return "\r\n".join([*lines, line])


def encoded_words(value: str, *, first_line_used: int) -> str:
    """The text as encoded words, each within 75 characters and each of whole characters, folded between them."""
    words: list[str] = []
    room = (LINE_BYTES_MOST - first_line_used - _WORD_OVERHEAD) // 4 * 3
    chunk = b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if chunk and len(chunk) + len(encoded) > room:
            words.append(_word(chunk))
            chunk, room = b"", (LINE_BYTES_MOST - 1 - _WORD_OVERHEAD) // 4 * 3
        chunk += encoded
    if chunk:
        words.append(_word(chunk))
    return "\r\n ".join(words)


def _word(chunk: bytes) -> str:
    return f"=?utf-8?B?{b64encode(chunk).decode('ascii')}?="


def _address_header(header: str, mailbox: Mailbox, display_name: str) -> str:
    name = one_line(display_name)
    if not name:
        return f"{header}: {mailbox}"
    is_plain = _PLAIN.fullmatch(name) and "=?" not in name and len(name) <= _NAME_CHARACTERS_MOST
    if is_plain and _ATOMS.fullmatch(name):
        shown = name
    elif is_plain:
        shown = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        shown = encoded_words(name, first_line_used=len(header) + 2)
    break_or_blank = " " if len(header) + len(shown) + len(str(mailbox)) + 5 <= LINE_BYTES_MOST else "\r\n "
    return f"{header}: {shown}{break_or_blank}<{mailbox}>"
