"""A line that says how far a question has come, on a terminal and only when it takes long."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

FIRST_AFTER_SECONDS = 1.0
EVERY_SECONDS = 0.5
_CLEAR = "\r\x1b[K"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How far a question has come."""

    share: float
    rows_read: int
    elapsed_seconds: float

    def line(self) -> str:
        """The line: `Asking… 42 %, 12,000,000 rows read, 3 s (Ctrl-C stops it)`."""
        done = f" {self.share:.0%}," if self.share else ""
        return f"Asking…{done} {self.rows_read:,} rows read, {self.elapsed_seconds:.0f} s (Ctrl-C stops it)"


@contextlib.contextmanager
def progress_line(ask: Callable[[], Told | None]) -> Iterator[None]:
    """While the block lasts, ask now and then how far it has come, and show that on standard error.

    Args:
        ask: called from another thread; what it raises ends the telling, and nothing else.
    """
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(ask, over), name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(ask: Callable[[], Told | None], over: threading.Event) -> None:
    shown = False
    pause = FIRST_AFTER_SECONDS
    while not over.wait(pause):
        pause = EVERY_SECONDS
        try:
            told = ask()
        except Exception:  # noqa: BLE001 - how far it is is nice to know; whatever is wrong, the question itself will say.
            break
        if told is not None:
            sys.stderr.write(_CLEAR + told.line())
            sys.stderr.flush()
            shown = True
    if shown:
        sys.stderr.write(_CLEAR)
        sys.stderr.flush()
