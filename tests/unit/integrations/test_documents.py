"""Documents in three formats: what is written reads back as itself, and what readers dispute is refused."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from holdfast.integrations.files import documents
from holdfast.integrations.files.documents import (
    CHARACTERS_MOST,
    DEPTH_MOST,
    DocumentFormat,
    read_document,
    write_document,
)
from holdfast.kernel.errors import Exposed, Invalid, TooLarge

FORMATS: tuple[DocumentFormat, ...] = get_args(DocumentFormat)

NASTY = (
    "", " ", "no", "No", "on", "off", "y", "n", "yes", "true", "True", "null", "~", "Null", "1", "-1", "1.0", ".5",
    "5.", "1e3", "1_000", "010", "0x1F", "0o7", "0b1", "12:30", "12:30:45", "2026-01-01", "2026-01-01T00:00:00Z",
    ".inf", "-.INF", ".nan", "=", "<<", "*a", "&a", "!x", "- a", "a: b", "a #b", "#", "[]", "{}", "'", '"', "\\",
    "\\n", "\n", "a\nb", "\t", "\r", "\r\n", "\0", "\x07", "\x7f", "\x85", "\u2028", "\ufeff", "\uffff", "😀", "ß",
    "e\u0301", "%", "@", "`", "|", ">", "?", ":", "-", "---", "...", " a", "a ", "x" * 300, "word " * 60,
    "\U0010ffff",
)  # fmt: skip
texts = st.sampled_from(NASTY) | st.text(st.characters(codec="utf-8"), max_size=20)
numbers = (
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([10**99, -0.0, 1e300, 5e-324])
)
values: st.SearchStrategy[Any] = st.recursive(
    texts | numbers | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
some_documents = st.dictionaries(texts, values, max_size=4)


def same(one: object, other: object) -> bool:
    """To the type: 1 is not 1.0, and not true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("document_format", FORMATS)
@given(document=some_documents)
def test_what_is_written_reads_back(document_format: DocumentFormat, document: dict[str, Any]) -> None:
    written = write_document(document, document_format)
    again = read_document(written, document_format, "x")
    assert same(again, document)
    assert write_document(again, document_format) == written


@given(document=some_documents)
def test_every_reader_of_yaml_and_toml_understands_what_is_written(document: dict[str, Any]) -> None:
    """Those of YAML 1.1 and of YAML 1.2 too: no text is left for them to guess at."""
    assert same(yaml.safe_load(write_document(document, "yaml")), document)
    assert same(tomllib.loads(write_document(document, "toml")), document)


def test_yaml_quotes_every_text_and_no_key() -> None:
    written = write_document({"type": "trait", "value": ["no", "1", 1, True], "of": [{"type": "did"}]}, "yaml")
    assert written.splitlines() == [
        'type: "trait"',
        "value:",
        '  - "no"',
        '  - "1"',
        "  - 1",
        "  - true",
        "of:",
        '  - type: "did"',
    ]


AGREED = {
    "a": "text", "b": "2026-01-01", "c": 1, "d": -1.5, "e": True, "f": None, "g": None, "h": [1, "two"],
    "i": "two words", "j": 1000.0, "k": "no", "l": "line\nother\n", "m": {"x": "z"}, "n": False, "o": "1.2.3",
    "p": "a:b", "q": 5, "r": 0.5, "s": "null and void", "t": "0", "u": 0,
}  # fmt: skip
YAML = """\
# A comment.
a: text
b: 2026-01-01
c: 1
d: -1.5
e: true
f: null
g:
h: [1, two]
i: two words
j: 1e3
k: "no"
l: |
  line
  other
m: {x: z}
n: False
o: 1.2.3
p: a:b
q: +5
r: .5
s: null and void
t: '0'
u: 0
"""


def test_yaml_as_people_write_it() -> None:
    assert same(read_document(YAML, "yaml", "x"), AGREED)
    assert same(read_document("\ufeff" + YAML, "yaml", "x"), AGREED)


@pytest.mark.parametrize(
    "word",
    [
        "no", "No", "NO", "yes", "on", "off", "Off", "y", "N", "010", "-07", "0x1F", "0b11", "0o17", "1_000", "12:30",
        "1:30:45", ".inf", "-.Inf", ".NaN", "00.5", "1_000.5", "0_1",
    ],
)  # fmt: skip
def test_words_that_readers_of_yaml_take_for_different_things_are_refused(word: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_document(f"a:\n  - {{v: {word}}}", "yaml", "x.yaml")
    assert refused.value.path == "x.yaml: $.a[0].v"
    assert f'"{word}"' in refused.value.hint
    assert read_document(f"a: '{word}'", "yaml", "x") == {"a": word}


@given(
    word=st.from_regex(r"[-+.0-9a-zA-Z_:]{1,8}", fullmatch=True)
    | st.sampled_from(NASTY).filter(lambda it: "\n" not in it)
)
def test_a_plain_word_is_never_something_else_than_the_other_readers_of_yaml_take_it_for(word: str) -> None:
    """PyYAML's own reader is one of YAML 1.1; a date is the one thing that is text to us and not to it."""
    try:
        theirs = yaml.safe_load(f"- {word}")
        ours = read_document(f"a:\n- {word}", "yaml", "x")["a"]
    except (yaml.YAMLError, ValueError, Exposed):
        return
    assert isinstance(ours, list)
    if isinstance(ours[0], (dict, list)):
        return  # It was no word.
    expected = [None if theirs is None else each for each in theirs]
    # YAML 1.2 and JSON have 1e3 a number; to YAML 1.1 it is text, for want of a point.
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]*|[0-9]*\.[0-9]*)[eE][-+]?[0-9]+", word):
        assert isinstance(ours[0], (float, str))
        return
    if hasattr(expected[0], "isoformat"):
        assert ours == [word]
        return
    assert same(ours, expected)


@pytest.mark.parametrize(
    ("document_format", "text", "said"),
    [
        ("json", "{", "no JSON"),
        ("json", '{"a": NaN}', "NaN is no JSON number"),
        ("json", '{"a": 1, "a": 2}', "'a' is given twice"),
        ("json", '{"x": {"a": 1, "a": 2}}', "'a' is given twice"),
        ("json", "[]", "no object"),
        ("json", "", "no JSON"),
        ("json", '{"a": ' + "1" * 5_000 + "}", "no JSON"),
        ("toml", "a = ", "no TOML"),
        ("toml", "a = 1\na = 2", "no TOML"),
        ("toml", "a = nan", "no number"),
        ("toml", "a = -inf", "no number"),
        ("toml", "a = 2026-01-01", "a date or a time"),
        ("toml", "a = 12:30:00", "a date or a time"),
        ("toml", "a = 2026-01-01T00:00:00Z", "a date or a time"),
        ("toml", "a = " + "1" * 5_000, "no TOML"),
        ("yaml", "a: [", "no YAML"),
        ("yaml", "a: b: c", "no YAML"),
        ("yaml", "a: 1\na: 2", "twice"),
        ("yaml", "a: {b: 1, b: 2}", "twice"),
        ("yaml", "- a", "no object"),
        ("yaml", "", "no object"),
        ("yaml", "a: 1\n---\nb: 2", "no YAML"),
        ("yaml", "a: !!python/object/apply:os.system ['x']", "the tag"),
        ("yaml", "a: !!int '5'", "the tag"),
        ("yaml", "a: !x y", "the tag"),
        ("yaml", "? [a]\n: b", "no text"),
        ("yaml", "? !!int 5\n: b", "no text"),
        ("yaml", "a: *b", "no YAML"),
        ("yaml", "a: \x07", "no YAML"),
        ("yaml", "a: " + "1" * 5_000, "digits"),
        ("yaml", "%YAML 9.9\n---\na: 1", "no YAML"),
    ],
)
def test_what_cannot_be_read_is_told_by_the_name_of_the_file(
    document_format: DocumentFormat, text: str, said: str
) -> None:
    with pytest.raises(Invalid, match=re.escape(said)) as refused:
        read_document(text, document_format, "some.file")
    assert refused.value.path.startswith("some.file")
    assert refused.value.hint


def test_anchors_may_be_used_and_bombs_do_not_go_off() -> None:
    assert read_document("a: &x {b: [1]}\nc: *x", "yaml", "x") == {"a": {"b": [1]}, "c": {"b": [1]}}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
    with pytest.raises(TooLarge, match="too many values"):
        read_document(bomb, "yaml", "x")
    long = f"a: &a {'x' * 400_000}\nb: [*a, *a]"
    with pytest.raises(TooLarge, match="too many values"):
        read_document(long, "yaml", "x")
    for circle in ("a: &a [*a]", "a: &a {b: *a}"):
        with pytest.raises(TooLarge, match="too deep"):
            read_document(circle, "yaml", "x")


@pytest.mark.parametrize("document_format", FORMATS)
@pytest.mark.parametrize("depth", [DEPTH_MOST + 5, 5_000, 100_000])
def test_what_lies_too_deep_is_refused(document_format: DocumentFormat, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    text = {"json": f'{{"a": {nested}}}', "toml": f"a = {nested}", "yaml": f"a: {nested}"}[document_format]
    with pytest.raises(TooLarge, match="too deep"):
        read_document(text, document_format, "x")


@pytest.mark.parametrize("document_format", FORMATS)
def test_a_file_that_is_too_long_is_not_read(document_format: DocumentFormat) -> None:
    with pytest.raises(TooLarge) as refused:
        read_document(" " * (CHARACTERS_MOST + 1), document_format, "x")
    assert refused.value.path == "x"


def test_a_file_of_too_many_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "VALUES_MOST", 10)
    read_document(json.dumps({"a": [0] * 8}), "json", "x")
    with pytest.raises(TooLarge):
        read_document(json.dumps({"a": [0] * 9}), "json", "x")


@pytest.mark.parametrize("document_format", FORMATS)
@given(text=st.text(max_size=60) | st.text("[]{}:,-#&*!|>'\"%@` \na01=.", max_size=30))
def test_any_text_is_read_or_refused_with_the_name_of_the_file(document_format: DocumentFormat, text: str) -> None:
    refused: Exposed | None = None
    try:
        read_document(text, document_format, "x")
    except (Invalid, TooLarge) as error:
        refused = error
    assert refused is None or (refused.path.startswith("x") and refused.hint)
