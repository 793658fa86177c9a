"""Beside: processes of our own that the server begins, each at the other end of a pair of sockets or two."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator


def begin(module: str, *given: socket.socket, also: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """Begin a process that is this module of ours. Raises OSError when there can be no further process.

    It never hears the signals to stop. Who stops all processes of a terminal or a service at once means the server,
    which tells those beside it; whoever only ignores signals once it is loaded can be met by one before that.

    Args:
        given: its ends of the wires; their numbers are its first arguments.
        also: the arguments after these.
    """
    numbers = [each.fileno() for each in given]
    with _without_signals():
        return subprocess.Popen(  # noqa: S603 - It is ourselves.
            # Nothing is looked for in the folder it happens to be started in.
            [sys.executable, "-P", "-m", module, *map(str, numbers), *also],
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def cores() -> int:
    """How many processors we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _without_signals() -> Iterator[None]:
    """What is begun within never hears the signals to stop; here they are heard once the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
