"""Senders: the same for a person, always, and one that is permitted where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid
from holdfast.messages.text.senders import SENDERS_MOST, SenderLines, SenderPool, read_senders

NUMBERS = [f"+43664{each:07}" for each in range(400)]


def test_senders_are_written_one_a_line_with_those_of_one_country_marked() -> None:
    pool = read_senders("+436601111111\n\n Tea & Cup \nDE: TeaCup\nDE: 12345\n")
    assert pool == SenderPool(("+436601111111", "Tea & Cup"), {"DE": ["TeaCup", "12345"]})
    assert pool.choose("+4915112345678") in ("TeaCup", "12345")
    assert pool.choose("+436641234567") in ("+436601111111", "Tea & Cup")


@pytest.mark.parametrize(
    "line", ["a name far too long", "12", "123456789", "+0123", "Tea\tCup", "Tee«", "DE:", "de: Tea", "-Tea", "Ünder"]
)
def test_what_is_no_sender_is_refused(line: str) -> None:
    with pytest.raises(Invalid) as wrong:
        SenderLines().decode(f"+436601111111\n{line}", "$.senders")
    assert (wrong.value.code, wrong.value.path) == ("bad_sender", "$.senders")


def test_too_many_are_refused() -> None:
    with pytest.raises(Invalid, match="too many"):
        read_senders("\n".join(f"+43660{each:07}" for each in range(SENDERS_MOST + 1)))


def test_nobody_writes_where_nobody_may() -> None:
    assert read_senders("DE: TeaCup").choose("+436641234567") is None
    assert read_senders("").choose("+436641234567") is None


@given(st.permutations(["+436601111111", "+436602222222", "Tea"]), st.sampled_from(NUMBERS))
def test_a_person_is_always_written_to_from_the_same(pool: list[str], to: str) -> None:
    assert SenderPool(pool).choose(to) == SenderPool(sorted(pool)).choose(to)


def test_a_new_number_takes_its_share_and_moves_nobody_else() -> None:
    few, more = SenderPool(("a1", "b1", "c1")), SenderPool(("a1", "b1", "c1", "d1"))
    moved = [to for to in NUMBERS if few.choose(to) != more.choose(to)]
    assert {more.choose(to) for to in moved} == {"d1"}
    assert 60 < len(moved) < 150, "a quarter, more or less"
