"""Codes made here: of their pattern, hard to guess, and never any that was there before."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.flows.content.coupon_codes import ALPHABET, COUNT_MOST, EXAMPLE, make_codes
from holdfast.flows.content.coupons import coupon_pools
from holdfast.kernel.errors import Invalid
from holdfast.testing import FakeClock, MemoryState

CLOCK = FakeClock()


async def held(state: MemoryState) -> list[tuple[str, str]]:
    async with state.view() as view:
        return [(each.pool, each.code) for each in await view.coupons_after(0, limit=100_000)]


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=5), st.integers(1, 40))
@settings(max_examples=25)
def test_each_is_of_the_pattern_and_none_is_there_twice(begins: str, count: int) -> None:
    async def story() -> None:
        state = MemoryState()
        pattern = f"{begins}-####-####"
        codes = await make_codes(state, CLOCK, "SPRING", pattern, count)
        assert len(set(codes)) == len(codes) == count
        for code in codes:
            assert len(code) == len(pattern)
            assert code.startswith(f"{begins}-")
            assert code[-5] == "-"
            assert set(code[len(begins) + 1 :]) - {"-"} <= set(ALPHABET)
        assert sorted(held_code for _, held_code in await held(state)) == sorted(codes)

    asyncio.run(story())


class Repeating(Random):
    """Draws what it is told to, and then by chance."""

    def __init__(self, *drawn: str) -> None:
        super().__init__(1)
        self._drawn = [list(each) for each in drawn]

    def choices(self, population: Any, *given: Any, **named: Any) -> list[Any]:
        return self._drawn.pop(0) if self._drawn else super().choices(population, *given, **named)


async def test_what_any_pool_has_is_drawn_again() -> None:
    state = MemoryState()
    async with state.begin() as transaction:
        await transaction.add_coupons("OTHER", ["CCCCCC"], 1)
    chance = Repeating("CCCCCC", "DDDDDD", "DDDDDD")
    codes = await make_codes(state, CLOCK, "SPRING", "######", 3, chance=chance)
    assert "CCCCCC" not in codes
    assert "DDDDDD" in codes
    assert len(codes) == 3
    pools = {each.name: each.codes for each in await coupon_pools(state)}
    assert pools == {"OTHER": 1, "SPRING": 3}


async def test_the_most_at_once_are_all_there() -> None:
    state = MemoryState()
    assert len(await make_codes(state, CLOCK, "SPRING", EXAMPLE, COUNT_MOST)) == COUNT_MOST
    assert len(await held(state)) == COUNT_MOST


@pytest.mark.parametrize(
    ("pool", "pattern", "count", "code", "path"),
    [
        ("SPRING", EXAMPLE, 0, "bad_count", "count"),
        ("SPRING", EXAMPLE, COUNT_MOST + 1, "bad_count", "count"),
        ("SPRING", "", 1, "bad_pattern", "pattern"),
        ("SPRING", "A #####", 1, "bad_pattern", "pattern"),
        ("SPRING", "A,########", 1, "bad_pattern", "pattern"),
        ("SPRING", "A\n########", 1, "bad_pattern", "pattern"),
        ("SPRING", "#" * 101, 1, "bad_pattern", "pattern"),
        ("SPRING", "WELCOME", 1, "guessable_pattern", "pattern"),
        ("SPRING", "###", 1, "guessable_pattern", "pattern"),
        ("SPRING", "####", 10, "guessable_pattern", "pattern"),
        ("no name", EXAMPLE, 1, "bad_name", "pool"),
    ],
)
async def test_what_cannot_be_made_is_told_and_nothing_is(
    pool: str, pattern: str, count: int, code: str, path: str
) -> None:
    state = MemoryState()
    with pytest.raises(Invalid) as refused:
        await make_codes(state, CLOCK, pool, pattern, count)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert refused.value.hint
    assert await held(state) == []


async def test_how_many_places_are_wanted_is_told() -> None:
    with pytest.raises(Invalid, match="would soon be guessed") as refused:
        await make_codes(MemoryState(), CLOCK, "SPRING", "A-##", 500)
    assert "Give it 6 times #" in refused.value.hint
    assert len(ALPHABET) ** 6 >= 500 * 100_000 > len(ALPHABET) ** 5
