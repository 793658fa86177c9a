"""Lag: how far behind the log whoever takes events in is."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.flows.ingest.reading import REACT, check_reached
from holdfast.kernel.moments import to_millis
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.ports.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """What waits to be taken in."""

    backlog: int | None
    """How many requests; None when that cannot be known for now."""
    seconds: float | None
    """How long the oldest of them has waited."""


NOT_KNOWN = Lag(backlog=None, seconds=None)


async def lag_of(log: Log, state: State, clock: Clock) -> Lag:
    """What waits now. Raises Busy when log or state cannot be reached, or the log is not the one that was read."""
    async with state.view() as view:
        offset = await view.offset(REACT)
    backlog = await log.waiting(offset)
    if not backlog:
        check_reached(await log.end(), offset)
    first = await log.read(offset, max_records=1, max_bytes=1) if backlog else []
    now_ms = to_millis(clock.now())
    seconds = max(0, now_ms - first[0].record.received_ms) / 1_000 if first else 0.0
    return Lag(backlog=backlog, seconds=seconds)
