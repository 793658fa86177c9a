"""Senders of text messages: which of our numbers or names a person is written to from.

A person is always written to from the same one, as long as it is there: answers come back to it, and telephones keep
the messages together. Adding a number moves only those it takes over (rendezvous hashing).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.decisions.fields import Text
from holdfast.kernel.errors import Invalid
from holdfast.kernel.ids import hash64
from holdfast.profiles.phone import is_phone_number, phone_country

SENDERS_MOST = 500

_COUNTRY = re.compile(r"([A-Z]{2})\s*:\s*(.+)")
_SHORT_CODE = re.compile(r"\d{3,8}", re.ASCII)
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 &+_.\-]{0,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SenderPool:
    """The senders of one connection."""

    anywhere: Sequence[str] = ()
    by_country: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Those for one country's numbers (ISO 3166-1): not every country permits names, and what is sent abroad costs."""

    def choose(self, to: str) -> str | None:
        """Who writes to this number, always the same; None when nobody may."""
        among = self.by_country.get(phone_country(to)) or self.anywhere
        return max(among, key=lambda each: (hash64("sender", each, to), each), default=None)


def read_senders(lines: str) -> SenderPool:
    """The pool that is written down, one sender a line, `DE: TeaCup` for one country's numbers.

    Raises Invalid for a line that is no sender.
    """
    anywhere: list[str] = []
    by_country: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        match = _COUNTRY.fullmatch(line)
        sender = match[2].strip() if match else line
        if not is_sender(sender):
            raise Invalid(
                f"{line!r:.60} is no sender.",
                code="bad_sender",
                hint="Write a number such as +436601234567, a short code, or a name of up to 11 letters; one a line.",
            )
        (by_country.setdefault(match[1], []) if match else anywhere).append(sender)
    if len(anywhere) + sum(map(len, by_country.values())) > SENDERS_MOST:
        raise Invalid("There are too many senders.", code="too_long", hint=f"Give {SENDERS_MOST} or fewer.")
    return SenderPool(tuple(anywhere), by_country)


def is_sender(text: str) -> bool:
    """Whether messages can be from it: a number in E.164, a short code, or a name."""
    return bool(is_phone_number(text) or _SHORT_CODE.fullmatch(text) or _NAME.fullmatch(text))


@dataclass(frozen=True, slots=True)
class SenderLines(Text):
    """Senders, one a line."""

    least: int = 0
    most: int = 20_000

    def decode(self, value: object, path: str) -> str:
        said = Text.decode(self, value, path)
        try:
            read_senders(said)
        except Invalid as complaint:
            complaint.path = path
            raise
        return said
