"""Reading the log: what stands in its entries, and which of it is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from holdfast.events.event import OWN_SOURCE, Event, IdentityKey
from holdfast.events.segment_spec import NO_NUMBERS, OwnNumbers, decode, own_numbers
from holdfast.kernel.errors import Busy, Exposed
from holdfast.ports.log import Entry, Record
from holdfast.ports.state import BadRecord, View

REACT = "react"
"""The group that takes events in."""
ARCHIVE = "archive"
"""The group that copies into the history what the reactor kept."""
INDEXES = 4096
"""Events in one log entry are fewer than this (the specification allows 2,500)."""
BYTES_MOST = 256_000
"""How much of the log one tick takes in: small enough that a tick does not keep requests waiting."""
POISON = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What an event nobody foresaw raises. Anything else (a full disk, a lost connection) is no fault of the event."""


def position_of(offset: int, index: int) -> int:
    """Where an event stands in the log, as one number."""
    return offset * INDEXES + index


class Placed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An event at its position, with the moment it was received."""

    position: int
    received_ms: int
    event: Event
    imported: bool = False
    """Whether it came by a call for the past."""
    identity: IdentityKey
    """The event's, made once: everything in a tick goes by it."""
    dedup_hash: int
    epoch: str = ""
    """In which epoch it was told, where it is our own and bears a number."""
    number: int = 0
    """Its number there; of no meaning without an epoch."""


def decoded(entries: Sequence[Entry]) -> tuple[list[Placed], list[BadRecord]]:
    """The events of these entries in their order, and what could be none."""
    placed: list[Placed] = []
    bad: list[BadRecord] = []
    for entry in entries:
        record = entry.record
        try:
            read = decode(record.kind, record.body, received_ms=record.received_ms, source=record.source)
        except Exposed as refusal:
            # It was let in under other limits than today's; it must not stop the log.
            bad.append(refused(entry, refusal))
            continue
        placed += placed_in(entry, read.events)
        bad.extend(
            BadRecord(
                at_ms=record.received_ms,
                source=record.source,
                code=each.code,
                message=each.message,
                path=each.path,
                hint=each.hint,
                body=each.body,
                origin=f"log:{entry.offset}.{each.index}",
            )
            for each in read.bad
        )
    return placed, bad


def placed_in(entry: Entry, events: Iterable[tuple[int, Event]]) -> list[Placed]:
    """The events of an entry, each with its index, at their positions."""
    record = entry.record
    numbers = numbers_of(record)
    return [
        Placed(
            position=position_of(entry.offset, index),
            received_ms=record.received_ms,
            event=event,
            imported=record.kind == "import",
            identity=event.identity,
            dedup_hash=event.dedup_hash,
            epoch=numbers.epoch,
            number=numbers.first + index,
        )
        for index, event in events
    ]


def numbers_of(record: Record) -> OwnNumbers:
    """The numbers of its events; none, unless they are our own and bear some."""
    return own_numbers(record.body) if record.source == OWN_SOURCE and record.kind == "batch" else NO_NUMBERS


def refused(entry: Entry, refusal: Exposed) -> BadRecord:
    """A whole entry that is set aside."""
    return BadRecord(
        at_ms=entry.record.received_ms,
        source=entry.record.source,
        code=refusal.code,
        message=refusal.message,
        path=refusal.path,
        hint=refusal.hint,
        body=entry.record.body.decode("utf-8", "replace"),
        origin=f"log:{entry.offset}",
    )


def check_reached(end: int, offset: int) -> None:
    """Raise Busy when a log ends before what was read of it: what is acknowledged would never be read.

    It passes where a server that answers for others has yet to hear of the last records.
    """
    if end < offset:
        raise Busy(
            f"the log ends at {end}, and has been read up to {offset}: it is another one, or an older copy.",
            code="log_behind",
            hint="Bring back the log that was there. If it is gone for good, remove this one as well, and restart all "
            "processes: it is made anew beyond what was read. What this one has taken in meanwhile is in it alone.",
        )


async def unseen(view: View, placed: Sequence[Placed]) -> list[Placed]:
    """Those whose message id was never seen; of several in the batch, the first."""
    seen = await view.seen([each.dedup_hash for each in placed])
    fresh: dict[int, Placed] = {}
    for each in placed:
        if each.dedup_hash not in seen:
            fresh.setdefault(each.dedup_hash, each)
    return list(fresh.values())
