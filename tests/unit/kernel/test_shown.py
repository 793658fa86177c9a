"""What of a text can be shown: every script and emoji, and nothing that hides or turns around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.shown import can_be_shown, shown_of

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
NEWER = "\U0001fae9"  # A face that this Python's Unicode may not know yet.


@pytest.mark.parametrize(
    "text", ["", "Zoë", FAMILY, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "10\u00a0000 €", "e\u0301", NEWER]
)
def test_what_people_write_can_be_shown(text: str) -> None:
    assert can_be_shown(text)
    assert shown_of(text) == text


@pytest.mark.parametrize("bad", ["\n", "\t", "\0", "\u202e", "\u2028", "\ud800", "\x7f", "\ufeff", "\u00ad"])
def test_what_hides_or_turns_around_cannot(bad: str) -> None:
    assert not can_be_shown(f"a{bad}b")
    assert shown_of(f"a{bad}b{FAMILY}") == f"ab{FAMILY}"


def test_lines_are_for_texts_that_have_lines() -> None:
    assert can_be_shown("a\n\tb", lines=True)
    assert not can_be_shown("a\rb", lines=True)


@given(st.text())
def test_what_is_shown_of_a_text_can_be_shown(text: str) -> None:
    assert can_be_shown(shown_of(text))
