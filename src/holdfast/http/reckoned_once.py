"""Reckoned once: what many look at all the time, such as counters, is reckoned once for all of them.

However many pages stand open, it is done no more often than somebody can notice; and the longer it takes, the less
often, so that looking on never takes more than a small share of what the machine can do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
REST = 9
"""For so many times as long as it took, nothing is reckoned again: a tenth of one core at most."""


class ReckonedOnce(Generic[T]):
    """An answer for all who ask within some time."""

    def __init__(
        self, reckon: Callable[[], Awaitable[T]], *, every_seconds: float, clock: Callable[[], float] | None = None
    ) -> None:
        """Nothing is reckoned before somebody asks.

        Args:
            every_seconds: how old an answer may be, where reckoning takes no time.
            clock: tells seconds; the loop's, where none is given.
        """
        self._reckon = reckon
        self._every_seconds = every_seconds
        self._clock = clock
        self._turn = asyncio.Lock()
        self._kept: T | None = None
        self._until = 0.0

    async def answer(self) -> T:
        """The answer. Raises whatever reckoning it does; whoever asks next then begins anew."""
        clock = self._clock or asyncio.get_running_loop().time
        async with self._turn:
            began = clock()
            if self._kept is None or began >= self._until:
                self._kept = None
                self._kept = await self._reckon()
                ended = clock()
                self._until = max(began + self._every_seconds, ended + REST * (ended - began))
            return self._kept
