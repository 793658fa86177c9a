"""What a command prints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.cli.printing import CELL_MOST, cell, complain, count_words, print_table
from holdfast.kernel.errors import NotFound


def test_a_table_is_aligned_and_headed(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"id": 1, "name": "Ada"}, {"id": 20, "name": None}], {"id": "ID", "name": "NAME"}, empty="None.")
    assert capsys.readouterr().out == "ID  NAME\n 1  Ada\n20  -\n"


def test_numbers_shares_and_money_stand_under_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[dict[str, object]] = [
        {"n": "1,250", "share": "7.5%", "money": "9.00 EUR"},
        {"n": "-3", "share": None, "money": "120.50 EUR"},
    ]
    print_table(rows, {"n": "N", "share": "SHARE", "money": "MONEY"}, empty="None.")
    assert capsys.readouterr().out == "    N  SHARE       MONEY\n1,250   7.5%    9.00 EUR\n   -3      -  120.50 EUR\n"


def test_no_rows_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], {"id": "ID"}, empty="Nobody.")
    assert capsys.readouterr().out == "Nobody.\n"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_somebody_is_called_it_stays_in_its_cell(value: object) -> None:
    text = cell(value)
    assert 0 < len(text) <= CELL_MOST
    assert all(character.isprintable() for character in text)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ("", "-"),
        ({"plan": "gold", "age": 3}, "plan=gold, age=3"),
        (["a"], "a"),
        ("2026-01-02T03:04:05.678Z", "2026-01-02 03:04:05"),
        ("at 2026-01-02T03:04:05.678Z", "at 2026-01-02T03:04:05.678Z"),
    ],
)
def test_values_are_shown_as_people_write_them(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_an_escape_sequence_in_a_name_does_nothing() -> None:
    assert cell("Ada\x1b[2J") == "Ada�[2J"


def test_a_complaint_goes_to_standard_error_with_its_place_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    complain(NotFound("nobody goes by that id.", path="--person", hint="Look for them: holdfast people find TEXT"))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "--person: nobody goes by that id.\nLook for them: holdfast people find TEXT\n"


def test_counting_words() -> None:
    assert count_words(1, "person", "people") == "1 person"
    assert count_words(2000, "person", "people") == "2,000 people"
    assert count_words(0, "event") == "0 events"
