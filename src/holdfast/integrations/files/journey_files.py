"""Journeys and campaigns as files in a folder, and templates and blocks: one file each, named by its id."""

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
from holdfast.messages.saved.blocks import decode_block
from holdfast.messages.saved.saved import decode_template

FIELD, CONTENT_FIELD = "journeys", "content"
"""Where the documents stand in what is applied: what runs, and what it says."""
FOLDERS: Mapping[object, str] = {"template": "templates", "block": "blocks"}
"""Where new files of content go within the folder."""


def read_journey_files(sources: Sequence[Path]) -> list[DocumentFile]:
    """The files, and those in the folders and the folders in them, by name. Raises Invalid and TooLarge."""
    return read_files(sources, SHELF)


def name_in_journey_file(complaint: Exposed, files: Sequence[DocumentFile]) -> Exposed:
    """The complaint about lists of them, told of the file it is about: its path is changed in place."""
    named_in_file(complaint, [each for each in files if not is_content(each.document)], FIELD)
    return named_in_file(complaint, [each for each in files if is_content(each.document)], CONTENT_FIELD)


def is_content(document: Mapping[str, object]) -> bool:
    """Whether the document is a template or a block, and not what runs."""
    return document.get("kind") in FOLDERS


def write_journey_files(
    folder: Path, documents: Iterable[tuple[str, Mapping[str, Json]]], document_format: DocumentFormat
) -> Written:
    """Write a file for each of them (id, document), as `write_files` does."""
    return write_files(folder, list(documents), document_format, SHELF)


def _same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    # A file need not say what goes without saying.
    if is_content(one) and one.get("kind") == other.get("kind"):
        return _content(one) == _content(other)
    return says(one) == says(other)


def _content(document: Mapping[str, Json]) -> object:
    """What a template or a block comes to; the document itself where it is none."""
    definition = {name: value for name, value in document.items() if name not in ("kind", "id")}
    try:
        return decode_template(definition) if document["kind"] == "template" else decode_block(definition)
    except Exposed:
        return document


def _key(document: Mapping[str, Json]) -> object:
    # A template may have the id of the journey that sends it.
    return (document.get("kind") if is_content(document) else "", document["id"])


def _place(document: Mapping[str, Json]) -> str:
    return FOLDERS.get(document.get("kind"), "")


def _check(document: Mapping[str, Json], name: str) -> None:
    try:
        if not is_content(document):
            kind_in(document)
    except Invalid as complaint:
        complaint.path = f"{name}: {complaint.path}"
        raise
    check_texts(document, name, ("id",))


SHELF = Shelf(noun="journey", check=_check, same=_same, key=_key, place=_place)
