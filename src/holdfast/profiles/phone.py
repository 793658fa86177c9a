"""Phone numbers, in the one form in which they are compared and called: E.164, such as +4915112345678."""

from __future__ import annotations

from functools import lru_cache

_CACHED_MOST = 4_096


def phone_number(said: str, country: str = "") -> str:
    """The number, or the empty text when it cannot be one.

    Args:
        said: as people write it: with spaces, brackets, `00` or `+` before the country's prefix, or without.
        country: the ISO 3166 code of the country that is meant where the number names none.
    """
    return _parsed(said.strip()[:50], country.strip().upper()[:2]) if said.strip() else ""


@lru_cache(maxsize=_CACHED_MOST)
def _parsed(said: str, country: str) -> str:
    # Its tables are large, and most who import this never ask.
    import phonenumbers  # noqa: PLC0415

    if said.startswith("00"):
        said = "+" + said[2:]
    try:
        number = phonenumbers.parse(said, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
