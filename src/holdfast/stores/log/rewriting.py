"""Rewriting a closed segment: a new file beside it, whole and durable, takes its place in one step."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from holdfast.ports.erasure import Rewrite
from holdfast.stores.log.disk import Sync, write_all
from holdfast.stores.log.frame import BODY_BYTES_MOST, FILE_HEADER, MAGIC, checksum_body, head
from holdfast.stores.log.segment import Segment

DRAFT = ".rewriting"
"""What a file is called until it is whole. One that is found when the log is opened was cut off, and goes."""
_WRITE_BYTES = 1024 * 1024


def new_bodies(segment: Segment, stop: int, before: int, change: Rewrite) -> dict[int, bytes]:
    """The bodies that entries of a segment are to have, by offset.

    Args:
        stop: where the next segment begins.
        before: entries from here on are left alone.
    """
    found: dict[int, bytes] = {}
    for entry in _read_apart(segment).entries(segment.first, min(stop, before)):
        body = change(entry)
        if body is not None and body != entry.record.body:
            if len(body) > BODY_BYTES_MOST:
                raise ValueError(f"a record has up to {BODY_BYTES_MOST} bytes of body")
            found[entry.offset] = body
    return found


def write_draft(segment: Segment, stop: int, bodies: Mapping[int, bytes], sync: Sync) -> Path:
    """The segment with the new bodies, as a durable file beside it."""
    draft = segment.path.with_suffix(DRAFT)
    file = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
    try:
        pieces, size = [FILE_HEADER.pack(MAGIC, segment.first)], 0
        for entry in _read_apart(segment).entries(segment.first, stop):
            record = replace(entry.record, body=bodies.get(entry.offset, entry.record.body))
            source = record.source.encode()
            pieces += (head(entry.offset, record, source, checksum_body(source, record.body)), record.body)
            size += len(record.body)
            if size >= _WRITE_BYTES:
                write_all(file, pieces)
                pieces, size = [], 0
        write_all(file, pieces)
        sync(file)
        os.fsync(file)
    finally:
        os.close(file)
    return draft


def _read_apart(segment: Segment) -> Segment:
    """The same file with an index of its own, so that whoever reads it meanwhile is not disturbed."""
    return Segment(segment.path, segment.first)
