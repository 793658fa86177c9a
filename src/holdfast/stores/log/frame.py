"""How a record lies in a segment file.

A file starts with its header, `magic 8 bytes | first offset u64`; then come frames, one per record, all little-endian:

    length u32 | crc32 u32 | offset u64 | received_ms u64 | kind u8 | source length u8 | source | body

`length` counts source and body. The checksum covers source and body first and then the rest of the frame, so that the
costly part can be reckoned before the offset is known.
"""

from __future__ import annotations

import struct
import zlib
from typing import get_args

from holdfast.ports.log import Entry, Record, RecordKind

MAGIC = b"HFLOG\0\0\1"
FILE_HEADER = struct.Struct("<8sQ")
BODY_BYTES_MOST = 64 * 1024 * 1024
SOURCE_BYTES_MOST = 255

# zlib lets go of the interpreter's lock for anything longer, and getting it back costs more than the whole checksum.
_KEEPS_GIL_BYTES = 5 * 1024

_HEAD = struct.Struct("<IIQQBB")
_CHECKED = struct.Struct("<QQBBI")
HEAD_BYTES = _HEAD.size

# A kind is stored as its place in this list, so the list may only ever grow at its end.
_KINDS: tuple[RecordKind, ...] = ("batch", "track", "identify", "page", "screen", "group", "alias", "import")
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
assert set(_KINDS) == set(get_args(RecordKind))  # noqa: S101 — a kind without a number could not be stored.


class Torn(Exception):
    """There is no whole, undamaged frame here. Says where reading must stop; never leaves the store."""


def checksum_body(source: bytes, body: bytes) -> int:
    """The first part of a frame's checksum."""
    checksum = zlib.crc32(source)
    view = memoryview(body)
    for start in range(0, len(body), _KEEPS_GIL_BYTES):
        checksum = zlib.crc32(view[start : start + _KEEPS_GIL_BYTES], checksum)
    return checksum


def head(offset: int, record: Record, source: bytes, body_checksum: int) -> bytes:
    """The frame up to its source: what goes before the body in the file."""
    length = len(source) + len(record.body)
    kind = _KIND_NUMBERS[record.kind]
    checksum = zlib.crc32(_CHECKED.pack(offset, record.received_ms, kind, len(source), length), body_checksum)
    return _HEAD.pack(length, checksum, offset, record.received_ms, kind, len(source)) + source


def frame_bytes(buffer: bytes, position: int) -> int:
    """How long the frame at `position` is. Raises Torn when its head is not whole or its length absurd."""
    if position + HEAD_BYTES > len(buffer):
        raise Torn
    (length,) = struct.unpack_from("<I", buffer, position)
    if length > BODY_BYTES_MOST + SOURCE_BYTES_MOST:
        raise Torn
    return HEAD_BYTES + int(length)


def read_frame(buffer: bytes, position: int, *, offset: int) -> tuple[Entry, int]:
    """The entry at `position`, which must be number `offset`, and where the next frame begins. Raises Torn."""
    end = position + frame_bytes(buffer, position)
    if end > len(buffer):
        raise Torn
    length, checksum, found, received_ms, kind, source_bytes = _HEAD.unpack_from(buffer, position)
    start = position + HEAD_BYTES + source_bytes
    source, body = buffer[position + HEAD_BYTES : start], buffer[start:end]
    expected = zlib.crc32(_CHECKED.pack(found, received_ms, kind, source_bytes, length), checksum_body(source, body))
    if expected != checksum or found != offset or kind >= len(_KINDS) or start > end:
        raise Torn
    record = Record(kind=_KINDS[kind], source=source.decode(), received_ms=received_ms, body=body)
    return Entry(offset=offset, record=record), end
