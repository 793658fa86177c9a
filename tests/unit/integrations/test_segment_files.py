"""Segments as files: read from folders with every complaint named, written so that reading changes nothing."""

from __future__ import annotations

import asyncio
import json
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.event import Json
from holdfast.flows.audience.segment_drafts import Draft, draft_of, drafts_of
from holdfast.flows.audience.segments import apply_segments, document_of, save_segment
from holdfast.integrations.files import folder
from holdfast.integrations.files.documents import DocumentFormat
from holdfast.integrations.files.segment_files import (
    BYTES_MOST,
    SegmentFile,
    name_in_file,
    read_segment_files,
    write_segment_files,
)
from holdfast.kernel.errors import Conflict, Exposed, Invalid, TooLarge
from holdfast.segments.condition import Condition
from holdfast.testing import START, MemoryState
from tests.unit.segments.cases import conditions

FORMATS: tuple[DocumentFormat, ...] = get_args(DocumentFormat)
BUYS: dict[str, Json] = {"type": "did", "event": "Order Completed", "at_least": 3}
WHOLE = json.dumps({"name": "Loyal", "definition": BUYS})
IN_TOML = 'name = "Loyal"\n\n[definition]\ntype = "did"\nevent = "Order Completed"\nat_least = 3\n'
IN_YAML = "name: Loyal\ndefinition: {type: did, event: Order Completed, at_least: 3}\n"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_folder_is_read_with_all_that_is_in_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        c_json=WHOLE,
        a_toml=IN_TOML,
        b_yml=IN_YAML,
        in__d_yaml=IN_YAML,
        in__deep__E_JSON='{"id": "e", ' + WHOLE[1:],
    )
    write(tmp_path, _hidden_json="?", _git__x_json="?", README_md="?", a_toml_bak="?")
    files = read_segment_files([tmp_path])
    assert [Path(each.name).relative_to(tmp_path).as_posix() for each in files] == [
        "a.toml",
        "b.yml",
        "c.json",
        "in/d.yaml",
        "in/deep/E.JSON",
    ]
    assert [each.document for each in files] == [{"id": each, "name": "Loyal", "definition": BUYS} for each in "abcde"]


def test_files_may_be_named_one_by_one_and_twice(tmp_path: Path) -> None:
    write(tmp_path, a_json=WHOLE, b_json=WHOLE, c_json=WHOLE)
    found = read_segment_files([tmp_path / "b.json", tmp_path / "a.json", tmp_path / "b.json"])
    assert [each.document["id"] for each in found] == ["b", "a"]
    assert len(read_segment_files([tmp_path / "b.json", tmp_path])) == 3
    assert read_segment_files([]) == []


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("{", "", "no JSON"),
        ('{"name": "x"}', ": $", "'definition' is missing"),
        ('{"definition": {}}', ": $", "'name' is missing"),
        ('{"nme": "x", "definition": {}}', ": $", "'nme'"),
        ('{"name": 5, "definition": {}}', ": $.name", "no text"),
        ('{"id": ["x"], "name": "x", "definition": {}}', ": $.id", "no text"),
        ('{"id": null, "name": "x", "definition": {}}', ": $.id", "no text"),
    ],
)
def test_what_is_no_segment_is_told_by_the_name_of_the_file(tmp_path: Path, text: str, path: str, said: str) -> None:
    write(tmp_path, a_json=WHOLE, loyal_json=text)
    with pytest.raises(Invalid, match=said) as refused:
        read_segment_files([tmp_path])
    assert refused.value.path == f"{tmp_path / 'loyal.json'}{path}"
    assert refused.value.hint


def test_a_bare_definition_is_recognised(tmp_path: Path) -> None:
    write(tmp_path, loyal_json=json.dumps(BUYS))
    with pytest.raises(Invalid) as refused:
        read_segment_files([tmp_path])
    assert "bare definition" in refused.value.hint


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for wrong in ("missing.json", "missing"):
        with pytest.raises(Invalid, match="no such file"):
            read_segment_files([tmp_path / wrong])
    write(tmp_path, notes_txt="x")
    with pytest.raises(Invalid, match="no file of a segment") as refused:
        read_segment_files([tmp_path / "notes.txt"])
    assert ".toml" in refused.value.hint
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(Invalid, match="UTF-8"):
        read_segment_files([tmp_path])
    (tmp_path / "a.json").write_bytes(b" " * (BYTES_MOST + 1))
    with pytest.raises(TooLarge):
        read_segment_files([tmp_path])


def test_two_files_of_one_segment_are_refused(tmp_path: Path) -> None:
    write(tmp_path, a_json=WHOLE, b__a_toml=IN_TOML)
    with pytest.raises(Invalid, match=r"as .*a\.json is") as refused:
        read_segment_files([tmp_path])
    assert refused.value.path.endswith("a.toml")


def test_so_many_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "FILES_MOST", 2)
    write(tmp_path, a_json=WHOLE, b_json=WHOLE)
    assert len(read_segment_files([tmp_path])) == 2
    write(tmp_path, c_json=WHOLE)
    with pytest.raises(TooLarge):
        read_segment_files([tmp_path])


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("$.segments[1].definition.of[0].within_days", "dir/loyal.toml: $.definition.of[0].within_days"),
        ("$.segments[0]", "gold.json: $"),
        ("$.segments[2].id", "$.segments[2].id"),
        ("$.segments", "$.segments"),
        ("$.segments[x]", "$.segments[x]"),
        ("segment_id", "segment_id"),
        ("", ""),
    ],
)
def test_a_complaint_about_a_list_is_told_of_the_file(path: str, told: str) -> None:
    files = [SegmentFile(name=name, document={}) for name in ("gold.json", "dir/loyal.toml")]
    assert name_in_file(Invalid("x", path=path), files).path == told


def documents(*ids: str, **also: Json) -> list[tuple[str, dict[str, Json]]]:
    return [(each, {"name": each.title(), "definition": BUYS, **also}) for each in ids]


@pytest.mark.parametrize("document_format", FORMATS)
def test_writing_again_changes_no_file(tmp_path: Path, document_format: DocumentFormat) -> None:
    folder = tmp_path / "made" / "as needed"
    first = write_segment_files(folder, documents("a", "b"), document_format)
    assert [Path(each).name for each in first.written] == [f"a.{document_format}", f"b.{document_format}"]
    before = {each.name: each.stat().st_mtime_ns for each in folder.iterdir()}
    again = write_segment_files(folder, documents("a", "b"), document_format)
    assert (again.written, again.unchanged, again.others) == ((), 2, ())
    assert {each.name: each.stat().st_mtime_ns for each in folder.iterdir()} == before


def test_a_file_keeps_its_comments_its_name_and_its_place(tmp_path: Path) -> None:
    commented = "# Who stays.\n" + IN_YAML
    write(tmp_path, in__loyal_yml=commented, other_yaml='id: "gold"\n' + IN_YAML)
    same = documents("loyal", "gold", name="Loyal")
    told = write_segment_files(tmp_path, same, "json")
    assert (told.written, told.unchanged) == ((), 2), "whatever its format, it says the same"
    told = write_segment_files(tmp_path, documents("loyal", "gold", name="Golden"), "yaml")
    assert sorted(told.written) == [str(tmp_path / "in" / "loyal.yml"), str(tmp_path / "other.yaml")]
    assert sorted(each.relative_to(tmp_path).as_posix() for each in tmp_path.rglob("*.y*")) == [
        "in/loyal.yml",
        "other.yaml",
    ]
    assert [each.document["id"] for each in read_segment_files([tmp_path])] == ["loyal", "gold"]


def test_a_change_of_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    write(tmp_path, b_toml=IN_TOML, c_json=WHOLE)
    with pytest.raises(Conflict, match="'b' has a file already") as refused:
        write_segment_files(tmp_path, documents("a", "b", "c"), "json")
    assert refused.value.path == str(tmp_path / "b.toml")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.toml", "c.json"]
    assert (tmp_path / "c.json").read_text() == WHOLE


def test_files_of_other_segments_are_told_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path, old_json=WHOLE)
    told = write_segment_files(tmp_path, documents("a"), "json")
    assert [Path(each).name for each in told.others] == ["old.json"]
    assert (tmp_path / "old.json").read_text() == WHOLE


def test_true_is_not_one_in_a_file_either(tmp_path: Path) -> None:
    def of(value: Json) -> list[tuple[str, dict[str, Json]]]:
        return [
            ("a", {"name": "A", "definition": {"type": "trait", "trait": "x", "operator": "equals", "value": value}})
        ]

    for value in (1, True, 1.0):
        assert write_segment_files(tmp_path, of(value), "json").written


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write(tmp_path, file_txt="x")
    with pytest.raises(Invalid, match="cannot be written"):
        write_segment_files(tmp_path / "file.txt" / "under", documents("a"), "json")
    assert [each.name for each in tmp_path.iterdir()] == ["file.txt"]


def a_draft(number: int, condition: Condition, name: str) -> Draft | None:
    try:
        return draft_of(f"s{number}", name, condition, name * (number % 2))
    except Exposed:
        return None  # Half of a surrogate pair: no store keeps it.


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=9)


@pytest.mark.parametrize("document_format", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions=st.lists(conditions(), max_size=3), name=names)
def test_applying_what_was_pulled_changes_nothing(
    document_format: DocumentFormat, conditions: list[Condition], name: str
) -> None:
    """Any conditions there are, in every format; and what was pulled is all there is to save it elsewhere."""
    made = [a_draft(number, each, name) for number, each in enumerate(conditions)]
    drafts = [each for each in made if each is not None]

    async def story(folder: Path) -> None:
        here, there = MemoryState(), MemoryState()
        for each in drafts:
            with suppress(Invalid):  # It names a segment or a list that is not there.
                await save_segment(here, each, by="a", now=START)
        async with here.view() as view:
            saved = await view.segments()
        write_segment_files(folder, [(each.id, document_of(each)) for each in saved], document_format)
        pulled: list[Any] = [each.document for each in read_segment_files([folder])]
        again = await apply_segments(here, drafts_of(pulled), by="b", now=START + timedelta(1), prune=True)
        assert {each.kind for each in again} <= {"unchanged"}
        await apply_segments(there, drafts_of(pulled), by="a", now=START)
        async with there.view() as view:
            assert await view.segments() == saved

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder)))
