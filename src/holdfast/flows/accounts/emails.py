"""Email addresses as the names people sign in by."""

from __future__ import annotations

import re

from holdfast.kernel.errors import Invalid

EMAIL_MOST = 254
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def email_of(said: str) -> str | None:
    """The address in the one form it is kept and compared in; None when it is none.

    Only ASCII: of two addresses that look alike, one with a letter of another alphabet, the second is none at all. A
    domain in other letters is written as mail servers write it (`xn--…`).

    >>> email_of(" Ada@Shop.Example ")
    'ada@shop.example'
    >>> email_of("аda@shop.example") is None  # The first letter is Cyrillic.
    True
    """
    plain = said.strip(" \t\r\n").lower() if len(said) <= EMAIL_MOST + 2 and said.isascii() else ""
    return plain if len(plain) <= EMAIL_MOST and _EMAIL.fullmatch(plain) else None


def decode_email(said: str, path: str) -> str:
    """The same, where there must be one. Raises Invalid."""
    email = email_of(said)
    if email is None:
        hint = "Write one like ada@shop.example, in plain letters; a domain in others as mail servers do, xn--…"
        raise Invalid(f"{said!r:.120} is no email address.", path=path, hint=hint)
    return email
