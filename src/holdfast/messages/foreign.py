"""Reading what others wrote: JSON of which nothing is certain, down a path of names, without ever raising."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping


def read_json(body: bytes) -> object:
    """What the bytes say; None when they are no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def part(value: object, *path: str) -> object:
    """What lies at the end of the path; None where it ends early."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(value: object, *path: str) -> str:
    """A text, or a whole number as its digits; empty for anything else."""
    said = part(value, *path)
    if isinstance(said, str):
        return said
    # A whole number of more digits than Python writes is none that means anything.
    return str(said) if isinstance(said, int) and not isinstance(said, bool) and abs(said) < 10**18 else ""


def whole(value: object, *path: str) -> int | None:
    """A whole number, also one that is written as text; None for anything else."""
    said = text(value, *path).strip()
    digits = said.removeprefix("-")
    return int(said) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def each(value: object, *path: str) -> Iterator[Mapping[str, object]]:
    """The objects in a list; none when it is no list."""
    said = part(value, *path)
    if isinstance(said, list):
        yield from (one for one in said if isinstance(one, Mapping))
