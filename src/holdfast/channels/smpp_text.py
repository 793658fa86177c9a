"""Texts in short messages: the alphabets, the header that joins parts, and the words of a delivery receipt.

Source: SMPP 3.4, 5.2.19 (data_coding) and appendix B (receipts); 3GPP TS 23.040, 9.2.3.24.1 (joined messages).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.channels.smpp_pdu import UDH_PRESENT, Message, Tag
from holdfast.messages.text.sms_segments import decode_gsm, encode_gsm, is_gsm, split

GSM_7 = 0
UCS_2 = 8
LATIN_1 = 3

DefaultAlphabet = Literal["gsm_7", "latin_1"]
"""What a message centre takes data_coding 0 for: the standard leaves it open."""

_JOINED_8 = 0x00
_JOINED_16 = 0x08
_FIELD = re.compile(r"(id|sub|dlvrd|submit date|done date|stat|err|text)\s*:", re.IGNORECASE)
_STATES = ("SCHEDLD", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED")
"""As the optional parameter message_state numbers them."""


def encoded(text: str, *, reference: int, alphabet: DefaultAlphabet = "gsm_7") -> tuple[Sequence[bytes], int, int]:
    """The parts of a text, the alphabet they are in (data_coding) and what they are (esm_class).

    Args:
        reference: 0 to 255; by it the telephone knows parts of one message from those of another.
    """
    coding = _coding(text, alphabet)
    parts = [_bytes(each, coding) for each in split(text, "ucs_2" if coding == UCS_2 else "gsm_7")]
    if len(parts) < 2:
        return parts, coding, 0
    header = bytes((5, _JOINED_8, 3, reference & 0xFF, len(parts)))
    return [header + bytes((number,)) + each for number, each in enumerate(parts, 1)], coding, UDH_PRESENT


def _coding(text: str, alphabet: DefaultAlphabet) -> int:
    if not is_gsm(text):
        return UCS_2
    if alphabet == "gsm_7":
        return GSM_7
    # Where 0 does not mean the 7-bit alphabet, Latin-1 is asked for by its own number; it has no € and no Greek.
    return LATIN_1 if all(each <= "\xff" for each in text) else UCS_2


def _bytes(text: str, coding: int) -> bytes:
    match coding:
        case 0:
            return encode_gsm(text)
        case 3:
            return text.encode("latin-1")
        case _:
            return text.encode("utf-16-be", "replace")


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of which message one is."""

    reference: int
    number: int
    of: int


def read_text(message: Message, alphabet: DefaultAlphabet = "gsm_7") -> tuple[str, Part | None]:
    """What a message says, and which part of a longer one it is; empty for what is no text."""
    raw, part = message.text, None
    if message.esm_class & UDH_PRESENT and raw:
        header, raw = raw[1 : 1 + raw[0]], raw[1 + raw[0] :]
        part = _part(header)
    if part is None and Tag.SAR_TOTAL in message.options:
        numbers = (message.options.get(tag, b"") for tag in (Tag.SAR_REFERENCE, Tag.SAR_PART, Tag.SAR_TOTAL))
        part = _checked(*(int.from_bytes(each, "big") for each in numbers))
    return _decoded(raw, message.coding, alphabet), part


def _decoded(raw: bytes, coding: int, alphabet: DefaultAlphabet) -> str:
    match coding:
        case 8:
            return raw.decode("utf-16-be", "replace")
        case 0 if alphabet == "gsm_7":
            return decode_gsm(raw)
        case 0 | 3:
            return raw.decode("latin-1")
        case 1:
            return raw.decode("ascii", "replace")
        case _:
            return ""


def _part(header: bytes) -> Part | None:
    """The part a user data header tells of; None when it tells of none."""
    at = 0
    while at + 2 <= len(header):
        kind, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if kind == _JOINED_8 and len(value) == 3:
            return _checked(value[0], value[2], value[1])
        if kind == _JOINED_16 and len(value) == 4:
            return _checked(int.from_bytes(value[:2], "big"), value[3], value[2])
        at += 2 + length
    return None


def _checked(reference: int, number: int, of: int) -> Part | None:
    return Part(reference, number, of) if 1 <= number <= of and of > 1 else None


@dataclass(frozen=True, slots=True)
class Fate:
    """What a delivery receipt says: of which message, what became of it, and the network's word for why."""

    id: str
    state: str
    error: str


def read_fate(message: Message) -> Fate:
    """What the receipt says, by its optional parameters where it has them, else by its words."""
    said = _fields(message.text.decode("latin-1"))
    given = message.options.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\x00")[0].decode("latin-1").strip()
    number = message.options.get(Tag.MESSAGE_STATE, b"")
    state = _STATES[number[0]] if number and number[0] < len(_STATES) else said.get("stat", "").upper()[:7]
    error = message.options.get(Tag.NETWORK_ERROR_CODE, b"")
    word = str(int.from_bytes(error[1:3], "big")) if len(error) == 3 else said.get("err", "")[:20]
    return Fate(given or said.get("id", ""), state, word)


def _fields(text: str) -> dict[str, str]:
    """The fields of a receipt's words, in whatever order and case they come."""
    found = list(_FIELD.finditer(text))
    ends = [*(each.start() for each in found[1:]), len(text)]
    said: dict[str, str] = {}
    for match, end in zip(found, ends, strict=False):
        said.setdefault(match[1].lower(), text[match.end() : end].strip())
        if match[1].lower() == "text":
            break  # What the message said may look like fields.
    return said
