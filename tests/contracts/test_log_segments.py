"""What the segment files promise beyond the contract: crashes, torn writes, full and failing disks."""

import asyncio
import logging
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.kernel.errors import Busy, Conflict, Internal
from holdfast.ports.log import Entry, Record
from holdfast.stores.log import SegmentLog
from holdfast.stores.log.disk import sync_to_disk, write_all
from holdfast.stores.log.frame import FILE_HEADER, HEAD_BYTES


def a_record(body: bytes = b"{}", *, received_ms: int = 1) -> Record:
    return Record(kind="batch", source="web", received_ms=received_ms, body=body)


async def bodies(log: SegmentLog) -> list[bytes]:
    return [entry.record.body for entry in await everything(log)]


async def everything(log: SegmentLog) -> list[Entry]:
    found: list[Entry] = []
    while entries := await log.read(len(found), max_records=1000, max_bytes=1 << 30):
        found += entries
    return found


async def a_log_of(directory: Path, records: list[bytes], *, segment_bytes: int = 1 << 20) -> None:
    log = SegmentLog(directory, segment_bytes=segment_bytes)
    for body in records:
        await log.append([a_record(body)])
    await log.close()


def newest(directory: Path) -> Path:
    return max(directory.glob("*.log"))


async def test_a_log_opened_again_goes_on_where_it_ended(tmp_path: Path) -> None:
    await a_log_of(tmp_path, [b"a", b"b" * 100_000, b""], segment_bytes=1000)
    log = SegmentLog(tmp_path, segment_bytes=1000)
    assert await log.end() == 3
    assert await log.append([a_record(b"d")]) == 3
    assert await bodies(log) == [b"a", b"b" * 100_000, b"", b"d"]
    await log.close()


async def test_a_log_that_is_made_anew_begins_where_it_was_read_to(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, begins_at=40)
    assert (await log.end(), await log.waiting(40)) == (40, 0)
    assert await log.append([a_record()]) == 40
    await log.close()
    again = SegmentLog(tmp_path, begins_at=7)
    assert await again.append([a_record()]) == 41, "one that is there goes on where it ended"
    assert [each.offset for each in await again.read(0, max_records=9, max_bytes=9999)] == [40, 41]
    await again.close()


async def test_any_entry_of_a_long_log_is_found(tmp_path: Path) -> None:
    sent = [b"%d" % number * (number % 700) for number in range(900)]
    log = SegmentLog(tmp_path, segment_bytes=400_000, tail_bytes=10_000)
    for start in range(0, 900, 45):
        await log.append([a_record(body) for body in sent[start : start + 45]])
    assert len(list(tmp_path.glob("*.log"))) > 1
    await log.close()
    log = SegmentLog(tmp_path, segment_bytes=400_000)
    for offset in [0, 1, 44, 45, 333, 640, 898, 899, *range(450, 460)]:
        (entry,) = await log.read(offset, max_records=1, max_bytes=1)
        assert (entry.offset, entry.record.body) == (offset, sent[offset])
    assert await bodies(log) == sent
    await log.close()


@pytest.mark.parametrize("damage", ["cut", "flip", "zero"])
async def test_whatever_a_crash_does_to_the_last_write_the_rest_is_kept(tmp_path: Path, damage: str) -> None:
    await a_log_of(tmp_path / "whole", [b"first", b"second"])
    whole = newest(tmp_path / "whole").read_bytes()
    last = len(whole) - (HEAD_BYTES + len(b"web") + len(b"second"))
    for byte in range(last, len(whole)):
        match damage:
            case "cut":
                torn = whole[:byte]
            case "flip":
                torn = whole[:byte] + bytes([whole[byte] ^ 0x10]) + whole[byte + 1 :]
            case _:
                torn = whole[:byte] + b"\0" * (len(whole) - byte + 5000)
        directory = tmp_path / f"{damage}-{byte}"
        directory.mkdir()
        path = directory / newest(tmp_path / "whole").name
        path.write_bytes(torn)
        log = SegmentLog(directory)
        assert await log.append([a_record(b"third")]) == 1
        assert await bodies(log) == [b"first", b"third"]
        await log.close()
        log = SegmentLog(directory)
        assert await bodies(log) == [b"first", b"third"]
        await log.close()


async def test_a_whole_frame_in_the_wrong_place_is_no_frame(tmp_path: Path) -> None:
    await a_log_of(tmp_path, [b"first"])
    path = newest(tmp_path)
    frame = path.read_bytes()[FILE_HEADER.size :]
    with path.open("ab") as file:
        file.write(frame)
    log = SegmentLog(tmp_path)
    assert await log.append([a_record(b"second")]) == 1
    assert await bodies(log) == [b"first", b"second"]
    await log.close()


async def test_what_is_cut_off_is_kept_aside_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await a_log_of(tmp_path, [b"first"])
    with newest(tmp_path).open("ab") as file:
        file.write(b"half a frame")
    with caplog.at_level(logging.WARNING):
        await SegmentLog(tmp_path).close()
    assert "12 bytes" in caplog.text
    assert next(tmp_path.glob("*.torn")).read_bytes() == b"half a frame"


@pytest.mark.parametrize("header_bytes", range(FILE_HEADER.size))
async def test_a_segment_whose_header_is_torn_begins_again(tmp_path: Path, header_bytes: int) -> None:
    await a_log_of(tmp_path, [b"a" * 100, b"b" * 100], segment_bytes=10)
    path = newest(tmp_path)
    path.write_bytes(path.read_bytes()[:header_bytes])
    log = SegmentLog(tmp_path, segment_bytes=10)
    assert await log.append([a_record(b"c")]) == 1
    assert await bodies(log) == [b"a" * 100, b"c"]
    await log.close()


async def test_a_file_of_something_else_is_not_touched(tmp_path: Path) -> None:
    foreign = tmp_path / f"{0:020d}.log"
    foreign.write_bytes(b"HFLOG\0\0\x09" + bytes(8) + b"from the future")
    with pytest.raises(Internal, match="this version"):
        SegmentLog(tmp_path)
    assert foreign.read_bytes().endswith(b"from the future")


async def test_damage_to_what_was_acknowledged_long_ago_is_not_passed_over(tmp_path: Path) -> None:
    await a_log_of(tmp_path, [b"a" * 50, b"b" * 50, b"c" * 50], segment_bytes=150)
    oldest = min(tmp_path.glob("*.log"))
    damaged = bytearray(oldest.read_bytes())
    damaged[-1] ^= 1
    oldest.write_bytes(damaged)
    log = SegmentLog(tmp_path)
    assert [entry.offset for entry in await log.read(0, max_records=1, max_bytes=1)] == [0]
    with pytest.raises(Internal, match="record 1 cannot be read"):
        await log.read(1, max_records=1, max_bytes=1)
    await log.close()


async def test_trimming_unlinks_whole_segments_and_survives_a_restart(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, segment_bytes=100)
    for number in range(10):
        await log.append([a_record(b"%d" % number * 60)])
    before = len(list(tmp_path.glob("*.log")))
    await log.trim(6)
    assert 0 < len(list(tmp_path.glob("*.log"))) < before
    (entry,) = await log.read(6, max_records=1, max_bytes=1)
    assert entry.record.body == b"6" * 60
    await log.trim(99)
    assert len(list(tmp_path.glob("*.log"))) == 1
    await log.close()
    log = SegmentLog(tmp_path, segment_bytes=100)
    assert await log.end() == 10
    await log.close()


async def test_a_second_writer_is_kept_out(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    with pytest.raises(Conflict) as refused:
        SegmentLog(tmp_path)
    assert refused.value.hint
    await log.close()
    await SegmentLog(tmp_path).close()


async def test_too_much_waiting_is_refused_and_what_waits_is_kept(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, queue_bytes=250)
    results = await asyncio.gather(*(log.append([a_record(b"x" * 100)]) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results] == [int, int, Busy, Busy, Busy]
    assert await log.append([a_record(b"y" * 1000)]) == 2
    assert await log.end() == 3
    await log.close()


async def test_every_answer_comes_after_a_sync_and_a_crowd_shares_one(tmp_path: Path) -> None:
    synced: list[int] = []

    def counted(file: int) -> None:
        sync_to_disk(file)
        synced.append(os.fstat(file).st_size)

    log = SegmentLog(tmp_path, sync=counted)
    for number in range(5):
        await log.append([a_record(b"x" * 10)])
        assert len(synced) == number + 1
        assert synced[-1] == newest(tmp_path).stat().st_size
    await asyncio.gather(*(log.append([a_record()]) for _ in range(100)))
    assert len(synced) < 5 + 100 / 2
    assert synced[-1] == newest(tmp_path).stat().st_size
    await log.close()


def made_durable(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The files and directories that are synced from now on, in order, by the numbers they have on the disk."""
    found: list[int] = []

    def noting(sound: Callable[[int], None]) -> Callable[[int], None]:
        def noted(file: int) -> None:
            sound(file)
            found.append(os.fstat(file).st_ino)

        return noted

    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    return found


async def test_what_a_killed_process_left_behind_is_durable_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have been killed between writing and syncing: the file is whole, and a loss of power would cut it."""
    await a_log_of(tmp_path, [b"one"])
    synced = made_durable(monkeypatch)
    log = SegmentLog(tmp_path)
    assert newest(tmp_path).stat().st_ino in synced
    assert await bodies(log) == [b"one"]
    await log.close()


async def test_a_new_segments_name_is_durable_before_anything_in_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SegmentLog(tmp_path, segment_bytes=1)
    await log.append([a_record()])
    first, synced = newest(tmp_path), made_durable(monkeypatch)
    await log.append([a_record()])
    assert newest(tmp_path) != first
    assert {tmp_path.stat().st_ino, newest(tmp_path).stat().st_ino} <= set(synced)
    await log.close()


async def test_where_many_come_the_next_ones_wait_for_each_other_and_one_alone_for_nobody(tmp_path: Path) -> None:
    synced: list[int] = []

    def counted(file: int) -> None:
        sync_to_disk(file)
        synced.append(os.fstat(file).st_size)

    log = SegmentLog(tmp_path, sync=counted, gather_seconds=2.0)
    await asyncio.gather(*(log.append([a_record()]) for _ in range(2)))
    first = asyncio.create_task(log.append([a_record()]))
    await asyncio.sleep(0.05)  # It is with the writer by now, who waits for whoever else comes.
    assert not first.done()
    second = asyncio.create_task(log.append([a_record()]))
    assert sorted(await asyncio.gather(first, second)) == [2, 3]
    assert len(synced) == 2
    await log.close()
    alone = SegmentLog(tmp_path, gather_seconds=3_600.0)
    for number in range(4, 7):
        assert await asyncio.wait_for(alone.append([a_record()]), 60) == number
    await alone.close()


async def test_nothing_is_read_before_it_is_durable(tmp_path: Path) -> None:
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(file: int) -> None:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()
        sync_to_disk(file)

    log = SegmentLog(tmp_path, sync=slow)
    appending = asyncio.create_task(log.append([a_record()]))
    while newest(tmp_path).stat().st_size == FILE_HEADER.size:
        await asyncio.sleep(0.001)
    assert not appending.done()
    assert await log.end() == 0
    assert await log.read(0, max_records=1, max_bytes=1) == []
    assert await log.wait(0, timeout_seconds=0.01) is False
    released.set()
    assert await appending == 0
    assert await log.end() == 1
    await log.close()


async def test_a_full_disk_refuses_and_takes_back_the_half_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = SegmentLog(tmp_path, queue_bytes=10)
    await log.append([a_record(b"before")])

    def full(file: int, pieces: list[bytes]) -> None:
        os.write(file, pieces[0])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("holdfast.stores.log.segment_log.write_all", full)
    for _ in range(4):  # Nothing of what was refused waits: there is room for as much again.
        with pytest.raises(Busy, match="No space left"):
            await log.append([a_record(b"lost")])
    monkeypatch.setattr("holdfast.stores.log.segment_log.write_all", write_all)
    assert await log.append([a_record(b"after")]) == 1
    await log.close()
    log = SegmentLog(tmp_path)
    assert await bodies(log) == [b"before", b"after"]
    await log.close()


def test_writing_goes_on_where_the_kernel_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., int] = os.writev

    def stingy(file: int, pieces: list[memoryview]) -> int:
        return real(file, [pieces[0][:7]])

    monkeypatch.setattr(os, "writev", stingy)
    pieces = [b"abc", b"", b"d" * 20, b"e" * 7, b"f"]
    with (tmp_path / "x").open("wb") as file:
        write_all(file.fileno(), pieces)
    assert (tmp_path / "x").read_bytes() == b"".join(pieces)


async def test_more_pieces_than_one_system_call_takes(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path)
    sent = [b"%d" % number for number in range(3000)]
    await log.append([a_record(body) for body in sent])
    await log.close()
    log = SegmentLog(tmp_path)
    assert await bodies(log) == sent
    await log.close()


_PROGRAM = """
import asyncio, os, sys
from holdfast.ports.log import Record
from holdfast.stores.log import SegmentLog

{before}

async def append_for_ever() -> None:
    log = SegmentLog(sys.argv[1], segment_bytes=20_000)
    names = iter(range(int(sys.argv[2]), 1 << 60))

    async def caller() -> None:
        while True:
            name = next(names)
            offset = await log.append([Record(kind="track", source="s", received_ms=1, body=b"%d" % name * 20)])
            os.write(1, b"%d %d\\n" % (offset, name))

    await asyncio.gather(*(caller() for _ in range(8)))

asyncio.run(append_for_ever())
"""


def start(directory: Path, first: int = 0, before: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM.format(before=before), str(directory), str(first)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


async def test_nothing_acknowledged_is_lost_however_often_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged: dict[int, bytes] = {}
    chance = random.Random(7)
    for kill in range(10):
        process = start(tmp_path, first=kill * 1_000_000)
        assert process.stdout is not None
        process.stdout.readline()  # It has begun, and acknowledged something.
        await asyncio.sleep(chance.uniform(0, 0.08))
        process.send_signal(signal.SIGKILL)
        # Not from `communicate`: it passes over what `readline` read ahead, and may begin within a line.
        output = process.stdout.read()
        process.communicate()
        for line in output.splitlines(keepends=True):
            if line.endswith(b"\n"):
                offset, name = line.split()
                assert int(offset) not in acknowledged
                acknowledged[int(offset)] = name * 20
    assert len(acknowledged) > 100
    log = SegmentLog(tmp_path)
    stored = {entry.offset: entry.record.body for entry in await everything(log)}
    assert list(stored) == list(range(len(stored)))
    assert {offset: stored.get(offset) for offset in acknowledged} == acknowledged
    await log.close()


def test_a_sync_that_fails_ends_the_process(tmp_path: Path) -> None:
    process = start(
        tmp_path,
        before="""
real = os.fdatasync
count = 0
def failing(file):
    global count
    count += 1
    if count > 3:
        raise OSError(5, "Input/output error")
    real(file)
os.fdatasync = failing
""",
    )
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 74
    assert b"Input/output error" in errors
    assert b"the process ends here" in errors
    assert output.count(b"\n") <= 3 * 8
