"""Segments of text messages: the published capacities, and that nothing is lost or cut in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.text.sms_segments import ALONE, JOINED, encode_gsm, is_gsm, plainly, segments_of, split


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "count", "left"),
    [
        ("", "gsm_7", 0, 0, 160),
        ("a" * 160, "gsm_7", 160, 1, 0),
        ("a" * 161, "gsm_7", 161, 2, 145),
        ("a" * 306, "gsm_7", 306, 2, 0),
        ("a" * 307, "gsm_7", 307, 3, 152),
        ("€" * 80, "gsm_7", 160, 1, 0),
        ("€" * 81, "gsm_7", 162, 2, 143),
        ("ж" * 70, "ucs_2", 70, 1, 0),
        ("ж" * 71, "ucs_2", 71, 2, 63),
        ("ж" * 134, "ucs_2", 134, 2, 0),
        ("ж" * 135, "ucs_2", 135, 3, 66),
        ("😀" * 35, "ucs_2", 70, 1, 0),
        ("😀" * 36, "ucs_2", 72, 2, 61),
        ("a" * 159 + "’", "ucs_2", 160, 3, 41),
        ("ç", "ucs_2", 1, 1, 69),
        ("Ç[~]\n", "gsm_7", 8, 1, 152),
    ],
)
def test_capacities(text: str, alphabet: str, units: int, count: int, left: int) -> None:
    found = segments_of(text)
    assert (found.alphabet, found.units, found.count, found.left) == (alphabet, units, count, left)


def test_a_character_is_never_cut_in_two() -> None:
    escaped = "a" * 152 + "€" + "a" * 10
    assert split(escaped) == ("a" * 152, "€" + "a" * 10)
    halves = "ж" * 66 + "😀" + "ж" * 10
    assert split(halves) == ("ж" * 66, "😀" + "ж" * 10)


def test_what_halves_the_capacity_is_named() -> None:
    assert segments_of("It’s 20° – it’s").beyond == ("’", "°", "–")
    assert segments_of("\x1b").alphabet == "ucs_2", "the escape itself is no character"


def test_typography_is_made_plain() -> None:
    assert plainly("“It’s here” – now…\u00a0100\u202f€") == '"It\'s here" - now... 100 €'
    assert is_gsm(plainly("“It’s here” – now…"))


def test_septets() -> None:
    assert encode_gsm("@£ {€}") == bytes.fromhex("0001201b281b651b29")
    with pytest.raises(ValueError, match="ж"):
        encode_gsm("aж")


@given(st.text(alphabet=st.sampled_from("aé€[\\😀ж\n\x1b"), max_size=700))
def test_the_parts_are_the_text_and_each_fits(text: str) -> None:
    parts, found = split(text), segments_of(text)
    assert "".join(parts) == text
    assert found.count == len(parts)
    room = ALONE[found.alphabet] if len(parts) == 1 else JOINED[found.alphabet]
    for each in parts:
        size = len(encode_gsm(each)) if found.alphabet == "gsm_7" else len(each.encode("utf-16-be")) // 2
        assert 0 < size <= room
