"""The queries of the state in PostgreSQL: sound, on their index, and true to any value."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Internal, Invalid
from holdfast.ports.state import Settlement, State, Transaction, View
from holdfast.stores.postgres import people as stored_people
from holdfast.stores.postgres import queries
from holdfast.stores.postgres import state as stored_state
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.text import escaped, restored
from holdfast.testing import a_profile, a_send, a_visit
from tests.contracts.state_contract import people, user
from tests.contracts.test_state_postgres import note, opened
from tests.postgres_server import PostgresServer

PLANS = "plans"
"""One workspace for all that is only planned: to make one takes longer than to look at a plan."""
ONE_ROW = {"connection_change", "identities_forgotten", "person_sequence", "segment_change"}
"""Tables that are read whole: they have one row."""
TOPICS = sorted(each.stem for each in Path(queries.__file__).parent.glob("*.sql"))


@pytest.mark.parametrize("topic", TOPICS)
async def test_every_query_is_sound_and_used(postgres: PostgresServer, topic: str) -> None:
    source = (Path(stored_state.__file__).parent / f"{topic}.py").read_text(encoding="utf-8")
    async with opened(postgres, PLANS) as state, state.begin() as transaction:
        for name, text in load(topic).items():
            assert f'"{name}"' in source or f'f"{name.split("_")[0]}_{{' in source, name
            await transaction._connection.prepare(text)  # type: ignore[attr-defined]


async def plan_of(view: View, text: str) -> str:
    """The plan for whatever values, when nothing is known of how large tables are."""
    connection = view._connection  # type: ignore[attr-defined]
    places = len((await connection.prepare(text)).get_parameters())
    await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE asked AS {text}")
    given = f" ({', '.join(['NULL'] * places)})" if places else ""
    rows = await connection.fetch(f"EXPLAIN EXECUTE asked{given}")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize(
    ("topic", "name", "index"),
    [
        ("people", "identities_by_hash", "identity_by_hash"),
        ("people", "members", "identity_joined"),
        ("people", "count_people", "identity_joined"),
        ("people", "profiles", "profile_pkey"),
        ("people", "put_profiles", "profile_pkey"),
        ("people", "assign", "identity_pkey"),
        ("people", "links", "link_by_second"),
        ("people", "stale_people", "stale_person_by_sequence"),
        ("people", "untouch_people", "stale_person"),
        ("feed", "seen", "seen_pkey"),
        ("feed", "forget_seen", "seen_by_time"),
        ("feed", "skipped", "skipped_pkey"),
        ("feed", "bad_records_open", "bad_record_open"),
        ("feed", "count_bad_records_by_code", "bad_record_open_by_code"),
        ("journeys", "open_visits", "visit_open"),
        ("journeys", "due_visits", "visit_due"),
        ("journeys", "due_visits_of", "visit_due_of_part"),
        ("journeys", "due_parts", "visit_due_of_part"),
        ("journeys", "next_due", "visit_due"),
        ("journeys", "next_due", "send_lane"),
        ("journeys", "entered", "visit_entry"),
        ("journeys", "put_visits", "visit_pkey"),
        ("outbox", "sends_by_key", "send_key_key"),
        ("outbox", "due_sends", "send_lane"),
        ("outbox", "claim_sends", "send_key_key"),
        ("outbox", "settle_sends", "send_key_key"),
        ("outbox", "defer_sends", "send_key_key"),
        ("outbox", "claimed_before", "send_claimed"),
        ("outbox", "dead_letters", "send_dead"),
        ("outbox", "answers", "send_answer_by_key"),
        ("outbox", "contacts", "send_by_identity"),
        ("outbox", "sends_of_identities", "send_by_identity"),
        ("outbox", "sends_of_origin", "send_by_origin"),
        ("catalogues", "catalogue_items", "catalogue_item_by_id"),
        ("catalogues", "top_items", "catalogue_item_by_rank"),
        ("catalogues", "edition_items", "catalogue_item_by_id"),
        ("catalogues", "clear_items", "catalogue_item_by_id"),
        ("catalogues", "coupons_of", "coupon_by_send"),
        ("catalogues", "coupons_after", "coupon_pkey"),
        ("catalogues", "held_coupon", "coupon_by_send"),
        ("catalogues", "claim_coupon", "coupon_left"),
        ("catalogues", "return_coupon", "coupon_by_send"),
        ("catalogues", "forget_coupons", "coupon_by_send"),
        ("catalogues", "withdraw_coupons", "coupon_left"),
        ("inbox", "inbox", "inbox_of"),
        ("inbox", "inbox_items", "inbox_pkey"),
        ("inbox", "inbox_after", "inbox_pkey"),
        ("inbox", "mark_items", "inbox_pkey"),
        ("inbox", "trim_inbox", "inbox_of"),
        ("inbox", "expire_inbox", "inbox_expiring"),
        ("erasure", "forget_inbox", "inbox_of"),
        ("receipts", "sends_by_provider_id", "provider_message_pkey"),
        ("receipts", "reached", "reached_pkey"),
        ("receipts", "soft_bounces", "soft_bounce_pkey"),
        ("receipts", "suppressed_addresses", "suppression_newest"),
        ("receipts", "forget_provider_messages", "provider_message_old"),
        ("receipts", "forget_soft_bounces", "soft_bounce_old"),
        ("erasure", "forget_receipts", "reached_of"),
        ("erasure", "forget_numbers", "provider_message_of"),
        ("erasure", "suppressions", "suppression_of_address"),
    ],
)
async def test_hot_queries_walk_their_index(postgres: PostgresServer, topic: str, name: str, index: str) -> None:
    async with opened(postgres, PLANS) as state, state.begin() as transaction:
        plan = await plan_of(transaction, load(topic)[name])
    assert index in plan or "ON CONFLICT" in load(topic)[name], plan
    assert set(re.findall(r"Seq Scan on (\w+)", plan)) <= ONE_ROW, plan


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("people", "stale_people"),
        ("journeys", "due_visits"),
        ("journeys", "due_visits_of"),
        ("outbox", "due_sends"),
        ("outbox", "sends_of_origin"),
    ],
)
async def test_what_is_asked_for_in_order_is_not_sorted(postgres: PostgresServer, topic: str, name: str) -> None:
    async with opened(postgres, PLANS) as state, state.begin() as transaction:
        await transaction._connection.execute("SET LOCAL enable_bitmapscan = off")  # type: ignore[attr-defined]
        assert "Sort" not in await plan_of(transaction, load(topic)[name])


@given(st.lists(st.text(st.sampled_from("\0\x1a01a")), min_size=2, max_size=2))
def test_text_is_held_without_nul_and_comes_back(texts: list[str]) -> None:
    held = [escaped(text) for text in texts]
    assert [restored(text) for text in held] == texts
    assert not any("\0" in text for text in held)


async def test_any_text_comes_back_as_it_was_one_by_one_and_in_batches(postgres: PostgresServer) -> None:
    odd = "\0 and \x1a and \x1a0, 'quoted' \\ \U0001f600"
    async with opened(postgres) as state, state.begin() as transaction:
        await transaction.set_note(odd, odd)
        assert await transaction.note(odd) == odd
        (visit,) = await transaction.add_visits([a_visit(1, origin=odd, entry_key=odd, step=odd)])
        assert await transaction.open_visits([1]) == [visit]
        assert (await transaction.entered([odd], [1]))[odd, 1].keys == {odd}
        assert await transaction.waiting(odd) == {odd: 1}
        send = a_send(address=odd)
        await transaction.add_sends([send])
        assert await transaction.sends([send.key]) == {send.key: send}


async def test_of_two_settlements_of_one_send_the_first_counts(postgres: PostgresServer) -> None:
    async with opened(postgres) as state, state.begin() as transaction:
        await transaction.add_sends([a_send("k", state="claimed", claimed_ms=1)])
        settlements = [Settlement(key="k", state="failed", reason="first"), Settlement(key="k", state="sent")]
        await transaction.settle_sends(settlements, 5)
        assert (await transaction.sends(["k"]))["k"].reason == "first"


async def test_settlements_of_a_claim_and_of_any_go_together(postgres: PostgresServer) -> None:
    keys = ["any", "odd", "other"]
    async with opened(postgres) as state, state.begin() as transaction:
        await transaction.add_sends([a_send(key, state="claimed", claimed_ms=1, claimed_by="one\0") for key in keys])
        settlements = [
            Settlement(key=key, state="sent", claimed_by=by)
            for key, by in zip(keys, [None, "one\0", "one"], strict=True)
        ]
        for each in (settlements, settlements[::-1]):
            await transaction.settle_sends(each, 5)
        states = {key: send.state for key, send in (await transaction.sends(keys)).items()}
        assert states == {"any": "sent", "odd": "sent", "other": "claimed"}


async def test_an_address_of_any_length_can_be_suppressed(postgres: PostgresServer) -> None:
    address = "".join(
        chr(0x4E00 + number) for number in range(20_000)
    )  # More than an index takes, and hard to compress.
    async with opened(postgres) as state, state.begin() as transaction:
        for reason in ("bounced", "complained"):
            await transaction.suppress("email", address, reason, 1)
        assert await transaction.suppressed("email", [address, "other"]) == {address: "complained"}
        assert await transaction.suppressed("sms", [address]) == {}


async def test_a_value_that_no_column_holds_is_the_fault_of_what_brought_it(postgres: PostgresServer) -> None:
    async with opened(postgres) as state:
        for act in (
            lambda transaction: transaction.set_offset("react", 2**63),
            lambda transaction: transaction.mark_seen({1: 2**70}, 1),
            lambda transaction: transaction.set_note("x" * 4 + "".join(map(chr, range(0x4E00, 0x9000))), ""),
        ):
            with pytest.raises(ValueError) as refused:  # So that the reactor sets the record aside.
                await note_and(state, act)
            assert isinstance(refused.value, Internal)
        assert await note(state, "before") is None


async def test_two_questions_at_once_in_one_view_are_a_fault_of_ours(postgres: PostgresServer) -> None:
    async with opened(postgres) as state, state.view() as view:
        answers = await asyncio.gather(view.count_people(), view.count_people(), return_exceptions=True)
        assert [type(each) for each in answers] == [int, asyncpg.InterfaceError]


async def test_names_that_share_a_hash_are_told_apart(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_people, "_hash", lambda key: 1)
    async with opened(postgres) as state, state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        assert await transaction.identities([user("bob")]) == {user("bob"): bob}
        assert await transaction.identities([user("bob"), user("cleo"), user("ada")]) == {
            user("ada"): ada,
            user("bob"): bob,
        }


async def note_and(state: State, act: Callable[[Transaction], Awaitable[None]]) -> None:
    async with state.begin() as transaction:
        await transaction.set_note("before", "")
        await act(transaction)


async def test_half_of_a_surrogate_pair_in_text_is_refused_clearly_and_nothing_is_kept(
    postgres: PostgresServer,
) -> None:
    half = "\ud800"
    async with opened(postgres) as state:
        for act in (
            lambda transaction: transaction.put_profiles({1: a_profile(name=half)}),
            lambda transaction: transaction.add_sends([a_send(address=half)]),
            lambda transaction: transaction.set_note("a", half),
        ):
            with pytest.raises(Invalid, match="surrogate") as refused:
                await note_and(state, act)
            assert refused.value.code == "bad_text"
        async with state.view() as view:
            assert await view.note("before") is None
            assert await view.profiles([1]) == {}
