"""Saved segments as files in a folder: one file each, named by its id."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.events.event import Json
from holdfast.integrations.files.documents import ENDINGS, DocumentFormat, read_document, write_document
from holdfast.kernel.errors import Conflict, Exposed, Invalid, TooLarge

FILES_MOST = 2_000
"""Files read at once."""
BYTES_MOST = 4_000_000
"""Of one file; its characters are counted once it is read."""

_FIELDS = ("id", "name", "description", "definition")
_BARE = "This is a bare definition: put it under `definition`, beside a `name`."


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFile:
    """One file."""

    name: str
    """Its name, as the caller would write it."""
    document: dict[str, Json]
    """`id`, `name`, `definition` and perhaps `description`, as the API takes them; not looked into yet."""


def read_segment_files(sources: Sequence[Path]) -> list[SegmentFile]:
    """The files, and those in the folders and the folders in them, by name; hidden ones are passed over.

    Raises Invalid and TooLarge, naming the file.
    """
    found: dict[object, str] = {}
    files: list[SegmentFile] = []
    for path, name in _paths(sources):
        if len(files) >= FILES_MOST:
            raise TooLarge("these are too many files.", path=name, hint=f"{FILES_MOST:,} are read at most.")
        file = _read(path, name)
        other = found.setdefault(file.document["id"], name)
        if other != name:
            message = f"it is the segment {file.document['id']!r:.120}, as {other} is."
            raise Invalid(message, code="given_twice", path=name, hint="Take one of them out, or give it another id.")
        files.append(file)
    return files


def name_in_file(complaint: Exposed, files: Sequence[SegmentFile]) -> Exposed:
    """The complaint about a list of segments, told of the file it is about: its path is changed in place."""
    where, bracket, rest = complaint.path.removeprefix("$.segments[").partition("]")
    if complaint.path.startswith("$.segments[") and bracket and where.isdecimal() and int(where) < len(files):
        complaint.path = f"{files[int(where)].name}: ${rest}"
    return complaint


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a folder."""

    written: tuple[str, ...]
    """Files that are new or changed."""
    unchanged: int
    others: tuple[str, ...]
    """Files of segments that are not saved (any more); they are left alone."""


def write_segment_files(
    folder: Path, segments: Iterable[tuple[str, Mapping[str, Json]]], document_format: DocumentFormat
) -> Written:
    """Write a file for each segment (id, document), making the folder as needed; each is whole, or as it was.

    A file that says the same already is left alone, comments and all, whatever its format.

    Raises Conflict when a segment has a file of another format that says something else, Invalid where files cannot
    be read or written.
    """
    wanted = dict(segments)
    there = {str(each.document["id"]): each for each in read_segment_files([folder])} if folder.is_dir() else {}
    changes: dict[Path, str] = {}
    for segment_id, document in wanted.items():
        old = there.get(segment_id)
        if old is not None and _same(old.document, {"id": segment_id, **document}):
            continue
        target = folder / f"{segment_id}.{document_format}" if old is None else Path(old.name)
        if ENDINGS[target.suffix.lower()] != document_format:
            hint = "Delete that file, or pull in its format."
            raise Conflict(f"the segment {segment_id!r} has a file already.", path=str(target), hint=hint)
        named = document if target.stem == segment_id else {"id": segment_id, **document}
        changes[target] = write_document(named, document_format)
    for target, text in changes.items():
        _write(target, text)
    return Written(
        written=tuple(str(each) for each in changes),
        unchanged=len(wanted) - len(changes),
        others=tuple(each.name for name, each in there.items() if name not in wanted),
    )


def _same(one: Mapping[str, Json], other: Mapping[str, Json]) -> bool:
    # As text, since to Python 1 is 1.0 and true.
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _paths(sources: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    seen: set[Path] = set()
    for source in sources:
        if not source.exists():
            raise Invalid("there is no such file or folder.", path=str(source), hint="Name a folder of segments.")
        for path in sorted(_in_folder(source)) if source.is_dir() else [source]:
            if path.suffix.lower() not in ENDINGS:
                hint = f"Files end in {', '.join(ENDINGS)}."
                raise Invalid("this is no file of a segment.", path=str(path), hint=hint)
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path, str(path)


def _in_folder(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and path.suffix.lower() in ENDINGS:
            yield path


def _read(path: Path, name: str) -> SegmentFile:
    try:
        if path.stat().st_size > BYTES_MOST:
            raise TooLarge("the file is too large.", path=name, hint=f"{BYTES_MOST:,} bytes are read at most.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Invalid(f"cannot be read: {error.strerror}.", path=name, hint="See who may read it.") from error
    except UnicodeDecodeError as error:
        raise Invalid("is no UTF-8 text.", code="bad_text", path=name, hint="Save it as UTF-8.") from error
    document = read_document(text, ENDINGS[path.suffix.lower()], name)
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
    for field in ("id", "name", "description"):
        if not isinstance(document.get(field, ""), str):
            raise Invalid("this is no text.", code="wrong_type", path=f"{name}: $.{field}", hint="Write it in quotes.")
    return SegmentFile(name=name, document={"id": path.stem, **document})


def _write(target: Path, text: str) -> None:
    # Written beside its place and moved there, so that the file is whole, or as it was.
    draft = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(target)
    except OSError as error:
        message = f"cannot be written: {error.strerror}."
        raise Invalid(message, path=str(target), hint="Choose another folder.") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
