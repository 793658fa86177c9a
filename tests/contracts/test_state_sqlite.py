"""What only the state on disk promises: it is there after a crash, it has one owner, and its schema only grows."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from holdfast.kernel.errors import Busy, Conflict, Invalid
from holdfast.ports.state import State, Transaction
from holdfast.profiles.profile import EMPTY
from holdfast.stores.sqlite import checkpoint
from holdfast.stores.sqlite import people as stored_people
from holdfast.stores.sqlite.opening import migrate, migrations, open_writer
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.state import FILE, SqliteState
from holdfast.testing import a_profile, a_send, a_visit, an_event
from tests.contracts.state_contract import people, user


async def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        await people(transaction, "a", "b")
        await transaction.put_profiles({1: a_profile(plan="gold")})
        await transaction.set_offset("react", 9)
        await transaction.add_visits([a_visit(1)])
        await transaction.add_sends([a_send("k")])
        await transaction.emit([an_event(message_id="m")])
        emitted = await transaction.emitted(limit=1)
        await transaction.forget_emitted(emitted[0][0])
    await state.close()
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        assert (await transaction.identities([user("b")]))[user("b")].id == 2
        assert await transaction.profiles([1]) == {1: a_profile(plan="gold")}
        assert await transaction.offset("react") == 9
        assert [visit.id for visit in await transaction.open_visits([1])] == [1]
        assert list(await transaction.sends(["k"])) == ["k"]
        await transaction.emit([an_event(message_id="n")])
        assert (await transaction.emitted(limit=1))[0][0] > emitted[0][0]  # Numbers do not start again.
    await state.close()


CHILD = """
import asyncio, sys
from pathlib import Path
from holdfast.stores.sqlite.state import SqliteState
from holdfast.testing import a_profile
from tests.contracts.state_contract import user

async def main(directory: Path, act: str) -> None:
    state = SqliteState(directory)
    async with state.begin() as transaction:
        keys = [user(f"first-{n}") for n in range(2000)]
        await transaction.add_identities(keys, 0)
    if act == "between":
        print("ready", flush=True); await asyncio.sleep(60)
    async with state.begin() as transaction:
        added = await transaction.add_identities([user(f"second-{n}") for n in range(20000)], 0)
        await transaction.put_profiles({each.id: a_profile(padding="x" * 2000) for each in added.values()})
        await transaction.set_offset("react", 5)
        print("ready", flush=True); await asyncio.sleep(60)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def start_child(directory: Path, act: str) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(directory), act], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


async def test_kill_in_the_middle_of_a_transaction_leaves_nothing_of_it(tmp_path: Path) -> None:
    # The transaction is larger than the page cache, so much of it is in the write-ahead log when the process dies.
    kill(start_child(tmp_path, "within"))
    state = SqliteState(tmp_path)
    async with state.view() as view:
        assert await view.count_people() == 2_000
        assert await view.offset("react") == 0
        assert await view.profiles([2_001, 2_002]) == {}
    async with state.begin() as transaction:
        assert [each.id for each in await people(transaction, "next")] == [2_001]
    await state.close()


async def test_a_second_process_is_refused_and_told_who_has_it_until_that_dies(tmp_path: Path) -> None:
    child = start_child(tmp_path, "between")
    try:
        with pytest.raises(Busy, match=f"process {child.pid}") as refused:
            SqliteState(tmp_path)
        assert refused.value.code == "workspace_in_use"
        assert refused.value.hint
    finally:
        kill(child)
    state = SqliteState(tmp_path)  # No stale lock to remove by hand.
    async with state.view() as view:
        assert await view.count_people() == 2_000
    await state.close()


async def test_the_same_process_is_refused_too_until_it_closes(tmp_path: Path) -> None:
    state = SqliteState(tmp_path)
    for _ in range(2):  # Being refused must not take the lock, or its owner's number, away.
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            SqliteState(tmp_path)
    await state.close()
    await SqliteState(tmp_path).close()


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    await SqliteState(tmp_path).close()
    newer = max(migrations()) + 1
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("INSERT INTO schema_version (version) VALUES (?)", (newer,))
    connection.close()
    for _ in range(2):
        with pytest.raises(Conflict, match=f"version {newer}") as refused:
            SqliteState(tmp_path)
        assert refused.value.code == "schema_too_new"


async def test_names_that_share_a_hash_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_people, "_hash", lambda key: 1)
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        ada, bob = await people(transaction, "ada", "bob")
        assert await transaction.identities([user("bob")]) == {user("bob"): bob}
        assert await transaction.identities([user("bob"), user("cleo"), user("ada")]) == {
            user("ada"): ada,
            user("bob"): bob,
        }
    await state.close()


def test_migrations_are_found_in_order() -> None:
    assert list(migrations()) == sorted(migrations())
    assert min(migrations()) == 1


def test_a_change_that_comes_after_one_with_a_higher_number_is_made(tmp_path: Path) -> None:
    connection = open_writer(tmp_path / "late.sqlite")
    changes = {1: "CREATE TABLE a (x INTEGER);", 3: "CREATE TABLE c (x INTEGER);"}
    migrate(connection, changes)
    for _ in range(2):
        migrate(connection, changes | {2: "CREATE TABLE b (x INTEGER);"})
    connection.execute("SELECT * FROM a, b, c")
    assert connection.execute("SELECT version FROM schema_version ORDER BY 1").fetchall() == [(1,), (2,), (3,)]
    connection.close()


def test_what_waits_to_be_told_and_copied_outlives_the_change_that_puts_it_in_order(tmp_path: Path) -> None:
    changes = migrations()
    connection = open_writer(tmp_path / FILE)
    migrate(connection, {version: text for version, text in changes.items() if version < 30})
    connection.execute("INSERT INTO stale_person VALUES (7, 2), (3, 9), (5, 2)")
    connection.execute("INSERT INTO emitted (id, message_id, body) VALUES (4, 'b', x'02'), (3, 'a', x'01')")
    connection.execute("INSERT INTO emitted (id, message_id, body) VALUES (8, 'c', x'03')")
    connection.execute("DELETE FROM emitted WHERE id = 8")
    migrate(connection, changes)
    assert connection.execute("SELECT * FROM stale_person").fetchall() == [(2, 5), (2, 7), (9, 3)]
    assert connection.execute("SELECT * FROM emitted").fetchall() == [(3, b"\1"), (4, b"\2")]
    connection.execute("INSERT INTO emitted (body) VALUES (x'04')")
    assert connection.execute("SELECT max(id) FROM emitted").fetchall() == [(9,)]
    connection.close()


def test_numbers_go_on_where_nothing_waits_to_be_told(tmp_path: Path) -> None:
    changes = migrations()
    connection = open_writer(tmp_path / FILE)
    migrate(connection, {version: text for version, text in changes.items() if version < 30})
    connection.execute("INSERT INTO emitted (id, message_id, body) VALUES (8, 'c', x'03')")
    connection.execute("DELETE FROM emitted")
    migrate(connection, changes)
    connection.execute("INSERT INTO emitted (body) VALUES (x'04')")
    assert connection.execute("SELECT id FROM emitted").fetchall() == [(9,)]
    connection.close()


def test_an_older_schema_is_brought_up_to_date_once(tmp_path: Path) -> None:
    connection = open_writer(tmp_path / "old.sqlite")
    one = {1: "CREATE TABLE a (x INTEGER);"}
    two = one | {2: "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a VALUES (1, 2);"}
    migrate(connection, one)
    for _ in range(2):
        migrate(connection, two)
        assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, 2)]
    assert connection.execute("SELECT version FROM schema_version").fetchall() == [(1,), (2,)]
    connection.close()


def test_a_migration_that_fails_is_undone_whole(tmp_path: Path) -> None:
    connection = open_writer(tmp_path / "old.sqlite")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, {1: "CREATE TABLE a (x INTEGER); INSERT INTO nowhere VALUES (1);"})
    assert not connection.in_transaction
    migrate(connection, {1: "CREATE TABLE a (x INTEGER);"})
    connection.close()


def places_of(query: str) -> int:
    """How many values the query takes."""
    return max((int(each) for each in re.findall(r"\?(\d+)", query)), default=query.count("?"))


@pytest.mark.parametrize("topic", ["people", "feed", "journeys", "outbox", "segments", "small", "catalogues"])
async def test_every_query_is_sound_and_used(tmp_path: Path, topic: str) -> None:
    await SqliteState(tmp_path).close()
    queries = load(topic)
    source = (Path(checkpoint.__file__).parent / f"{topic}.py").read_text()
    connection = sqlite3.connect(tmp_path / FILE)
    for name, text in queries.items():
        assert f'"{name}"' in source
        connection.execute(f"EXPLAIN {text}", [None] * places_of(text))
    connection.close()


@pytest.mark.parametrize(
    ("topic", "name", "index"),
    [
        ("people", "identities_by_hash", "identity_by_hash"),
        ("people", "members", "identity_joined"),
        ("people", "links", "link_by_second"),
        ("feed", "forget_seen", "seen_by_time"),
        ("feed", "bad_records_open", "bad_record_open"),
        ("feed", "count_bad_records_by_code", "bad_record_open_by_code"),
        ("journeys", "open_visits", "visit_open"),
        ("journeys", "due_visits", "visit_due"),
        ("journeys", "entered", "visit_entry"),
        ("outbox", "due_sends", "send_lane"),
        ("outbox", "claimed_before", "send_claimed"),
        ("outbox", "overdue_claims", "send_claimed"),
        ("outbox", "lane_next", "send_lane"),
        ("outbox", "dead_letters", "send_dead"),
        ("outbox", "count_dead_letters", "send_dead"),
        ("outbox", "answers", "send_answer_by_key"),
        ("outbox", "contacts", "send_by_identity"),
        ("outbox", "sends_of_identities", "send_by_identity"),
        ("outbox", "sends_of_origin", "send_by_origin"),
        ("catalogues", "catalogue_item", "catalogue_item_by_id"),
        ("catalogues", "top_items", "catalogue_item_by_rank"),
        ("catalogues", "edition_items", "catalogue_item_by_id"),
        ("catalogues", "clear_items", "catalogue_item_by_"),
        ("catalogues", "coupons_of", "coupon_by_send"),
        ("catalogues", "held_coupon", "coupon_by_send"),
        ("catalogues", "claim_coupon", "coupon_left"),
        ("catalogues", "return_coupon", "coupon_by_send"),
        ("catalogues", "forget_coupon", "coupon_by_send"),
        ("catalogues", "withdraw_coupons", "coupon_left"),
    ],
)
async def test_hot_queries_walk_their_index(tmp_path: Path, topic: str, name: str, index: str) -> None:
    await SqliteState(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    text = load(topic)[name]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * places_of(text))]
    connection.close()
    assert any(f"INDEX {index}" in step for step in plan), plan
    known = (index, "VIRTUAL", "(subquery-")  # What a subquery found is looked through whole.
    assert not any(step.startswith("SCAN") and not any(each in step for each in known) for step in plan), plan


async def test_marks_of_changed_people_are_met_in_their_order(tmp_path: Path) -> None:
    await SqliteState(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    text = load("people")["untouch_people"]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * places_of(text))]
    connection.close()
    assert "SEARCH marked USING PRIMARY KEY (sequence<?)" in plan
    assert "SEARCH told USING AUTOMATIC COVERING INDEX (person=?)" in plan


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("journeys", "count_new_visits"),
        ("journeys", "count_visits"),
        ("journeys", "uncount_visits"),
        ("outbox", "count_new_sends"),
    ],
)
async def test_what_a_tick_counts_is_what_it_wrote_and_no_more(tmp_path: Path, topic: str, name: str) -> None:
    await SqliteState(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    text = load(topic)[name]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", [None] * places_of(text))]
    connection.close()
    assert any(step.startswith(("SEARCH visit USING INTEGER", "SEARCH send USING INTEGER")) for step in plan), plan
    assert not any(step.startswith(("SCAN visit", "SCAN send")) for step in plan), plan


async def note_and(state: State, act: Callable[[Transaction], Awaitable[None]]) -> None:
    async with state.begin() as transaction:
        await transaction.set_note("before", "")
        await act(transaction)


async def test_half_of_a_surrogate_pair_in_text_is_refused_clearly_and_nothing_is_kept(tmp_path: Path) -> None:
    state = SqliteState(tmp_path)
    half = "\ud800"
    for act in (
        lambda transaction: transaction.put_profiles({1: a_profile(name=half)}),
        lambda transaction: transaction.add_sends([a_send(address=half)]),
    ):
        with pytest.raises(Invalid, match="surrogate") as refused:
            await note_and(state, act)
        assert refused.value.code == "bad_text"
    async with state.view() as view:
        assert await view.note("before") is None
        assert await view.profiles([1]) == {}
    await state.close()


async def test_forgotten_messages_give_their_space_to_new_ones(tmp_path: Path) -> None:
    state = SqliteState(tmp_path)
    sizes = []
    for day in range(6):
        async with state.begin() as transaction:
            await transaction.mark_seen({day * 20_000 + number: number for number in range(20_000)}, day)
            await transaction.forget_seen(day)
        await state.close()
        sizes.append((tmp_path / FILE).stat().st_size)
        state = SqliteState(tmp_path)
    await state.close()
    assert sizes[-1] < 1.5 * sizes[1]  # Six days were marked; two are held at the fullest moment.


async def test_the_checkpointer_goes_on_after_the_disk_was_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It ended, and the write-ahead log grew for as long as the server ran."""
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 0.005)
    monkeypatch.setattr(checkpoint, "BYTES_BEFORE", 0)
    rounds: list[int] = []
    as_it_is = checkpoint.Checkpointer._round

    def at_first_full(self: checkpoint.Checkpointer, at: sqlite3.Connection, size: int, *, idle: bool) -> None:
        rounds.append(size)
        if len(rounds) <= 2:
            raise sqlite3.OperationalError("database or disk is full")
        as_it_is(self, at, size, idle=idle)

    monkeypatch.setattr(checkpoint.Checkpointer, "_round", at_first_full)
    state = SqliteState(tmp_path)
    try:
        async with state.begin() as transaction:
            await people(transaction, "a", "b")
        async with asyncio.timeout(10):
            while (tmp_path / f"{FILE}-wal").stat().st_size:
                await asyncio.sleep(0.005)
    finally:
        await state.close()
    assert len([each for each in caplog.records if "cannot be written" in each.message]) == 1


async def test_the_checkpointer_empties_the_write_ahead_log_beside_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 0.005)
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        await transaction.put_profiles(dict.fromkeys(range(1, 50_001), EMPTY))
    log = tmp_path / f"{FILE}-wal"
    async with asyncio.timeout(120):
        while log.stat().st_size:
            await asyncio.sleep(0.005)
    async with state.view() as view:
        assert len(await view.profiles(range(60_000))) == 50_000
    await state.close()


def rounds_are_made_here(monkeypatch: pytest.MonkeyPatch, *, reused: int) -> None:
    """By the test, and not by the thread; a log of so many bytes is to be written from its start again."""
    monkeypatch.setattr(checkpoint, "EVERY_SECONDS", 3_600.0)
    monkeypatch.setattr(checkpoint, "BYTES_BEFORE", 0)
    monkeypatch.setattr(checkpoint, "BYTES_REUSED", reused)


async def add_ten_thousand(transaction: Transaction, number: int) -> None:
    await transaction.put_profiles(dict.fromkeys(range(10_000 * number, 10_000 * number + 10_000), EMPTY))


async def test_the_write_ahead_log_is_begun_anew_though_one_transaction_follows_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is written while a checkpoint goes on, which cannot reach the end so: by itself the log grew for ever."""
    rounds_are_made_here(monkeypatch, reused=1_000_000)
    state, log, sizes = SqliteState(tmp_path), tmp_path / f"{FILE}-wal", []
    rounds = open_writer(tmp_path / FILE)
    for number in range(40):
        async with state.begin() as transaction:
            await add_ten_thousand(transaction, number)
            state._checkpointer._round(rounds, log.stat().st_size, idle=False)
        sizes.append(log.stat().st_size)
    assert max(sizes) < 2_500_000 < 40 * sizes[0]
    rounds.close()
    async with state.view() as view:
        assert len(await view.profiles(range(400_000))) == 400_000
    await state.close()


async def test_a_writer_does_not_move_all_of_its_large_transactions_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has just moved is no reason to move the next one as well: that is done beside it."""
    rounds_are_made_here(monkeypatch, reused=100_000)
    state, log, moves = SqliteState(tmp_path), tmp_path / f"{FILE}-wal", []
    rounds, checkpointer = open_writer(tmp_path / FILE), state._checkpointer
    for number in range(6):
        async with state.begin() as transaction:
            await add_ten_thousand(transaction, number)
            moves.append(checkpointer._nearly_done.is_set())
        for _ in range(3):  # The next one takes longer than the rounds are apart.
            checkpointer._round(rounds, log.stat().st_size, idle=False)
    assert moves == [False, True, False, True, False, True]
    rounds.close()
    await state.close()


async def test_who_waits_for_another_writer_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """Somebody has a database shell open: everything else goes on, and so does the transaction when they are done."""
    state = SqliteState(tmp_path)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begun = asyncio.Event()

    async def write() -> None:
        async with state.begin() as transaction:
            begun.set()
            await transaction.set_note("n", "after")

    writing = asyncio.create_task(write())
    for _ in range(20):
        await asyncio.sleep(0.005)
        async with state.view() as view:
            assert await view.note("n") is None
    assert not begun.is_set()
    other.execute("ROLLBACK")
    await writing
    async with state.view() as view:
        assert await view.note("n") == "after"
    other.close()
    await state.close()


async def test_closing_leaves_one_file_and_the_lock(tmp_path: Path) -> None:
    state = SqliteState(tmp_path)
    async with state.begin() as transaction:
        await people(transaction, "a")
    async with state.view():
        pass
    await state.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["state.lock", FILE]
