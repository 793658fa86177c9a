"""The state contract: what is watched, and how far it is filled."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.state import State
from holdfast.ports.watching import Watch
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

ORDERS = Watch(number=0, leaf='{"event":"Order “A”"}', since_offset=2**40)
VISITS = Watch(number=0, leaf="{}", since_offset=0, filled_to=2**31, filled=True)


async def test_what_is_watched_is_numbered_and_a_number_is_never_given_again(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.watches() == []
        assert await transaction.add_watches([]) == []
        orders, visits = await transaction.add_watches([ORDERS, VISITS])
        assert (orders, visits) == (replace(ORDERS, number=orders.number), replace(VISITS, number=visits.number))
        assert orders.number < visits.number
    async with state.begin() as transaction:
        await transaction.drop_watches([visits.number, 999])
        await transaction.drop_watches([])
        assert await transaction.watches() == [orders]
    async with state.begin() as transaction:
        (again,) = await transaction.add_watches([VISITS])
        assert again.number > visits.number
        assert await transaction.watches() == [orders, again]


async def test_how_far_it_is_filled_is_written(state: State) -> None:
    async with state.begin() as transaction:
        orders, visits = await transaction.add_watches([ORDERS, VISITS])
    further = replace(orders, filled_to=7, filled=True, since_offset=9)
    async with state.begin() as transaction:
        await transaction.put_watch(further)
        await transaction.put_watch(replace(VISITS, number=visits.number + 1))
    async with state.view() as view:
        assert await view.watches() == [further, visits]
