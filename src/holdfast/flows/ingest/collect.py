"""Collecting: a request body becomes a durable record of the log, or is refused as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events.segment_body import check
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log, Record, RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was taken: how many messages, and the log's offset of the record that holds them."""

    messages: int
    offset: int | None
    """None for an empty batch: there was nothing to keep."""


class Collector:
    """The door everything comes through, the outside world's events and our own receipts alike."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def collect(self, kind: RecordKind, body: bytes, source: str) -> Collected:
        """Take a request body; when this returns, its messages are durable.

        Messages are not made into events here: that happens once they are in the log, where a bad one is set aside.

        Args:
            kind: the call it came by.
            body: decompressed, as it came.
            source: the name of the write key it came through.

        Raises Invalid or OverLimit when the body must be refused as a whole, Busy when the log takes no more.
        """
        messages = check(kind, body)
        if not messages:
            return Collected(messages=0, offset=None)
        record = Record(kind=kind, source=source, received_ms=to_millis(self._clock.now()), body=body)
        return Collected(messages=messages, offset=await self._log.append([record]))
