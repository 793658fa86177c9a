"""The console knows in each of its languages what the server says with values in it: nothing lacks, nothing is left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import holdfast
from holdfast.cli.told_words import told_titles, told_words
from holdfast.segments.builders import all_of, any_of, did, last_did, trait
from holdfast.segments.calendars import Calendar
from holdfast.segments.catalogue import declared
from holdfast.segments.clock_parts import CLOCK_PARTS
from holdfast.segments.condition import people_words
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.did_amount import DidAmount
from holdfast.segments.operators import OPERATORS

LANGUAGES = Path(holdfast.__file__).parents[2] / "console" / "src" / "words" / "languages"
SPOKEN = sorted(path.stem for path in LANGUAGES.glob("??.json"))
KINDS: dict[str, Callable[[], list[str]]] = {"sentences": told_words, "titles": told_titles}

PLACE = re.compile(r"\{\{(\d+)(?:\|[^|}]*\|[^|}]*)?\}\}")
QUOTED = re.compile(r'“[^”]*”|"(?:[^"\\]|\\.)*"')
WHO = re.compile(r"(?:(?<=\()|(?<=\band )|(?<=\bor )|^)who ")
"""What English says again, and the console leaves out before it looks."""
OPEN = {"n": r"\d[\d.,]*", "q": "\ue000", "p": "[^\ue000]+?"}

NAMES = (
    "NAME", "revenue", "category", "channel", "country", "plan", "email", "age", "birthday", "trial_ends",
    "app_version", "interests", "seats", "group_id", "discount", "latitude", "longitude", "home_lat", "home_lon",
)  # fmt: skip
"""Properties and traits of the examples, which stand without quotes."""

Words = dict[str, dict[str, str]]


@cache
def wanted(kind: str) -> list[str]:
    """What there is to say; reading all of the source takes seconds, so it waits for a test that asks."""
    return KINDS[kind]()


def dictionary(language: str) -> Words:
    """What a language says of the server's sentences; empty where it has no file of them."""
    path = LANGUAGES / f"{language}.told.json"
    if not path.exists():
        return {"sentences": {}, "titles": {}, "phrases": {}, "values": {}}
    found: Words = json.loads(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_lacks_nothing(language: str, kind: str) -> None:
    said = dictionary(language)[kind]
    assert [each for each in wanted(kind) if not said.get(each)] == [], f"write these into {language}.told.json"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_has_nothing_left_over(language: str, kind: str) -> None:
    left = sorted(dictionary(language)[kind].keys() - set(wanted(kind)))
    assert left == [], f"nobody says these any more: take them out of {language}.told.json"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_keeps_every_value(language: str, kind: str) -> None:
    said = dictionary(language)[kind]
    lost = [each for each, other in said.items() if set(PLACE.findall(each)) != set(PLACE.findall(other))]
    assert lost == []


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_closes_its_marks_of_code_and_quotes(language: str) -> None:
    said = dictionary(language)["sentences"].items()
    assert [other for each, other in said if each.count("`") % 2 != other.count("`") % 2] == []
    assert [other for _, other in said if other.count("„") != other.count("“")] == []


def test_sentences_of_every_kind_are_read() -> None:
    sentences = set(wanted("sentences"))
    # Made with an error, by a function that makes errors, as advice, as a reason, from a constant, and within another.
    assert "there is no segment {{1}}." in sentences
    assert "{{1}} is missing." in sentences
    assert "Whoever comes to {{1}} never leaves the journey, unless they reach the goal in time." in sentences
    assert "only {{1}} of {{2}} have been through the whole time: it takes {{3}}" in sentences
    assert "The person had entered before, and may not enter again." in sentences
    assert "Did you mean {{1}}?" in sentences
    assert "It has neither userId nor anonymousId." in sentences
    assert "Until {{1}}" in wanted("titles")
    # What only those read who run servers is not among them.
    assert not any("NATS" in each for each in sentences)


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_knows_every_phrase_of_segments(language: str) -> None:
    phrases = sorted(dictionary(language)["phrases"], key=len, reverse=True)
    patterns = [re.compile(rf"(?<![\w]){_pattern(each)}(?![\w])") for each in phrases]
    assert [each for each in _groups() if (left := _left(each, patterns)) and any(map(str.isalpha, left))] == []


def _pattern(phrase: str) -> str:
    parts = re.split(r"\{\{([nqp])\d\}\}", phrase)
    return "".join(OPEN[part] if at % 2 else re.escape(part) for at, part in enumerate(parts))


def _left(words: str, patterns: list[re.Pattern[str]]) -> str:
    """What of it nobody would translate, names of properties and time zones apart."""
    bare = QUOTED.sub("\ue000", WHO.sub("", words))
    for pattern in patterns:
        bare = pattern.sub("", bare)
    return re.sub(rf"\b({'|'.join(NAMES)}|[A-Z]\w+/[A-Z]\w+)\b", "", bare)


def _groups() -> Iterator[str]:
    """Plain words of every condition, operator and stretch of time, each true and denied."""
    for condition in (each for kind in declared().values() for each in kind.examples):
        yield from (condition.words(), condition.denied_words())
    plan, one, other = trait("plan") == "gold", did("a"), last_did("b")
    for joined in (plan & one, one & plan, (one | plan) & other, one & (plan | other), ~plan & one, one & other):
        yield from (people_words(joined), people_words(~joined))
    yield from (people_words(all_of()), people_words(any_of()))
    for operator in OPERATORS.values():
        yield f"whose NAME {operator.label}"
    for part in CLOCK_PARTS.values():
        yield from (f"most often do “a” {part.words(value)}" for value in part.values)
    for count, back, rolling, unit in _stretches():
        calendar = Calendar(unit=unit, count=count, back=back, rolling=rolling)
        yield f"did “a” {calendar.words()}"
    for least, most in ((2, None), (0, 1), (0, 2), (1, 1), (3, 3), (2, 4)):
        often = Did(event="a", at_least=least, at_most=most)
        yield from (often.words(), often.denied_words())
    for amount in ("sum", "average", "min", "max", "distinct"):
        for low, high in ((1, None), (None, 2), (2, 2), (1, 2)):
            much = DidAmount(event="a", property="NAME", amount=amount, at_least=low, at_most=high)
            yield from (much.words(), much.denied_words())


def _stretches() -> Iterator[tuple[int, int, bool, str]]:
    for unit in ("day", "week", "month", "quarter", "year"):
        for count in (1, 3):
            for back in (0, 1, 2, 4):
                yield from ((count, back, rolling, unit) for rolling in (False, True))
