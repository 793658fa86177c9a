"""What a command prints: JSON for programs, tables for people, and one red sentence for a complaint."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence

import typer

from holdfast.kernel.errors import Exposed

CELL_MOST = 60
"""Characters of a value shown in a table; `--json` shows all of it."""

_NUMBER = re.compile(r"-|-?[\d,]+(\.\d+)?(e[+-]?\d+)?( [A-Z]{3}|%)?")
"""What stands at the right of its column: numbers, shares, money, and nothing."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d{3}Z")


def print_json(value: object) -> None:
    """The value as indented JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str], *, empty: str) -> None:
    """Rows in aligned columns.

    Args:
        columns: the key of each column in the rows, with its heading.
        empty: what to say when there are no rows.
    """
    if not rows:
        print(empty)
        return
    lines = [list(columns.values()), *([cell(row.get(key)) for key in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [all(map(_NUMBER.fullmatch, column[1:])) for column in zip(*lines, strict=True)]
    for line in lines:
        aligned = [
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(line, widths, right, strict=True)
        ]
        print("  ".join(aligned).rstrip())


def cell(value: object) -> str:
    """A value as one line of a table shows it: a moment, to the second, in UTC."""
    match value:
        case None | "" | [] | ():
            return "-"
        case Mapping() if not value:
            return "-"
        case str():
            text = _MOMENT.sub(r"\1 \2", value) if _MOMENT.fullmatch(value) else value
        case bool():
            text = "yes" if value else "no"
        case Mapping():
            text = ", ".join(f"{name}={cell(inner)}" for name, inner in value.items())
        case list() | tuple():
            text = ", ".join(cell(inner) for inner in value)
        case _:
            text = str(value)
    # A control character in somebody's name must not move the reader's cursor.
    text = "".join(character if character.isprintable() else "�" for character in text)
    return text if len(text) <= CELL_MOST else text[: CELL_MOST - 1] + "…"


def complain(error: Exposed) -> None:
    """One sentence to standard error: where, what, and what to do instead."""
    where = f"{error.path}: " if error.path else ""
    red = typer.colors.RED if sys.stderr.isatty() else None
    typer.secho(f"{where}{error.message}", fg=red, err=True)
    if error.hint:
        typer.echo(error.hint, err=True)


def count_words(number: int, noun: str, plural: str = "") -> str:
    """`1 person`, `2,000 people`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
