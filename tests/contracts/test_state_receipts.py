"""The state contract: whose a receipt is, what came back, and addresses nobody may write to."""

from __future__ import annotations

from holdfast.ports.receipts import Reached, SuppressedAddress
from holdfast.ports.state import State
from tests.contracts.state_contract import people
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


def sent(send: str, address: str, identity: int, at_ms: int = 1, number: str = "") -> Reached:
    return Reached(channel="sms", address=address, identity=identity, send=send, at_ms=at_ms, provider_id=number)


async def test_a_providers_number_leads_to_the_send_on_its_channel_alone(state: State) -> None:
    odd = "wamid.a\0ß'\\"
    async with state.begin() as transaction:
        (ada,) = await people(transaction, "ada")
        await transaction.note_reached(
            [sent("s1", "+491", ada.id, number="n1"), sent("s2", "+492", ada.id, number=odd)]
        )
        await transaction.note_reached([sent("s3", "+491", ada.id, number="n1"), sent("s4", "+493", ada.id)])
    async with state.view() as view:
        found = await view.sends_by_provider_id("sms", ["n1", odd, "n9", ""])
        assert found == {"n1": "s1", odd: "s2"}, "a number once given stays whose it was"
        assert await view.sends_by_provider_id("whatsapp", ["n1"]) == {}
        assert await view.sends_by_provider_id("sms", []) == {}


async def test_the_last_message_an_address_was_sent_is_known(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        several = [sent("s2", "Chat:A", bob.id, at_ms=5), sent("s1", "chat:a", ada.id, at_ms=3), sent("s5", "b", 1)]
        await transaction.note_reached(several)
        await transaction.note_reached([sent("s0", "chat:a", ada.id, at_ms=4)])
        await transaction.note_reached([])
    async with state.view() as view:
        assert await view.reached("sms", ["CHAT:A", "none"]) == {"chat:a": sent("s2", "chat:a", bob.id, at_ms=5)}
        assert await view.reached("telegram", ["chat:a"]) == {}


async def test_a_message_that_comes_back_counts_once_and_within_the_window(state: State) -> None:
    async with state.begin() as transaction:
        for send, at_ms in (("s1", 10), ("s2", 20), ("s2", 21), ("s3", 30)):
            await transaction.note_soft_bounce("email", "Ada@A.example", send, at_ms)
        await transaction.note_soft_bounce("sms", "ada@a.example", "s4", 20)
    async with state.view() as view:
        assert await view.soft_bounces("email", "ada@a.example", 0) == 3
        assert await view.soft_bounces("email", "ADA@a.example", 20) == 2
        assert await view.soft_bounces("email", "bob@a.example", 0) == 0


async def test_old_numbers_and_bounces_are_let_go_of_so_many_at_a_time(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.note_reached([sent(f"s{n}", f"+{n}", n + 1, at_ms=n, number=f"n{n}") for n in range(4)])
        await transaction.note_soft_bounce("email", "a@a.example", "s1", 1)
        await transaction.note_soft_bounce("email", "a@a.example", "s2", 3)
        assert await transaction.forget_receipts(3, limit=2) == 3
        assert set(await transaction.sends_by_provider_id("sms", ["n0", "n1", "n2", "n3"])) == {"n2", "n3"}
        assert await transaction.forget_receipts(3, limit=9) == 1
        assert await transaction.forget_receipts(3, limit=9) == 0
        assert await transaction.soft_bounces("email", "a@a.example", 0) == 1
        assert set(await transaction.reached("sms", ["+0"])) == {"+0"}


async def test_suppressed_addresses_are_listed_the_newest_first_page_by_page(state: State) -> None:
    rows = [("email", "b@a.example", "bounced", 2), ("email", "a@a.example", "complained", 2), ("sms", "+1", "stop", 9)]
    async with state.begin() as transaction:
        for channel, address, reason, at_ms in rows:
            await transaction.suppress(channel, address.upper(), reason, at_ms)
    listed = [
        SuppressedAddress(channel=c, address=a, reason=r, at_ms=at) for c, a, r, at in (rows[2], rows[1], rows[0])
    ]
    async with state.view() as view:
        assert await view.suppressed_addresses(limit=9) == listed
        assert await view.suppressed_addresses(limit=9, channel="email") == listed[1:]
        found: list[SuppressedAddress] = []
        while page := await view.suppressed_addresses(
            limit=1, before=(found[-1].at_ms, found[-1].channel, found[-1].address) if found else None
        ):
            found += page
        assert found == listed


async def test_a_lifted_suppression_is_gone_and_may_come_back(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.suppress("email", "Ada@a.example", "bounced", 1)
        await transaction.suppress("sms", "ada@a.example", "stop", 1)
        assert await transaction.lift_suppression("email", "ADA@a.example") == "bounced"
        assert await transaction.lift_suppression("email", "ada@a.example") is None
    async with state.begin() as transaction:
        assert [each.channel for each in await transaction.suppressed_addresses(limit=9)] == ["sms"]
        await transaction.suppress("email", "ada@a.example", "complained", 5)
        assert (await transaction.suppressed("email", ["ada@a.example"])) == {"ada@a.example": "complained"}


async def test_what_is_kept_for_receipts_goes_with_the_person(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.note_reached([sent("s1", "+1", ada.id, number="n1"), sent("s2", "+2", bob.id, number="n2")])
        await transaction.note_soft_bounce("email", "ada@a.example", "s1", 1)
        assert (await transaction.held([ada.id]))["receipts"] == 2
        assert (await transaction.forget_identities([ada.id]))["receipts"] == 2
        await transaction.drop_suppressions(["Ada@a.example"])
    async with state.view() as view:
        assert (await view.held([ada.id]))["receipts"] == 0
        assert set(await view.reached("sms", ["+1", "+2"])) == {"+2"}
        assert set(await view.sends_by_provider_id("sms", ["n1", "n2"])) == {"n2"}
        assert await view.soft_bounces("email", "ada@a.example", 0) == 0
