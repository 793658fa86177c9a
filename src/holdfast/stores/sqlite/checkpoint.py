"""The checkpointer: moves what was committed from the write-ahead log into the database file, beside the writer."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

from holdfast.stores.sqlite.opening import open_writer

EVERY_SECONDS = 0.5
BYTES_BEFORE = 4 * 1024 * 1024
"""Write-ahead log worth moving."""
BYTES_MOST = 256 * 1024 * 1024
"""Write-ahead log worth making writers wait for a moment, so that it shrinks again."""
IDLE_ROUNDS = 10
"""Rounds without growth after which the log is emptied."""
WAIT_MILLIS = 1_000


class Checkpointer:
    """A thread with its own connection. Passive checkpoints hold nobody up, so they are the rule."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="holdfast-checkpoint", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the round under way."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        connection = open_writer(self._path)
        quiet = 0
        before = (0, 0)
        try:
            while not self._stop.wait(EVERY_SECONDS):
                now = self._size()
                quiet = quiet + 1 if now == before else 0
                before = now
                self._round(connection, now[0], idle=quiet == IDLE_ROUNDS)
        finally:
            connection.close()

    def _round(self, connection: sqlite3.Connection, size: int, *, idle: bool) -> None:
        if size > BYTES_MOST or (idle and size):
            connection.execute(f"PRAGMA busy_timeout = {0 if idle else WAIT_MILLIS}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        elif size > BYTES_BEFORE:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _size(self) -> tuple[int, int]:
        """Size and time of the log: after a checkpoint it is written from its start again, so size says little."""
        try:
            status = self._log.stat()
        except FileNotFoundError:
            return (0, 0)
        return (status.st_size, status.st_mtime_ns)
