"""Mail that reports on mail (RFC 6522): the fields of its report, and what it carries of the mail it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message
from itertools import islice

from holdfast.messages.links import decode_link
from holdfast.messages.mail.verp import bounced_send

READ_BYTES_MOST = 262_144
"""How much of a report is read. Its fields come first; some servers add the whole mail it is about."""
HEADER_BYTES_MOST = 65_536
"""How long the headers of a report itself may be: telling a header's parameters takes quadratic time."""
BLANK_LINES_MOST = 2_000
"""How many blank lines of a report are read: the library makes a message of its own of what follows each."""
BLOCKS_MOST = 100
"""How many recipients one report may speak of."""
VALUE_CHARACTERS_MOST = 2_000

Fields = Mapping[str, str]
"""By lower-case name; of a field that is there more than once, the first."""

_BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
_ADDRESSED = ("to", "delivered-to", "x-original-to", "envelope-to", "cc")
_UNSUBSCRIBE_PATH = "/m/u/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report."""

    kind: str
    """Its `report-type`, such as `delivery-status` or `feedback-report`."""
    headers: Fields
    """Its own."""
    blocks: tuple[Fields, ...]
    """The fields of the report, in their blocks: of a delivery status first those of the message, then one block for
    each recipient."""
    original: Fields = field(default_factory=dict)
    """Headers of the mail it is about, where it brings them."""


def read_report(raw: bytes) -> Report | None:
    """The report a mail is; None when it is none that can be read. Never raises, whatever the bytes."""
    read = _readable(raw)
    if read is None:
        return None
    try:
        mail = message_from_bytes(read)
        if mail.get_content_type() != "multipart/report":
            return None
        parts = [each for each in _parts(mail) if not each.is_multipart() or each.get_content_maintype() == "message"]
        told = next((each for each in parts if _is_told(each)), None)
        if told is None:
            return None
        kind = str(mail.get_param("report-type") or told.get_content_subtype()).lower()
        original = next((each for each in parts if _is_original(each)), None)
        return Report(
            kind=kind,
            headers=_fields(mail),
            blocks=tuple(_blocks(told))[:BLOCKS_MOST],
            original={} if original is None else _original(original),
        )
    except (MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # What the library makes of hostile mail is not for us to foresee: it is no report.
        return None


def _readable(raw: bytes) -> bytes | None:
    """As much of a mail as is looked at: anybody may send us one. None for one that no server would have made."""
    raw = raw[:READ_BYTES_MOST]
    blanks = [each.start() for each in islice(_BLANK_LINE.finditer(raw), BLANK_LINES_MOST)]
    if not blanks or blanks[0] > HEADER_BYTES_MOST:
        return None
    return raw if len(blanks) < BLANK_LINES_MOST else raw[: blanks[-1]]


def reported_send(report: Report, recipients: Iterable[str], key: bytes) -> str | None:
    """The key of the send a report is about, by something we signed; None when nothing of that is in it.

    A Message-ID anybody may write. What we signed is the return address it was sent to, or the mail's own return
    address or unsubscribe link, which nobody knows but who got the mail.

    Args:
        recipients: whom the report was sent to, as the envelope says.
        key: the workspace's secret.
    """
    addressed = [*recipients, *(report.headers.get(each, "") for each in _ADDRESSED)]
    addressed += [report.original.get("return-path", "")]
    addressed += [block[each] for block in report.blocks for each in ("original-mail-from",) if each in block]
    for each in addressed:
        for address in each.split(",")[:BLOCKS_MOST]:
            send = bounced_send(_bare(address), key)
            if send is not None:
                return send
    return _by_link(report.original.get("list-unsubscribe", ""), key)


def _by_link(header: str, key: bytes) -> str | None:
    for each in header.split(","):
        _, found, token = "".join(each.split()).strip("<>").partition(_UNSUBSCRIBE_PATH)
        link = decode_link(token, key) if found else None
        if link is not None and link.kind == "unsubscribe":
            return link.send
    return None


def printable(text: str, most: int = VALUE_CHARACTERS_MOST) -> str:
    """The text on one line, without what cannot be shown."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[: 2 * most]).split())[:most]


def _bare(address: str) -> str:
    """The address of `Bounces <b+…@shop.example>`."""
    inside = address.rpartition("<")[2] if "<" in address else address
    return inside.partition(">")[0].strip()


def _parts(mail: Message) -> list[Message]:
    payload = mail.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _is_told(part: Message) -> bool:
    return part.get_content_type() in (
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
    )


def _is_original(part: Message) -> bool:
    return part.get_content_type() in (
        "message/rfc822",
        "message/global",
        "message/global-headers",
        "text/rfc822-headers",
    )


def _blocks(part: Message) -> Iterator[Fields]:
    for each in _parts(part):
        fields = _fields(each)
        if fields:
            yield fields
        # Of a type the library does not know, only the first block is fields, and the others are its text.
        rest = each.get_payload()
        if isinstance(rest, str):
            for text in rest.replace("\r\n", "\n").split("\n\n")[:BLOCKS_MOST]:
                more = _fields(message_from_string(text + "\n\n")) if text.strip() else {}
                if more:
                    yield more


def _original(part: Message) -> Fields:
    inner = _parts(part)
    if inner:
        return _fields(inner[0])
    payload = part.get_payload(decode=True)
    return _fields(message_from_bytes(payload)) if isinstance(payload, bytes) else {}


def _fields(message: Message) -> Fields:
    found: dict[str, str] = {}
    for name, value in message.items():
        found.setdefault(str(name).lower(), printable(str(value)))
    return found
