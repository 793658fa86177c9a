"""What every log promises, held against the one in memory and the one in segment files."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from holdfast.kernel.errors import Busy
from holdfast.ports.log import Log, Record
from holdfast.stores.log import SegmentLog
from holdfast.stores.memory.log import MemoryLog

_BIG = 1 << 30
Open = Callable[[], Awaitable[Log]]


def a_record(body: bytes = b'{"batch":[]}', *, source: str = "web", received_ms: int = 1_700_000_000_000) -> Record:
    return Record(kind="batch", source=source, received_ms=received_ms, body=body)


@pytest.fixture(params=["memory", "segments", "segments that roll", "segments without a tail"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    opened: Log
    match request.param:
        case "memory":
            opened = MemoryLog()
        case "segments":
            opened = SegmentLog(tmp_path / "log")
        case "segments that roll":
            opened = SegmentLog(tmp_path / "log", segment_bytes=200, tail_bytes=64)
        case _:
            opened = SegmentLog(tmp_path / "log", tail_bytes=0)
    yield opened
    await opened.close()


async def read_all(log: Log, offset: int = 0) -> list[tuple[int, Record]]:
    found: list[tuple[int, Record]] = []
    while entries := await log.read(offset, max_records=3, max_bytes=_BIG):
        found += [(entry.offset, entry.record) for entry in entries]
        offset = entries[-1].offset + 1
    return found


async def test_what_is_appended_is_read_back_as_it_came(log: Log) -> None:
    records = [
        Record(kind="batch", source="web", received_ms=0, body=b"{}"),
        Record(kind="import", source="ßource", received_ms=1 << 62, body=b""),
        Record(kind="alias", source="", received_ms=1, body=bytes(range(256)) * 3),
    ]
    assert await log.append(records) == 0
    assert await log.append([records[0]]) == 3
    assert await read_all(log) == list(enumerate([*records, records[0]]))


async def test_offsets_count_up_from_0_and_never_skip(log: Log) -> None:
    assert await log.end() == 0
    assert await log.append([]) == 0
    firsts = [await log.append([a_record()] * count) for count in (1, 3, 2)]
    assert firsts == [0, 1, 4]
    assert await log.end() == 6
    assert [offset for offset, _ in await read_all(log)] == list(range(6))


async def test_many_appends_at_once_keep_each_callers_records_together(log: Log) -> None:
    bodies = [[b"%d.%d" % (caller, part) for part in range(3)] for caller in range(40)]
    firsts = await asyncio.gather(*(log.append([a_record(body) for body in group]) for group in bodies))
    stored = [record.body for _, record in await read_all(log)]
    assert len(stored) == 120
    for first, group in zip(firsts, bodies, strict=True):
        assert stored[first : first + 3] == group


async def test_reading_stops_at_its_limits_but_gives_at_least_one(log: Log) -> None:
    await log.append([a_record(b"x" * 100) for _ in range(5)])
    assert len(await log.read(0, max_records=2, max_bytes=_BIG)) <= 2
    assert [entry.offset for entry in await log.read(1, max_records=9, max_bytes=1)] == [1]
    assert [entry.offset for entry in await log.read(4, max_records=9, max_bytes=_BIG)] == [4]
    within = await log.read(0, max_records=9, max_bytes=250)
    assert sum(len(entry.record.body) for entry in within) <= 250


async def test_reading_past_the_end_finds_nothing(log: Log) -> None:
    assert await log.read(0, max_records=1, max_bytes=_BIG) == []
    await log.append([a_record()])
    assert await log.read(1, max_records=1, max_bytes=_BIG) == []
    assert await log.read(99, max_records=1, max_bytes=_BIG) == []


async def test_waiting_ends_when_the_entry_is_there(log: Log) -> None:
    waiting = asyncio.create_task(log.wait(1, timeout_seconds=30))
    await log.append([a_record()])
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await log.append([a_record()])
    assert await asyncio.wait_for(waiting, 5) is True
    assert await log.wait(0, timeout_seconds=0) is True


async def test_waiting_in_vain_ends_when_the_time_is_up(log: Log) -> None:
    assert await log.wait(0, timeout_seconds=0.01) is False
    await log.append([a_record()])
    assert await log.wait(1, timeout_seconds=0.01) is False


async def test_waiting_can_be_called_off(log: Log) -> None:
    waiting = asyncio.create_task(log.wait(0, timeout_seconds=30))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await log.append([a_record()]) == 0


async def test_a_caller_that_goes_away_takes_nothing_with_it(log: Log) -> None:
    leaving = asyncio.create_task(log.append([a_record(b"first")]))
    await asyncio.sleep(0)
    leaving.cancel()
    await log.append([a_record(b"second")])
    bodies = [record.body for _, record in await read_all(log)]
    assert bodies[-1] == b"second"
    assert bodies in ([b"second"], [b"first", b"second"])


async def test_trimming_gives_back_old_entries_and_moves_no_offset(log: Log) -> None:
    for number in range(12):
        await log.append([a_record(b"%d" % number * 40)])
    await log.trim(7)
    kept = await read_all(log)
    assert kept[-1] == (11, a_record(b"11" * 40))
    first = kept[0][0]
    assert first <= 7
    assert [offset for offset, _ in kept] == list(range(first, 12))
    assert await log.append([a_record()]) == 12


async def test_trimming_everything_keeps_counting(log: Log) -> None:
    await log.append([a_record()] * 3)
    await log.trim(3)
    await log.trim(99)
    assert await log.end() == 3
    assert await log.append([a_record(b"next")]) == 3
    assert (await read_all(log))[-1] == (3, a_record(b"next"))


async def test_a_closed_log_takes_nothing_more(log: Log) -> None:
    await log.append([a_record()])
    await log.close()
    await log.close()
    with pytest.raises(Busy):
        await log.append([a_record()])
