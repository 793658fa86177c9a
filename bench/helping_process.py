"""One of several processes that let timers fire: `python -m bench.helping_process URL WORKSPACE NOW_MS FIRST`.

It says `ready` once the state is open. For each line, which is a moment in milliseconds, it lets everything fire that
is due by then, and says what it did. Nothing waits to be taken in meanwhile, so its log is empty.
"""

from __future__ import annotations

import asyncio
import sys
import time

import msgspec

from holdfast.decisions.gate import GateRules
from holdfast.flows.ingest.helping import Helper
from holdfast.kernel.moments import from_millis
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.postgres.state import PostgresState
from holdfast.testing import FakeClock
from holdfast.workers.garbage import spare_ticks

IN_VAIN_MOST = 3
"""Rounds in which nothing was to be done before it is over: others may have had in hand what was left."""
REST_SECONDS = 0.05


class Helped(msgspec.Struct, kw_only=True):
    """What a process did."""

    fired: int
    ended: float
    """When the last of it was done, on the clock that all processes of the machine share (`time.perf_counter`)."""
    processor: float
    """Seconds of its own until then."""


async def help_out(url: str, workspace: str, now_ms: int, first: int) -> None:
    state = await PostgresState.open(url, workspace=workspace)
    clock = FakeClock(from_millis(now_ms))
    helper = Helper(log=MemoryLog(), state=state, clock=clock, rules=GateRules(), first=first)
    await helper.help()  # Nothing is due yet: it reads the journeys.
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        clock.advance(seconds=int(line) / 1_000 - clock.now().timestamp())
        print(msgspec.json.encode(await _all_that_is_due(helper)).decode(), flush=True)
    await state.close()


async def _all_that_is_due(helper: Helper) -> Helped:
    before, began, in_vain = helper.fired, time.process_time(), 0
    ended, used = time.perf_counter(), began
    while in_vain < IN_VAIN_MOST:
        if await helper.help():
            in_vain = 0
            ended, used = time.perf_counter(), time.process_time()
        else:
            in_vain += 1
            await asyncio.sleep(REST_SECONDS)
    return Helped(fired=helper.fired - before, ended=ended, processor=used - began)


if __name__ == "__main__":
    spare_ticks()  # As a server does.
    asyncio.run(help_out(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
