"""The state contract: what names mean, and links that are shared."""

from __future__ import annotations

from dataclasses import replace

from holdfast.flows.upkeep.alike import compare_states
from holdfast.flows.upkeep.carry_teamwork import carry_teamwork
from holdfast.ports.dictionary import Meaning
from holdfast.ports.sharing import SharedLink
from holdfast.ports.state import State
from holdfast.stores.memory.state import MemoryState
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

ORDER = Meaning(event="Order \0 \U0001f600", name="", text="Somebody \0 paid.", by="änn", saved_ms=2**44)
REVENUE = replace(ORDER, name="revenue", text="Without taxes.")
PLAN = Meaning(event="", name="plan", text="What they pay for.", by="ann", saved_ms=1)
LINK = SharedLink(id="l-1", kind="board", about="mornings", by="änn \0", made_ms=2**44)


async def test_what_a_name_means_is_written_over_and_taken_out(state: State) -> None:
    async with state.begin() as transaction:
        for each in (REVENUE, PLAN, ORDER):
            await transaction.put_meaning(each)
    async with state.view() as view:
        assert await view.meanings() == [PLAN, ORDER, REVENUE]
        assert await view.meanings(ORDER.event) == [ORDER, REVENUE]
        assert await view.meanings("") == [PLAN]
        assert await view.meanings("plan") == []
    other = replace(REVENUE, text="With taxes.", by="bob", saved_ms=5)
    async with state.begin() as transaction:
        await transaction.put_meaning(other)
        await transaction.put_meaning(replace(ORDER, text=""))
        await transaction.put_meaning(replace(PLAN, name="never", text=""))
        assert await transaction.meanings() == [PLAN, other]


async def test_a_link_is_kept_ended_and_told_by_what_it_opens(state: State) -> None:
    later = replace(LINK, id="l-0", made_ms=LINK.made_ms + 1, expires_ms=2**44 + 9)
    other = replace(LINK, id="l-2", kind="insight")
    async with state.begin() as transaction:
        for each in (later, LINK, other):
            await transaction.put_shared_link(each)
    ended = replace(LINK, revoked_ms=2**44 + 7)
    async with state.begin() as transaction:
        await transaction.put_shared_link(ended)
        assert await transaction.shared_link("l-1") == ended
    async with state.view() as view:
        assert await view.shared_links("board", "mornings") == [ended, later]
        assert await view.shared_links("insight", "mornings") == [other]
        assert await view.shared_links("board", "evenings") == []
        assert [each.id for each in await view.shared_links()] == ["l-1", "l-2", "l-0"]
        assert await view.shared_link("never") is None


async def test_they_are_carried_as_they_are(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.put_meaning(ORDER)
        await transaction.put_shared_link(replace(LINK, expires_ms=3, revoked_ms=2))
    other = MemoryState()
    found = await compare_states(state, other)
    assert (found["meanings"].missing, found["shared links"].missing) == (1, 1)
    async with state.view() as view, other.begin() as transaction:
        carried = await carry_teamwork(view, transaction)
    assert (carried["meanings"], carried["shared links"]) == (1, 1)
    found = await compare_states(state, other)
    assert found["meanings"].same
    assert found["shared links"].same
