"""The few things a durable file needs of the operating system."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Sync = Callable[[int], None]
"""Makes a file's bytes survive a loss of power; returns only when they do."""

_PIECES_MOST = 1024  # IOV_MAX: what one writev call takes.
_CANNOT_SYNC_EXIT = 74  # EX_IOERR of sysexits.h.


def sync_to_disk(file: int) -> None:
    """Flush the file's bytes, and of its facts only those needed to read them, to the disk."""
    if sys.platform == "darwin":  # pragma: no cover — fsync there does not reach past the drive's cache.
        import fcntl  # noqa: PLC0415 — the constant exists only there.

        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(file)


def sync_directory(directory: Path) -> None:
    """Make the directory's names durable: a new file is not there after a crash until its name is."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_all(file: int, pieces: Sequence[bytes]) -> None:
    """Write every byte of the pieces, in order."""
    left = [memoryview(piece) for piece in pieces if piece]
    while left:
        written = os.writev(file, left[:_PIECES_MOST])
        done = 0
        while done < len(left) and written >= len(left[done]):
            written -= len(left[done])
            done += 1
        del left[:done]
        if written:
            left[0] = left[0][written:]


def die(reason: str) -> None:
    """End the process at once.

    After a failed sync the kernel may have thrown the bytes away and a second try would succeed without them, so what
    is durable can be known only by reading the file afresh: start again.
    """
    sys.stderr.write(f"holdfast: {reason}. Nothing more can be promised about the log, so the process ends here.\n")
    sys.stderr.flush()
    os._exit(_CANNOT_SYNC_EXIT)
