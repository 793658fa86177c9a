"""The log in segment files: one writer thread, one sync for everything that waited.

An append waits. The writer thread takes all that waits, writes it, syncs once, and answers every append with one call
into the event loop; while it syncs, the next group gathers. Readers never see an entry that is not durable.

Where appends come faster than groups are written, the thread lets a moment pass between two: each group wakes a thread
and an event loop and takes the interpreter from whoever works, whatever is in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import threading
import time
from asyncio import AbstractEventLoop, Future
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from holdfast.kernel.errors import Busy, Conflict, Internal
from holdfast.ports.erasure import Rewrite
from holdfast.ports.log import Entry, Record
from holdfast.stores.log.disk import Sync, die, sync_directory, sync_to_disk, write_all
from holdfast.stores.log.frame import BODY_BYTES_MOST, FILE_HEADER, MAGIC, SOURCE_BYTES_MOST, checksum_body, head
from holdfast.stores.log.rewriting import DRAFT, new_bodies, write_draft
from holdfast.stores.log.segment import SUFFIX, Segment, segment_path
from holdfast.stores.log.tail import Tail

_log = logging.getLogger(__name__)
_LOCK_FILE = "lock"
GATHER_SECONDS = 0.002
"""How long after a group the next is written at the soonest, if that one held more than one append. Alone, or one after
the other, an append waits for nothing."""


@dataclass(slots=True)
class _Append:
    """Records on their way to the disk, and who waits for them."""

    parts: list[tuple[Record, bytes, int]]
    """Each record with its source as bytes and the first part of its checksum."""
    size: int
    loop: AbstractEventLoop
    done: Future[int]


@dataclass(slots=True)
class _Waiter:
    offset: int
    loop: AbstractEventLoop
    arrived: Future[bool]


@dataclass(slots=True)
class _News:
    """What one group's end means to one event loop."""

    appended: list[tuple[Future[int], int]] = field(default_factory=list)
    arrived: list[Future[bool]] = field(default_factory=list)

    def tell(self, error: Exception | None = None) -> None:
        for done, offset in self.appended:
            if done.done():
                continue  # Its caller went away; the records are durable all the same.
            if error is None:
                done.set_result(offset)
            else:
                done.set_exception(error)
        for arrived in self.arrived:
            if not arrived.done():
                arrived.set_result(True)


class SegmentLog:
    """The log of one directory. Opening reads the newest segment and cuts off what a crash left half-written.

    Args:
        directory: where the segments live; made if it is not there.
        segment_bytes: a segment that has grown past this is closed and a new one begun.
        queue_bytes: appends are refused with Busy while more than this waits to be written.
        tail_bytes: how much of the newest entries is kept in memory, so that those who follow the log closely never
            touch the disk. Small on purpose: what is kept longer leaves the processor's cache, and appends get dearer.
        sync: makes a file durable.
        gather_seconds: how long after a group of several appends the next is written at the soonest.
        begins_at: the offset of its first record, when there is no segment yet: how far one that was there before has
            been read.

    Raises Conflict when another process has the directory open, Internal when a segment cannot be read.
    """

    def __init__(
        self,
        directory: Path | str,
        *,
        segment_bytes: int = 256 * 1024 * 1024,
        queue_bytes: int = 64 * 1024 * 1024,
        tail_bytes: int = 2 * 1024 * 1024,
        sync: Sync = sync_to_disk,
        gather_seconds: float = GATHER_SECONDS,
        begins_at: int = 0,
    ) -> None:
        self._directory = Path(directory)
        self._segment_bytes = segment_bytes
        self._queue_bytes = queue_bytes
        self._sync = sync
        self._gather_seconds = gather_seconds
        self._gather_until = 0.0
        """When the next group is to be written; of the writer thread, as it goes by the monotonic clock."""
        self._lock = threading.Lock()  # Guards what the event loops and the writer share; held for microseconds.
        self._reading = threading.Lock()  # One reader of old files at a time: reading also builds their index.
        self._writing = threading.Lock()  # Held while the newest segment is written, or closed for another.
        self._rewriting = threading.Lock()  # One rewriting at a time.
        self._gathered: list[_Append] = []
        self._queue: SimpleQueue[list[_Append] | None] = SimpleQueue()
        self._waiting_bytes = 0
        self._waiters: list[_Waiter] = []
        self._closed = False
        self._make_directory()
        self._lock_handle = self._take_directory()
        for draft in self._directory.glob(f"*{DRAFT}"):
            draft.unlink()
        self._segments = [
            Segment(path, int(path.stem)) for path in sorted(self._directory.glob(f"*{SUFFIX}")) if path.stem.isdigit()
        ]
        self._file, self._size, self._end = self._open_newest(begins_at)
        self._tail = Tail(self._end, tail_bytes)
        self._writer = threading.Thread(target=self._write_for_ever, name="holdfast-log", daemon=True)
        self._writer.start()

    async def append(self, records: Sequence[Record]) -> int:
        if not records:
            return self._end
        size = 0
        parts: list[tuple[Record, bytes, int]] = []
        for record in records:
            source = record.source.encode()
            if len(source) > SOURCE_BYTES_MOST or len(record.body) > BODY_BYTES_MOST:
                raise ValueError(
                    f"a record has up to {SOURCE_BYTES_MOST} bytes of source and {BODY_BYTES_MOST} of body"
                )
            parts.append((record, source, checksum_body(source, record.body)))
            size += len(record.body)
        loop = asyncio.get_running_loop()
        waiting = _Append(parts, size, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise Busy("The log is closed: the server is stopping.", hint="Send it again in a few seconds.")
            if self._waiting_bytes and self._waiting_bytes + size > self._queue_bytes:
                raise Busy(
                    f"More than {self._queue_bytes} bytes are waiting to be written.", hint="Send it again in a second."
                )
            self._waiting_bytes += size
            if not self._gathered:
                # All that this turn of the event loop appends goes to the writer at once: waking a thread costs more
                # than anything else here, and larger groups need fewer syncs.
                loop.call_soon(self._hand_over)
            self._gathered.append(waiting)
        return await waiting.done

    async def read(self, offset: int, *, max_records: int, max_bytes: int) -> list[Entry]:
        while True:
            with self._lock:
                offset = max(offset, self._segments[0].first)
                end = self._end
                if offset >= end:
                    return []
                recent = self._tail.read(offset, max_records, max_bytes)
                place = bisect_right(self._segments, offset, key=lambda segment: segment.first) - 1
                older = self._segments[place]
                stop = self._segments[place + 1].first if place + 1 < len(self._segments) else end
            if recent:
                return recent
            # An entry of another segment is for the next call: this one has at least one of this segment's.
            with contextlib.suppress(FileNotFoundError):  # Trimmed meanwhile: then begin where the log now begins.
                return await asyncio.to_thread(self._read_file, older, offset, stop, max_records, max_bytes)

    async def end(self) -> int:
        return self._end

    async def waiting(self, offset: int) -> int:
        with self._lock:
            return max(0, self._end - max(offset, self._segments[0].first))

    async def size(self) -> int:
        with self._lock:
            paths = [segment.path for segment in self._segments]
        return await asyncio.to_thread(_bytes_of, paths)

    async def wait(self, offset: int, *, timeout_seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        with self._lock:
            if offset < self._end:
                return True
            waiter = _Waiter(offset, loop, loop.create_future())
            self._waiters.append(waiter)
        timer = loop.call_later(timeout_seconds, _give_up, waiter.arrived)
        try:
            return await waiter.arrived
        finally:
            timer.cancel()
            with self._lock, contextlib.suppress(ValueError):
                self._waiters.remove(waiter)

    async def trim(self, before: int) -> None:
        with self._lock:
            keep = max(bisect_right(self._segments, before, key=lambda segment: segment.first) - 1, 0)
            gone, self._segments = self._segments[:keep], self._segments[keep:]
        for segment in gone:
            # A crash between two of these leaves older segments behind, which the next trim finds again.
            await asyncio.to_thread(segment.path.unlink, missing_ok=True)

    async def rewrite(self, before: int, change: Rewrite) -> int:
        """As `ports.erasure.Rewritable` says. What was cut off an unclean end, and kept as evidence, goes too."""
        return await asyncio.to_thread(self._rewrite, before, change)

    def _rewrite(self, before: int, change: Rewrite) -> int:
        with self._rewriting:
            with self._writing:
                if before > self._segments[-1].first and self._end > self._segments[-1].first:
                    self._roll()  # A file that is appended to cannot be replaced.
            with self._lock:
                stops = [segment.first for segment in self._segments[1:]]
                closed = [each for each in zip(self._segments, stops, strict=False) if each[0].first < before]
            rewritten = 0
            for segment, stop in closed:
                try:
                    rewritten += self._rewrite_segment(segment, stop, before, change)
                except FileNotFoundError:  # Trimmed meanwhile: then nothing of it is to be left.
                    segment.path.with_suffix(DRAFT).unlink(missing_ok=True)
            for torn in self._directory.glob("*.torn"):
                torn.unlink()
            sync_directory(self._directory)
        return rewritten

    def _rewrite_segment(self, segment: Segment, stop: int, before: int, change: Rewrite) -> int:
        bodies = new_bodies(segment, stop, before, change)
        if not bodies:
            return 0
        draft = write_draft(segment, stop, bodies, self._sync)
        with self._reading, self._lock:
            if segment not in self._segments:
                draft.unlink()
                return 0
            draft.replace(segment.path)
            segment.marks.clear()
            self._tail.rewrite(bodies)
        sync_directory(self._directory)
        return len(bodies)

    async def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        os.close(self._file)
        os.close(self._lock_handle)

    def _hand_over(self) -> None:
        with self._lock:
            if self._gathered:
                self._queue.put(self._gathered)
                self._gathered = []

    # Opening.

    def _make_directory(self) -> None:
        if not self._directory.is_dir():
            self._directory.mkdir(parents=True)
            sync_directory(self._directory.parent)

    def _take_directory(self) -> int:
        handle = os.open(self._directory / _LOCK_FILE, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Conflict(
                f"Another process is writing the log in {self._directory}.",
                code="log_in_use",
                hint="Stop that process, or choose another data directory.",
            ) from error
        return handle

    def _open_newest(self, begins_at: int) -> tuple[int, int, int]:
        """The newest segment's file, open at its end; its size; and the offset the next record will get."""
        if not self._segments:
            if begins_at:
                _log.warning(
                    "the log in %s, which was read up to offset %d, is not there; it is made anew, and what was in it "
                    "and was not taken in is lost",
                    self._directory,
                    begins_at,
                )
            segment, file = self._begin_segment(begins_at)
            self._segments.append(segment)
            return file, FILE_HEADER.size, begins_at
        newest = self._segments[-1]
        end, size = newest.recover()
        file = os.open(newest.path, os.O_RDWR | os.O_APPEND)
        torn = os.fstat(file).st_size - size
        if torn:
            _log.warning("the log %s ended in %d bytes that were never acknowledged; cut off", newest.path, torn)
            # Kept beside the log: should the disk and not the crash be at fault, it is evidence.
            newest.path.with_suffix(".torn").write_bytes(os.pread(file, torn, size))
            os.ftruncate(file, size)
        if size == 0:
            write_all(file, [FILE_HEADER.pack(MAGIC, newest.first)])
            size = FILE_HEADER.size
        # A process killed before its sync leaves whole frames in the page cache. They will be read, so sync them.
        os.fsync(file)
        sync_directory(self._directory)
        return file, size, end

    def _begin_segment(self, first: int) -> tuple[Segment, int]:
        """A new segment whose first record will have the offset `first`, and its file."""
        path = segment_path(self._directory, first)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND, 0o644)
        try:
            # The header is synced with the first group; only the name must be durable before.
            write_all(file, [FILE_HEADER.pack(MAGIC, first)])
            sync_directory(self._directory)
        except OSError:
            os.close(file)
            path.unlink()
            raise
        return Segment(path, first), file

    # Reading.

    def _read_file(self, segment: Segment, start: int, stop: int, max_records: int, max_bytes: int) -> list[Entry]:
        found: list[Entry] = []
        size = 0
        with self._reading:
            try:
                for entry in segment.entries(start, stop):
                    size += len(entry.record.body)
                    if found and (size > max_bytes or len(found) >= max_records):
                        break
                    found.append(entry)
            except Internal:
                if not found:  # What lies before the damage is given first.
                    raise
        return found

    # Writing: all below runs in the writer thread.

    def _write_for_ever(self) -> None:
        try:
            while group := self._take_group():
                with self._writing:
                    self._write_group(group)
        except BaseException as error:  # noqa: BLE001 — a log that no longer writes must not seem to live.
            die(f"the log in {self._directory} cannot be written ({error!r})")

    def _take_group(self) -> list[_Append]:
        """Everything that waits, at least one; empty when the log is closing and all is written."""
        group: list[_Append] = []
        with contextlib.suppress(Empty):
            gathered = self._queue.get()
            if (left := self._gather_until - time.monotonic()) > 0:
                time.sleep(left)
            while gathered is not None:
                group += gathered
                gathered = self._queue.get_nowait()
            if group:
                self._queue.put(None)  # Write these first, then stop.
        return group

    def _write_group(self, group: list[_Append]) -> None:
        try:
            if self._size >= self._segment_bytes and self._end > self._segments[-1].first:
                self._roll()
        except OSError as error:
            self._refuse(group, error)
            return
        pieces: list[bytes] = []
        entries: list[Entry] = []
        places: list[tuple[int, int]] = []
        size = self._size
        for waiting in group:
            for record, source, checksum in waiting.parts:
                offset = self._end + len(entries)
                places.append((offset, size))
                frame_head = head(offset, record, source, checksum)
                pieces += (frame_head, record.body)
                size += len(frame_head) + len(record.body)
                entries.append(Entry(offset=offset, record=record))
        try:
            write_all(self._file, pieces)
        except OSError as error:
            self._refuse(group, error)
            return
        self._sync(self._file)
        self._gather_until = time.monotonic() + self._gather_seconds if len(group) > 1 else 0.0
        self._publish(group, entries, places, size)

    def _roll(self) -> None:
        """Begin the next segment. The old one is durable to its end: every group was synced."""
        segment, file = self._begin_segment(self._end)
        os.close(self._file)
        with self._lock:
            self._segments.append(segment)
        self._file, self._size = file, FILE_HEADER.size

    def _refuse(self, group: list[_Append], error: OSError) -> None:
        """The disk took no more: take back the half that was written, and let the callers try again later."""
        os.ftruncate(self._file, self._size)
        _log.error("the log in %s cannot be written: %s", self._directory, error)
        busy = Busy(f"The log cannot be written: {error.strerror}.", hint="Free space on its disk, then send it again.")
        with self._lock:
            self._waiting_bytes -= sum(waiting.size for waiting in group)
        for loop, news in self._news(group, []).items():
            _tell(loop, news, busy)

    def _publish(self, group: list[_Append], entries: list[Entry], places: list[tuple[int, int]], size: int) -> None:
        with self._lock:
            for offset, byte in places:
                self._segments[-1].mark(offset, byte)
            self._size = size
            self._end += len(entries)
            self._waiting_bytes -= sum(waiting.size for waiting in group)
            self._tail.add(entries)
            arrived = [waiter for waiter in self._waiters if waiter.offset < self._end]
            self._waiters = [waiter for waiter in self._waiters if waiter.offset >= self._end]
        for loop, news in self._news(group, arrived, first=entries[0].offset).items():
            _tell(loop, news)

    def _news(self, group: list[_Append], arrived: list[_Waiter], first: int = 0) -> dict[AbstractEventLoop, _News]:
        news: dict[AbstractEventLoop, _News] = {}
        for waiting in group:
            news.setdefault(waiting.loop, _News()).appended.append((waiting.done, first))
            first += len(waiting.parts)
        for waiter in arrived:
            news.setdefault(waiter.loop, _News()).arrived.append(waiter.arrived)
        return news


def _bytes_of(paths: Sequence[Path]) -> int:
    size = 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError):  # Trimmed meanwhile.
            size += path.stat().st_size
    return size


def _tell(loop: AbstractEventLoop, news: _News, error: Exception | None = None) -> None:
    with contextlib.suppress(RuntimeError):  # The loop is closed: nobody is left to tell.
        loop.call_soon_threadsafe(news.tell, error)


def _give_up(arrived: Future[bool]) -> None:
    if not arrived.done():
        arrived.set_result(False)
