"""Saved segments as files in a folder: one file each, named by its id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from holdfast.events.event import Json
from holdfast.integrations.files.documents import DocumentFormat
from holdfast.integrations.files.folder import (
    BYTES_MOST,
    FILES_MOST,
    DocumentFile,
    Shelf,
    Written,
    check_texts,
    named_in_file,
    read_files,
    write_files,
)
from holdfast.kernel.errors import Exposed, Invalid

__all__ = [
    "BYTES_MOST",
    "FILES_MOST",
    "SegmentFile",
    "Written",
    "name_in_file",
    "read_segment_files",
    "write_segment_files",
]

SegmentFile = DocumentFile
"""Its document: `id`, `name`, `definition`, perhaps `description` and `live`, as the API takes them; not looked into
yet."""

_FIELDS = ("id", "name", "description", "live", "definition")
_BARE = "This is a bare definition: put it under `definition`, beside a `name`."


def read_segment_files(sources: Sequence[Path]) -> list[SegmentFile]:
    """The files, and those in the folders and the folders in them, by name; hidden ones are passed over.

    Raises Invalid and TooLarge, naming the file.
    """
    return read_files(sources, SHELF)


def name_in_file(complaint: Exposed, files: Sequence[SegmentFile]) -> Exposed:
    """The complaint about a list of segments, told of the file it is about: its path is changed in place."""
    return named_in_file(complaint, files, "segments")


def write_segment_files(
    folder: Path, segments: Iterable[tuple[str, Mapping[str, Json]]], document_format: DocumentFormat
) -> Written:
    """Write a file for each segment (id, document), as `write_files` does."""
    return write_files(folder, list(segments), document_format, SHELF)


def _same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    # As text, since to Python 1 is 1.0 and true.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _check(document: Mapping[str, Json], name: str) -> None:
    bare = "type" in document and "definition" not in document
    for field in document:
        if field not in _FIELDS:
            hint = _BARE if bare else f"There is {', '.join(_FIELDS)}."
            raise Invalid(
                f"{field!r:.120} is no field of a segment.", code="unknown_field", path=f"{name}: $", hint=hint
            )
    for field in ("name", "definition"):
        if field not in document:
            message = f"{field!r} is missing."
            raise Invalid(message, code="missing_field", path=f"{name}: $", hint=f"Add {field!r}.")
    check_texts(document, name, ("id", "name", "description"))


SHELF = Shelf(noun="segment", check=_check, same=_same)
