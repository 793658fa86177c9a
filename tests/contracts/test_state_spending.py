"""The state contract: what messages cost, which matter more, and calling off those that wait."""

from __future__ import annotations

from holdfast.ports.state import Lane, Settlement, State
from holdfast.testing import a_send
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

JOURNEYS = Lane("email", "journey")


async def test_what_is_spent_adds_up_by_day_and_can_be_given_back(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.spend({("a", "2026-11-22"): 80, ("a", "2026-11-23"): 7_500, ("b", "2026-11-22"): 1})
        await transaction.spend({("a", "2026-11-22"): 80})
        await transaction.spend({("a", "2026-11-22"): -160, ("b", "2026-11-22"): 2**50})
        await transaction.spend({})
    async with state.view() as view:
        assert await view.spent(["a", "nobody"]) == {"a": {"2026-11-22": 0, "2026-11-23": 7_500}}
        assert await view.spent(["b"]) == {"b": {"2026-11-22": 2**50 + 1}}
        assert await view.spent([]) == {}


async def test_a_send_keeps_what_it_counts_and_what_it_costs(state: State) -> None:
    send = a_send("dear", priority=90, cost=7_500)
    async with state.begin() as transaction:
        await transaction.add_sends([send])
    async with state.view() as view:
        assert (await view.sends(["dear"]))["dear"] == send
        [made] = (await view.contacts([send.identity], 0))[send.identity]
        assert (made.priority, made.waits) == (90, True)


async def test_only_what_waits_is_called_off(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send("claimed", not_before_ms=1), a_send("waits", not_before_ms=50)])
        await transaction.claim_sends(9, {JOURNEYS: 1})
        await transaction.withhold_sends(["claimed", "waits", "nobody"], "outranked", 11)
        found = await transaction.sends(["claimed", "waits"])
        assert found["claimed"].state == "claimed"
        assert (found["waits"].state, found["waits"].reason, found["waits"].settled_ms) == ("withheld", "outranked", 11)
        assert await transaction.claim_sends(99, {JOURNEYS: 9}) == []
        await transaction.settle_sends([Settlement(key="claimed", state="sent")], 12)
        assert await transaction.send_totals(None) == {"sent": 1, "withheld": 1}
