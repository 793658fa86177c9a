"""Rewriting entries where they stand: the same promises of the log in memory and the one in segment files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.ports.erasure import Rewritable
from holdfast.ports.log import Entry, Record
from holdfast.stores.log import SegmentLog
from holdfast.stores.log.disk import sync_to_disk
from holdfast.stores.memory.log import MemoryLog
from tests.contracts.test_log import a_record, read_all

Log = SegmentLog | MemoryLog


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


async def test_a_log_whose_offsets_skip_is_rewritten_by_offset() -> None:
    log = MemoryLog(stride=3)
    await log.append([a_record(b"secret 0"), a_record(b"secret 1")])
    assert await log.rewrite(4, cut) == 1
    assert [record.body for _, record in await read_all(log)] == [b"cut", b"secret 1"]


def cut(entry: Entry) -> bytes | None:
    """Says less where there is a secret."""
    return b"cut" if b"secret" in entry.record.body else None


async def filled(log: Log, count: int = 12) -> list[Record]:
    records = [a_record(b"secret %03d" % each if each % 3 == 0 else b"plain %03d" % each) for each in range(count)]
    for record in records:
        await log.append([record])
    return records


async def test_chosen_bodies_are_replaced_and_all_else_stays(log: Log) -> None:
    records = await filled(log)
    assert isinstance(log, Rewritable)
    assert await log.rewrite(7, cut) == 3
    found = await read_all(log)
    assert [offset for offset, _ in found] == list(range(12))
    for offset, record in found:
        changed = offset < 7 and offset % 3 == 0
        assert record == (a_record(b"cut") if changed else records[offset])


async def test_rewriting_again_changes_nothing_and_appending_goes_on(log: Log) -> None:
    await filled(log)
    assert await log.rewrite(12, cut) == 4
    assert await log.rewrite(12, cut) == 0
    assert await log.append([a_record(b"secret after")]) == 12
    assert (await read_all(log))[-1][1].body == b"secret after"
    assert await log.rewrite(100, cut) == 1


async def test_appends_and_readers_go_on_while_entries_are_rewritten(log: Log) -> None:
    await filled(log, 60)

    async def append() -> None:
        for each in range(60):
            await log.append([a_record(b"later %d" % each)])

    async def read() -> None:
        for _ in range(10):
            bodies = [record.body for _, record in await read_all(log)]
            assert all(body == b"cut" or body.endswith(b"%03d" % each) for each, body in enumerate(bodies[:60]))

    await asyncio.gather(append(), read(), log.rewrite(60, cut), log.rewrite(60, cut), read())
    bodies = [record.body for _, record in await read_all(log)]
    assert len(bodies) == 120
    assert bodies[60:] == [b"later %d" % each for each in range(60)]
    assert [body == b"cut" for body in bodies[:60]] == [each % 3 == 0 for each in range(60)]


async def test_no_file_holds_what_was_cut_and_the_log_opens_again(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, segment_bytes=300)
    records = await filled(log, 40)
    (tmp_path / "00000000000000000000.torn").write_bytes(b"secret half")
    await log.rewrite(40, cut)
    assert not [path for path in tmp_path.iterdir() if b"secret" in path.read_bytes()]
    await log.close()
    again = SegmentLog(tmp_path, segment_bytes=300)
    bodies = [record.body for _, record in await read_all(again)]
    assert bodies == [b"cut" if each % 3 == 0 else record.body for each, record in enumerate(records)]
    assert await again.append([a_record()]) == 40
    await again.close()


class _CutOffError(Exception):
    """The process would have died here."""


async def test_cut_off_at_any_sync_every_entry_is_old_or_new_and_the_draft_goes(tmp_path: Path) -> None:
    calls = 0
    for fail_at in range(4):
        directory = tmp_path / str(fail_at)
        armed = False

        def sync(file: int) -> None:
            nonlocal calls
            if armed:  # noqa: B023 - of this round.
                calls += 1
                if calls > fail_at:  # noqa: B023 - of this round.
                    raise _CutOffError
            sync_to_disk(file)

        log = SegmentLog(directory, segment_bytes=300, sync=sync)
        records = await filled(log, 40)
        calls, armed = 0, True
        with pytest.raises(_CutOffError):
            await log.rewrite(40, cut)
        armed = False
        await log.close()
        assert list(directory.glob("*.rewriting"))
        again = SegmentLog(directory, segment_bytes=300)
        assert not list(directory.glob("*.rewriting"))
        for offset, record in await read_all(again):
            assert record.body in {records[offset].body, b"cut"}
        await again.rewrite(40, cut)
        assert [record.body for _, record in await read_all(again)] == [
            b"cut" if each % 3 == 0 else record.body for each, record in enumerate(records)
        ]
        await again.close()


@pytest.mark.parametrize("when", ["while it is read", "when its draft is whole"])
async def test_what_was_trimmed_meanwhile_does_not_come_back(tmp_path: Path, when: str) -> None:
    loop = asyncio.get_running_loop()
    armed = False

    def trim() -> None:
        nonlocal armed
        if armed:
            armed = False
            asyncio.run_coroutine_threadsafe(opened.trim(30), loop).result(5)

    def sync(file: int) -> None:
        if when == "when its draft is whole":
            trim()
        sync_to_disk(file)

    def cut_late(entry: Entry) -> bytes | None:
        if when == "while it is read":
            trim()
        return cut(entry)

    opened = SegmentLog(tmp_path, segment_bytes=200, sync=sync)
    await filled(opened, 40)
    armed = True
    await opened.rewrite(40, cut_late)
    found = await read_all(opened)
    first = found[0][0]
    assert first > 10
    assert not [path for path in tmp_path.glob("*.log") if int(path.stem) < first]
    assert not list(tmp_path.glob("*.rewriting"))
    assert [offset for offset, _ in found] == list(range(first, 40))
    await opened.close()
