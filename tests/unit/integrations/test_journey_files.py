"""Journeys as files: complaints name the file, and what was written reads as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from holdfast.decisions.document import decode_document, encode_document
from holdfast.events.event import Json
from holdfast.flows.journey.decision_drafts import drafts_of
from holdfast.integrations.files.documents import DocumentFormat
from holdfast.integrations.files.journey_files import name_in_journey_file, read_journey_files, write_journey_files
from holdfast.kernel.errors import Invalid
from tests.unit.flows.test_publishing import HELLO, WHOLE

FORMATS: tuple[DocumentFormat, ...] = get_args(DocumentFormat)


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_is_written_reads_as_it_was(tmp_path: Path, file_format: DocumentFormat) -> None:
    documents = [encode_document(decode_document(each)) for each in (WHOLE, HELLO)]
    wanted = [(str(each["id"]), {name: it for name, it in each.items() if name != "id"}) for each in documents]
    assert len(write_journey_files(tmp_path, wanted, file_format).written) == 2
    read = read_journey_files([tmp_path])
    assert [decode_document(each.document) for each in read] == [decode_document(HELLO), decode_document(WHOLE)]
    again = write_journey_files(tmp_path, wanted, "json")
    assert (again.written, again.unchanged) == ((), 2)


def test_a_file_that_leaves_out_what_goes_without_saying_is_left_alone(tmp_path: Path) -> None:
    short = {name: each for name, each in HELLO.items() if name != "id"}
    (tmp_path / "hello.json").write_text(json.dumps(short))
    whole = encode_document(decode_document(HELLO))
    written = write_journey_files(tmp_path, [("hello", {k: v for k, v in whole.items() if k != "id"})], "toml")
    assert (written.written, written.unchanged, written.others) == ((), 1, ())


def test_a_complaint_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(HELLO))
    (tmp_path / "b.json").write_text(json.dumps({**WHOLE, "start": "none"}))
    files = read_journey_files([tmp_path])
    with pytest.raises(Invalid) as found:
        drafts_of([each.document for each in files])
    assert name_in_journey_file(found.value, files).path == f"{tmp_path / 'b.json'}: $.start"


@pytest.mark.parametrize(
    ("text", "path"),
    [('{"name": "x"}', "$"), ('{"kind": 5}', "$.kind"), ('{"kind": "campaign", "id": 7}', "$.id")],
)
def test_what_is_no_journey_is_refused_before_it_is_asked_for(tmp_path: Path, text: str, path: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(Invalid) as found:
        read_journey_files([tmp_path])
    assert found.value.path == f"{tmp_path / 'a.json'}: {path}"


@pytest.mark.parametrize(("text", "remedy"), [("[]", "such as name"), ("{}", "Add 'kind': campaign, journey.")])
def test_what_is_missing_is_told_with_what_it_may_be(tmp_path: Path, text: str, remedy: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(Invalid) as found:
        read_journey_files([tmp_path])
    assert remedy in found.value.hint


TEMPLATE: dict[str, Json] = {"kind": "template", "name": "Hello", "medium": "sms", "content": {"text": "Hi"}}
BLOCK: dict[str, Json] = {"kind": "block", "name": "Foot", "text": "Bye"}


@pytest.mark.parametrize("file_format", FORMATS)
def test_templates_and_blocks_have_folders_of_their_own_and_may_have_a_journeys_id(
    tmp_path: Path, file_format: DocumentFormat
) -> None:
    hello = {name: each for name, each in encode_document(decode_document(HELLO)).items() if name != "id"}
    wanted: list[tuple[str, dict[str, Json]]] = [("hello", hello), ("hello", TEMPLATE), ("hello", BLOCK)]
    written = write_journey_files(tmp_path, wanted, file_format).written
    places = [Path(each).relative_to(tmp_path).with_suffix("").as_posix() for each in written]
    assert places == ["hello", "templates/hello", "blocks/hello"]
    again = write_journey_files(tmp_path, wanted, "json")
    assert (again.written, again.unchanged, again.others) == ((), 3, ())
    (other,) = write_journey_files(tmp_path, wanted[:2], "json").others
    assert "blocks" in other
    # What goes without saying makes no difference, and the place is the author's.
    (tmp_path / f"blocks/hello.{file_format}").rename(tmp_path / f"anywhere.{file_format}")
    text = json.dumps({**BLOCK, "id": "hello", "html": ""})
    (tmp_path / f"anywhere.{file_format}").unlink()
    (tmp_path / "anywhere.json").write_text(text)
    assert write_journey_files(tmp_path, wanted, "json").unchanged == 3
    (tmp_path / "twice.json").write_text(text)
    with pytest.raises(Invalid) as found:
        read_journey_files([tmp_path])
    assert found.value.code == "given_twice"


def test_a_complaint_about_content_names_the_file(tmp_path: Path) -> None:
    for name, document in (("a", BLOCK), ("b", HELLO), ("c", TEMPLATE), ("d", {**WHOLE, "start": "none"})):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    files = read_journey_files([tmp_path])
    assert name_in_journey_file(Invalid("", path="$.content[1].content.text"), files).path.endswith(
        "c.json: $.content.text"
    )
    assert name_in_journey_file(Invalid("", path="$.journeys[1].start"), files).path.endswith("d.json: $.start")
    assert name_in_journey_file(Invalid("", path="$.content"), files).path == "$.content"
