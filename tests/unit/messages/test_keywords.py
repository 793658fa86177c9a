"""Keywords: one word ends it, a word within a sentence never does."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.text.keywords import Keyword, confirmation, read_keyword, suggests_stop

STOPS = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
    "ARRET",
    "TD",
    "REMOVE",
    "OPT-OUT",
]
WORDS = {
    **dict.fromkeys(STOPS, "stop"),
    "START": "start",
    "YES": "start",
    "UNSTOP": "start",
    "HELP": "help",
    "INFO": "help",
}


@pytest.mark.parametrize(("word", "means"), WORDS.items())
@given(
    st.sampled_from(["", " ", "\n", "/", '"', "“", "\u200e"]),
    st.sampled_from(["", ".", "!", " \t", '"', "”", "\u200b"]),
)
def test_every_word_in_any_case_and_dress(word: str, means: Keyword, before: str, after: str) -> None:
    for written in (word, word.lower(), word.title()):
        assert read_keyword(before + written + after) == means


@pytest.mark.parametrize("text", ["Arrêt", unicodedata.normalize("NFD", "ARRÊT"), "ＳＴＯＰ", "stop all", "opt_out"])
def test_accents_widths_and_gaps_make_no_difference(text: str) -> None:
    assert read_keyword(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "...", "stop it", "please stop", "When does the sale end?", "end of the line", "yes please", "no"),
        *(
            "stopp off",
            "nonstop",
            "cancel my order",
            "helpful",
            "info@shop.example",
            "stop" * 20,
            "stop\nstop",
            "1",
            "👍",
        ),
    ],
)
def test_anything_more_is_no_keyword(text: str) -> None:
    assert read_keyword(text) is None


@given(st.sampled_from([*WORDS]), st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=20))
def test_a_keyword_with_another_word_is_none(word: str, other: str) -> None:
    assert read_keyword(f"{other} {word} x") is None


@given(st.text(max_size=3_000))
def test_any_text_is_read(text: str) -> None:
    if read_keyword(text) is not None:
        assert not suggests_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "please stop texting me",
            "Stop it!",
            "STOP SENDING ME THIS",
            "pls remove me from the list",
            "Unsubscribe me",
        ),
        *("take my number off", "I want to opt out of this", "no more texts", "Don’t text me again", "leave me alone"),
        *("wrong number", "Bitte keine SMS mehr", "nicht mehr schreiben", "arrêtez svp", "no me escriban más"),
    ],
)
def test_what_sounds_like_wanting_out_is_a_suggestion(text: str) -> None:
    assert suggests_stop(text)
    assert read_keyword(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Is there a stop near the shop?",
        "When does it end?",
        "cancel my order",
        "stop italian food",
        "STOP",
        "thank you",
        "",
    ],
)
def test_what_does_not_is_none(text: str) -> None:
    assert not suggests_stop(text)


def test_one_confirmation_then_silence() -> None:
    assert "START" in confirmation("stop", sender="Tea & Cup", stopped=False)
    assert confirmation("stop", sender="Tea & Cup", stopped=True) == ""
    assert "STOP" in confirmation("start", sender="Tea & Cup", stopped=True)
    assert confirmation("start", sender="Tea & Cup", stopped=False) == "", "yes may be an answer to something else"


def test_help_says_who_we_are_and_the_way_out() -> None:
    said = confirmation("help", sender="Tea & Cup", stopped=False, contact="help@shop.example")
    assert said.startswith("Tea & Cup")
    assert "help@shop.example" in said
    assert "STOP" in said
    assert "START" in confirmation("help", sender="Tea & Cup", stopped=True)
