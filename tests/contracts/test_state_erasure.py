"""The state contract: forgetting people, and what is kept of it."""

from __future__ import annotations

import struct

from holdfast.ports.erasure import Erasure, Suppression, Tombstone
from holdfast.ports.live import LiveSegment, Membership
from holdfast.ports.state import BadRecord, Lane, Settlement, State
from holdfast.testing import a_link, a_profile, a_send, a_visit, an_event
from tests.contracts.state_contract import anonymous, people, user
from tests.contracts.state_contract import state as state  # noqa: PLC0414 - The fixture.


async def test_everything_that_hangs_on_an_identity_goes_and_nothing_of_others(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob, cid = await people(transaction, "ada", "bob", "cid")
        await transaction.put_profiles({each.id: a_profile(name=each.key.value) for each in (ada, bob, cid)})
        await transaction.add_links([a_link(ada.id, bob.id), a_link(bob.id, cid.id), a_link(cid.id, ada.id)])
        await transaction.add_visits([a_visit(each.id, entry_key=str(each.id)) for each in (ada, bob, cid)])
        await transaction.add_sends([a_send(f"send-{each.id}", identity=each.id) for each in (ada, bob, cid)])
        assert await transaction.held([ada.id]) == {
            "identities": 1,
            "profiles": 1,
            "links": 2,
            "visits": 1,
            "sends": 1,
            "memberships": 0,
            "inbox": 0,
            "devices": 0,
            "receipts": 0,
        }
        removed = await transaction.forget_identities([ada.id])
        kinds = ("identities", "profiles", "links", "visits", "sends")
        none = {"memberships": 0, "inbox": 0, "receipts": 0, "devices": 0}
        assert removed == dict.fromkeys(kinds, 1) | {"links": 2} | none
    async with state.view() as view:
        assert set((await view.held([ada.id])).values()) == {0}
        assert await view.identities([user("ada")]) == {}
        assert await view.members([ada.id]) == {}
        assert set(await view.profiles([ada.id, bob.id, cid.id])) == {bob.id, cid.id}
        assert [link.pair for link in await view.links([bob.id, cid.id])] == [(bob.id, cid.id)]
        assert [visit.identity for visit in await view.open_visits([ada.id, bob.id, cid.id])] == [bob.id, cid.id]
        assert set(await view.sends(["send-1", "send-2", "send-3"])) == {"send-2", "send-3"}
        assert await view.count_people() == 2


async def test_what_providers_said_of_their_messages_goes_with_them(state: State) -> None:
    lane = Lane("email", "journey")
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.add_sends([a_send(each.key.value, identity=each.id, not_before_ms=0) for each in (ada, bob)])
        await transaction.claim_sends(1, {lane: 9})
        await transaction.settle_sends(
            [Settlement(key=key, state="pending", reason=f"<{key}@a.example>: later") for key in ("ada", "bob")], 2
        )
        await transaction.forget_identities([ada.id])
    async with state.begin() as transaction:
        # Should a send of that key come again, it brings nothing back.
        await transaction.add_sends([a_send("ada", identity=bob.id)])
        left = await transaction.answers(["ada", "bob"])
        assert {key: [each.said for each in said] for key, said in left.items()} == {"bob": ["<bob@a.example>: later"]}


async def test_a_number_is_never_given_again(state: State) -> None:
    async with state.begin() as transaction:
        await people(transaction, "ada", "bob")
        await transaction.forget_identities([2])
        assert await transaction.last_identity() == 2
        (back,) = await people(transaction, "bob")
        assert back.id == 3
        await transaction.forget_identities([1, 3])
    async with state.begin() as transaction:
        assert await transaction.last_identity() == 3
        assert await transaction.count_people() == 0
        (again,) = await people(transaction, "ada")
        assert again.id == 4
        assert await transaction.count_people() == 1


async def test_who_was_joined_is_not_counted_after_they_went(state: State) -> None:
    async with state.begin() as transaction:
        one, other, _ = await people(transaction, "one", "other", "third")
        await transaction.assign({other.id: one.id})
        assert await transaction.count_people() == 2
        await transaction.forget_identities([one.id, other.id])
        assert await transaction.count_people() == 1


async def test_ids_of_visits_links_and_bad_records_are_given_on(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.add_visits([a_visit(ada.id), a_visit(bob.id)])
        await transaction.add_links([a_link(ada.id, bob.id)])
        await transaction.add_bad_records([a_bad_record("x"), a_bad_record("y")])
        await transaction.forget_identities([ada.id])
        await transaction.drop_bad_records([1])
        (visit,) = await transaction.add_visits([a_visit(bob.id, entry_key="again")])
        await transaction.add_bad_records([a_bad_record("z")])
        kept = await transaction.bad_records(limit=9, before_id=None, replayed=None)
        assert visit.id not in {1, 2}
        assert [record.body for record in kept] == ["z", "y"]


async def test_counters_of_what_was_done_stay_and_those_of_what_is_do_not(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.add_visits([a_visit(ada.id), a_visit(bob.id), a_visit(ada.id, entry_key="left", left_ms=5)])
        await transaction.add_sends(
            [a_send("pending", identity=ada.id), a_send("sent", identity=ada.id, state="claimed")]
        )
        await transaction.settle_sends([Settlement(key="sent", state="sent")], 5)
        await transaction.forget_identities([ada.id])
    async with state.view() as view:
        assert await view.waiting("cart-rescue") == {"wait": 1}
        assert {each: count for each, count in (await view.send_totals(None)).items() if count} == {"sent": 1}
        assert {each: count for each, count in (await view.send_totals("cart-rescue")).items() if count} == {"sent": 1}


async def test_own_events_and_suppressions_are_dropped_one_by_one(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.emit([an_event(message_id=each) for each in ("a", "b", "c")])
        numbers = {event.message_id: number for number, event in await transaction.emitted(limit=9)}
        await transaction.drop_emitted([numbers["b"]])
        await transaction.suppress("email", "Ada@Example.com", "bounced", 1)
        await transaction.suppress("sms", "ada@example.com", "complained", 1)
        await transaction.suppress("email", "bob@example.com", "bounced", 1)
        assert await transaction.suppressions(["ADA@example.com"]) == [
            Suppression(channel="email", address="ada@example.com", reason="bounced"),
            Suppression(channel="sms", address="ada@example.com", reason="complained"),
        ]
        await transaction.drop_suppressions(["ada@EXAMPLE.com"])
    async with state.view() as view:
        assert [event.message_id for _, event in await view.emitted(limit=9)] == ["a", "c"]
        assert await view.suppressions(["ada@example.com"]) == []
        assert await view.suppressed("email", ["bob@example.com"]) == {"bob@example.com": "bounced"}


async def test_erasures_are_kept_and_the_plan_goes_when_it_is_done(state: State) -> None:
    open_one = Erasure(id="e1", requested_ms=2, until=7, plan=b"secret", record=b"{}")
    older = Erasure(id="e2", requested_ms=1, until=3, done_ms=9, record=b"r")
    async with state.begin() as transaction:
        await transaction.put_erasure(open_one)
        await transaction.put_erasure(older)
    async with state.view() as view:
        assert await view.erasures() == [older, open_one]
        assert await view.erasures(open_only=True) == [open_one]
        assert await view.erasure("e1") == open_one
        assert await view.erasure("none") is None
    done = Erasure(id="e1", requested_ms=2, until=7, done_ms=10, plan=b"", record=b"sealed")
    async with state.begin() as transaction:
        await transaction.put_erasure(done)
    async with state.view() as view:
        assert await view.erasure("e1") == done
        assert await view.erasures(open_only=True) == []


async def test_the_latest_tombstone_of_a_name_is_found(state: State) -> None:
    first = Tombstone(name="aa", erasure="e1", until=3, at_ms=10)
    later = Tombstone(name="aa", erasure="e2", until=8, at_ms=20)
    async with state.begin() as transaction:
        await transaction.add_tombstones([first, Tombstone(name="bb", erasure="e1", until=3, at_ms=10)])
        assert (await transaction.tombstones(["aa"]))["aa"] == first
        await transaction.add_tombstones([later])
    async with state.view() as view:
        assert await view.tombstones(["aa", "cc"]) == {"aa": later}
        assert await view.tombstones([]) == {}


async def test_the_offsets_of_all_groups_are_told(state: State) -> None:
    async with state.begin() as transaction:
        assert await transaction.offsets() == {}
        await transaction.set_offset("react", 5)
        await transaction.set_offset("archive", 3)
        assert await transaction.offsets() == {"react": 5, "archive": 3}


async def test_what_messages_cost_stays_spent(state: State) -> None:
    async with state.begin() as transaction:
        (ada,) = await people(transaction, "ada")
        await transaction.add_sends([a_send("mail", identity=ada.id, cost=5)])
        await transaction.spend({("cart-rescue", "2026-11-21"): 5})
        await transaction.forget_identities([ada.id])
        assert await transaction.spent(["cart-rescue"]) == {"cart-rescue": {"2026-11-21": 5}}


async def test_an_audience_keeps_its_places_and_nobody_stands_in_theirs(state: State) -> None:
    """How far a run has come is counted in places; the number in it is nobody's, and given to nobody again."""
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        await transaction.put_members(1, struct.pack("<2I", ada.id, bob.id))
        await transaction.forget_identities([ada.id])
        assert await transaction.run_members(1, 0, 9) == [ada.id, bob.id]
        assert set(await transaction.identities_by_id([ada.id, bob.id])) == {bob.id}


async def test_what_was_deleted_can_be_purged(state: State) -> None:
    async with state.begin() as transaction:
        await transaction.add_identities([anonymous("gone")], 0)
    async with state.begin() as transaction:
        await transaction.forget_identities([1])
    assert await state.purge()


def a_bad_record(body: str) -> BadRecord:
    return BadRecord(at_ms=1, source="web", code="bad", message="It is bad.", path="$", hint="Mend it.", body=body)


async def test_they_leave_live_segments_and_the_counts_of_those(state: State) -> None:
    segment = LiveSegment(number=0, segment="gold", version=1, fingerprint="f", since_ms=7)
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        gold = (await transaction.add_live_segment(segment)).number
        await transaction.enter_members([(gold, ada.id, 1), (gold, bob.id, 2)])
        await transaction.put_memberships({ada.id: Membership(inside={gold: 1}, due={}, armed_ms=0)})
        await transaction.review_members([ada.id, bob.id], told=True)
        assert (await transaction.held([ada.id]))["memberships"] == 2
        assert (await transaction.forget_identities([ada.id]))["memberships"] == 2
    async with state.view() as view:
        assert await view.segment_members(gold, limit=9) == [(bob.id, 2)]
        assert [each.size for each in await view.live_segments()] == [1]
        assert await view.member_reviews(limit=9) == [(bob.id, True)]
        assert set((await view.held([ada.id])).values()) == {0}


async def test_what_waited_is_taken_off_the_count_of_its_own_lane(state: State) -> None:
    async with state.begin() as transaction:
        ada, bob = (each.id for each in await people(transaction, "ada", "bob"))
        await transaction.add_sends(
            [
                a_send("mail", identity=ada),
                a_send("text", identity=bob, channel="sms"),
                a_send("receipt", identity=bob, transactional=True),
            ]
        )
        await transaction.forget_identities([ada])
        assert await transaction.send_totals(None) == {"pending": 2}
        lanes = {each.lane: each.pending for each in await transaction.lane_totals() if each.pending}
        assert lanes == {Lane("sms", "journey"): 1, Lane("email", "transactional"): 1}
