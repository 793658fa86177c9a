"""What SQLite has for hands: it is read beside the one who writes, and what is to be written is written by that one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from holdfast.decisions.visit import Visit
from holdfast.kernel.errors import Internal, Invalid
from holdfast.ports.hands import HasHands, Recorded, UnknownHere
from holdfast.ports.live import NOBODYS, LiveSegment, Membership
from holdfast.ports.state import Moving, Send, StepCount, Transaction
from holdfast.profiles.profile import EMPTY
from holdfast.stores.sqlite.recording import SqliteRecorder
from holdfast.stores.sqlite.state import FILE, SqliteState
from holdfast.testing import a_profile, an_event
from tests.contracts.state_contract import people, user

PEOPLE = 60
LIVE_SEGMENT = LiveSegment(number=0, segment="gold", version=1, fingerprint="f", since_ms=7)


def a_visit(identity: int, key: str = "1", **changes: object) -> Visit:
    told: dict[str, object] = {
        "id": 0,
        "origin": "hello",
        "version": 1,
        "identity": identity,
        "entry_key": key,
        "arm": "treated",
        "step": "rest",
        "seq": 1,
        "entered_ms": 1,
        "arrived_ms": 1,
        "due_ms": 1_000,
        "waits_for": frozenset({"Read", "Bought"}),
        "variables": {"event": {"n": 10**40, "said": "é\0", "a": [1, 0.1, None]}},
        "trail": (("begin", "entered", 1),),
    }
    return Visit(**(told | changes))  # type: ignore[arg-type]


def a_send(key: str, identity: int, **changes: object) -> Send:
    told: dict[str, object] = {
        "key": key,
        "identity": identity,
        "origin_kind": "journey",
        "origin": "hello",
        "version": 1,
        "step": "mail",
        "channel": "email",
        "template": "t",
        "topic": "",
        "transactional": False,
        "address": f"u{identity}@example.com",
        "state": "pending",
        "created_ms": 5,
        "not_before_ms": 5,
        "variables": {"n": identity},
    }
    return Send(**(told | changes))  # type: ignore[arg-type]


async def prepare(state: SqliteState) -> None:
    """People, of whom 1 and 2 are one, and visits: one each, of which a few are over."""
    async with state.begin() as transaction:
        await people(transaction, *(f"u{number}" for number in range(1, PEOPLE + 1)))
        await transaction.assign({2: 1})
        await transaction.add_visits([a_visit(number, due_ms=1_000 - number) for number in range(1, PEOPLE + 1)])
        await transaction.add_sends([a_send(f"old{number}", number) for number in range(1, 4)])


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[SqliteState]:
    state = SqliteState(tmp_path)
    await prepare(state)
    yield state
    await state.close()


@pytest.fixture
async def recorder(state: SqliteState, tmp_path: Path) -> AsyncIterator[SqliteRecorder]:
    recorder = SqliteRecorder(tmp_path)
    yield recorder
    await recorder.close()


def dump(path: Path) -> list[str]:
    """All that the state's file says."""
    with sqlite3.connect(path / FILE) as connection:
        found = list(connection.iterdump())
    connection.close()
    return found


def helped(transaction: Transaction) -> HasHands:
    assert isinstance(transaction, HasHands)
    return transaction


Work = Callable[[Transaction], Awaitable[object]]


async def recorded(recorder: SqliteRecorder, work: Work) -> bytes:
    """What would have to be written for it."""
    async with recorder.begin() as transaction:
        await work(transaction)
        return transaction.written()


async def test_a_recorder_sees_what_was_committed_and_nothing_else(
    state: SqliteState, recorder: SqliteRecorder
) -> None:
    async with state.begin() as transaction:
        await transaction.put_profiles({1: a_profile(plan="gold")})
    async with state.begin() as transaction:
        await transaction.put_profiles({1: a_profile(plan="free"), 2: EMPTY})
        await transaction.add_visits([a_visit(1, "2")])
        async with recorder.begin() as beside:
            assert await beside.profiles([1, 2]) == {1: a_profile(plan="gold")}
            assert len(await beside.open_visits([1])) == 1
    async with recorder.begin() as beside:
        assert set(await beside.profiles([1, 2])) == {1, 2}
        assert len(await beside.open_visits([1])) == 2
        async with state.begin() as transaction:
            await transaction.put_profiles({3: EMPTY})
        assert set(await beside.profiles([1, 2, 3])) == {1, 2}, "it sees what there was when it began"
    async with recorder.begin() as beside:
        async with state.begin() as transaction:
            await transaction.put_profiles({4: EMPTY})
        assert await beside.profiles([4]) == {}, "though it was asked for nothing before"


async def test_what_is_recorded_changes_nothing_before_it_is_taken_over(
    state: SqliteState, recorder: SqliteRecorder, tmp_path: Path
) -> None:
    before = dump(tmp_path)
    writes = await recorded(recorder, everything)
    assert dump(tmp_path) == before
    async with state.begin() as transaction:
        await helped(transaction).take_over(writes)
    assert dump(tmp_path) != before


async def test_nothing_is_to_be_written_where_nothing_was(state: SqliteState, recorder: SqliteRecorder) -> None:
    async def nothing(transaction: Transaction) -> None:
        await transaction.profiles([1])
        await transaction.touch_people([])
        await transaction.put_profiles({})
        await transaction.emit([])

    writes = await recorded(recorder, nothing)
    assert writes == b""
    async with state.begin() as transaction:
        await helped(transaction).take_over(writes)


ASKED: dict[str, Work] = {
    "profiles": lambda each: each.profiles([1]),
    "visits": lambda each: each.open_visits([1]),
    "a note": lambda each: each.note("x"),
    "sends": lambda each: each.sends(["old1"]),
    "due": lambda each: each.due_visits(5_000, limit=5),
    "by number": lambda each: cast("Recorded", each).visits_by_id([1]),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_nothing_can_be_asked_any_more_once_anything_is_to_be_written(
    recorder: SqliteRecorder, asked: str
) -> None:
    async with recorder.begin() as transaction:
        await ASKED[asked](transaction)
        await transaction.put_visits([a_visit(1, id=1)])
        with pytest.raises(Internal, match="not there yet"):
            await ASKED[asked](transaction)
    with pytest.raises(Internal, match="is over"):
        await transaction.profiles([1])
    async with recorder.begin() as transaction:
        await ASKED[asked](transaction)


async def test_a_hand_takes_nothing_over_and_writes_nothing_that_has_to_be_counted(recorder: SqliteRecorder) -> None:
    async with recorder.begin() as transaction:
        with pytest.raises(Internal):
            await cast("HasHands", transaction).take_over(b"")
    async with recorder.begin() as transaction:
        with pytest.raises(UnknownHere):
            await transaction.clear_members(1, limit=1)
        with pytest.raises(UnknownHere):
            await transaction.add_live_segment(LIVE_SEGMENT)
        with pytest.raises(UnknownHere):
            await transaction.replay_dead_letters(["s"], at_ms=1)


async def some_profiles(transaction: Transaction) -> None:
    await transaction.put_profiles({1: a_profile(plan="gold", n=10**40), 40: EMPTY, 7: a_profile(said="é\0")})


async def moved_on(transaction: Transaction) -> None:
    went = a_visit(3, id=3, step="mail", seq=2, arrived_ms=9, due_ms=None, variables={"x": 10**30})
    await transaction.put_visits([went, structs.replace(went, seq=3, step="nap", due_ms=77)])
    await transaction.put_visits([a_visit(4, id=4, step="mail", due_ms=5)])


async def ended(transaction: Transaction) -> None:
    over = a_visit(5, id=5, step="end", left_ms=9, left_by="end", due_ms=None, waits_for=frozenset[str]())
    await transaction.put_visits([over, a_visit(6, id=6, step="mail", seq=4)])


async def begun(transaction: Transaction) -> None:
    await transaction.add_visits([a_visit(1, "2", step="mail"), a_visit(8, "2", variables={})])
    await transaction.add_visits([a_visit(9, "2", left_ms=3, left_by="end", due_ms=None)])


async def sends(transaction: Transaction) -> None:
    many = [a_send(f"new{number}", 1 + number % PEOPLE) for number in range(40)]
    await transaction.add_sends([*many, a_send("withheld", 3, state="withheld", reason="capped", settled_ms=5)])
    await transaction.add_sends([a_send("alarm", 3, origin="alarm", transactional=True, cost=5, priority=90)])


async def sends_again(transaction: Transaction) -> None:
    again = [a_send("old1", 1, address="other@example.com"), a_send("old3", 3)]
    await transaction.add_sends([*again, *(a_send(f"new{number}", 4) for number in range(20))])


async def counted(transaction: Transaction) -> None:
    await transaction.count_steps([StepCount(origin="hello", version=1, step="mail", exit="sent", count=3)])
    await transaction.count_steps([StepCount(origin="hello", version=1, step="mail", exit="sent", count=4)])
    await transaction.spend({("hello", "2026-01-05"): 40, ("alarm", "2026-01-05"): -5})


async def told(transaction: Transaction) -> None:
    twice = an_event(message_id="twice")
    await transaction.emit([an_event(message_id="m1", properties={"n": 10**40}), twice, twice])
    await transaction.emit([twice, *(an_event(message_id=f"n{number}") for number in range(600))])


async def touched(transaction: Transaction) -> None:
    await transaction.touch_people([3, 1, 4])
    await transaction.touch_people([])
    await transaction.touch_people([1, 5])


async def memberships(transaction: Transaction) -> None:
    inside = Membership(inside={1: 5}, due={1: 90}, armed_ms=90)
    await transaction.put_memberships({1: inside, 3: NOBODYS, 4: inside})
    await transaction.leave_members([(1, 7)])
    await transaction.enter_members([(1, 4, 5), (1, 1, 5)])
    await transaction.arm([(90, 4), (90, 1)])


async def called_off(transaction: Transaction) -> None:
    await transaction.withhold_sends(["old2"], "outranked", 9)
    await transaction.drop_words(["old2"])


async def everything(transaction: Transaction) -> None:
    for each in PARTS.values():
        await each(transaction)


PARTS: dict[str, Work] = {
    "profiles": some_profiles,
    "visits that went on": moved_on,
    "visits that ended": ended,
    "new visits": begun,
    "sends": sends,
    "sends that were there": sends_again,
    "counts": counted,
    "own events": told,
    "changed people": touched,
    "live segments": memberships,
    "what was called off": called_off,
}


@dataclass
class Twins:
    """Two states that are the same."""

    here: SqliteState
    beside: SqliteState
    path: Path

    async def close(self) -> None:
        await self.here.close()
        await self.beside.close()

    def assert_same(self) -> None:
        assert dump(self.path / "beside") == dump(self.path / "here")


@asynccontextmanager
async def twins(path: Path) -> AsyncIterator[Twins]:
    found = Twins(SqliteState(path / "here"), SqliteState(path / "beside"), path)
    for each in (found.here, found.beside):
        await prepare(each)
    try:
        yield found
    finally:
        await found.close()


async def write(twins: Twins, *works: Work) -> None:
    """Here as ever; beside it by a hand for each, taken over in their order."""
    async with twins.here.begin() as transaction:
        for work in works:
            await work(transaction)
    said = []
    for work in works:
        recorder = SqliteRecorder(twins.path / "beside")
        said.append(await recorded(recorder, work))
        await recorder.close()
    async with twins.beside.begin() as transaction:
        for each in said:
            await helped(transaction).take_over(each)


@pytest.mark.parametrize("part", [*PARTS, "everything"])
async def test_what_is_taken_over_is_written_as_if_it_had_been_here(tmp_path: Path, part: str) -> None:
    work = PARTS.get(part, everything)
    async with twins(tmp_path) as both:
        before = dump(tmp_path / "here")
        await write(both, work)
        both.assert_same()
        assert dump(tmp_path / "here") != before
        # And once more, of what is there by now.
        if part not in ("new visits", "everything"):  # Nobody enters twice under one key.
            await write(both, work)
            both.assert_same()


async def test_what_several_hands_say_is_written_one_after_the_other(tmp_path: Path) -> None:
    def enters(number: int) -> Work:
        async def work(transaction: Transaction) -> None:
            await transaction.emit([an_event(message_id=f"of {number}")])
            await transaction.put_visits([a_visit(number, id=number, step="mail")])
            await transaction.touch_people([number])
            await transaction.add_visits([a_visit(number, "2"), a_visit(number + 1, "2")])

        return work

    async with twins(tmp_path) as both:
        await write(both, enters(11), enters(21), enters(31))
        both.assert_same()
        async with both.beside.view() as view:
            visits = await view.visits_of([11, 12, 21, 22, 31, 32], limit=100)
            assert [(each.id, each.identity) for each in reversed(visits) if each.id > PEOPLE] == [
                (PEOPLE + 1 + place, identity) for place, identity in enumerate((11, 12, 21, 22, 31, 32))
            ]
            assert (await view.waiting("hello")) == {"rest": PEOPLE - 3 + 6, "mail": 3}


async def test_whoever_asks_after_it_sees_what_was_taken_over(state: SqliteState, recorder: SqliteRecorder) -> None:
    writes = await recorded(recorder, everything)
    async with state.begin() as transaction:
        await transaction.put_profiles({1: a_profile(plan="before")})
        await helped(transaction).take_over(writes)
        await transaction.put_profiles({7: a_profile(plan="after")})
        found = await transaction.profiles([1, 7])
        assert found[1] == a_profile(plan="gold", n=10**40)
        assert found[7] == a_profile(plan="after")
        assert (await transaction.sends(["alarm"]))["alarm"].cost == 5
        # The numbers go on where those of the hand ended.
        (added,) = await transaction.add_visits([a_visit(30, "2")])
        assert added.id == PEOPLE + 4


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(sorted(PARTS.keys() - {"new visits"})), max_size=6), max_size=4))
def test_whatever_hands_say_in_whatever_order_is_written_as_if_it_had_been_here(
    tmp_path_factory: pytest.TempPathFactory, hands: list[list[str]]
) -> None:
    def work(names: list[str]) -> Work:
        async def all_of_them(transaction: Transaction) -> None:
            for name in names:
                await PARTS[name](transaction)

        return all_of_them

    async def run() -> None:
        async with twins(tmp_path_factory.mktemp("twins")) as both:
            await write(both, *map(work, hands))
            both.assert_same()

    asyncio.run(run())


async def test_what_cannot_be_written_undoes_the_transaction(
    state: SqliteState, recorder: SqliteRecorder, tmp_path: Path
) -> None:
    writes = await recorded(recorder, everything)
    other = sqlite3.connect(tmp_path / FILE)
    refuse = "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    other.execute(f"CREATE TRIGGER refuse AFTER INSERT ON emitted WHEN new.id = 300 {refuse}")
    other.commit()
    before = dump(tmp_path)

    async def write_it(*, asks: bool) -> None:
        async with state.begin() as transaction:
            await transaction.set_note("before", "")
            await helped(transaction).take_over(writes)
            if asks:
                await transaction.note("before")
                raise AssertionError("it should have been told")

    for asks in (True, False):
        with pytest.raises(sqlite3.IntegrityError, match="not this one"):
            await write_it(asks=asks)
        assert dump(tmp_path) == before
    other.execute("DROP TRIGGER refuse")
    other.close()
    async with state.begin() as transaction:
        await helped(transaction).take_over(writes)


async def test_a_transaction_that_fails_later_takes_back_what_was_taken_over(
    state: SqliteState, recorder: SqliteRecorder, tmp_path: Path
) -> None:
    writes = await recorded(recorder, everything)
    before = dump(tmp_path)

    async def fail() -> None:
        async with state.begin() as transaction:
            await helped(transaction).take_over(writes)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert dump(tmp_path) == before
    async with state.begin() as transaction:
        pass
    with pytest.raises(Internal, match="is over"):
        await helped(transaction).take_over(writes)


async def test_text_that_is_none_is_refused_where_it_is_said(recorder: SqliteRecorder) -> None:
    async with recorder.begin() as transaction:
        with pytest.raises(Invalid, match="surrogate"):
            await transaction.put_profiles({1: a_profile(said="\ud800")})


async def shares(
    transaction: Transaction,
    *,
    now_ms: int = 5_000,
    limit: int = 1_000,
    among: int = 3,
    without: tuple[str, ...] = (),
    apart: tuple[int, ...] = (),
) -> dict[int, list[int]]:
    found = await helped(transaction).due_shares(now_ms, limit=limit, among=among, without=without, apart=apart)
    return {share: sorted(ids) for share, ids in found.items()}


async def test_who_is_due_is_in_one_share_by_the_person_they_are(state: SqliteState) -> None:
    async with state.begin() as transaction:
        found = await shares(transaction)
        assert found == {
            share: [number for number in range(1, PEOPLE + 1) if (1 if number == 2 else number) % 3 == share]
            for share in range(3)
        }
        found = await shares(transaction, apart=(1, 30))
        assert found[-1] == [1, 2, 30], "both of a person who is two"
        assert sum(map(len, found.values())) == PEOPLE
        # Joined in this transaction, they are one person in it.
        await transaction.assign({31: 30})
        assert (await shares(transaction, apart=(30,)))[-1] == [30, 31]
        assert await shares(transaction, among=1, apart=tuple(range(1, PEOPLE + 1))) == {-1: list(range(1, PEOPLE + 1))}


async def test_the_soonest_are_shared_out_first_and_some_are_passed_over(state: SqliteState) -> None:
    async with state.begin() as transaction:
        # Visit n is due at 1000 - n.
        assert await shares(transaction, now_ms=1_000 - PEOPLE - 1) == {}
        assert await shares(transaction, now_ms=1_000 - PEOPLE, among=1) == {0: [PEOPLE]}
        found = await shares(transaction, limit=5)
        assert sorted(each for ids in found.values() for each in ids) == list(range(PEOPLE - 4, PEOPLE + 1))
        assert await shares(transaction, without=("other", "hello")) == {}
        await transaction.add_visits([a_visit(7, "2", origin="other", due_ms=1)])
        assert await shares(transaction, without=("hello",)) == {7 % 3: [PEOPLE + 1]}
        await transaction.put_visits([a_visit(7, "2", id=PEOPLE + 1, due_ms=None)])
        over = a_visit(8, id=8, left_ms=1, left_by="end", due_ms=None, step="end")
        await transaction.put_visits([over])
        everybody = await shares(transaction, among=1)
        assert everybody == {0: [each for each in range(1, PEOPLE + 1) if each != 8]}


async def test_visits_are_read_by_number_the_soonest_first(state: SqliteState, recorder: SqliteRecorder) -> None:
    async with state.begin() as transaction:
        due = await transaction.due_visits(5_000, limit=1_000)
    async with recorder.begin() as beside:
        assert await beside.visits_by_id([each.id for each in reversed(due)]) == due
        assert [each.id for each in await beside.visits_by_id([3, 9_999, 5])] == [5, 3]
        assert await beside.visits_by_id([]) == []
    async with state.begin() as transaction:
        assert await helped(transaction).visits_by_id([each.id for each in due]) == due


async def test_a_recorder_needs_a_state_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        SqliteRecorder(tmp_path / "nowhere")


def test_a_transaction_that_only_moves_is_one_of_those() -> None:
    """All that moving people writes can be recorded: whoever adds to it is to add here."""
    written = {name for name in vars(Moving) if not name.startswith("_")}
    assert written == {
        "put_visits", "put_profiles", "add_sends", "withhold_sends", "drop_words", "count_steps", "emit", "spend",
        "touch_people", "add_visits", "add_turn",
    }  # fmt: skip
    assert user("ann").kind == "user"
