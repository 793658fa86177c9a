"""Files of items: the same rows whatever the format, however large, and a plain word for what is none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.integrations.files import items as reading
from holdfast.integrations.files.items import RowRead, RowUnread, format_of, read_items
from holdfast.kernel.errors import Invalid


def read(directory: Path, name: str, body: str | bytes) -> list[Any]:
    file = directory / name
    file.write_bytes(body.encode() if isinstance(body, str) else body)
    return [each.row if isinstance(each, RowRead) else each for each in read_items(file, format_of(name))]


def test_every_format_says_the_same(tmp_path: Path) -> None:
    rows = [{"id": "a", "name": 'Té, "green"\nloose'}, {"id": "b", "name": "ß"}]
    assert read(tmp_path, "x.json", json.dumps(rows)) == rows
    assert read(tmp_path, "x.jsonl", "\n\n".join(map(json.dumps, rows)) + "\n") == rows
    csv = 'id,name\r\na,"Té, ""green""\nloose"\r\n\r\nb,ß\r\n'
    assert read(tmp_path, "x.csv", "\ufeff" + csv) == rows
    assert read(tmp_path, "x.csv.gz", gzip.compress(csv.encode())) == rows


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=6), st.integers(1, 40), st.booleans())
def test_a_list_is_taken_apart_wherever_a_window_ends(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], window: int, indented: bool
) -> None:
    body = json.dumps(rows, indent=2 if indented else None, ensure_ascii=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "CHUNK_CHARACTERS", window)
        assert read(tmp_path_factory.mktemp("x"), "x.json", body.encode("utf-8", "surrogatepass")) == rows


@pytest.mark.parametrize(
    "body", ["", "{}", "[", "[{}", "[{} {}]", "[{},]", '[{"a": 1', "nope", "[1}", "[" * 100_000, "[{}, NaN]"]
)
def test_what_is_no_list_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(Invalid) as wrong:
        read(tmp_path, "x.json", body)
    assert wrong.value.code == "unreadable"


def test_what_is_no_row_is_told_with_its_number(tmp_path: Path) -> None:
    assert read(tmp_path, "x.json", '[{"id": 1}, 7, []]') == [
        {"id": 1},
        RowUnread(2, "is no JSON object"),
        RowUnread(3, "is no JSON object"),
    ]
    lines = '{"id": 1}\nnope\n{"a": NaN}\n' + "[" * 100_000 + "\n" + '{"id": 2}'
    found = read(tmp_path, "x.jsonl", lines)
    assert [each.number if isinstance(each, RowUnread) else each for each in found] == [{"id": 1}, 2, 3, 4, {"id": 2}]
    long = '{"id": "' + "x" * 300_000 + '"}\n{"id": 2}\n'
    assert [type(each) for each in read(tmp_path, "x.jsonl", long)] == [RowUnread, dict]
    assert read(tmp_path, "x.csv", "id,a\n1\n2,3,4\n5,6\n") == [
        RowUnread(2, "has 1 values for 2 columns"),
        RowUnread(3, "has 3 values for 2 columns"),
        {"id": "5", "a": "6"},
    ]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("x.csv", ""),
        ("x.csv", "a,a\n1,2\n"),
        ("x.csv", 'a,b\n"1,2\n'),
        ("x.csv", b"a,b\n\xff,2\n"),
        ("x.csv.gz", b"no gzip"),
        ("x.jsonl.gz", gzip.compress(b'{"id": 1}\n' * 999, mtime=0)[:-9]),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, body: str | bytes) -> None:
    with pytest.raises(Invalid):
        read(tmp_path, name, body)


def test_another_ending_is_refused() -> None:
    with pytest.raises(Invalid):
        format_of("items.xlsx")
