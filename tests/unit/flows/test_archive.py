"""The archive: what was accepted, once, and who everybody is now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from holdfast import did, trait
from holdfast.flows.ingest.archive import SLICE, Archivist
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.moments import to_millis
from holdfast.ports.history import HistoryRow
from holdfast.segments.condition import Condition
from holdfast.testing.house import House


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
    copying = asyncio.create_task(house.app.archivist.flush())
    turns = 0
    while not copying.done():
        turns += 1
        await asyncio.sleep(0)
    assert await copying == many
    # Twice for each slice: of its events, and of the people they are of.
    assert turns >= 2 * many / SLICE
