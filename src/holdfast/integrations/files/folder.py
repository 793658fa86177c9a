"""Documents kept as files in a folder: one file each, named by its id. What one may hold is its kind's to say."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.events.event import Json
from holdfast.integrations.files.documents import ENDINGS, DocumentFormat, read_document, write_document
from holdfast.kernel.errors import Conflict, Exposed, Invalid, TooLarge

FILES_MOST = 2_000
"""Files read at once."""
BYTES_MOST = 4_000_000
"""Of one file; its characters are counted once it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """One file."""

    name: str
    """Its name, as the caller would write it."""
    document: dict[str, Json]
    """What it says, its `id` filled in from its name; not looked into yet."""


def _id_in(document: Mapping[str, Json]) -> object:
    return document["id"]


def _anywhere(_document: Mapping[str, Json]) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A kind of document kept in files."""

    noun: str
    """What one is called, such as `segment`."""
    check: Callable[[Mapping[str, Json], str], None]
    """Raises Invalid, naming the file, where a document is not of this kind."""
    same: Callable[[Mapping[str, Json], Mapping[str, Json]], bool]
    """Whether two documents with ids say the same."""
    key: Callable[[Mapping[str, Json]], object] = _id_in
    """What makes a document with an id this one and no other."""
    place: Callable[[Mapping[str, Json]], str] = _anywhere
    """The folder within the folder in which a new file of it goes; empty for the folder itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of a folder."""

    written: tuple[str, ...]
    """Files that are new or changed."""
    unchanged: int
    others: tuple[str, ...]
    """Files of what is not saved (any more); they are left alone."""


def read_files(sources: Sequence[Path], shelf: Shelf) -> list[DocumentFile]:
    """The files, and those in the folders and the folders in them, by name; hidden ones are passed over.

    Raises Invalid and TooLarge, naming the file.
    """
    found: dict[object, str] = {}
    files: list[DocumentFile] = []
    for path, name in _paths(sources, shelf):
        if len(files) >= FILES_MOST:
            raise TooLarge("these are too many files.", path=name, hint=f"{FILES_MOST:,} are read at most.")
        file = _read(path, name, shelf)
        other = found.setdefault(shelf.key(file.document), name)
        if other != name:
            message = f"it is the {shelf.noun} {file.document['id']!r:.120}, as {other} is."
            raise Invalid(message, code="given_twice", path=name, hint="Take one of them out, or give it another id.")
        files.append(file)
    return files


def named_in_file(complaint: Exposed, files: Sequence[DocumentFile], field: str) -> Exposed:
    """The complaint about the list `field` of a request, told of the file it is about: its path is changed in place."""
    where, bracket, rest = complaint.path.removeprefix(f"$.{field}[").partition("]")
    if complaint.path.startswith(f"$.{field}[") and bracket and where.isdecimal() and int(where) < len(files):
        complaint.path = f"{files[int(where)].name}: ${rest}"
    return complaint


def write_files(
    folder: Path, wanted: Sequence[tuple[str, Mapping[str, Json]]], document_format: DocumentFormat, shelf: Shelf
) -> Written:
    """Write a file for each document (its id, and the rest), making the folder as needed; each is whole, or as it was.

    A file that says the same already is left alone, comments and all, whatever its format.

    Raises Conflict when one has a file of another format that says something else, Invalid where files cannot be read
    or written.
    """
    there = {shelf.key(each.document): each for each in read_files([folder], shelf)} if folder.is_dir() else {}
    keys = [shelf.key({"id": document_id, **document}) for document_id, document in wanted]
    changes: dict[Path, str] = {}
    for key, (document_id, document) in zip(keys, wanted, strict=True):
        old = there.get(key)
        if old is not None and shelf.same(old.document, {"id": document_id, **document}):
            continue
        new = folder / shelf.place(document) / f"{document_id}.{document_format}"
        target = new if old is None else Path(old.name)
        if ENDINGS[target.suffix.lower()] != document_format:
            hint = "Delete that file, or pull in its format."
            raise Conflict(f"the {shelf.noun} {document_id!r} has a file already.", path=str(target), hint=hint)
        named = document if target.stem == document_id else {"id": document_id, **document}
        changes[target] = write_document(named, document_format)
    for target, text in changes.items():
        _write(target, text)
    return Written(
        written=tuple(str(each) for each in changes),
        unchanged=len(wanted) - len(changes),
        others=tuple(each.name for key, each in there.items() if key not in set(keys)),
    )


def check_texts(document: Mapping[str, Json], name: str, fields: Sequence[str]) -> None:
    """Complain of one of these fields that is there and is no text."""
    for field in fields:
        if not isinstance(document.get(field, ""), str):
            raise Invalid("this is no text.", code="wrong_type", path=f"{name}: $.{field}", hint="Write it in quotes.")


def _paths(sources: Sequence[Path], shelf: Shelf) -> Iterator[tuple[Path, str]]:
    seen: set[Path] = set()
    for source in sources:
        if not source.exists():
            hint = f"Name a folder of {shelf.noun}s."
            raise Invalid("there is no such file or folder.", path=str(source), hint=hint)
        for path in sorted(_in_folder(source)) if source.is_dir() else [source]:
            if path.suffix.lower() not in ENDINGS:
                hint = f"Files end in {', '.join(ENDINGS)}."
                raise Invalid(f"this is no file of a {shelf.noun}.", path=str(path), hint=hint)
            if path.resolve() not in seen:
                seen.add(path.resolve())
                yield path, str(path)


def _in_folder(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and path.suffix.lower() in ENDINGS:
            yield path


def _read(path: Path, name: str, shelf: Shelf) -> DocumentFile:
    try:
        if path.stat().st_size > BYTES_MOST:
            raise TooLarge("the file is too large.", path=name, hint=f"{BYTES_MOST:,} bytes are read at most.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Invalid(f"cannot be read: {error.strerror}.", path=name, hint="See who may read it.") from error
    except UnicodeDecodeError as error:
        raise Invalid("is no UTF-8 text.", code="bad_text", path=name, hint="Save it as UTF-8.") from error
    document = read_document(text, ENDINGS[path.suffix.lower()], name)
    shelf.check(document, name)
    return DocumentFile(name=name, document={"id": path.stem, **document})


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
