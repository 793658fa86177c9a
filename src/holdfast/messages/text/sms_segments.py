"""How many segments a text message takes, in what alphabet, and where it is cut.

A segment carries 140 bytes: 160 characters of the 7-bit alphabet, or 70 of UCS-2 as soon as one character is in no
7-bit table. A message of several spends 6 bytes of each on saying which part it is, so 153 or 67 are left.

Source: 3GPP TS 23.038 §6.2.1 (the alphabet and its extension), TS 23.040 §9.2.3.24.1 (concatenation, 8-bit reference).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Alphabet = Literal["gsm_7", "ucs_2"]

ALONE: dict[Alphabet, int] = {"gsm_7": 160, "ucs_2": 70}
"""Units in a message of one segment: septets, or UTF-16 code units."""
JOINED: dict[Alphabet, int] = {"gsm_7": 153, "ucs_2": 67}
"""Units in each segment of a message of several."""
SEGMENTS_MOST = 255
"""How many segments a message can have at all: the parts are numbered in one byte."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENDED = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_SEPTETS: dict[str, bytes] = {
    **{each: bytes((code,)) for code, each in enumerate(_BASIC) if code != _ESCAPE},
    **{each: bytes((_ESCAPE, code)) for each, code in _EXTENDED.items()},
}
_EXTENSION = {code: each for each, code in _EXTENDED.items()}
_PLAIN = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " "),
    **dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad\u2060", ""),
    "\u2026": "...",
    "\u2022": "-",
    "\t": " ",
}
_PLAINLY = str.maketrans(_PLAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """What a text takes to be sent."""

    alphabet: Alphabet
    units: int
    """Septets, or UTF-16 code units: what the limits count."""
    count: int
    """How many segments, each of which is paid for. 0 for a text that is empty."""
    left: int
    """How many units more fit before another segment begins."""
    beyond: tuple[str, ...]
    """The characters that no 7-bit table has, each once, as they come: one of them halves what a segment holds."""


def segments_of(text: str) -> Segments:
    """What the text takes, cut as `split` cuts it."""
    beyond = tuple(dict.fromkeys(each for each in text if each not in _SEPTETS))
    alphabet: Alphabet = "ucs_2" if beyond else "gsm_7"
    sizes = [_size(each, alphabet) for each in split(text)]
    room = ALONE[alphabet] if len(sizes) <= 1 else JOINED[alphabet]
    return Segments(
        alphabet=alphabet,
        units=sum(sizes),
        count=len(sizes),
        left=room - (sizes[-1] if sizes else 0),
        beyond=beyond,
    )


def split(text: str, alphabet: Alphabet | None = None) -> tuple[str, ...]:
    """The text as the parts it is sent in. No character is cut in two: neither an escaped one nor an emoji's halves.

    Args:
        alphabet: what it is sent in; the 7-bit one if that has all of its characters, unless said otherwise.
    """
    alphabet = alphabet or ("gsm_7" if is_gsm(text) else "ucs_2")
    if _size(text, alphabet) <= ALONE[alphabet]:
        return (text,) if text else ()
    return tuple(_parts(text, alphabet))


def is_gsm(text: str) -> bool:
    """Whether the 7-bit alphabet and its extension have every character of it."""
    return all(each in _SEPTETS for each in text)


def encode_gsm(text: str) -> bytes:
    """The text in the 7-bit alphabet, one septet in each byte, as SMPP takes it.

    Raises ValueError when a character is in no 7-bit table.
    """
    try:
        return b"".join([_SEPTETS[each] for each in text])
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the 7-bit alphabet") from None


def decode_gsm(septets: bytes) -> str:
    """What septets say, one in each byte; a code in no table comes out as the replacement character.

    >>> decode_gsm(encode_gsm("5 € [net]"))
    '5 € [net]'
    """
    out: list[str] = []
    escaped = False
    for code in septets:
        if code == _ESCAPE and not escaped:
            escaped = True
            continue
        # An escaped code the extension lacks means what it means without the escape (TS 23.038, 6.2.1.1).
        known = _BASIC[code].replace("\x1b", " ") if code < len(_BASIC) else "\ufffd"
        out.append(_EXTENSION.get(code, known) if escaped else known)
        escaped = False
    return "".join(out)


def plainly(text: str) -> str:
    """The text with curly quotes, long dashes and other typography made plain, so that it may fit the 7-bit alphabet.

    >>> plainly("It’s here – now…")
    "It's here - now..."
    """
    return text.translate(_PLAINLY)


def _parts(text: str, alphabet: Alphabet) -> Iterator[str]:
    room = JOINED[alphabet]
    start = used = 0
    for at, each in enumerate(text):
        size = _size(each, alphabet)
        if used + size > room:
            yield text[start:at]
            start, used = at, 0
        used += size
    yield text[start:]


def _size(text: str, alphabet: Alphabet) -> int:
    if alphabet == "gsm_7":
        return sum(len(_SEPTETS[each]) for each in text)
    return len(text) + sum(each > "\uffff" for each in text)
