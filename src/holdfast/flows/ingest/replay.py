"""Replay: bad records through the collector's door again, mended where somebody mended them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.events.segment_spec import decode
from holdfast.flows.ingest.collect import Collector
from holdfast.kernel.errors import Exposed
from holdfast.kernel.ids import effect_key
from holdfast.kernel.moments import format_moment, from_millis, to_millis
from holdfast.ports.state import BadRecord, State

AT_ONCE = 500
"""How many records are replayed at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDone:
    """How many became events, and how many are still none."""

    replayed: int
    still_bad: int


async def replay(
    state: State,
    collector: Collector,
    *,
    ids: Sequence[int] | None,
    bodies: Mapping[int, str],
    now: datetime,
) -> ReplayDone:
    """Try records again: these, or every one not replayed yet when `ids` is None.

    A record that is an event now goes into the log, and then is marked as replayed. Should we die in between, or two do
    so at once, replaying it once more adds nothing: the message id is the same.
    """
    done = ReplayDone(replayed=0, still_bad=0)
    before: int | None = None
    while True:
        async with state.view() as view:
            if ids is None:
                records = await view.bad_records(limit=AT_ONCE, before_id=before, replayed=False)
            else:
                records = [each for each in await view.bad_records_by_id(ids) if each.replayed_ms is None]
        good = [each for each in records if await _taken(collector, each, bodies.get(each.id, each.body), now)]
        if good:
            async with state.begin() as transaction:
                await transaction.mark_replayed([each.id for each in good], to_millis(now))
        done = ReplayDone(replayed=done.replayed + len(good), still_bad=done.still_bad + len(records) - len(good))
        if ids is not None or len(records) < AT_ONCE:
            return done
        before = records[-1].id


async def _taken(collector: Collector, record: BadRecord, body: str, now: datetime) -> bool:
    """Whether the record is an event now; if so, it is in the log."""
    try:
        batch = msgspec.json.encode({"batch": [_with_id(record, body.encode())]})
        # Times in the record are the client's own; with no sentAt they stand as they are.
        decoded = decode("import", batch, received_ms=to_millis(now), source=record.source)
    except (Exposed, UnicodeEncodeError, msgspec.DecodeError):
        return False
    if decoded.bad or not decoded.events:
        return False
    await collector.collect("import", batch, record.source)
    return True


def _with_id(record: BadRecord, body: bytes) -> msgspec.Raw:
    """The record; one without an id of its own gets one made of where it came, and without a time that of receipt.

    Made of when it is replayed they would be others each time, and the same for records that say the same.
    """
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    told: dict[str, str] = {}
    if not _says(fields, "messageId"):
        told["messageId"] = effect_key("replayed", record.origin)
    if not (_says(fields, "timestamp") or _says(fields, "originalTimestamp")):
        told["timestamp"] = format_moment(from_millis(record.at_ms))
    return msgspec.Raw(msgspec.json.encode({**fields, **told}) if told else body)


def _says(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    return name in fields and bytes(fields[name]) not in (b"null", b'""')
