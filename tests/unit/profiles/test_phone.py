"""Telephone numbers: however written, one form; and nothing that could not be dialled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.profiles.phone import is_phone_number, phone_country, phone_number


@pytest.mark.parametrize(
    ("written", "country", "dialled"),
    [
        ("+43 664 1234567", "", "+436641234567"),
        ("0664/123 45 67", "AT", "+436641234567"),
        ("0664 123-45-67", "at", "+436641234567"),
        ("0043 664 1234567", "", "+436641234567"),
        ("011 43 664 1234567", "US", "+436641234567"),
        ("(415) 555-0100", "US", "+14155550100"),
        ("+1 (415) 555‑0100", "AT", "+14155550100"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("٠٦٦٤١٢٣٤٥٦٧", "AT", "+436641234567"),
        (" +390612345678 ", "", "+390612345678"),
    ],
)
def test_a_number_is_read_as_it_is_dialled_there(written: str, country: str, dialled: str) -> None:
    assert phone_number(written, country) == dialled
    assert phone_number(dialled) == dialled


@pytest.mark.parametrize(
    ("written", "country"),
    [
        *(("", ""), ("0664 1234567", ""), ("0664 1234567", "XX"), ("112", "AT"), ("+999123456789", ""), ("+", "")),
        *(("+1 415 555 0100 ext. 5", ""), ("call +14155550100", ""), ("1-800-FLOWERS", "US"), ("+1415", "")),
        *(("+43 664 1234567\r\nBcc: x", ""), ("+" + "1" * 20, ""), ("1" * 60, "US"), ("tel:+14155550100", "")),
    ],
)
def test_what_is_none_is_none(written: str, country: str) -> None:
    assert phone_number(written, country) == ""


@given(
    st.text(max_size=60) | st.text("+0123456789 -()/.", max_size=30), st.sampled_from(["", "AT", "US", "zz", "\x00"])
)
def test_any_text_is_a_number_or_none(written: str, country: str) -> None:
    dialled = phone_number(written, country)
    if dialled:
        assert is_phone_number(dialled)
        assert phone_number(dialled) == dialled
        phone_country(dialled)


@pytest.mark.parametrize(
    ("dialled", "country"),
    [
        ("+436641234567", "AT"),
        ("+14155550100", "US"),
        ("+16045550100", "CA"),
        ("+447700900123", "GB"),
        ("+80012345678", ""),
        ("x", ""),
    ],
)
def test_the_country_of_a_number(dialled: str, country: str) -> None:
    assert phone_country(dialled) == country
