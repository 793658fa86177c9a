"""Journeys and campaigns as files in a folder: one file each, named by its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from holdfast.decisions.document import kind_in, says
from holdfast.events.event import Json
from holdfast.integrations.files.documents import DocumentFormat
from holdfast.integrations.files.folder import (
    DocumentFile,
    Shelf,
    Written,
    check_texts,
    named_in_file,
    read_files,
    write_files,
)
from holdfast.kernel.errors import Exposed, Invalid

FIELD = "journeys"
"""Where the documents stand in what is applied."""


def read_journey_files(sources: Sequence[Path]) -> list[DocumentFile]:
    """The files, and those in the folders and the folders in them, by name. Raises Invalid and TooLarge."""
    return read_files(sources, SHELF)


def name_in_journey_file(complaint: Exposed, files: Sequence[DocumentFile]) -> Exposed:
    """The complaint about a list of them, told of the file it is about: its path is changed in place."""
    return named_in_file(complaint, files, FIELD)


def write_journey_files(
    folder: Path, documents: Iterable[tuple[str, Mapping[str, Json]]], document_format: DocumentFormat
) -> Written:
    """Write a file for each journey and campaign (id, document), as `write_files` does."""
    return write_files(folder, dict(documents), document_format, SHELF)


def _same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    # A file need not say what goes without saying.
    return says(one) == says(other)


def _check(document: Mapping[str, Json], name: str) -> None:
    try:
        kind_in(document)
    except Invalid as complaint:
        complaint.path = f"{name}: {complaint.path}"
        raise
    check_texts(document, name, ("id",))


SHELF = Shelf(noun="journey", check=_check, same=_same)
