"""Telephone numbers: as people write them, and as they are dialled from anywhere (ITU-T E.164).

Numbering plans change every month and differ by country; `phonenumbers` knows them. A number of a possible length is
taken even where its range is not given out yet: the network knows better, and says so.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

WRITTEN_MOST = 40
"""How many characters a written number may have."""
_CACHED_MOST = 4_096

_WRITTEN = re.compile(r"\+?[\d\s()./\-\u2010-\u2015\u00a0\u202f]+")
_E164 = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)


@lru_cache(maxsize=_CACHED_MOST)
def read_phone(written: str, country: str = "") -> str | None:
    """The number in E.164, such as `+436641234567`; None when it is none that can be dialled from everywhere.

    Args:
        written: as somebody typed it: with spaces, brackets and dashes, but no words and no extension.
        country: where it is dialled from when it has no country code, as ISO 3166-1 (`AT`); in any case.

    >>> read_phone("0664 123 45 67", "at")
    '+436641234567'
    >>> read_phone("+1 (415) 555-0100")
    '+14155550100'
    >>> read_phone("0664 123 45 67") is None
    True
    """
    text = written.strip()
    if not text or len(text) > WRITTEN_MOST or not _WRITTEN.fullmatch(text):
        return None
    region = country.strip().upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = ""
    if not region and text.startswith("00"):
        text = "+" + text[2:]  # No national number starts so; as a prefix it is what most of the world dials for +.
    try:
        number = phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    dialled = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return dialled if is_phone(dialled) else None


def is_phone(text: str) -> bool:
    """Whether it is written in E.164: a plus, then up to fifteen digits, the first of them no zero."""
    return bool(_E164.fullmatch(text))


@lru_cache(maxsize=_CACHED_MOST)
def phone_country(dialled: str) -> str:
    """The country of an E.164 number as ISO 3166-1; empty when it is of none, or nobody can say.

    >>> phone_country("+436641234567")
    'AT'
    """
    if not is_phone(dialled):
        return ""
    number = phonenumbers.parse(dialled)
    region = phonenumbers.region_code_for_number(number)
    if region is None:
        # Of a range not given out yet: the code alone says where, if only one country has it.
        region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return "" if region in (None, "ZZ", "001") else region
