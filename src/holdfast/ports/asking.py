"""Asking: who waits for an answer, how far it has come, and how to call it off.

Whoever asks says so around the call, with `asked_as`; the history finds it there, however many calls lie between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(slots=True, kw_only=True, eq=False)
class Asking:
    """Something that is being asked of the history: one question, or several one after another or side by side."""

    id: str
    """By which it is asked about and called off."""
    words: str = ""
    """What is asked, for people to read."""
    cancelled: bool = False
    """Once true, whatever it still asks is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """How far the answer has come."""

    id: str
    words: str
    elapsed_seconds: float
    rows_read: int
    rows_total: int
    """As far as is known by now; it may grow while parts of the question come to light."""
    memory_bytes: int

    @property
    def share(self) -> float:
        """Of the rows that are to be read, those that were: 0 to 1."""
        return min(1.0, self.rows_read / self.rows_total) if self.rows_total else 0.0


@runtime_checkable
class Questions(Protocol):
    """The questions under way."""

    async def under_way(self) -> list[UnderWay]:
        """Every one, the oldest first."""
        ...

    async def cancel(self, asking_id: str) -> bool:
        """Call off what is asked under that id. Its asker gets the error `cancelled`.

        False when nothing of that id is under way.
        """
        ...


_now: ContextVar[Asking | None] = ContextVar("asking", default=None)


def asking_now() -> Asking | None:
    """What the code that runs is asking; None when nobody said."""
    return _now.get()


@contextmanager
def asked_as(asking: Asking) -> Iterator[Asking]:
    """Whatever is asked of the history within the block belongs to `asking`."""
    token = _now.set(asking)
    try:
        yield asking
    finally:
        _now.reset(token)
