"""Writing events to files: whole or not at all, and every format says the same."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.integrations.files.write import FileFormat, write_events
from holdfast.kernel.errors import NotFound

ROWS = [
    {"event": "Bought", "timestamp": datetime(2024, 2, 29, tzinfo=UTC), "user_id": None, "properties": '{"a":"ß\\n"}'},
    {"event": 'q",\n', "timestamp": datetime(2024, 3, 1, tzinfo=UTC), "user_id": "ada", "properties": "{}"},
]
FIELDS: list[pa.Field[Any]] = [
    pa.field("event", pa.string()),
    pa.field("timestamp", pa.timestamp("ms", tz="UTC")),
    pa.field("user_id", pa.string()),
    pa.field("properties", pa.string()),
]
SCHEMA = pa.schema(FIELDS)


async def batches(*, fail: bool = False) -> AsyncIterator[pa.RecordBatch]:
    for row in ROWS:
        yield pa.RecordBatch.from_pylist([row], schema=SCHEMA)
    if fail:
        raise OSError("the disk is full")


async def none() -> AsyncIterator[pa.RecordBatch]:
    nothing: list[pa.RecordBatch] = []
    for batch in nothing:
        yield batch


async def test_parquet_has_the_columns_as_they_come(tmp_path: Path) -> None:
    assert await write_events(batches(), tmp_path / "f.parquet", "parquet") == 2
    assert pq.read_table(tmp_path / "f.parquet").to_pylist() == ROWS


async def test_csv_has_times_as_text(tmp_path: Path) -> None:
    assert await write_events(batches(), tmp_path / "f.csv", "csv") == 2
    with (tmp_path / "f.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [
            ["event", "timestamp", "user_id", "properties"],
            ["Bought", "2024-02-29T00:00:00.000Z", "", '{"a":"ß\\n"}'],
            ['q",\n', "2024-03-01T00:00:00.000Z", "ada", "{}"],
        ]


async def test_csv_holds_no_formula_that_somebody_sent(tmp_path: Path) -> None:
    names = ("event", "user_id", "=1+1")
    rows = pa.RecordBatch.from_pylist([dict(zip(names, ("=cmd|'/C calc'!A0", "+49 171 1", "@x"), strict=True))])

    async def one() -> AsyncIterator[pa.RecordBatch]:
        yield rows

    await write_events(one(), tmp_path / "f.csv", "csv")
    with (tmp_path / "f.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["event", "user_id", "'=1+1"], ["'=cmd|'/C calc'!A0", "+49 171 1", "'@x"]]


async def test_json_lines_have_properties_as_an_object(tmp_path: Path) -> None:
    assert await write_events(batches(), tmp_path / "f.jsonl", "jsonl") == 2
    lines: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text().splitlines()]
    assert lines[0] == {
        "event": "Bought",
        "timestamp": "2024-02-29T00:00:00.000Z",
        "user_id": None,
        "properties": {"a": "ß\n"},
    }


@pytest.mark.parametrize("file_format", get_args(FileFormat))
async def test_a_file_is_whole_or_as_it_was(tmp_path: Path, file_format: FileFormat) -> None:
    path = tmp_path / "out"
    path.write_text("before")
    with pytest.raises(OSError, match="full"):
        await write_events(batches(fail=True), path, file_format)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("file_format", get_args(FileFormat))
async def test_nothing_is_a_file_too(tmp_path: Path, file_format: FileFormat) -> None:
    assert await write_events(none(), tmp_path / "out", file_format) == 0
    assert (tmp_path / "out").is_file()


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="folder"):
        await write_events(none(), tmp_path / "no" / "out", "csv")
