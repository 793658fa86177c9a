"""The state contract: saved insights and boards."""

from __future__ import annotations

from dataclasses import replace

from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.carry_teamwork import carry_teamwork
from holdfast.ports.boards import Analysis
from holdfast.ports.state import State
from holdfast.stores.memory.state import MemoryState
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

INSIGHT = Analysis(
    kind="insight",
    id="orders",
    name="Orders \0 \U0001f600",
    description="what \0 comes in",
    definition=b"\x00\xff",
    by="änn",
    saved_ms=2**44,
)
BOARD = Analysis(kind="board", id="orders", name="Orders", definition=b"{}", by="ann", saved_ms=1)


async def test_each_saving_is_one_version_more(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.put_analysis(INSIGHT)
        second = await transaction.put_analysis(replace(INSIGHT, name="Other", by="bob", saved_ms=2))
        board = await transaction.put_analysis(BOARD)
    assert (first.version, second.version, board.version) == (1, 2, 1)
    assert replace(first, version=0) == INSIGHT
    async with state.view() as view:
        assert await view.analysis("insight", "orders") == second
        assert await view.analysis("board", "orders") == board
        assert await view.analysis("board", "none") is None


async def test_they_are_told_by_kind_and_id_without_those_that_were_deleted(state: State) -> None:
    async with state.begin() as transaction:
        for name in ("b", "B", "a"):
            await transaction.put_analysis(replace(INSIGHT, id=name))
        await transaction.put_analysis(BOARD)
        gone = await transaction.put_analysis(replace(INSIGHT, id="a", deleted=True))
    async with state.view() as view:
        assert [each.id for each in await view.analyses("insight")] == ["B", "b"]
        assert await view.analyses("insight", deleted=True) == [gone]
        assert [each.id for each in await view.analyses("board")] == ["orders"]
        assert await view.analysis("insight", "a") == gone
    async with state.begin() as transaction:
        back = await transaction.put_analysis(replace(gone, deleted=False, version=0))
        assert back.version == 3
        assert [each.id for each in await transaction.analyses("insight")] == ["B", "a", "b"]


async def test_they_are_carried_as_they_are(state: State) -> None:
    async with state.begin() as transaction:
        for each in (INSIGHT, replace(INSIGHT, name="Again"), BOARD, replace(BOARD, id="gone", deleted=True)):
            await transaction.put_analysis(each)
    other = MemoryState()
    found = await compare_states(state, other)
    assert (found["saved insights"].missing, found["boards"].missing) == (1, 2)
    async with state.view() as view, other.begin() as transaction:
        assert (await carry_teamwork(view, transaction))["saved insights and boards"] == 3
    found = await compare_states(state, other)
    assert found["saved insights"].same
    assert found["boards"].same
