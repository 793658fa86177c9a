"""Threads for work that may not come back: questions that others wrote.

The engine cannot be stopped within one call of a function, and what one call does with a text of a megabyte may take
hours. So such work has threads of its own, on which nothing else waits; one that does not come back is given up, and
does not keep the process from ending.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from holdfast.kernel.errors import Busy

T = TypeVar("T")

PLACES = 2
"""Pieces of work at the same time; the others wait."""
WAITING_MOST = 64
GIVEN_UP_MOST = 3
"""Once so many threads are lost nothing more is begun: each keeps a core busy."""


@dataclass(slots=True, eq=False)
class Piece(Generic[T]):
    """One piece of work."""

    future: Future[T] = field(default_factory=Future)
    given_up: bool = False


class Apart:
    """A thread for each piece of work, a few at a time."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(PLACES)
        self._lock = threading.Lock()
        self._lost = 0
        self._pieces: set[Piece[object]] = set()

    def begin(self, work: Callable[[], T]) -> Piece[T]:
        """Do it when there is a place. Raises Busy when too much waits, or too much never came back."""
        piece: Piece[T] = Piece()
        with self._lock:
            self._check()
            if len(self._pieces) >= WAITING_MOST:
                raise Busy("too many questions are waiting.", code="too_many", hint="Ask again in a moment.")
            self._pieces.add(piece)  # type: ignore[arg-type]  # What a piece answers is no matter here.
        threading.Thread(target=self._do, args=(piece, work), name="history-apart", daemon=True).start()
        return piece

    def give_up(self, piece: Piece[T]) -> None:
        """Wait for it no longer: another takes its place."""
        with self._lock:
            if piece.given_up or piece.future.done():
                return
            piece.given_up = True
            self._lost += 1
        self._places.release()

    def is_empty(self) -> bool:
        """Whether everything came back."""
        with self._lock:
            return not self._pieces

    def _check(self) -> None:
        """Raises Busy when as many never came back as may be lost."""
        if self._lost >= GIVEN_UP_MOST:
            raise Busy(
                f"{self._lost} questions did not end and hold the engine up.",
                code="held_up",
                hint="Start the server again to be rid of them.",
            )

    def _do(self, piece: Piece[T], work: Callable[[], T]) -> None:
        self._places.acquire()
        try:
            if piece.future.set_running_or_notify_cancel():
                try:
                    self._check()
                    answer = work()
                except BaseException as error:  # noqa: BLE001  # Whoever waits for it is told, whatever it is.
                    piece.future.set_exception(error)
                else:
                    piece.future.set_result(answer)
        finally:
            with self._lock:
                self._pieces.discard(piece)
                self._lost -= piece.given_up
            if not piece.given_up:
                self._places.release()
