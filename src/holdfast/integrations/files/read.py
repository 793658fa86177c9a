"""Reading files a batch at a time: CSV, Parquet, JSON lines; by their ending, gzipped or not."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from holdfast.kernel.errors import Invalid, NotFound

LINE_BYTES_MOST = 1_000_000
"""A line of JSON longer than this is no event."""
CSV_BLOCK_BYTES = 8 * 1024 * 1024

LINES = "line"
"""The one column of a batch of JSON lines: bytes, each a line as it stands. What is in it is not looked at here."""

# Text that means a number. Fifteen digits are exact as a float; longer ones are ids, and so are leading zeros.
_WHOLE = r"^-?(0|[1-9]\d{0,14})$"
_NUMBER = r"^-?(0|[1-9]\d{0,14})(\.\d{1,17})?([eE][+-]?\d{1,2})?$"
_TRUTH = r"^(true|false|True|False|TRUE|FALSE)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoiled:
    """A line of CSV that is no row: it has too few values, or too many."""

    text: str
    expected: int
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A file being read."""

    total: int | None
    """How many rows, when that can be known beforehand."""
    columns: tuple[str, ...] | None
    """The names of its columns; None for JSON lines, where every line has its own."""
    batches: Iterator[pa.RecordBatch]
    spoiled: list[Spoiled] = field(default_factory=list)
    """Lines that are no rows, put here as they are met."""


def read_rows(path: Path, *, batch_rows: int, texts: Collection[str] = ()) -> Rows:
    """Open a file by its ending.

    Args:
        path: ends in .parquet, .csv, .csv.gz, .jsonl, .ndjson, .jsonl.gz or .ndjson.gz.
        batch_rows: the most rows in one batch.
        texts: columns of a CSV file that stay text even when every value looks like a number.

    Raises:
        NotFound: there is no such file.
        Invalid: the ending is unknown, or the file is not what it says.
    """
    if not path.is_file():
        raise NotFound("there is no such file.", path=str(path), hint="Check the path.")
    read = _READERS.get(_ending(path))
    if read is None:
        raise Invalid(
            "the ending is unknown.",
            code="unknown_format",
            path=str(path),
            hint="Give a .csv, .parquet or .jsonl file; .csv.gz and .jsonl.gz are read too.",
        )
    try:
        return read(path, batch_rows, texts)
    except (pa.ArrowInvalid, OSError, EOFError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from error


def read_batches(path: Path, *, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows of a file, a batch at a time; see `read_rows`."""
    return read_rows(path, batch_rows=batch_rows).batches


def unreadable(path: Path, error: Exception) -> Invalid:
    """The complaint about a file that is not what its ending says."""
    said = str(error).partition("\n")[0].rstrip(".")
    return Invalid(
        f"cannot be read: {said}.", code="bad_file", path=str(path), hint="Check that it is whole, and text UTF-8."
    )


def _ending(path: Path) -> str:
    return "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


# Parquet.


def _read_parquet(path: Path, batch_rows: int) -> Rows:
    file = pq.ParquetFile(path)
    columns = tuple(file.schema_arrow.names)
    _refuse_twins(columns, path)
    batches = _guarded(file.iter_batches(batch_size=batch_rows), path)
    return Rows(total=file.metadata.num_rows, columns=columns, batches=batches)


# CSV: read twice, so that a column has one type from the first row to the last.


def _read_csv(path: Path, batch_rows: int, texts: Collection[str]) -> Rows:
    columns = tuple(_open_csv(path, (), []).schema.names)
    _refuse_twins(columns, path)
    total, types = _look_over(path, columns, texts)
    rows = Rows(total=total, columns=columns, batches=iter(()))
    batches = _typed(_open_csv(path, columns, rows.spoiled), types, batch_rows)
    return Rows(total=total, columns=columns, batches=_guarded(batches, path), spoiled=rows.spoiled)


def _open_csv(path: Path, texts: Collection[str], spoiled: list[Spoiled]) -> Any:  # noqa: ANN401 - Untyped library.
    def pass_over(row: pacsv.InvalidRow) -> Literal["skip"]:
        spoiled.append(Spoiled(text=row.text or "", expected=row.expected_columns, actual=row.actual_columns))
        return "skip"

    return pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(block_size=CSV_BLOCK_BYTES, use_threads=False),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=pass_over),
        convert_options=pacsv.ConvertOptions(
            column_types={name: pa.string() for name in texts}, null_values=[""], strings_can_be_null=True
        ),
    )


def _look_over(path: Path, columns: tuple[str, ...], texts: Collection[str]) -> tuple[int, dict[str, Any]]:
    """How many rows there are, and the type of each column that is more than text."""
    still = {name: dict.fromkeys((_WHOLE, _NUMBER, _TRUTH), True) for name in columns if name not in texts}
    total = 0
    spoiled: list[Spoiled] = []
    for batch in _open_csv(path, columns, spoiled):
        frame = _frame(batch)
        total += frame.height
        for name, fits in still.items():
            for pattern in [each for each in fits if fits[each]]:
                fits[pattern] = bool(frame[name].str.contains(pattern).all())
    kinds = {_WHOLE: pl.Int64, _NUMBER: pl.Float64, _TRUTH: pl.Boolean}
    types = {}
    for name, fits in still.items():
        kind = next((kinds[pattern] for pattern in fits if fits[pattern]), None)
        if kind is not None:
            types[name] = kind
    return total + len(spoiled), types


def _typed(batches: Any, types: dict[str, Any], batch_rows: int) -> Iterator[pa.RecordBatch]:  # noqa: ANN401 - Untyped library.
    casts = [
        (pl.col(name).str.to_lowercase() == "true").alias(name) if kind is pl.Boolean else pl.col(name).cast(kind)
        for name, kind in types.items()
    ]
    for batch in batches:
        frame = _frame(batch).with_columns(casts)
        yield from frame.to_arrow().combine_chunks().to_batches(max_chunksize=batch_rows)


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - A batch is a table; the library cannot say so.
    return frame


# JSON lines.


def _read_lines(path: Path, batch_rows: int) -> Rows:
    with _open_lines(path) as file:
        total = sum(1 for _ in _lines(file))
    return Rows(total=total, columns=None, batches=_guarded(_batches_of_lines(path, batch_rows), path))


def _batches_of_lines(path: Path, batch_rows: int) -> Iterator[pa.RecordBatch]:
    with _open_lines(path) as file:
        held: list[bytes] = []
        for line in _lines(file):
            held.append(line)
            if len(held) == batch_rows:
                yield _batch_of_lines(held)
                held = []
        if held:
            yield _batch_of_lines(held)


def _batch_of_lines(lines: list[bytes]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(lines, pa.binary())], names=[LINES])


def _open_lines(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]  # It reads bytes.


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines that are not blank, each cut off one byte after the most."""
    while line := file.readline(LINE_BYTES_MOST + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(LINE_BYTES_MOST + 1)):
            pass  # The end of a line too long is read over.
        if line.strip():
            yield line.rstrip(b"\r\n")


def _guarded(batches: Iterator[pa.RecordBatch], path: Path) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise unreadable(path, error) from error


def _refuse_twins(columns: tuple[str, ...], path: Path) -> None:
    twins = sorted({name for name in columns if columns.count(name) > 1})
    if twins:
        raise Invalid(
            f"has two columns called {twins[0]!r}.", code="bad_file", path=str(path), hint="Give each its own name."
        )


_Reader: TypeAlias = Callable[[Path, int, Collection[str]], Rows]

_PARQUET: _Reader = lambda path, batch_rows, texts: _read_parquet(path, batch_rows)  # noqa: E731 - A row of the table.
_LINES: _Reader = lambda path, batch_rows, texts: _read_lines(path, batch_rows)  # noqa: E731 - As above.
_READERS: dict[str, _Reader] = {
    ".parquet": _PARQUET,
    ".csv": _read_csv,
    ".csv.gz": _read_csv,
    ".jsonl": _LINES,
    ".ndjson": _LINES,
    ".jsonl.gz": _LINES,
    ".ndjson.gz": _LINES,
}
