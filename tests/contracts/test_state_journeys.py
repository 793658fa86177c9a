"""The state contract: journeys, those on their way through them, and what is to be sent."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from holdfast.ports.state import URGENCIES, WAITED_MS_MOST, Decision, Entered, Lane, Settlement, State, StepCount
from holdfast.testing import a_send, a_visit
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


def rooms(each: int, channel: str = "email") -> dict[Lane, int]:
    """So much room in every lane."""
    return {Lane(channel, urgency): each for urgency in URGENCIES}


def a_decision(name: str, version: int, **fields: Any) -> Decision:
    given: dict[str, Any] = {"kind": "journey", "state": "live", "definition": b"{}", "published_ms": version}
    return Decision(id=name, version=version, **(given | fields))


async def test_the_newest_version_of_each_decision(state: State) -> None:
    async with state.begin() as transaction:
        for name, version in (("b", 1), ("a", 9), ("a", 10)):
            await transaction.put_decision(a_decision(name, version))
    async with state.view() as view:
        assert [(each.id, each.version) for each in await view.decisions()] == [("a", 10), ("b", 1)]
        every = await view.decisions(latest=False)
        assert [(each.id, each.version) for each in every] == [("a", 9), ("a", 10), ("b", 1)]
        assert await view.decision_states() == [("a", 9, "live"), ("a", 10, "live"), ("b", 1, "live")]


async def test_what_was_published_is_never_rewritten_only_its_state(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.put_decision(a_decision("a", 1, definition=b"first"))
        await transaction.put_decision(a_decision("a", 1, definition=b"second", state="paused", published_ms=77))
        assert await transaction.decisions() == [a_decision("a", 1, definition=b"first", state="paused")]
        assert await transaction.decision_states() == [("a", 1, "paused")]


async def test_visits_come_back_as_they_were_put(state: State) -> None:
    whole = a_visit(
        3,
        seq=7,
        due_ms=5,
        waits_for=frozenset({"Order Completed", "\0", "😀"}),
        variables={"event": {"properties": {"giant": 2**80, "items": [1, None]}}},
        arm="holdout",
        entry_key="key\0x",
    )
    async with state.begin() as transaction:
        added = await transaction.add_visits([whole, a_visit(1), a_visit(3, origin="other")])
        assert [visit.id for visit in added] == [1, 2, 3]
        assert added[0] == structs.replace(whole, id=1)
        assert await transaction.add_visits([]) == []
    async with state.view() as view:
        assert await view.open_visits([3, 8]) == [added[0], added[2]]
        assert await view.open_visits([]) == []


async def test_a_visit_that_was_left_is_neither_open_nor_due_nor_waiting(state: State) -> None:
    async with state.begin() as transaction:
        (visit,) = await transaction.add_visits([a_visit(1, due_ms=5)])
        assert await transaction.waiting("cart-rescue") == {"wait": 1}
        await transaction.put_visits([structs.replace(visit, left_ms=9, left_by="goal", seq=1)])
        assert await transaction.open_visits([1]) == []
        assert await transaction.due_visits(100, limit=9) == []
        assert await transaction.waiting("cart-rescue") == {}
        assert await transaction.next_due() is None
        assert await transaction.entered(["cart-rescue"], [1]) == {
            ("cart-rescue", 1): Entered(
                count=1, last_ms=visit.entered_ms, open=False, keys=frozenset({visit.entry_key})
            )
        }


async def test_whoever_moves_on_waits_at_one_step_only(state: State) -> None:
    async with state.begin() as transaction:
        one, two, other = await transaction.add_visits([a_visit(1), a_visit(2), a_visit(1, origin="other")])
        await transaction.add_visits([a_visit(3, left_ms=5, left_by="goal")])
        assert await transaction.waiting("cart-rescue") == {"wait": 2}
        await transaction.put_visits(
            [structs.replace(one, step="mail"), structs.replace(two, seq=1), structs.replace(other, step="mail")]
        )
        assert await transaction.waiting("cart-rescue") == {"wait": 1, "mail": 1}
        await transaction.put_visits(
            [structs.replace(one, step="mail", left_ms=9), structs.replace(two, step="mail", left_ms=9)]
        )
        assert await transaction.waiting("cart-rescue") == {}
        assert await transaction.waiting("other") == {"mail": 1}
        await transaction.add_visits([a_visit(4, step="mail")])
        await transaction.put_visits([structs.replace(one, step="mail", left_ms=9, seq=5)])
        assert await transaction.waiting("cart-rescue") == {"mail": 1}, "who has left is taken off no count once more"


async def test_a_visit_stands_where_it_was_put_last(state: State) -> None:
    async with state.begin() as transaction:
        one, two, three = await transaction.add_visits([a_visit(1), a_visit(2), a_visit(3, left_ms=4, left_by="goal")])
        left = structs.replace(one, seq=1, left_ms=9, left_by="goal")
        moved = structs.replace(two, seq=1, step="mail", due_ms=7, waits_for=frozenset({"Paid"}))
        await transaction.put_visits([left, structs.replace(one, seq=2), moved, structs.replace(moved, left_ms=9)])
        assert await transaction.open_visits([1, 2]) == [structs.replace(one, seq=2)]
        assert await transaction.waiting("cart-rescue") == {"wait": 1}
        again = structs.replace(three, step="mail", due_ms=8, left_ms=None, left_by="")
        await transaction.put_visits([left, again])
        assert await transaction.open_visits([1, 2, 3]) == [again]
        assert await transaction.visits_of([1], limit=9) == [left]
        assert await transaction.waiting("cart-rescue") == {"mail": 1}
        assert await transaction.due_visits(100, limit=9) == [again]
        await transaction.put_visits([structs.replace(again, id=99)])
        assert await transaction.visits_of([1, 2, 3], limit=9) == [again, structs.replace(moved, left_ms=9), left]


async def test_who_is_under_way_is_counted_by_version(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_visits([a_visit(1, version=1), a_visit(2, version=3), a_visit(3, version=3)])
        await transaction.add_visits([a_visit(4, version=2, left_ms=5, left_by="goal"), a_visit(5, origin="other")])
        assert await transaction.under_way("cart-rescue") == {1: 1, 3: 2}
        assert await transaction.under_way("nothing") == {}


async def test_due_visits_come_soonest_first(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_visits([a_visit(n, due_ms=due) for n, due in enumerate((30, 10, None, 20, 10, 31), 1)])
        await transaction.add_visits([a_visit(7, due_ms=1, origin="paused")])
    async with state.view() as view:
        due = await view.due_visits(30, limit=10, without=["paused", "other"])
        assert [visit.identity for visit in due] == [2, 5, 4, 1]
        assert [visit.identity for visit in await view.due_visits(30, limit=2)] == [7, 2]
        assert await view.due_visits(0, limit=10) == []


async def test_the_next_thing_to_fall_due_is_a_visit_or_a_send(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.next_due() is None
        await transaction.add_visits([a_visit(1, due_ms=50)])
        assert await transaction.next_due() == 50
        await transaction.add_sends([a_send("a", not_before_ms=40), a_send("b", not_before_ms=30, transactional=True)])
        assert await transaction.next_due() == 30
        await transaction.claim_sends(45, rooms(9))
        assert await transaction.next_due() == 50


async def test_entries_are_summed_by_journey_and_identity(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_visits(
            [
                a_visit(1, origin="a", entered_ms=5, left_ms=6),
                a_visit(1, origin="a", entered_ms=9, entry_key='order "7"'),
                a_visit(1, origin="b", entered_ms=7, left_ms=8),
                a_visit(2, origin="a", entered_ms=1),
                a_visit(3, origin="c", entered_ms=1),
            ]
        )
        assert await transaction.entered(["a", "b"], [1, 3]) == {
            ("a", 1): Entered(count=2, last_ms=9, open=True, keys=frozenset({"entry-1", 'order "7"'})),
            ("b", 1): Entered(count=1, last_ms=7, open=False, keys=frozenset({"entry-1"})),
        }
        assert await transaction.entered([], [1]) == {}
        assert await transaction.entered(["a"], []) == {}


async def test_step_counters_add_up(state: State) -> None:
    def count(step: str, by: str, number: int, *, origin: str = "a", version: int = 1) -> StepCount:
        return StepCount(origin=origin, version=version, step=step, exit=by, count=number)

    async with state.begin() as transaction:
        await transaction.count_steps([count("mail", "sent", 2), count("mail", "sent", 3), count("mail", "entered", 1)])
        await transaction.count_steps([count("mail", "sent", 1, version=2), count("mail", "sent", 9, origin="b")])
        await transaction.count_steps([count("mail", "sent", 4)])
    async with state.view() as view:
        assert await view.step_counts("a") == [
            count("mail", "entered", 1),
            count("mail", "sent", 9),
            count("mail", "sent", 1, version=2),
        ]
        assert await view.step_counts("nobody") == []


# Sends.


async def test_a_send_is_written_once_under_its_key(state: State) -> None:
    first = a_send("k", variables={"event": {"giant": 2**80, "😀": "\0"}}, transactional=True)
    async with state.begin() as transaction:
        await transaction.add_sends([first, a_send("k", address="other@example.com")])
        await transaction.add_sends([a_send("k", step="other")])
    async with state.view() as view:
        assert await view.sends(["k", "nobody"]) == {"k": first}
        assert await view.send_totals(None) == {"pending": 1}


async def test_sends_are_listed_newest_first_by_whom_they_are_about(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [a_send(f"k{n}", origin="ab"[n % 2], identity=n // 2, created_ms=n) for n in range(6)]
        )
    async with state.view() as view:

        async def keys(origin: str | None, identities: list[int] | None, limit: int = 9) -> list[str]:
            return [send.key for send in await view.sends_of(origin=origin, identities=identities, limit=limit)]

        assert await keys(None, None, 2) == ["k5", "k4"]
        assert await keys("a", None) == ["k4", "k2", "k0"]
        assert await keys(None, [0, 2]) == ["k5", "k4", "k1", "k0"]
        assert await keys("b", [0, 1], 1) == ["k3"]
        assert await keys("a", []) == []


async def test_claims_take_what_is_due_transactional_first_then_longest_due(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [
                a_send("late", not_before_ms=20),
                a_send("early", not_before_ms=10),
                a_send("also-early", not_before_ms=10),
                a_send("receipt", not_before_ms=30, transactional=True),
                a_send("not-yet", not_before_ms=31),
                a_send("withheld", not_before_ms=0, state="withheld", reason="holdout"),
            ]
        )
        assert [send.key for send in await transaction.claim_sends(30, rooms(2))] == ["receipt", "early", "also-early"]
        assert await transaction.claim_sends(30, rooms(0)) == []
        (last,) = await transaction.claim_sends(30, rooms(9))
        assert (last.key, last.state, last.claimed_ms, last.attempts) == ("late", "claimed", 30, 1)
        assert (await transaction.sends(["late"]))["late"] == last
        assert await transaction.claim_sends(30, rooms(9)) == []


async def test_only_claimed_sends_are_settled(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send(key, not_before_ms=0) for key in ("a", "b", "c", "waiting")])
        await transaction.claim_sends(5, rooms(3))
        await transaction.settle_sends(
            [
                Settlement(key="a", state="sent"),
                Settlement(key="b", state="failed", reason="gone"),
                Settlement(key="waiting", state="sent"),
                Settlement(key="nobody", state="sent"),
            ],
            9,
        )
        await transaction.settle_sends([Settlement(key="a", state="failed"), Settlement(key="c", state="in_doubt")], 10)
        sends = await transaction.sends(["a", "b", "c", "waiting"])
        assert {key: (send.state, send.settled_ms, send.reason) for key, send in sends.items()} == {
            "a": ("sent", 9, ""),
            "b": ("failed", 9, "gone"),
            "c": ("in_doubt", 10, ""),
            "waiting": ("pending", None, ""),
        }
        assert await transaction.send_totals(None) == {"sent": 1, "failed": 1, "in_doubt": 1, "pending": 1}


async def test_a_deferred_send_waits_and_counts_its_attempts(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send("a", not_before_ms=0)])
        await transaction.claim_sends(5, rooms(1))
        await transaction.settle_sends([Settlement(key="a", state="pending", reason="busy", not_before_ms=50)], 6)
        deferred = (await transaction.sends(["a"]))["a"]
        assert (deferred.state, deferred.not_before_ms, deferred.claimed_ms) == ("pending", 50, None)
        assert (deferred.settled_ms, deferred.reason, deferred.attempts) == (None, "busy", 1)
        assert await transaction.claim_sends(49, rooms(1)) == []
        assert [send.attempts for send in await transaction.claim_sends(50, rooms(1))] == [2]


async def test_claims_never_settled_can_be_found(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send(key, not_before_ms=0) for key in ("a", "b", "c")])
        await transaction.claim_sends(5, rooms(1))
        await transaction.claim_sends(7, rooms(1))
        await transaction.claim_sends(9, rooms(1))
        await transaction.settle_sends([Settlement(key="a", state="sent")], 8)
        assert [send.key for send in await transaction.claimed_before(9)] == ["b"]
        assert [send.key for send in await transaction.claimed_before(100)] == ["b", "c"]


async def test_contacts_count_whatever_may_have_reached_somebody(state: State) -> None:
    states = ("pending", "claimed", "sent", "in_doubt", "failed", "withheld")
    async with state.begin() as transaction:
        await transaction.add_sends(
            [a_send(each, state=each, created_ms=100 - n, not_before_ms=0, identity=1) for n, each in enumerate(states)]
        )
        await transaction.add_sends(
            [
                a_send("old", created_ms=9, not_before_ms=0, identity=1),
                a_send("receipt", created_ms=100, not_before_ms=0, identity=1, transactional=True),
                a_send("sms", channel="sms", topic="news", created_ms=200, not_before_ms=0, identity=2),
                a_send("else", created_ms=100, not_before_ms=0, identity=2),
            ]
        )
    async with state.view() as view:
        found = await view.contacts([1, 3], 10)
        assert {who: [(each.key, each.at_ms) for each in made] for who, made in found.items()} == {
            1: [("in_doubt", 97), ("sent", 98), ("claimed", 99), ("pending", 100)]
        }
        [mail, sms] = (await view.contacts([1, 2], 100))[2]
        assert (mail.channel, sms.channel, sms.topic, sms.at_ms, sms.handed_ms) == ("email", "sms", "news", 200, None)
        assert await view.contacts([], 0) == {}


async def test_a_contact_counts_for_the_moment_it_was_meant_for_or_handed_over(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [
                a_send("put off", created_ms=10, not_before_ms=50, identity=1),
                a_send("late", created_ms=11, not_before_ms=11, identity=1),
            ]
        )
        assert [send.key for send in await transaction.claim_sends(45, rooms(1))] == ["late"]
        await transaction.settle_sends([Settlement(key="late", state="sent")], 46)
        [late, put_off] = (await transaction.contacts([1], 40))[1]
        assert (late.key, late.at_ms, late.handed_ms) == ("late", 11, 45)
        assert (put_off.key, put_off.at_ms, put_off.handed_ms) == ("put off", 50, None)
        assert [each.key for each in (await transaction.contacts([1], 46))[1]] == ["put off"]
        assert await transaction.contacts([1], 51) == {}
        assert await transaction.contacts([1], 51 + WAITED_MS_MOST) == {}


async def test_what_nobody_tried_was_no_attempt(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends([a_send("a", not_before_ms=0)])
        for untried in (True, False):
            [claimed] = await transaction.claim_sends(5, rooms(1))
            assert claimed.attempts == 1
            await transaction.settle_sends([Settlement(key="a", state="pending", untried=untried)], 6)
        assert (await transaction.sends(["a"]))["a"].attempts == 1


async def test_totals_are_by_origin_or_of_all(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.send_totals(None) == {}
        await transaction.add_sends(
            [a_send("1", origin="a"), a_send("2", origin="b"), a_send("3", origin="b", state="withheld")]
        )
        assert await transaction.send_totals("b") == {"pending": 1, "withheld": 1}
        assert await transaction.send_totals(None) == {"pending": 2, "withheld": 1}
        assert await transaction.send_totals("nobody") == {}
        # What is written already is not counted again, whatever is written with it.
        await transaction.add_sends([a_send("1", origin="a"), a_send("4", origin="b"), a_send("2", origin="c")])
        assert await transaction.send_totals(None) == {"pending": 3, "withheld": 1}
        assert await transaction.send_totals("b") == {"pending": 2, "withheld": 1}
        await transaction.add_sends([a_send("1", origin="a")])
        await transaction.add_sends([])
        assert await transaction.send_totals(None) == {"pending": 3, "withheld": 1}


async def test_suppressed_addresses_are_compared_in_lower_case(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.suppress("email", "Ada@Example.COM", "hard", 5)
        await transaction.suppress("email", "ÉVA@example.com", "soft", 5)
        await transaction.suppress("email", "éva@example.com", "complaint", 6)
    async with state.view() as view:
        assert await view.suppressed("email", ["ADA@example.com", "Éva@example.com", "bob@example.com"]) == {
            "ADA@example.com": "hard",
            "Éva@example.com": "complaint",
        }
        assert await view.suppressed("sms", ["ada@example.com"]) == {}


@pytest.mark.parametrize("asked", [0, 1, 31, 32, 33, 64, 200])
async def test_suppressed_addresses_are_found_among_many(state: State, asked: int) -> None:
    addresses = [f"Person\0{number}@example.com" for number in range(asked)]
    async with state.begin() as transaction:
        for number in range(0, 200, 3):
            await transaction.suppress("email", f"person\0{number}@example.com", f"reason {number}", 5)
        await transaction.suppress("email", "", "none", 5)
    async with state.view() as view:
        found = await view.suppressed("email", addresses)
    assert found == {addresses[number]: f"reason {number}" for number in range(0, asked, 3)}


async def test_claims_leave_some_origins_and_lanes_they_were_not_asked_for(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_sends(
            [
                a_send("held", origin="paused", not_before_ms=1),
                a_send("receipt", transactional=True, not_before_ms=3),
                a_send("held-receipt", origin="paused", transactional=True, not_before_ms=1),
                a_send("offer", not_before_ms=2),
            ]
        )
        taken = await transaction.claim_sends(9, {Lane("email", "transactional"): 9}, without=["paused"])
        assert [send.key for send in taken] == ["receipt"]
        assert [send.key for send in await transaction.claim_sends(9, rooms(9), without=["paused"])] == ["offer"]
        assert {send.key for send in await transaction.claim_sends(9, rooms(9))} == {"held", "held-receipt"}
