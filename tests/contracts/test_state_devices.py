"""The state contract: as whose each device was heard of last."""

from __future__ import annotations

from holdfast.ports.state import State
from tests.contracts.state_contract import people
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


async def test_a_device_is_whose_it_was_heard_of_last(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.put_device_owners({"d1": ada.id, "d2": ada.id, "D1": bob.id})
        await transaction.put_device_owners({"d2": bob.id})
        await transaction.put_device_owners({})
    async with state.view() as view:
        assert await view.device_owners(["d1", "d2", "D1", "d9"]) == {"d1": ada.id, "d2": bob.id, "D1": bob.id}
        assert await view.device_owners([]) == {}


async def test_devices_are_forgotten_with_their_owner(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.put_device_owners({"d1": ada.id, "d2": bob.id})
        assert (await transaction.held([ada.id]))["devices"] == 1
        assert (await transaction.forget_identities([ada.id]))["devices"] == 1
        assert (await transaction.held([ada.id]))["devices"] == 0
        assert await transaction.device_owners(["d1", "d2"]) == {"d2": bob.id}
