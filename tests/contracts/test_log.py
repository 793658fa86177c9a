"""What every log promises, held against those in memory, in segment files and in a stream of NATS."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from holdfast.kernel.errors import Busy
from holdfast.ports.log import Log, Record
from holdfast.stores.log import SegmentLog
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.nats import NatsLog
from tests.nats_server import NatsServer, running

_BIG = 1 << 30


def a_record(body: bytes = b'{"batch":[]}', *, source: str = "web", received_ms: int = 1_700_000_000_000) -> Record:
    return Record(kind="batch", source=source, received_ms=received_ms, body=body)


@pytest.fixture(scope="session")
def nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(NatsServer(tmp_path_factory.mktemp("nats"))) as server:
        yield server.url


@pytest.fixture(
    params=[
        "memory",
        "memory that skips",
        "segments",
        "segments that roll",
        "segments without a tail",
        "nats",
        "nats without a cache",
        "nats read by another",
    ]
)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    opened: Log
    match request.param:
        case "nats":
            opened = await NatsLog.open([request.getfixturevalue("nats_url")], stream=uuid.uuid4().hex)
        case "nats without a cache":
            opened = await NatsLog.open([request.getfixturevalue("nats_url")], stream=uuid.uuid4().hex, cache_bytes=0)
        case "nats read by another":
            opened = await TwoLogs.both(request.getfixturevalue("nats_url"))
        case "memory":
            opened = MemoryLog()
        case "memory that skips":
            opened = MemoryLog(stride=1000)
        case "segments":
            opened = SegmentLog(tmp_path / "log")
        case "segments that roll":
            opened = SegmentLog(tmp_path / "log", segment_bytes=200, tail_bytes=64)
        case _:
            opened = SegmentLog(tmp_path / "log", tail_bytes=0)
    yield opened
    await opened.close()


class TwoLogs(NatsLog):
    """A log that is written by one process and read by another."""

    writer: NatsLog

    @classmethod
    async def both(cls, url: str) -> TwoLogs:
        log = await cls.open([url], stream=uuid.uuid4().hex)
        log.writer = await NatsLog.open([url], stream=log._names.stream)
        return log

    async def append(self, records: Sequence[Record]) -> int:
        return await self.writer.append(records)

    async def close(self) -> None:
        await self.writer.close()
        await super().close()


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
    first, last = await log.append(records), await log.append([records[0]])
    stored = await read_all(log)
    assert [record for _, record in stored] == [*records, records[0]]
    assert (stored[0][0], stored[3][0]) == (first, last)


async def test_offsets_only_grow_and_the_end_follows_the_last(log: Log) -> None:
    assert await log.end() == 0
    assert await log.append([]) == 0
    assert await read_all(log) == []
    firsts, ends = [], []
    for count in (1, 3, 2):
        firsts.append(await log.append([a_record()] * count))
        ends.append(await log.end())
    offsets = [offset for offset, _ in await read_all(log)]
    assert len(offsets) == 6
    assert all(earlier < later for earlier, later in pairwise(offsets))
    assert firsts == [offsets[0], offsets[1], offsets[4]]
    assert ends == [offsets[0] + 1, offsets[3] + 1, offsets[5] + 1]
    assert offsets[0] >= 0
    assert await log.append([]) == ends[-1]


async def test_a_reader_goes_on_from_any_offset_and_misses_nothing(log: Log) -> None:
    for count in (3, 1, 5):
        await log.append([a_record(b"%d" % number) for number in range(count)])
    stored = await read_all(log)
    for place, (offset, _) in enumerate(stored):
        assert await read_all(log, offset) == stored[place:]
        assert await read_all(log, offset + 1) == stored[place + 1 :]
        assert await log.waiting(offset) == len(stored) - place
        assert await log.waiting(offset + 1) == len(stored) - place - 1
    assert await log.waiting(0) == 9
    assert await log.waiting(await log.end() + 5) == 0


async def test_many_appends_at_once_keep_each_callers_records_together(log: Log) -> None:
    bodies = [[b"%d.%d" % (caller, part) for part in range(3)] for caller in range(40)]
    firsts = await asyncio.gather(*(log.append([a_record(body) for body in group]) for group in bodies))
    stored = await read_all(log)
    assert len(stored) == 120
    places = {offset: place for place, (offset, _) in enumerate(stored)}
    for first, group in zip(firsts, bodies, strict=True):
        place = places[first]
        assert [record.body for _, record in stored[place : place + 3]] == group


async def test_more_records_than_one_write_holds(log: Log) -> None:
    sent = [a_record(b"%d" % number) for number in range(10_000)]
    first = await log.append(sent)
    found: list[Record] = []
    offset = first
    while entries := await log.read(offset, max_records=3000, max_bytes=_BIG):
        found += [entry.record for entry in entries]
        offset = entries[-1].offset + 1
    assert found == sent
    assert offset == await log.end()


async def test_large_records_are_kept_whole(log: Log) -> None:
    sent = [a_record(bytes([number]) * 500 * 1024) for number in range(7)]
    await asyncio.gather(log.append(sent[:3]), *(log.append([record]) for record in sent[3:]))
    stored = [record for _, record in await read_all(log)]
    assert stored[:3] == sent[:3]
    assert sorted(record.body[0] for record in stored) == list(range(7))


async def test_reading_stops_at_its_limits_but_gives_at_least_one(log: Log) -> None:
    await log.append([a_record(b"x" * 100) for _ in range(5)])
    offsets = [offset for offset, _ in await read_all(log)]
    assert len(await log.read(0, max_records=2, max_bytes=_BIG)) <= 2
    assert [entry.offset for entry in await log.read(offsets[1], max_records=9, max_bytes=1)] == [offsets[1]]
    assert [entry.offset for entry in await log.read(offsets[4], max_records=9, max_bytes=_BIG)] == [offsets[4]]
    within = await log.read(0, max_records=9, max_bytes=250)
    assert sum(len(entry.record.body) for entry in within) <= 250


async def test_reading_past_the_end_finds_nothing(log: Log) -> None:
    assert await log.read(0, max_records=1, max_bytes=_BIG) == []
    await log.append([a_record()])
    end = await log.end()
    assert await log.read(end, max_records=1, max_bytes=_BIG) == []
    assert await log.read(end + 99, max_records=1, max_bytes=_BIG) == []
    assert await log.read(end * 99, max_records=1, max_bytes=_BIG) == []


async def test_waiting_ends_when_the_entry_is_there(log: Log) -> None:
    await log.append([a_record()])
    waiting = asyncio.create_task(log.wait(await log.end(), timeout_seconds=30))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    await log.append([a_record()])
    assert await asyncio.wait_for(waiting, 60) is True
    assert await log.wait(0, timeout_seconds=0) is True


async def test_waiting_in_vain_ends_when_the_time_is_up(log: Log) -> None:
    assert await log.wait(0, timeout_seconds=0.01) is False
    await log.append([a_record()])
    assert await log.wait(await log.end(), timeout_seconds=0.01) is False


async def test_waiting_can_be_called_off(log: Log) -> None:
    waiting = asyncio.create_task(log.wait(0, timeout_seconds=30))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    first = await log.append([a_record()])
    assert [offset for offset, _ in await read_all(log)] == [first]


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
    before = await read_all(log)
    await log.trim(before[7][0])
    kept = await read_all(log)
    assert kept == before[12 - len(kept) :]
    assert len(kept) >= 5
    assert await log.waiting(0) == len(kept)
    assert await log.append([a_record()]) >= before[-1][0] + 1


async def test_it_tells_how_much_it_takes_up(log: Log) -> None:
    empty = await log.size()
    for _ in range(8):
        await log.append([a_record(b"x" * 4_000)])
    full = await log.size()
    assert 30_000 < full - empty < 64_000
    await log.trim((await read_all(log))[6][0])
    assert await log.size() <= full


async def test_trimming_everything_keeps_counting(log: Log) -> None:
    await log.append([a_record()] * 3)
    end = await log.end()
    await log.trim(end)
    await log.trim(end * 33)
    assert await log.end() == end
    assert await log.wait(0, timeout_seconds=0) is True
    first = await log.append([a_record(b"next")])
    assert first >= end
    assert (await read_all(log))[-1] == (first, a_record(b"next"))
    assert (await read_all(log, end)) == [(first, a_record(b"next"))]


async def test_a_closed_log_takes_nothing_more(log: Log) -> None:
    await log.append([a_record()])
    await log.close()
    await log.close()
    with pytest.raises(Busy):
        await log.append([a_record()])
