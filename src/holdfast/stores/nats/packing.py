"""How records lie in a message of the stream, and which offsets they get.

With `sync_interval: always` the server syncs once per message and not once per group of messages, so everything that
waits goes into one message:

    magic 8 bytes | records u32 | frames as in a segment file, numbered from 0 within the message

A message has its sequence number from the server, counted from 1; a record has its offset from that number and its
place in the message. The *last* record of message s always gets the offset s * RECORDS_MOST - 1, so that the offset
after it is where the next message begins, however many records either holds, and the log's end is known from the
stream's last sequence number alone.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.kernel.errors import Internal
from holdfast.ports.log import Entry, Record
from holdfast.stores.log.frame import HEAD_BYTES, Torn, checksum_body, head, read_frame

RECORDS_MOST = 4096
"""The most records in one message. An event's position is its record's offset times 4,096: that stays below 2^63 for
2^39 messages, which are 17 years of a thousand a second."""

_HEADER = struct.Struct("<8sI")
_MAGIC = b"HFNATS\0\1"
HEADER_BYTES = _HEADER.size


def sequence_of(offset: int) -> int:
    """The number of the message that has the first record at `offset` or above, if it has one."""
    return offset // RECORDS_MOST + 1


def end_of(sequence: int) -> int:
    """The offset just after the last record of message number `sequence`; 0 for 0."""
    return sequence * RECORDS_MOST


def first_of(sequence: int, count: int) -> int:
    """The offset of the first of `count` records in message number `sequence`."""
    return end_of(sequence) - count


@dataclass(frozen=True, slots=True)
class Summed:
    """A record with what its frame needs and can be had before its place is known: its source as bytes, a checksum."""

    record: Record
    source: bytes
    checksum: int

    @classmethod
    def of(cls, record: Record) -> Summed:
        source = record.source.encode()
        return cls(record, source, checksum_body(source, record.body))

    @property
    def size(self) -> int:
        """How many bytes it takes in a message."""
        return HEAD_BYTES + len(self.source) + len(self.record.body)


def pack(records: Sequence[Summed]) -> bytes:
    """The records as one message."""
    pieces = [_HEADER.pack(_MAGIC, len(records))]
    for place, each in enumerate(records):
        pieces += (head(place, each.record, each.source, each.checksum), each.record.body)
    return b"".join(pieces)


def unpack(sequence: int, message: bytes) -> list[Entry]:
    """The entries of message number `sequence`.

    Raises Internal when it is none of ours or damaged: it was acknowledged, so it must not be passed over.
    """
    try:
        records = _records(message)
    except (Torn, struct.error) as error:
        raise Internal(f"message {sequence} of the log's stream is damaged, or another program wrote it") from error
    first = first_of(sequence, len(records))
    return [Entry(offset=first + place, record=record) for place, record in enumerate(records)]


def _records(message: bytes) -> list[Record]:
    magic, count = _HEADER.unpack_from(message)
    if magic != _MAGIC or not 0 < count <= RECORDS_MOST:
        raise Torn
    position = HEADER_BYTES
    records: list[Record] = []
    for place in range(count):
        entry, position = read_frame(message, position, offset=place)
        records.append(entry.record)
    if position != len(message):
        raise Torn
    return records
