"""Items of a catalogue, read from a file row by row: CSV, JSON lines, or one JSON list; however many there are.

The file is never held whole: a list of a million objects is taken apart as it is read.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeAlias, cast

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid

ItemsFormat: TypeAlias = Literal["csv", "json", "jsonl"]
CHUNK_CHARACTERS = 1_000_000
ROW_CHARACTERS_MOST = 200_000
"""How long one row may be."""
CODE_HEADINGS = frozenset(
    {"code", "codes", "coupon", "coupons", "coupon code", "discount code", "promo code", "voucher", "voucher code"}
)
"""What a column of codes is called, in a first line that is none."""
_ENDINGS: dict[str, ItemsFormat] = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_BLANKS = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class RowRead:
    """One row, and its number, from 1 (in CSV, the number of its line)."""

    number: int
    row: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class RowUnread:
    """What is no row, and why."""

    number: int
    why: str


RowOrNot: TypeAlias = RowRead | RowUnread


def format_of(name: str) -> ItemsFormat:
    """The format a file's name says. Raises Invalid."""
    plain = name.lower().removesuffix(".gz")
    found = next((each for ending, each in _ENDINGS.items() if plain.endswith(ending)), None)
    if found is None:
        raise Invalid(
            f"{name!r:.100} is no file of items.",
            code="unknown_format",
            path="name",
            hint=f"End it in {', '.join(_ENDINGS)}, with .gz behind it if it is packed.",
        )
    return found


def read_items(file: Path, file_format: ItemsFormat) -> Iterator[RowOrNot]:
    """Every row of the file, in order. Raises Invalid for a file that cannot be read to its end."""
    try:
        with _opened(file) as text:
            yield from _READERS[file_format](text)
    except UnicodeDecodeError as error:
        raise Invalid("is no text in UTF-8.", code="unreadable", path=file.name, hint="Save it as UTF-8.") from error
    except (OSError, EOFError, csv.Error) as error:
        raise Invalid(
            f"cannot be read: {error}.", code="unreadable", path=file.name, hint="Write the file anew."
        ) from error


def item_rows(file: Path) -> Callable[[], Iterator[tuple[int, Mapping[str, Json] | str]]]:
    """What reads the file each time it is called: the number of each row, and the row, or why it is none."""
    file_format = format_of(file.name)

    def read() -> Iterator[tuple[int, Mapping[str, Json] | str]]:
        for each in read_items(file, file_format):
            yield each.number, each.row if isinstance(each, RowRead) else each.why

    return read


def read_codes(file: Path) -> Iterator[str]:
    """The lines of a text file, but for a heading over them."""
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines):
            # Shops export their codes as a table of one column; nobody is to be given its name for a code.
            if number or line.strip().strip('"').casefold() not in CODE_HEADINGS:
                yield line


def _opened(file: Path) -> IO[str]:
    packed = file.name.lower().endswith(".gz")
    raw: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(file, "rb")) if packed else file.open("rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")


def _read_csv(text: IO[str]) -> Iterator[RowOrNot]:
    rows = csv.reader(text, strict=True)
    names = [each.strip() for each in next(rows, [])]
    twins = sorted({each for each in names if names.count(each) > 1})
    if not any(names) or twins:
        raise Invalid(
            f"two columns are called {twins[0]!r:.100}." if twins else "there are no columns.",
            code="bad_columns",
            path="line 1",
            hint="Name every column in the first line, each differently.",
        )
    for values in rows:
        if not any(values):
            continue
        if len(values) != len(names):
            yield RowUnread(rows.line_num, f"has {len(values)} values for {len(names)} columns")
        else:
            yield RowRead(rows.line_num, {name: value for name, value in zip(names, values, strict=True) if name})


def _read_lines(text: IO[str]) -> Iterator[RowOrNot]:
    number = 0
    while line := text.readline(ROW_CHARACTERS_MOST + 1):
        number += 1
        if len(line) > ROW_CHARACTERS_MOST:
            while line and not line.endswith("\n"):
                line = text.readline(CHUNK_CHARACTERS)
            yield RowUnread(number, f"is longer than {ROW_CHARACTERS_MOST:,} characters")
        elif line.strip():
            yield _of_json(number, line)


def _of_json(number: int, line: str) -> RowOrNot:
    try:
        return _row(number, _DECODER.decode(line.strip()))
    except (ValueError, RecursionError):
        return RowUnread(number, "is no JSON")


def _read_list(text: IO[str]) -> Iterator[RowOrNot]:
    """The objects of one JSON list, decoded one after another."""
    window, number = _Window(text), 0
    if window.next() != "[":
        raise _broken("there is no JSON list", number)
    window.skip()
    if window.next() == "]":
        return
    while True:
        try:
            value = window.value()
        except (ValueError, RecursionError) as error:
            raise _broken("the JSON is broken, or nested too deeply,", number) from error
        number += 1
        yield _row(number, value)
        end = window.next()
        if end == "]":
            return
        if end != ",":
            raise _broken("the JSON list ends too soon", number)
        window.skip()
        window.next()


class _Window:
    """The part of a text that is looked at, moved on as it is read."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._held = ""
        self._at = 0

    def next(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            self._at = _BLANKS.match(self._held, self._at).end()  # type: ignore[union-attr]  # None is a match, too.
            if self._at < len(self._held) or not self._moved():
                return self._held[self._at : self._at + 1]

    def skip(self) -> None:
        """Go on by one character."""
        self._at += 1

    def value(self) -> object:
        """The JSON value that begins here. Raises ValueError, and RecursionError."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except ValueError:
                if len(self._held) - self._at > ROW_CHARACTERS_MOST or not self._moved():
                    raise
                continue
            # What ends where the window does, such as a number, may go on behind it.
            if end < len(self._held) or not self._moved():
                self._at = end
                return value

    def _moved(self) -> bool:
        """Whether there was more to look at."""
        more = self._text.read(CHUNK_CHARACTERS)
        if more:
            self._held, self._at = self._held[self._at :] + more, 0
        return bool(more)


def _broken(why: str, number: int) -> Invalid:
    return Invalid(
        f"{why} after item {number:,}.",
        code="unreadable",
        path=f"[{number}]",
        hint="Give a JSON list of objects: [{…}, {…}].",
    )


def _row(number: int, value: object) -> RowOrNot:
    if not isinstance(value, dict):
        return RowUnread(number, "is no JSON object")
    return RowRead(number, value)


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_number)
_READERS = {"csv": _read_csv, "json": _read_list, "jsonl": _read_lines}
