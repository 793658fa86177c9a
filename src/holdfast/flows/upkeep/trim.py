"""Trim: letting go of the log's beginning, once everybody has read it and it is old enough."""

from __future__ import annotations

from holdfast.flows.ingest.reading import ARCHIVE, REACT
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.ports.state import State

DAY_MS = 86_400_000
TRIMMED_NOTE = "log_trimmed"
"""The state's note of the offset the log was last trimmed to."""


async def trim(log: Log, state: State, clock: Clock, *, keep_days: int) -> int:
    """Trim the log as far as may be; the offset that was trimmed up to, 0 when nothing may go.

    Never beyond what any group has yet to read, and nothing that was received less than `keep_days` ago; 0 keeps the
    log for ever.
    """
    if keep_days <= 0:
        return 0
    async with state.view() as view:
        offsets = await view.offsets()
    read_by_all = min(offsets.get(REACT, 0), offsets.get(ARCHIVE, 0), *offsets.values(), await log.end())
    before = await _first_since(log, to_millis(clock.now()) - keep_days * DAY_MS, read_by_all)
    if before:
        await log.trim(before)
        async with state.begin() as transaction:
            await transaction.set_note(TRIMMED_NOTE, str(before))
            await transaction.forget_turns(before)
    return before


async def _first_since(log: Log, since_ms: int, below: int) -> int:
    """The first offset, at most `below`, whose record was received since then.

    Records are appended as they are received, so their times grow, but for clocks set back; halving finds a boundary in
    a few reads however long the log is.
    """
    low, high = 0, below
    while low < high:
        middle = (low + high) // 2
        found = await log.read(middle, max_records=1, max_bytes=1)
        if found and found[0].offset < below and found[0].record.received_ms < since_ms:
            low = found[0].offset + 1
        else:
            high = middle
    return low
