"""Servers of our own, each in a process and with a data directory that goes when it ends, and what they log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

START_SECONDS = 120
END_SECONDS = 20
TAIL_BYTES = 12_000
"""Of a log, so much of its end is shown where something failed."""

_logs: dict[int, Path] = {}
"""By port, what the server there wrote; until it ends."""


@contextmanager
def serving(*arguments: str, says: str = r"Console\s+(http://\S+)", **environment: str) -> Iterator[str]:
    """Run `holdfast` with these arguments, on a free port, until the block ends; gives the address it says."""
    with tempfile.TemporaryDirectory() as data:
        log = Path(data) / "server.log"
        command = [str(Path(sys.executable).with_name("holdfast")), *arguments, "--port", "0", "--data", f"{data}/data"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "200", **environment}
            )
        try:
            address = _said(process, log, says)
            _logs[_port(address)] = log
            yield address
            _logs.pop(_port(address))
        finally:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _said(process: subprocess.Popen[bytes], log: Path, says: str) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if found := re.search(says, log.read_text(encoding="utf-8", errors="replace")):
            return found.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def _port(address: str) -> int:
    return urlsplit(address).port or 0


def log_of(address: str) -> str:
    """The end of what the server at this address wrote; nothing of one that is not ours."""
    log = _logs.get(_port(address))
    return "" if log is None else log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")


def explain(response: httpx.Response) -> None:
    """Print why, when a server answered that something broke on its side: an event hook of clients."""
    if response.status_code >= 500:
        asked = response.request
        print(f"{response.status_code} {asked.method} {asked.url}; the server's log ends:\n{log_of(str(asked.url))}")
