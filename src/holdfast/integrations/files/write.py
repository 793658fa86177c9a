"""Writing events to files: whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from holdfast.kernel.errors import NotFound
from holdfast.kernel.moments import format_moment

FileFormat: TypeAlias = Literal["parquet", "csv", "jsonl"]
_Write: TypeAlias = Callable[[pa.RecordBatch], None]

_JSON_COLUMNS = ("properties", "context")
"""Columns that hold a JSON object as text."""


async def write_events(batches: AsyncIterator[pa.RecordBatch], file: Path, file_format: FileFormat) -> int:
    """Write every batch; returns the number of rows. The file appears under its name only when it is whole.

    Parquet has the columns as they come. CSV has times as ISO 8601 and properties as JSON text. JSON lines has an
    object a row, with properties as an object in it.

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


@contextmanager
def _parquet(draft: Path, schema: pa.Schema) -> Iterator[_Write]:
    with pq.ParquetWriter(draft, schema, compression="zstd") as writer:
        yield writer.write_batch


@contextmanager
def _csv(draft: Path, schema: pa.Schema) -> Iterator[_Write]:
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(schema.names)
        yield lambda batch: writer.writerows(
            ["" if value is None else value for value in row.values()] for row in _plain(batch)
        )


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
