"""The checkpointer: moves what was committed from the write-ahead log into the database file, beside the writer."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from holdfast.stores.sqlite.opening import open_writer

_log = logging.getLogger(__name__)

EVERY_SECONDS = 0.5
PAGE_BYTES = 4_096
"""As SQLite has them unless it is told otherwise, which it is not."""
BYTES_BEFORE = 4 * 1024 * 1024
"""Write-ahead log worth moving."""
BYTES_MOST = 256 * 1024 * 1024
"""Write-ahead log worth making writers wait for a moment, so that it shrinks again."""
BYTES_REUSED = 16 * 1024 * 1024
"""Write-ahead log worth being written from its start again."""
BYTES_LEFT_MOST = 4 * 1024 * 1024
"""What may be left to be moved for a writer to do it: it takes a few milliseconds."""
IDLE_ROUNDS = 10
"""Rounds without growth after which the log is emptied."""
WAIT_MILLIS = 1_000


class Checkpointer:
    """A thread with its own connection. Passive checkpoints hold nobody up, so they are the rule.

    While one goes on, the writer writes on. So where transactions follow each other closely the log would grow until
    writers are made to wait for as long as it takes to move all of it: the rest, a transaction or two, is moved by the
    writer itself, and the next one begins the log anew. Where each transaction is large, it moves every other one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._stop = threading.Event()
        self._nearly_done = threading.Event()
        self._moved: tuple[int, int] = (0, 0)
        """Pages written and moved when a checkpoint last told: the log as it was left, should they still be so many."""
        self._thread = threading.Thread(target=self._run, name="holdfast-checkpoint", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the round under way."""
        self._stop.set()
        self._thread.join()

    def finish(self, writer: sqlite3.Connection) -> None:
        """Between two transactions, in the writer's thread: move the rest, if little is left."""
        if self._nearly_done.is_set():
            self._nearly_done.clear()
            with suppress(sqlite3.Error):  # What was committed stands; a disk at fault will be told of by the thread.
                (_, written, moved) = writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._moved = (written, moved)

    def _run(self) -> None:
        connection = open_writer(self._path)
        quiet = 0
        before = (0, 0)
        failed = False
        try:
            while not self._stop.wait(EVERY_SECONDS):
                now = self._size()
                quiet = quiet + 1 if now == before else 0
                before = now
                try:
                    self._round(connection, now[0], idle=quiet == IDLE_ROUNDS)
                    failed = False
                except sqlite3.Error as error:
                    # What was committed stands in the log. A disk that is full will have room again, and then it has to
                    # be moved: a log that nobody moves would grow until there is none left.
                    if not failed:
                        _log.error("%s cannot be written, and %s grows: %s", self._path, self._log.name, error)
                    failed, quiet = True, 0
        finally:
            connection.close()

    def _round(self, connection: sqlite3.Connection, size: int, *, idle: bool) -> None:
        if size > BYTES_MOST or (idle and size):
            connection.execute(f"PRAGMA busy_timeout = {0 if idle else WAIT_MILLIS}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        elif size > BYTES_BEFORE:
            (busy, written, moved) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if busy:
                return  # The writer is at it.
            if (written, moved) == self._moved:
                return  # Nothing has come since: what comes next begins the log anew, or is for this thread to move.
            self._moved = (written, moved)
            if written * PAGE_BYTES > BYTES_REUSED and (written - moved) * PAGE_BYTES <= BYTES_LEFT_MOST:
                self._nearly_done.set()

    def _size(self) -> tuple[int, int]:
        """Size and time of the log: after a checkpoint it is written from its start again, so size says little."""
        try:
            status = self._log.stat()
        except FileNotFoundError:
            return (0, 0)
        return (status.st_size, status.st_mtime_ns)
