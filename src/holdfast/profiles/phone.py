"""Phone numbers, in the one form in which they are compared and called: E.164, such as +4915112345678.

Numbering plans change every month and differ by country; `phonenumbers` knows them. A number of a possible length is
taken even where its range is not given out yet: the network knows better, and says so.
"""

from __future__ import annotations

import re
from functools import lru_cache

_CACHED_MOST = 4_096
_WRITTEN = re.compile(r"\+?[\d\s()./\-\u2010-\u2015\u00a0\u202f]{1,40}")
"""Digits and what people put between them. No words, and no extension: nothing can be written to one."""
_E164 = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)


@lru_cache(maxsize=_CACHED_MOST)
def phone_number(said: str, country: str = "") -> str:
    """The number, or the empty text when it cannot be one.

    Args:
        said: as people write it: with spaces, brackets, `00` or `+` before the country's prefix, or without.
        country: the ISO 3166 code of the country that is meant where the number names none.

    >>> phone_number("0664 123 45 67", "at")
    '+436641234567'
    >>> phone_number("+1 (415) 555-0100")
    '+14155550100'
    >>> phone_number("0664 123 45 67")
    ''
    """
    # Its tables are large, and most who import this never ask.
    import phonenumbers  # noqa: PLC0415

    said = said.strip()
    if not _WRITTEN.fullmatch(said):
        return ""
    region = country.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = ""
    if not region and said.startswith("00"):
        said = "+" + said[2:]  # No national number starts so; with a country, its own way of dialling abroad counts.
    try:
        number = phonenumbers.parse(said, region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return dialled if is_phone_number(dialled) else ""


def is_phone_number(text: str) -> bool:
    """Whether it is written in E.164: a plus, then up to fifteen digits, the first of them no zero."""
    return bool(_E164.fullmatch(text))


@lru_cache(maxsize=_CACHED_MOST)
def phone_country(number: str) -> str:
    """The country of a number in E.164, as ISO 3166-1; empty when it is of none, or nobody can say.

    >>> phone_country("+436641234567")
    'AT'
    """
    import phonenumbers  # noqa: PLC0415

    if not is_phone_number(number):
        return ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:
        # Of a range not given out yet: the code alone says where, if only one country has it.
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return "" if region in (None, "ZZ", "001") else region
