"""The state contract: connections."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.connections import Connection
from holdfast.ports.state import State
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

TWILIO = Connection(
    name="twilio",
    provider="twilio",
    medium="sms",
    settings='{"from":"+491 “ß”"}'.encode(),
    secrets=b"\x00\x01\xff",
    is_default=True,
    created_ms=2**41,
    changed_ms=2**41 + 1,
    by="ada “owner”",
)
SMPP = replace(TWILIO, name="smpp-berlin", provider="smpp", secrets=b"", is_default=False, by="")
MAIL = replace(TWILIO, name="ses", provider="ses", medium="email")


async def test_connections_are_kept_in_order_of_name(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.connections() == []
        for each in (TWILIO, SMPP, MAIL):
            await transaction.put_connection(each)
    async with state.view() as view:
        assert await view.connections() == [MAIL, SMPP, TWILIO]


async def test_one_is_replaced_whole_and_forgotten_whole(state: State) -> None:
    changed = replace(TWILIO, medium="whatsapp", provider="x", settings=b"{}", secrets=b"", changed_ms=7, by="bob")
    async with state.begin() as transaction:
        await transaction.put_connection(TWILIO)
        await transaction.put_connection(changed)
    async with state.view() as view:
        assert await view.connections() == [changed]
    async with state.begin() as transaction:
        await transaction.drop_connection("twilio")
        await transaction.drop_connection("nobody")
        assert await transaction.connections() == []


async def test_a_medium_has_one_default(state: State) -> None:
    async with state.begin() as transaction:
        for each in (TWILIO, MAIL, SMPP):
            await transaction.put_connection(each)
        await transaction.put_connection(replace(SMPP, is_default=True))
        assert {each.name: each.is_default for each in await transaction.connections()} == {
            "twilio": False,
            "smpp-berlin": True,
            "ses": True,
        }
        await transaction.put_connection(replace(SMPP, is_default=False))
        assert {each.name for each in await transaction.connections() if each.is_default} == {"ses"}


async def test_changes_are_counted(state: State) -> None:
    async with state.begin() as transaction:
        first = await transaction.connection_changes()
        await transaction.put_connection(TWILIO)
        second = await transaction.connection_changes()
        await transaction.drop_connection("twilio")
    async with state.view() as view:
        third = await view.connection_changes()
        assert third == await view.connection_changes()
    assert first < second < third


def test_what_is_printed_of_one_shows_nothing_sealed() -> None:
    assert "secrets" not in repr(TWILIO)
