"""Writing events to files: whole or not at all."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import format_moment
from holdfast.kernel.sheet import sheet_text
from holdfast.ports.columns import trait_column, valid_text

FileFormat: TypeAlias = Literal["parquet", "csv", "jsonl"]
_Write: TypeAlias = Callable[[pa.RecordBatch], None]

PEOPLE_ROWS = 2_000
"""People written at once."""
_JSON_COLUMNS = ("properties", "context", "traits")
"""Columns that hold a JSON object as text."""


async def write_events(batches: AsyncIterator[pa.RecordBatch], file: Path, file_format: FileFormat) -> int:
    """Write every batch; returns the number of rows. The file appears under its name only when it is whole.

    Parquet has the columns as they come. CSV has times as ISO 8601 and properties as JSON text; a text that a
    spreadsheet would take for a formula has an apostrophe before it. JSON lines has an object a row, with properties as
    an object in it.

    Raises NotFound when there is no such folder.
    """
    if not file.parent.is_dir():
        raise NotFound("there is no such folder.", path=str(file.parent), hint="Make it first.")
    draft = file.with_name(f".{file.name}.draft")
    rows = 0
    try:
        first = await anext(batches, None)
        with _WRITERS[file_format](draft, pa.schema([]) if first is None else first.schema) as write:
            if first is not None:
                write(first)
                rows += first.num_rows
            async for batch in batches:
                write(batch)
                rows += batch.num_rows
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return rows


async def write_people(
    people: pa.Table, file: Path, file_format: FileFormat, *, traits: Sequence[str] | None = None
) -> int:
    """Write people (PEOPLE_COLUMNS), as `write_events` does; their traits are an object, or those named a column each.

    A trait that is called as another column is, is in the column `trait NAME`.
    """
    table = people if traits is None else _with_columns(people, list(dict.fromkeys(traits)))

    async def batches() -> AsyncIterator[pa.RecordBatch]:
        for batch in table.to_batches(max_chunksize=PEOPLE_ROWS) or [pa.RecordBatch.from_pylist([], table.schema)]:
            yield batch
            await asyncio.sleep(0)  # Others are served between two batches.

    return await write_events(batches(), file, file_format)


def _with_columns(people: pa.Table, traits: Sequence[str]) -> pa.Table:
    said = [msgspec.json.decode(text or "{}") for text in people.column("traits").to_pylist()]
    table = people.drop_columns(["traits"])
    taken = {*people.column_names, *_JSON_COLUMNS}
    for name in traits:
        column = f"trait {name}" if name in taken else name
        table = table.append_column(valid_text(column), trait_column([each.get(name) for each in said]))
    return table


@contextmanager
def _parquet(draft: Path, schema: pa.Schema) -> Iterator[_Write]:
    with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        yield writer.write_batch


@contextmanager
def _csv(draft: Path, schema: pa.Schema) -> Iterator[_Write]:
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(sheet_text, schema.names))
        yield lambda batch: writer.writerows(map(_cell, row.values()) for row in _plain(batch))


def _cell(value: object) -> object:
    if value is None:
        return ""
    return sheet_text(value) if isinstance(value, str) else value


@contextmanager
def _lines(draft: Path) -> Iterator[_Write]:
    with draft.open("wb") as file:
        yield lambda batch: file.writelines(msgspec.json.encode(_nested(row)) + b"\n" for row in _plain(batch))


def _plain(batch: pa.RecordBatch) -> Iterator[dict[str, object]]:
    """The rows, with times as text."""
    moments = [field.name for field in batch.schema if pa.types.is_timestamp(field.type)]
    for row in batch.to_pylist():
        for name in moments:
            row[name] = None if row[name] is None else format_moment(row[name])
        yield row


def _nested(row: dict[str, object]) -> dict[str, object]:
    return row | {name: msgspec.Raw(str(row[name] or "{}").encode()) for name in _JSON_COLUMNS if name in row}


_WRITERS: dict[FileFormat, Callable[[Path, pa.Schema], AbstractContextManager[_Write]]] = {
    "parquet": _parquet,
    "csv": _csv,
    "jsonl": lambda draft, schema: _lines(draft),
}
