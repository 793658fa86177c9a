"""The archive: what was accepted, once, and who everybody is now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count as numbers
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace as replaced

from holdfast import did, trait
from holdfast.events.event import Event, IdentityKey
from holdfast.flows.ingest.archive import Archivist
from holdfast.flows.ingest.copying import SLICE
from holdfast.flows.ingest.recent import Recent
from holdfast.flows.people.erase import Eraser
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import History, HistoryRow, PersonRow
from holdfast.segments.condition import Condition
from holdfast.stores.memory.history import MemoryHistory
from holdfast.testing.house import House

NUMBERS = numbers(1)


def does(event: str, user: str, message: str = "") -> dict[str, object]:
    return {"type": "track", "event": event, "userId": user, "messageId": message or f"{event}-{user}"}


async def count(house: House, condition: Condition) -> int:
    return await house.app.history.count(condition, as_of_ms=to_millis(house.clock.now()))


async def test_a_retry_is_archived_once(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(does("Read", "ann"), does("Read", "ann"))
    await house.happens(does("Read", "ann"), does("Read", "ben"))
    assert await house.app.history.size() == 2


async def test_an_archivist_that_forgot_how_far_it_was_adds_nothing_twice(tmp_path: Path) -> None:
    """As after a crash between adding to the history and noting the offset."""
    house = await House.build(tmp_path)
    await house.happens(does("Read", "ann"))
    await house.happens(does("Read", "ben"))
    async with house.app.state.begin() as transaction:
        await transaction.set_offset("archive", 0)
    restarted = Archivist(log=house.app.log, state=house.app.state, history=house.app.history, batch_records=7)
    assert await restarted.flush() == 0
    assert await house.app.history.size() == 2


async def test_answers_see_through_merges_and_their_undoing(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    both = did("Read") & did("Bought")
    await house.happens(does("Read", "ann"), does("Bought", "ben"), does("Wrote", "cem"))
    assert (await count(house, both), await house.app.history.count_everyone()) == (0, 3)
    merged = await merge(house.app.state, "ann", "ben", by="test", now=house.clock.now())
    await house.settle()
    assert (await count(house, both), await house.app.history.count_everyone()) == (1, 2)
    await unmerge(house.app.state, merged.link.id, by="test", now=house.clock.now())
    await house.settle()
    assert (await count(house, both), await house.app.history.count_everyone()) == (0, 3)


async def test_undoing_the_link_in_the_middle_parts_a_chain_where_it_was(tmp_path: Path) -> None:
    """Ann–Cem–Ben: undone between Ann and Cem, Ben and Cem stay one, under a name no undone link touches."""
    house = await House.build(tmp_path)
    await house.happens(does("Read", "ann"), does("Bought", "ben"), does("Wrote", "cem"))
    first = await merge(house.app.state, "ann", "cem", by="test", now=house.clock.now())
    await merge(house.app.state, "cem", "ben", by="test", now=house.clock.now())
    await house.settle()
    assert await count(house, did("Read") & did("Bought") & did("Wrote")) == 1
    await unmerge(house.app.state, first.link.id, by="test", now=house.clock.now())
    await house.settle()
    assert await house.app.history.count_everyone() == 2
    assert await count(house, did("Bought") & did("Wrote")) == 1
    assert await count(house, did("Read") & did("Bought")) == 0
    assert await count(house, did("Read")) == 1


async def test_traits_and_late_news_reach_the_history(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    new = {"type": "identify", "userId": "ann", "traits": {"plan": "gold"}, "timestamp": "2026-01-05T08:00:00Z"}
    old = {"type": "identify", "userId": "ann", "traits": {"plan": "free"}, "timestamp": "2026-01-04T08:00:00Z"}
    await house.happens({**new, "messageId": "new"})
    await house.happens({**old, "messageId": "old"})
    assert await count(house, trait("plan") == "gold") == 1
    assert await count(house, trait("plan") == "free") == 0


async def test_however_many_have_changed_one_flush_tells_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.flows.ingest.archive.PEOPLE_MOST", 2)
    house = await House.build(tmp_path)
    await house.happens(*(does("Read", f"u{number}") for number in range(7)))
    await house.app.archivist.flush()
    assert await count(house, did("Read")) == 7
    async with house.app.state.view() as view:
        assert await view.stale_people(limit=9) == []


async def test_an_event_the_history_cannot_hold_stands_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.build(tmp_path)
    sound = house.app.history.add

    async def add(rows: Sequence[HistoryRow], *, token: str) -> None:
        if any(row.event.name == "Poison" for row in rows):
            raise ValueError("nobody foresaw this")
        await sound(rows, token=token)

    monkeypatch.setattr(house.app.history, "add", add)
    await house.happens(does("Read", "ann"), does("Poison", "ann"), does("Bought", "ann"), does("Read", "ben"))
    assert await house.app.history.size() == 3
    async with house.app.state.view() as view:
        (bad,) = await view.bad_records(limit=10, before_id=None, replayed=None)
    assert (bad.code, bad.origin) == ("unforeseen", "archive:Poison-ann")


async def test_others_have_their_turn_while_much_is_copied(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    many = 20 * SLICE
    for start in range(0, many, 50):
        batch = [does("Read", f"user-{number}") for number in range(start, start + 50)]
        await house.app.collector.collect("batch", msgspec.json.encode({"batch": batch}), "web")
    while not (await house.app.reactor.tick()).idle:
        pass
    # As after a start: nothing is remembered of what the reactor took in.
    archivist = Archivist(log=house.app.log, state=house.app.state, history=house.app.history, batch_records=many)
    copying = asyncio.create_task(archivist.flush())
    turns = 0
    while not copying.done():
        turns += 1
        await asyncio.sleep(0)
    assert await copying == many
    # Twice for each slice: of its events, and of the people they are of.
    assert turns >= 2 * many / SLICE


async def test_what_the_reactor_remembers_is_what_the_log_says(tmp_path: Path) -> None:
    """Repetitions, people who are joined, what is no event, own events and what broke a tick included."""
    house = await House.build(tmp_path)
    remembered = await rows_added(house)
    await house.happens(does("Read", "ann"), does("Read", "ann"), {"type": "nothing"}, does("Bought", "ben"))
    await house.happens(does("Read", "ann"))  # Nothing new at all.
    await house.happens({"type": "alias", "userId": "ben", "previousId": "ann", "messageId": "joined"})
    await house.happens(does("Read", "ann", "again"), does("Read", "ann"), does("Wrote", "cem"))
    await house.happens({"type": "identify", "userId": "cem", "traits": {"plan": "gold"}, "messageId": "gold"})
    assert [row.event.message_id for row in remembered] == [
        *("Read-ann", "Bought-ben", "joined", "again", "Wrote-cem", "gold")
    ]
    assert said_of(remembered) == said_of(await read_again(house))


async def test_events_of_somebody_who_is_being_erased_are_looked_at_one_by_one(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(does("Read", "ann"))
    await house.app.collector.collect("batch", msgspec.json.encode({"batch": [does("Bought", "ann")]}), "web")
    await house.app.collector.collect("batch", msgspec.json.encode({"batch": [does("Wrote", "ben")]}), "web")
    while not (await house.app.reactor.tick()).idle:
        pass
    added = await rows_added(house)

    async def not_now() -> None:
        """It is archived only once the erasure has begun."""

    stores = replace(house.app.eraser.stores, catch_up=not_now)
    await Eraser(stores).request("ann", by="test")
    await house.settle()
    assert [row.event.message_id for row in added] == ["Wrote-ben"]


async def test_what_is_forgotten_for_being_too_much_is_read(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    recent = Recent(events_most=3)
    archivist = Archivist(log=house.app.log, state=house.app.state, history=house.app.history, recent=recent)
    offsets = []
    for number in range(5):
        batch = [does("Read", f"user-{number}-{each}") for each in range(2)]
        await house.app.collector.collect("batch", msgspec.json.encode({"batch": batch}), "web")
        await house.app.reactor.tick()
        async with house.app.state.view() as view:
            offsets.append(await view.offset("react"))
    recent.add(offsets[0], offsets[1], [])
    recent.add(offsets[2], offsets[3], [a_row(), a_row()])
    # The first, the third and the last stretch are read; of the others is taken what is remembered.
    assert await archivist.flush() == 2 + 0 + 2 + 2 + 2
    assert await house.app.history.size() == 8


def test_stretches_are_given_as_far_as_none_is_missing() -> None:
    recent = Recent(events_most=10)
    rows = [a_row() for _ in range(9)]
    recent.add(0, 3, rows[:2])
    recent.add(3, 4, [])
    recent.add(4, 9, rows[2:5])
    recent.add(11, 12, rows[5:])
    assert recent.since(0, most=100) == (rows[:5], 9)
    assert recent.since(0, most=4) == (rows[:2], 4)
    assert recent.since(0, most=1) == (rows[:2], 3)  # One stretch comes whole.
    assert recent.since(4, most=100) == (rows[2:5], 9)
    assert recent.since(2, most=100) == ([], 2)
    assert (recent.next_after(2), recent.next_after(9), recent.next_after(11)) == (3, 11, None)
    recent.forget(9)
    assert (recent.since(0, most=100), recent.since(11, most=100)) == (([], 0), (rows[5:], 12))
    recent.add(12, 20, rows[:7])  # More than are remembered: the oldest go.
    assert (recent.since(11, most=100), recent.since(12, most=100)) == (([], 11), (rows[:7], 20))


def a_row() -> HistoryRow:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    number = next(NUMBERS)
    event = Event(name="Read", user_id=f"row-{number}", timestamp=at, received_at=at, message_id=f"row-{number}")
    return HistoryRow(identity=1_000_000 + number, event=event)


def a_person(person: int, version: int) -> PersonRow:
    return PersonRow(
        person=person,
        user_id="as remembered",
        known=True,
        traits={"plan": "gold"},
        first_seen_ms=50,
        last_seen_ms=60,
        version=version,
    )


async def rows_added(house: House) -> list[HistoryRow]:
    """Where every row will stand that the house's history is told from now on."""
    added: list[HistoryRow] = []
    sound = house.app.history.add

    async def add(rows: Sequence[HistoryRow], *, token: str) -> None:
        added.extend(rows)
        await sound(rows, token=token)

    house.app.history.add = add  # type: ignore[method-assign]
    return added


def people_told(history: History) -> dict[int, PersonRow]:
    """Where the last row of each person will stand that the history is told from now on."""
    told: dict[int, PersonRow] = {}
    sound = history.put_people

    async def put_people(rows: Sequence[PersonRow]) -> None:
        told.update({row.person: row for row in rows})
        await sound(rows)

    history.put_people = put_people  # type: ignore[method-assign]
    return told


async def read_again(house: House) -> list[HistoryRow]:
    """The same from the log, by somebody who remembers nothing."""
    async with house.app.state.begin() as transaction:
        await transaction.set_offset("archive", 0)
    added: list[HistoryRow] = []
    again = Archivist(log=house.app.log, state=house.app.state, history=MemoryHistory(), added=added.extend)
    await again.flush()
    return added


def said_of(rows: Sequence[HistoryRow]) -> list[tuple[int, int, Event]]:
    return [(row.identity, row.id, row.event) for row in rows]


async def test_people_as_the_reactor_remembers_them_are_as_the_state_has_them(tmp_path: Path) -> None:
    """New ones, joined and parted ones, those of whom only we said something, and traits that were taken back."""
    house = await House.build(tmp_path)
    remembered = people_told(house.app.history)
    gold = {"type": "identify", "userId": "ann", "traits": {"plan": "gold", "age": 7}, "messageId": "gold"}
    await house.happens(gold, does("Read", "ben"), {**does("Read", "dev-1"), "userId": "", "anonymousId": "dev-1"})
    await house.happens({**gold, "traits": {"plan": None}, "messageId": "none"}, does("Wrote", "cem"))
    await house.happens({"type": "track", "event": "Seen", "userId": "cem", "anonymousId": "dev-1", "messageId": "in"})
    await house.happens(does("Bought", "cem"), {**does("Saw", "dev-1"), "userId": "", "anonymousId": "dev-1"})
    merged = await merge(house.app.state, "ann", "ben", by="test", now=house.clock.now())
    await house.happens(does("Bought", "ann"), does("Bought", "ben"))
    await unmerge(house.app.state, merged.link.id, by="test", now=house.clock.now())
    await house.happens(does("Wrote", "ann"), does("Wrote", "ben"))
    async with house.app.state.begin() as transaction:
        await transaction.touch_people(sorted(remembered))
    history = MemoryHistory()
    read = people_told(history)
    await Archivist(log=house.app.log, state=house.app.state, history=history).flush()
    versions = {row.version for row in read.values()}
    assert len(versions) == 1
    assert {each: replaced(row, version=0) for each, row in remembered.items()} == {
        each: replaced(row, version=0) for each, row in read.items()
    }
    assert {row.user_id for row in read.values()} == {"ann", "ben", "cem", ""}
    assert next(row.traits for row in remembered.values() if row.user_id == "ann") == {"age": 7}


async def test_whoever_changed_since_or_is_joined_to_others_is_read_however_they_are_remembered(tmp_path: Path) -> None:
    house = await House.build(tmp_path)
    await house.happens(does("Read", "ann"), does("Read", "ben"), does("Read", "cem"), does("Read", "dov"))
    await merge(house.app.state, "cem", "dov", by="test", now=house.clock.now())
    told = people_told(house.app.history)
    recent = Recent()
    async with house.app.state.begin() as transaction:
        names = [IdentityKey(kind="user", value=each) for each in ("ann", "ben", "cem")]
        known = [each for _, each in sorted((await transaction.identities(names)).items(), key=lambda each: each[1].id)]
        change = await transaction.touch_people([each.id for each in known])
        since = await transaction.touch_people([known[1].id])
    recent.changed({each.id: a_person(each.id, change) for each in known})
    await Archivist(log=house.app.log, state=house.app.state, history=house.app.history, recent=recent).flush()
    ann, ben, cem = (told[each.id] for each in known)
    assert ann == a_person(known[0].id, change)
    assert (ben.traits, ben.version) == ({}, since)
    assert (cem.traits, cem.version) == ({}, change)
    # What was taken is remembered no longer.
    assert recent.taken([(each.id, change) for each in known]) == {}


def test_people_beyond_what_is_remembered_are_let_go_of() -> None:
    recent = Recent(people_most=3)
    recent.changed({1: a_person(1, 7), 2: a_person(2, 7)})
    recent.changed({1: a_person(1, 8)})
    assert recent.taken([(1, 7), (3, 7)]) == {}  # Changed since, and never told of.
    assert recent.taken([(2, 7)]) == {2: a_person(2, 7)}
    recent.changed({each: a_person(each, 9) for each in (1, 2)})
    recent.changed({each: a_person(each, 9) for each in (3, 4)})
    assert set(recent.taken([(each, 9) for each in range(1, 5)])) == {3, 4}
