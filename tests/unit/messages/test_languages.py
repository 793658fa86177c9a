"""Languages: the nearest that is there, and the default where none is."""

from __future__ import annotations

import pytest

from holdfast.messages.saved.languages import language_of, languages_of, pick_language, shorter


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("de", "de"),
        ("de_AT", "de-at"),
        (" pt-BR ", "pt-br"),
        ("de_AT.UTF-8", "de-at"),
        ("ca@valencia", "ca"),
        ("fr-CH, fr;q=0.9", "fr-ch"),
        ("zh-Hant-TW", "zh-hant-tw"),
        ("German!", ""),
        ("", ""),
        ("d", ""),
        (None, ""),
        (7, ""),
        (["de"], ""),
    ],
)
def test_what_a_trait_says(value: object, tag: str) -> None:
    assert language_of(value) == tag


@pytest.mark.parametrize(
    ("there", "wanted", "picked"),
    [
        ({"en", "de"}, ["de-at"], "de"),
        ({"en", "de", "de-at"}, ["de-at"], "de-at"),
        ({"en", "de-at"}, ["de"], "en"),
        ({"en", "de"}, ["fr", "de-ch"], "de"),
        ({"en", "fr"}, ["fr-ch", "de"], "fr"),
        ({"en"}, [], "en"),
        ({"en", "zh"}, ["zh-hant-tw"], "zh"),
        ({"en", "zh-hant"}, ["zh-hant-tw"], "zh-hant"),
    ],
)
def test_the_nearest_is_taken(there: set[str], wanted: list[str], picked: str) -> None:
    assert pick_language(there, wanted, otherwise="en") == picked


def test_a_single_letter_goes_with_what_follows_it() -> None:
    assert list(shorter("zh-hant-x-private")) == ["zh-hant-x-private", "zh-hant", "zh"]


def test_the_language_comes_before_the_locale() -> None:
    assert languages_of({"locale": "de_AT", "language": "fr"}) == ("fr", "de-at")
    assert languages_of({"locale": "de_AT", "language": "?"}) == ("de-at",)
    assert languages_of({"language": "DE", "locale": "de"}) == ("de",)
    assert languages_of({}) == ()
