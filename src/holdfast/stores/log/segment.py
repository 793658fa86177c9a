"""One segment file: where its records lie, and how they are read again."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.kernel.errors import Internal
from holdfast.ports.log import Entry
from holdfast.stores.log.frame import FILE_HEADER, HEAD_BYTES, MAGIC, Torn, frame_bytes, read_frame

SUFFIX = ".log"
_READ_BYTES = 1024 * 1024
_MARK_BYTES = 64 * 1024


def segment_path(directory: Path, first: int) -> Path:
    """The file whose first record has the offset `first`; names sort in the order of offsets."""
    return directory / f"{first:020d}{SUFFIX}"


@dataclass(slots=True)
class Segment:
    """A file and a sparse index into it: about every 64 KB, which offset stands at which byte."""

    path: Path
    first: int
    marks: list[tuple[int, int]] = field(default_factory=list)
    """(offset, byte), ascending; reading starts at the last mark at or before what is wanted."""

    def mark(self, offset: int, byte: int) -> None:
        """Note where a record begins, if the last note is far enough behind."""
        if not self.marks or byte - self.marks[-1][1] >= _MARK_BYTES:
            self.marks.append((offset, byte))

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """The entries from `start` to before `stop`, which must all be in this file.

        Raises Internal when one of them is damaged: they were acknowledged, so none may be passed over.
        """
        offset, byte = self._nearest(start)
        with self.path.open("rb") as file:
            for entry, begins, _ in _frames(file.fileno(), offset, byte):
                if entry.offset >= stop:
                    return
                if not self.marks or entry.offset > self.marks[-1][0]:
                    self.mark(entry.offset, begins)  # An older file is indexed when it is first read.
                offset = entry.offset + 1
                if entry.offset >= start:
                    yield entry
        if offset < stop:
            raise Internal(f"the log segment {self.path} is damaged: record {offset} cannot be read")

    def recover(self) -> tuple[int, int]:
        """Read the whole file, noting marks; (the offset after its last good record, the byte after it).

        The byte is 0 when not even the file's header is whole: then nothing in it was ever acknowledged. Raises
        Internal when the file is no segment of ours.
        """
        with self.path.open("rb") as file:
            header = file.read(FILE_HEADER.size)
            if len(header) < FILE_HEADER.size or not any(header):
                return self.first, 0
            if FILE_HEADER.unpack(header) != (MAGIC, self.first):
                raise Internal(f"{self.path} is no log segment that this version of Holdfast can read")
            offset, end = self.first, FILE_HEADER.size
            for entry, begins, ends in _frames(file.fileno(), offset, end):
                self.mark(entry.offset, begins)
                offset, end = entry.offset + 1, ends
        return offset, end

    def _nearest(self, offset: int) -> tuple[int, int]:
        place = bisect_right(self.marks, offset, key=lambda mark: mark[0]) - 1
        return self.marks[place] if place >= 0 else (self.first, FILE_HEADER.size)


def _frames(file: int, offset: int, byte: int) -> Iterator[tuple[Entry, int, int]]:
    """Entries from number `offset` at `byte` on, each with where it begins and ends; stops at the first bad frame."""
    buffer, position = b"", 0
    while True:
        try:
            entry, end = read_frame(buffer, position, offset=offset)
        except Torn:
            byte += position
            more = _more(file, byte, held=len(buffer) - position, needed=_needed(buffer, position))
            if more is None:
                return
            buffer, position = more, 0
            continue
        yield entry, byte + position, byte + end
        offset, position = offset + 1, end


def _needed(buffer: bytes, position: int) -> int:
    """How many bytes a reading from `position` must have to hold the frame there, as far as can be seen."""
    try:
        return frame_bytes(buffer, position)
    except Torn:
        return HEAD_BYTES


def _more(file: int, byte: int, *, held: int, needed: int) -> bytes | None:
    """The file from `byte` on, when it holds what the buffer lacked; None when reading on cannot help."""
    if held >= needed:
        return None
    more = os.pread(file, max(needed, _READ_BYTES), byte)
    return more if len(more) > held else None
