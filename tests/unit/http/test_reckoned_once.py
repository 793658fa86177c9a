"""What many look at is reckoned once for all of them, and the seldomer the longer it takes."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.http.reckoned_once import REST, ReckonedOnce


class Work:
    """Something that takes its time, and tells how often it was done."""

    def __init__(self, *, takes: float = 0.0) -> None:
        self.now = 100.0
        self.takes = takes
        self.done = 0
        self.fails = False
        self.once = ReckonedOnce(self.reckon, every_seconds=1.0, clock=lambda: self.now)

    async def reckon(self) -> int:
        await asyncio.sleep(0)
        if self.fails:
            raise OSError("gone")
        self.now += self.takes
        self.done += 1
        return self.done


async def test_all_who_ask_within_a_second_are_told_the_same() -> None:
    work = Work()
    assert await asyncio.gather(*(work.once.answer() for _ in range(50))) == [1] * 50
    work.now += 0.99
    assert await work.once.answer() == 1
    work.now += 0.01
    assert await asyncio.gather(*(work.once.answer() for _ in range(50))) == [2] * 50


async def test_what_takes_long_is_done_seldom() -> None:
    work = Work(takes=2.0)
    begun = work.now
    for _ in range(1_000):
        await work.once.answer()
        work.now += 0.1
    share = work.done * work.takes / (work.now - begun)
    assert 0.5 / (REST + 1) < share <= 1 / (REST + 1) + 0.02


async def test_what_failed_is_done_again() -> None:
    work = Work()
    work.fails = True
    with pytest.raises(OSError, match="gone"):
        await work.once.answer()
    work.fails = False
    assert await work.once.answer() == 1
    work.now += 5
    work.fails = True
    with pytest.raises(OSError, match="gone"):
        await work.once.answer()
    work.fails = False
    assert await work.once.answer() == 2
