"""The state contract: claims in lanes, with an owner and a term; what came of attempts; dead letters."""

from __future__ import annotations

from typing import Any

from holdfast.ports.state import Answered, Lane, LaneTotals, Send, Settlement, State
from holdfast.testing import a_send
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.

RECEIPTS, JOURNEYS, BROADCASTS = (
    Lane("email", "transactional"),
    Lane("email", "journey"),
    Lane("email", "broadcast"),
)
HOOKS = Lane("webhook", "transactional")


async def test_each_lane_gives_as_many_as_there_is_room_for(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [
                a_send("offer-2", origin_kind="campaign", not_before_ms=2),
                a_send("offer-1", origin_kind="campaign", not_before_ms=1),
                a_send("step-1", not_before_ms=1),
                a_send("step-2", not_before_ms=2),
                a_send("receipt", not_before_ms=3, transactional=True, origin_kind="campaign"),
                a_send("hook", not_before_ms=1, transactional=True, channel="webhook"),
            ]
        )
        taken = await transaction.claim_sends(9, {RECEIPTS: 5, JOURNEYS: 1, BROADCASTS: 1})
        assert [send.key for send in taken] == ["receipt", "step-1", "offer-1"]
        assert [send.lane for send in taken] == [RECEIPTS, JOURNEYS, BROADCASTS]
        assert await transaction.claim_sends(9, {}) == []
        assert [send.key for send in await transaction.claim_sends(9, {HOOKS: 9, RECEIPTS: 9})] == ["hook"]


async def test_many_that_are_nearly_alike_are_kept_each_as_it_is(state: State) -> None:
    def send(number: int, **other: Any) -> Send:
        said = {"event": {"name": "Signed Up", "properties": {"number": number, "text": "ü\0"}}}
        return a_send(f"send-{number:03}", identity=number, address=f"p{number}@example.com", variables=said, **other)

    alike = [send(number, origin_kind="campaign", origin="sale") for number in range(1, 51)]
    others = [send(number, step="other", not_before_ms=number, cost=number) for number in range(51, 71)]
    withheld = [send(number, state="withheld", reason="capped", settled_ms=5) for number in range(71, 91)]
    async with state.begin() as transaction:
        await transaction.add_sends([*alike[:7], *others[:1]])
        await transaction.add_sends([*alike, *others, *withheld, *alike[:20]])  # Some were written before.
        every = [*alike, *others, *withheld]
        assert await transaction.sends([each.key for each in every]) == {each.key: each for each in every}
        assert await transaction.send_totals("sale") == {"pending": 50}
        assert await transaction.send_totals(None) == {"pending": 70, "withheld": 20}
        taken = await transaction.claim_sends(9_999_999_999_999, {BROADCASTS: 100})
    assert [each.key for each in taken] == [each.key for each in alike]  # In the order in which they were written.
    async with state.view() as view:
        assert {each.lane: each.pending for each in await view.lane_totals()} == {JOURNEYS: 20, BROADCASTS: 0}


async def test_what_stands_in_each_lane(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [
                a_send("a", not_before_ms=7),
                a_send("b", not_before_ms=5),
                a_send("c", not_before_ms=1),
                a_send("d", not_before_ms=3, transactional=True, channel="webhook"),
                a_send("e", state="sent"),
            ]
        )
        await transaction.claim_sends(4, {JOURNEYS: 1})
        assert await transaction.lane_totals() == [
            LaneTotals(lane=JOURNEYS, pending=2, claimed=1, in_doubt=0, next_ms=5),
            LaneTotals(lane=HOOKS, pending=1, claimed=0, in_doubt=0, next_ms=3),
        ]
        await transaction.settle_sends([Settlement(key="c", state="in_doubt")], 9)
        [journeys, _] = await transaction.lane_totals()
        assert (journeys.claimed, journeys.in_doubt) == (0, 1)


async def test_a_claim_has_an_owner_and_a_term(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send(key, not_before_ms=0) for key in ("a", "b", "c")])
        [a] = await transaction.claim_sends(5, {JOURNEYS: 1}, claimed_by="one#1", send_by_ms=35)
        assert (a.claimed_by, a.send_by_ms, a.tried_ms) == ("one#1", 35, 5)
        await transaction.claim_sends(6, {JOURNEYS: 1}, claimed_by="one#2", send_by_ms=30)
        await transaction.claim_sends(7, {JOURNEYS: 1})
        assert [send.key for send in await transaction.overdue_claims(35, limit=9)] == ["b"]
        assert [send.key for send in await transaction.overdue_claims(36, limit=9)] == ["a", "b"]
        assert [send.key for send in await transaction.overdue_claims(36, limit=1)] == ["a"]
        assert (await transaction.sends(["a"]))["a"] == a


async def test_a_settlement_of_a_claim_that_was_taken_over_is_ignored(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send("a", not_before_ms=0)])
        await transaction.claim_sends(5, {JOURNEYS: 1}, claimed_by="one#1", send_by_ms=35)
        await transaction.settle_sends([Settlement(key="a", state="pending", claimed_by="one#1")], 6)
        await transaction.claim_sends(7, {JOURNEYS: 1}, claimed_by="two#1", send_by_ms=37)
        for late in (
            Settlement(key="a", state="sent", claimed_by="one#1"),
            Settlement(key="a", state="pending", claimed_by=""),
        ):
            await transaction.settle_sends([late], 8)
        assert (await transaction.sends(["a"]))["a"].state == "claimed"
        assert await transaction.answers(["a"]) == {"a": [Answered(at_ms=6, said="")]}
        await transaction.settle_sends([Settlement(key="a", state="sent", claimed_by="two#1")], 9)
        assert (await transaction.sends(["a"]))["a"].state == "sent"


async def test_what_came_of_attempts_is_remembered_unless_it_ended_well(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send(key, not_before_ms=0) for key in ("a", "b")])
        endings = (
            Settlement(key="a", state="pending", reason="quiet", untried=True),
            Settlement(key="a", state="pending", reason="busy"),
            Settlement(key="a", state="failed", reason="no"),
        )
        for at_ms, ending in enumerate(endings):
            await transaction.claim_sends(9, {JOURNEYS: 9})
            await transaction.settle_sends([ending, Settlement(key="b", state="sent", reason="x")], at_ms)
        assert await transaction.answers(["a", "b", "c"]) == {
            "a": [Answered(at_ms=1, said="busy"), Answered(at_ms=2, said="no")]
        }


async def test_the_first_try_is_remembered_until_it_proves_none(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send("a", not_before_ms=0)])
        tried = []
        for at_ms, untried in ((5, True), (6, False), (7, True), (8, False)):
            [send] = await transaction.claim_sends(at_ms, {JOURNEYS: 1})
            tried.append(send.tried_ms)
            await transaction.settle_sends([Settlement(key="a", state="pending", untried=untried)], at_ms)
            tried.append((await transaction.sends(["a"]))["a"].tried_ms)
        assert tried == [5, None, 6, 6, 6, 6, 6, 6]


async def test_dead_letters_are_listed_newest_first_and_page_by_page(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [a_send(key, not_before_ms=0, origin="ab"[key > "k1"]) for key in ("k0", "k1", "k2", "k3")]
        )
        await transaction.claim_sends(1, {JOURNEYS: 9})
        await transaction.settle_sends([Settlement(key="k0", state="failed", reason="gone")], 5)
        await transaction.settle_sends([Settlement(key=key, state="failed", dead=True) for key in ("k1", "k2")], 7)
        await transaction.settle_sends([Settlement(key="k3", state="in_doubt", dead=True)], 6)

        async def keys(**asked: object) -> list[str]:
            return [send.key for send in await transaction.dead_letters(limit=9, **asked)]  # type: ignore[arg-type]

        assert await keys() == ["k2", "k1", "k3"]
        assert await keys(before=(7, "k2")) == ["k1", "k3"]
        assert await keys(before=(7, "k1")) == ["k3"]
        assert await keys(origin="b") == ["k2", "k3"]
        assert await keys(channel="webhook") == []
        assert [send.key for send in await transaction.dead_letters(limit=1)] == ["k2"]
        assert await transaction.count_dead_letters() == {"email": 3}


async def test_a_dead_letter_is_replayed_or_dropped_once(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send(key, not_before_ms=0) for key in ("a", "b", "c")])
        await transaction.claim_sends(1, {JOURNEYS: 2}, claimed_by="one#1", send_by_ms=2)
        await transaction.settle_sends([Settlement(key=key, state="failed", reason="no", dead=True) for key in "ab"], 3)
        assert await transaction.replay_dead_letters(["a", "a", "c", "nobody"], 50) == ["a"]
        assert await transaction.replay_dead_letters(["a"], 60) == []
        assert await transaction.drop_dead_letters(["b", "a"]) == ["b"]
        assert await transaction.dead_letters(limit=9) == []
        sends = await transaction.sends(["a", "b"])
        again = sends["a"]
        assert (again.state, again.attempts, again.not_before_ms, again.tried_ms) == ("pending", 0, 50, None)
        assert (again.claimed_ms, again.send_by_ms, again.settled_ms, again.dead) == (None, None, None, False)
        assert (sends["b"].state, sends["b"].dead) == ("failed", False)
        assert await transaction.send_totals(None) == {"pending": 2, "failed": 1}
        assert await transaction.answers(["a"]) == {"a": [Answered(at_ms=3, said="no")]}, "they outlive the replay"
