"""The console says what is declared here in every language it speaks: nothing lacks, and nothing is left over."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import pytest

import holdfast
from holdfast.cli.declared_words import declared_forms, declared_words, forms_within, words_in

LANGUAGES = Path(holdfast.__file__).parents[2] / "console" / "src" / "words" / "languages"
SPOKEN = sorted(path.stem for path in LANGUAGES.glob("??.json"))
WANTED = declared_words().sorted()

Dictionary = dict[str, dict[str, str]]


def dictionary(language: str) -> Dictionary:
    """What a language says of declarations; empty where it has no file of them."""
    path = LANGUAGES / f"{language}.declared.json"
    if not path.exists():
        return {kind: {} for kind in WANTED}
    found: Dictionary = json.loads(path.read_text("utf-8"))
    return found


def test_there_is_another_language() -> None:
    assert SPOKEN


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_lacks_nothing(language: str) -> None:
    said = dictionary(language)
    lacking = {kind: [each for each in wanted if not said[kind].get(each)] for kind, wanted in WANTED.items()}
    assert lacking == {kind: [] for kind in WANTED}, f"write these into {language}.declared.json"


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_has_nothing_left_over(language: str) -> None:
    said = dictionary(language)
    assert set(said) == set(WANTED)
    left = {kind: [each for each in said[kind] if each not in wanted] for kind, wanted in WANTED.items()}
    assert left == {kind: [] for kind in WANTED}, f"nobody declares these any more: take them out of {language}"


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_closes_its_marks_of_code_and_tells_no_null(language: str) -> None:
    texts = dictionary(language)["texts"]
    assert [said for said in texts.values() if said.count("`") % 2] == []
    # A form shows null as a field that is empty, which each language has its own word for.
    assert [said for said in texts.values() if "null" in said.split()] == []


@pytest.mark.parametrize("language", SPOKEN)
def test_what_stands_side_by_side_is_called_otherwise(language: str) -> None:
    said = dictionary(language)
    beside = [list(form["properties"]) for each in declared_forms() for form in forms_within(each)]
    assert beside
    assert [fields for fields in beside if len({said["names"][name] for name in fields}) < len(fields)] == []
    of_a_field = groupby(WANTED["choices"], key=lambda choice: choice.partition(".")[0])
    for field, choices in of_a_field:
        told = [said["choices"][choice] for choice in choices]
        assert len(set(told)) == len(told), field


def test_what_is_within_is_read_as_well() -> None:
    told = {"type": "object", "properties": {"least": {"type": "integer", "description": "How few."}}}
    kinds = {"type": "string", "enum": ["big", "small"]}
    schema = {
        "properties": {
            "one": {"anyOf": [{**told, "description": "Is not drawn."}, {"type": "null"}], "description": "One."},
            "many": {"type": "array", "items": {"type": "object", "properties": {"kind": kinds}}},
            "sizes": {"type": "array", "items": kinds},
        }
    }
    found = words_in([schema])
    assert found.names == {"one", "least", "many", "kind", "sizes"}
    assert found.choices == {"kind.big", "kind.small", "sizes.big", "sizes.small"}
    assert found.texts == {"One.", "How few."}


def test_every_source_of_forms_is_read() -> None:
    names, choices, texts = (set(WANTED[kind]) for kind in ("names", "choices", "texts"))
    # Of a journey, a step, a condition, a channel's content and a provider's settings.
    assert {"leave_on_goal", "cool_down_seconds", "within_km", "preheader", "account_sid"} <= names
    assert {"again.once", "channel.email", "tls.starttls"} <= choices
    assert {"Did in order", "A mail to the address in the trait `email`.", "Email by SMTP", "mails"} <= texts
    assert "Which server takes in reports of undeliverable mail." in texts
