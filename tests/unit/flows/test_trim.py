"""Letting go of the log's beginning."""

from __future__ import annotations

import pytest

from holdfast.flows.upkeep.trim import DAY_MS, trim
from holdfast.kernel.moments import to_millis
from holdfast.ports.log import Record
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.clock import START, FakeClock

NOW = to_millis(START)


async def filled(stride: int = 1, days: int = 10) -> MemoryLog:
    """A record a day, the last one today."""
    log = MemoryLog(stride=stride)
    for ago in reversed(range(days)):
        await log.append([Record(kind="batch", source="web", received_ms=NOW - ago * DAY_MS, body=b"{}")])
    return log


async def read_by(**offsets: int) -> MemoryState:
    state = MemoryState()
    async with state.begin() as transaction:
        for group, offset in offsets.items():
            await transaction.set_offset(group, offset)
    return state


async def first_of(log: MemoryLog) -> int:
    return (await log.read(0, max_records=1, max_bytes=1))[0].offset


@pytest.mark.parametrize("keep_days", [1, 3, 9])
async def test_what_is_old_and_read_by_all_goes(keep_days: int) -> None:
    log = await filled()
    state = await read_by(react=10, archive=10)
    assert await trim(log, state, FakeClock(), keep_days=keep_days) == 10 - keep_days - 1
    # What was received exactly so long ago is kept.
    assert await first_of(log) == 10 - keep_days - 1
    assert await trim(log, state, FakeClock(), keep_days=keep_days) == 0
    assert await first_of(log) == 10 - keep_days - 1


async def test_nothing_goes_that_any_group_has_yet_to_read() -> None:
    for offsets, kept in (
        ({"react": 10, "archive": 4}, 4),
        ({"react": 2, "archive": 2}, 2),
        ({"react": 10, "archive": 10, "another": 3}, 3),
        ({"react": 10}, 0),
        ({}, 0),
    ):
        log = await filled()
        assert await trim(log, await read_by(**offsets), FakeClock(), keep_days=1) == kept
        assert await first_of(log) == kept


async def test_kept_for_ever_or_not_old_enough_nothing_goes() -> None:
    log = await filled()
    state = await read_by(react=10, archive=10)
    assert await trim(log, state, FakeClock(), keep_days=0) == 0
    assert await trim(log, state, FakeClock(), keep_days=10) == 0
    assert await first_of(log) == 0
    assert await trim(MemoryLog(), await read_by(react=0, archive=0), FakeClock(), keep_days=1) == 0


async def test_offsets_may_skip() -> None:
    log = await filled(stride=7)
    state = await read_by(react=70, archive=70)
    await trim(log, state, FakeClock(), keep_days=4)
    (first,) = await log.read(0, max_records=1, max_bytes=1)
    assert first.record.received_ms == NOW - 4 * DAY_MS
