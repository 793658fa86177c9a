"""Following: what a process waits for that does not react itself, so that its answers include what came before them."""

from __future__ import annotations

import asyncio

from holdfast.flows.ingest.reading import ARCHIVE, REACT, check_reached
from holdfast.ports.log import Log
from holdfast.ports.state import State

LOOK_SECONDS = 0.02
"""How often it is looked how far the others are."""
PEOPLE_MOST = 5_000
"""Changed people who are waited for; they are copied so many at a time."""


async def caught_up(log: Log, state: State, *, seconds: float) -> bool:
    """Wait until all that is in the log by now was taken in and archived by whoever does that; False when it is not.

    Args:
        seconds: how long to wait at most.

    Raises Busy when log or state cannot be reached.
    """
    until = asyncio.get_running_loop().time() + seconds
    target = await log.end()
    changed: set[tuple[int, int]] | None = None
    while True:
        async with state.view() as view:
            reached = min(await view.offset(REACT), await view.offset(ARCHIVE)) >= target
            if reached:
                stale = {(person, change) for person, change in await view.stale_people(limit=PEOPLE_MOST)}
                # Others may change all the time: it is those of this moment who must be in the history.
                changed = stale if changed is None else changed & stale
        if reached and not changed:
            return True
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(LOOK_SECONDS)


async def taken_in(log: Log, state: State, *, seconds: float) -> int:
    """Wait until all that is in the log by now was taken in, and return where it ended; the time may be up first.

    Raises Busy when log or state cannot be reached, or the log is not the one that was read before.
    """
    until = asyncio.get_running_loop().time() + seconds
    target = await log.end()
    while True:
        async with state.view() as view:
            reached = await view.offset(REACT)
        if reached > target:
            check_reached(await log.end(), reached)
        if reached >= target or asyncio.get_running_loop().time() > until:
            return target
        await asyncio.sleep(LOOK_SECONDS)
