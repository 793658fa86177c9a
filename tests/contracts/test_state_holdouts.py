"""The state contract: how the global holdout was drawn at what time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from holdfast.flows.measure.holdout_draws import note_holdout_draw
from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.carry import Before, carry_before
from holdfast.kernel.moments import to_millis
from holdfast.ports.holdouts import HoldoutDraw
from holdfast.ports.state import State
from holdfast.stores.memory.state import MemoryState
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

AT_MS = to_millis(datetime(2026, 5, 1, tzinfo=UTC))
FIRST = HoldoutDraw(since_ms=AT_MS, share=0.05, rotates="quarter", zone="Europe/Berlin")
THEN = HoldoutDraw(since_ms=AT_MS + 1, share=0.0, rotates="never", zone="UTC")


async def draws(state: State) -> list[HoldoutDraw]:
    async with state.view() as view:
        return await view.holdout_draws()


async def test_draws_are_told_oldest_first_and_one_moment_has_one(state: State) -> None:
    assert await draws(state) == []
    async with state.begin() as transaction:
        await transaction.put_holdout_draw(THEN)
        await transaction.put_holdout_draw(FIRST)
        assert await transaction.holdout_draws() == [FIRST, THEN]
    async with state.begin() as transaction:
        await transaction.put_holdout_draw(replace(THEN, share=0.1))
    assert await draws(state) == [FIRST, replace(THEN, share=0.1)]


async def test_a_draw_is_noted_where_it_is_another_and_never_before_the_last(state: State) -> None:
    await note_holdout_draw(state, FIRST)
    await note_holdout_draw(state, replace(FIRST, since_ms=AT_MS + 5))
    assert await draws(state) == [FIRST], "the same again is no change"
    changed = replace(FIRST, since_ms=AT_MS + 9, share=0.1)
    await note_holdout_draw(state, changed)
    assert await draws(state) == [FIRST, changed]
    await note_holdout_draw(state, replace(changed, since_ms=AT_MS - 9, zone="UTC"))
    assert await draws(state) == [FIRST, replace(changed, zone="UTC")], "a clock that was set back changes no order"


async def test_they_are_carried_as_they_are(state: State) -> None:
    async with state.begin() as transaction:
        for each in (FIRST, THEN):
            await transaction.put_holdout_draw(each)
    other = MemoryState()
    assert (await carry_before(await Before.read(state), other))["holdout draws"] == 2
    assert await draws(other) == [FIRST, THEN]
    found = await compare_states(state, other)
    assert found["holdout draws"].same
    assert found["holdout draws"].rows == 2
