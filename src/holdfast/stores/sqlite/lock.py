"""One owner at a time: a lock on the directory that the kernel lets go of when its owner dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from holdfast.kernel.errors import Busy


class Lock:
    """The lock on a directory, held from the moment it is made. Raises Busy, naming the owner, when it is taken."""

    def __init__(self, directory: Path) -> None:
        path = directory / "state.lock"
        # Opened for appending: the owner's number must stay readable for whoever comes second.
        self._file = path.open("a+", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise Busy(
                f"{directory} is in use by process {owner}.",
                code="workspace_in_use",
                hint="Stop that process first, or choose another directory.",
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next one in. The file stays: removing it could take it from under somebody waiting."""
        self._file.close()
