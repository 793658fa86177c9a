"""Journeys as files: complaints name the file, and what was written reads as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from holdfast.decisions.document import decode_document, encode_document
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
