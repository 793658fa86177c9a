"""Cutting somebody's messages out of the log."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.events.cut import Knife, says
from holdfast.events.event import OWN_SOURCE, Event
from holdfast.flows.people.erased import Plan
from holdfast.flows.people.erasure_record import Record
from holdfast.kernel.moments import to_millis
from holdfast.ports.log import Entry


class LogCutter:
    """Cuts somebody's messages out of log entries."""

    def __init__(self, plan: Plan, record: Record) -> None:
        self._until, self._at_ms = record.until, record.requested_ms
        self._words = plan.words
        self._before = Knife(names=plan.keys, words=plan.words)
        # Our own events may have been on their way to the log when they were erased.
        self._after = Knife(names=plan.keys, only=self._is_late)

    def cut(self, entry: Entry) -> bytes | None:
        """The body without their messages; None where there are none."""
        record = entry.record
        knife = self._before if entry.offset < self._until else self._after
        if knife is self._after and record.kind != "import" and record.source != OWN_SOURCE:
            return None
        return knife.cut(record.kind, record.body, received_ms=record.received_ms, source=record.source)

    def look(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """How many of the entries are not cut yet, and how many of the others hold a word of theirs."""
        theirs = mentioned = 0
        for entry in entries:
            if self.cut(entry) is not None:
                theirs += 1
            elif entry.offset < self._until and self._before.may_touch(entry.record.body):
                mentioned += says(entry.record.body, self._words)
        return theirs, mentioned

    def _is_late(self, event: Event) -> bool:
        return to_millis(event.timestamp) <= self._at_ms
