"""What a folder takes up on its disk, looked at while others write and tidy up in it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILES_MOST = 1_000_000
"""Files that are measured; so many a data directory never has."""


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder and below it.

    Files and folders may go while we look, for stores tidy up at all times: what is gone counts for nothing.
    """
    size = count = 0
    # Not `Path.rglob`, which raises when a folder it was about to enter is gone.
    for place, _, names in os.walk(folder):
        for name in names:
            count += 1
            if count > FILES_MOST:
                return size
            with suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - A million of them.
    return size
