"""Cells of a sheet: what would be a program is text, and everything else is as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from holdfast.kernel.sheet import sheet_text


@pytest.mark.parametrize("said", ["=1", "@SUM(A1)", "\t=1", "\r", "+cmd", "-cmd", "+1+cmd|'x'!A1", "-2+3*A1", "-=1"])
def test_what_would_be_a_program_is_text(said: str) -> None:
    assert sheet_text(said) == f"'{said}"


@pytest.mark.parametrize("said", ["", "a", "+", "+49 (171) 123-4567", "-12.50", "-1,000", "a=b", " =1", "ß", "'=1"])
def test_everything_else_is_as_it_was(said: str) -> None:
    assert sheet_text(said) == said


@given(some.text())
def test_nothing_is_lost_and_no_cell_begins_a_formula(said: str) -> None:
    cell = sheet_text(said)
    assert cell.removeprefix("'" if cell != said else "") == said
    assert not cell.startswith(("=", "@", "\t", "\r"))
    assert not cell.startswith(("+", "-")) or not any(each.isalpha() or each in "=|!*&@" for each in cell)
