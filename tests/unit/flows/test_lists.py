"""Lists of people: who is on them whatever people turn out to be, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from holdfast.events.event import IdentityKey
from holdfast.flows.audience import list_members
from holdfast.flows.audience.list_members import ListChange, finish_saying
from holdfast.flows.audience.lists import all_lists, change_list, count_list, delete_list, list_users, save_list
from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.flows.people.identify import merge, unmerge
from holdfast.kernel.errors import Conflict, Invalid, NotFound, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import SavedSegment
from holdfast.segments.builders import in_list
from holdfast.segments.condition import Condition
from holdfast.testing.house import House


@pytest.fixture
async def house(tmp_path: Path) -> House:
    """Ann, Ben and Cem are known; somebody else came by."""
    house = await House.build(tmp_path)
    await house.happens(
        *(does("Read", userId=name) for name in ("ann", "ben", "cem")), does("Read", anonymousId="anon")
    )
    return house


def does(event: str, **whom: str) -> dict[str, Any]:
    return {"type": "track", "event": event, "messageId": f"{event}-{whom}", **whom}


async def on(house: House, list_id: str = "vip") -> list[str]:
    await house.settle()
    as_of_ms = to_millis(house.clock.now())
    rows = await house.app.history.people(in_list(list_id), as_of_ms=as_of_ms, limit=100)
    return [row.user_id for row in rows]


def told(done: ListChange) -> tuple[int, int, int, int, tuple[str, ...]]:
    return done.people, done.added, done.removed, done.unknown, done.unknown_names


async def test_a_list_is_made_added_to_taken_from_renamed_and_deleted(house: House) -> None:
    app = house.app
    assert told(await save_list(app, "vip", "Our best", ["ann", "anon", "ann"])) == (2, 2, 0, 0, ())
    assert await on(house) == ["ann", "anon"]
    assert told(await change_list(app, "vip", add=["ben", "ann"], remove=["anon"])) == (2, 1, 1, 0, ())
    assert await on(house) == ["ann", "ben"]
    renamed = await save_list(app, "vip", "Our very best")
    assert (renamed.list.name, renamed.people) == ("Our very best", 2)
    assert told(await save_list(app, "vip", people=["cem"])) == (1, 1, 2, 0, ())
    assert (await count_list(app, "vip")).list.name == "Our very best"
    await save_list(app, "press")
    assert [(each.list.id, each.list.name, each.people) for each in await all_lists(app)] == [
        ("press", "press", 0),
        ("vip", "Our very best", 1),
    ]
    await delete_list(app, "vip")
    assert await on(house) == []
    assert [each.list.id for each in await all_lists(app)] == ["press"]
    await save_list(app, "vip")
    assert await on(house) == [], "those of a deleted list do not come back with its id"


async def test_the_same_again_says_nothing(house: House) -> None:
    await save_list(house.app, "vip", people=["ann", "ben"])
    before = await house.app.history.size()
    done = await save_list(house.app, "vip", people=["ben", "ann"])
    assert told(done) == (2, 0, 0, 0, ())
    assert await house.app.history.size() == before


async def test_changes_within_a_millisecond_keep_their_order(house: House) -> None:
    for _ in range(5):
        await save_list(house.app, "vip", people=["ann"])
        await save_list(house.app, "vip", people=[])
    assert await on(house) == []
    await save_list(house.app, "vip", people=["ann"])
    assert await on(house) == ["ann"]


async def test_two_changes_at_once_happen_one_after_the_other(house: House) -> None:
    await asyncio.gather(
        save_list(house.app, "vip", people=["ann"]),
        save_list(house.app, "vip", people=["ben"]),
    )
    assert await on(house) in (["ann"], ["ben"])


async def test_a_name_nobody_goes_by_is_told_and_on_the_list_all_the_same(house: House) -> None:
    done = await save_list(house.app, "vip", people=["ann", "dora", 99_999])
    assert told(done) == (2, 2, 0, 2, ("dora", "99999"))
    await house.happens(does("Read", userId="dora"))
    assert await on(house) == ["ann", "dora"]
    assert told(await change_list(house.app, "vip", remove=["nobody"])) == (2, 0, 0, 1, ("nobody",))
    assert await on(house) == ["ann", "dora"]


async def test_people_are_named_by_number_and_by_the_kind_of_name(house: House) -> None:
    async with house.app.state.view() as view:
        ann = (await view.identities([IdentityKey(kind="user", value="ann")])).popitem()[1].person
    wanted: list[Any] = [ann, {"kind": "anonymous", "value": "ben"}, IdentityKey(kind="anonymous", value="anon")]
    done = await save_list(house.app, "vip", people=wanted)
    assert told(done) == (3, 3, 0, 1, ("ben",))
    assert (await on(house))[:2] == ["ann", "anon"], "Ben himself is another than the stranger called so"


async def test_whoever_is_in_both_is_taken_off(house: House) -> None:
    await save_list(house.app, "vip", people=["ann"])
    await change_list(house.app, "vip", add=["ann", "ben", "dora"], remove=["ann", "ben", "dora"])
    assert await on(house) == []


async def test_who_is_merged_is_on_it_and_who_is_parted_is_as_before(house: House) -> None:
    app = house.app
    await save_list(app, "vip", people=["ben"])
    await merge(app.state, "ann", "ben", by="test", now=house.clock.now())
    assert await on(house) == ["ann"], "one person, under their oldest name"
    assert told(await change_list(app, "vip", add=["ann", "ben"])) == (1, 0, 0, 0, ())
    await unmerge(app.state, ("ann", "ben"), by="test", now=house.clock.now())
    assert await on(house) == ["ben"]


async def test_taking_a_merged_person_off_by_any_name_takes_them_off(house: House) -> None:
    app = house.app
    await save_list(app, "vip", people=["ann", "ben"])
    await merge(app.state, "ann", "ben", by="test", now=house.clock.now())
    await change_list(app, "vip", remove=["ben"])
    assert await on(house) == []


async def test_a_list_that_is_asked_for_is_not_deleted(house: House) -> None:
    await save_list(house.app, "vip", people=["ann"])
    asked = b'{"type":"not","of":{"type":"in_list","list":"vip"}}'
    async with house.app.state.begin() as transaction:
        await transaction.put_segment(SavedSegment(id="rest", name="Rest", definition=asked, updated_ms=1))
    await house.publish(journey({"type": "in_list", "list": "vip"}))
    with pytest.raises(Conflict, match=r"the segment 'rest' at \$\.of\.list, the journey 'welcome' at \$\.steps\.in\."):
        await delete_list(house.app, "vip")
    assert await on(house) == ["ann"]


def journey(only_if: Mapping[str, object]) -> dict[str, object]:
    trigger = {"type": "trigger", "event": "Signed Up", "again": "once", "only_if": only_if}
    return {
        "id": "welcome",
        "name": "Welcome",
        "goal": {"event": "Order Completed", "within_seconds": 60},
        "start": "in",
        "steps": {"in": {**trigger, "exits": {"entered": "out"}}, "out": {"type": "exit"}},
    }


@pytest.mark.parametrize(
    ("people", "path"),
    [
        (["ann", ""], "$.people[1]"),
        ([True], "$.people[0]"),
        ([None], "$.people[0]"),
        ([{"kind": "other", "value": "x"}], "$.people[0]"),
        ([{"kind": "user", "value": "x", "more": 1}], "$.people[0]"),
        (["\ud83d"], "$.people[0]"),
        (["x" * 5_000], "$.people[0]"),
        ("ann", "$.people"),
    ],
)
async def test_what_names_nobody_is_refused_at_its_place(house: House, people: Any, path: str) -> None:
    with pytest.raises(Invalid) as caught:
        await save_list(house.app, "vip", people=people)
    assert caught.value.path == path
    assert await all_lists(house.app) == []


async def test_ids_names_and_sizes_are_checked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for list_id in ("", "VIP", "a b", "x" * 101, "é"):
        with pytest.raises(Invalid):
            await save_list(house.app, list_id)
    for name in ("", " ", "x" * 201, "a\0b"):
        with pytest.raises(Invalid):
            await save_list(house.app, "vip", name)
    for work in (change_list(house.app, "vpi", add=["ann"]), delete_list(house.app, "vip"), count_list(house.app, "x")):
        with pytest.raises(NotFound):
            await work
    monkeypatch.setattr("holdfast.flows.audience.list_members.PEOPLE_MOST", 2)
    with pytest.raises(TooLarge):
        await save_list(house.app, "vip", people=["ann", "ben", "cem"])
    await save_list(house.app, "vip", people=["ann", "ben"])
    with pytest.raises(TooLarge):
        await change_list(house.app, "vip", add=["cem"])
    assert await on(house) == ["ann", "ben"]
    monkeypatch.setattr("holdfast.flows.audience.lists.LISTS_MOST", 1)
    with pytest.raises(TooLarge):
        await save_list(house.app, "press")


async def seen(house: House) -> dict[str, tuple[int, int]]:
    await house.settle()
    people, _ = await house.app.history.find("", limit=100)
    return {each.user_id: (each.first_seen_ms, each.last_seen_ms) for each in people}


async def test_being_put_on_a_list_is_nothing_somebody_did(house: House) -> None:
    before, began_ms = await seen(house), to_millis(house.clock.now())
    house.clock.advance(hours=5)
    now_ms = to_millis(house.clock.now())
    await save_list(house.app, "vip", people=["ann", "newcomer"])
    house.clock.advance(hours=1)
    await save_list(house.app, "vip", people=["ben", "newcomer"])
    assert await seen(house) == before | {"newcomer": (now_ms, now_ms)}, (
        "who did nothing was seen when we heard of them"
    )
    link = await merge(house.app.state, "ann", "newcomer", by="test", now=house.clock.now())
    assert (await seen(house))["ann"] == before["ann"]
    await unmerge(house.app.state, link.link.id, by="test", now=house.clock.now())
    assert await seen(house) == before | {"newcomer": (now_ms, now_ms)}
    later = await house.app.history.activity(since_ms=began_ms + 1, until_ms=now_ms + 86_400_000, bucket_seconds=86_400)
    assert not any(each.events or each.people for each in later)
    await house.happens(does("Wrote", userId="newcomer"))
    assert (await seen(house))["newcomer"] == (now_ms, to_millis(house.clock.now()))


async def saved(house: House, segment_id: str, condition: Condition) -> None:
    await save_segment(house.app.state, draft_of(segment_id, segment_id, condition), by="ann", now=house.clock.now())


async def test_a_list_that_is_asked_for_stays_and_its_users_are_told(house: House) -> None:
    app = house.app
    await save_list(app, "vip", people=["ann"])
    await saved(house, "loyal", in_list("vip"))
    assert [(each.kind, each.id, each.path) for each in await list_users(app, "vip")] == [
        ("segment", "loyal", "$.list")
    ]
    with pytest.raises(Conflict, match=r"the list 'vip' is used by the segment 'loyal' at \$\.list") as refused:
        await delete_list(app, "vip")
    assert refused.value.path == "list_id"
    assert await on(house) == ["ann"]
    with pytest.raises(NotFound):
        await list_users(app, "press")


async def test_nobody_can_ask_for_a_list_while_its_people_are_taken_off(house: House) -> None:
    app = house.app
    await save_list(app, "vip", people=["ann", "ben"])
    add_table = app.history.add_table

    async def meanwhile(rows: Any, *, token: str) -> int:
        with pytest.raises(Invalid, match="There is no list 'vip'"):
            await saved(house, "late", in_list("vip"))
        with pytest.raises(NotFound):
            await count_list(app, "vip")
        return await add_table(rows, token=token)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.history, "add_table", meanwhile)
        await delete_list(app, "vip")
    assert await all_lists(app) == []


@pytest.mark.parametrize("then", ["saved anew", "deleted again"])
async def test_a_deletion_that_was_cut_short_is_finished_before_the_id_is_used_again(house: House, then: str) -> None:
    app = house.app
    await save_list(app, "vip", "Our best", ["ann", "ben"])

    async def dies(rows: Any, *, token: str) -> int:
        raise RuntimeError("the process died")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.history, "add_table", dies)
        with pytest.raises(RuntimeError):
            await delete_list(app, "vip")
    assert await all_lists(app) == []
    if then == "deleted again":
        with pytest.raises(NotFound):
            await delete_list(app, "vip")
    done = await save_list(app, "vip")
    assert (done.list.name, done.people) == ("vip", 0)
    assert await on(house) == []


@pytest.mark.parametrize("landed", [0, 1])
@pytest.mark.parametrize("then", ["a start", "the same again", "another list"])
async def test_what_was_being_said_when_the_process_died_is_said_to_its_end(
    house: House, then: str, landed: int
) -> None:
    """The state has it, and of its events the history has none, or some."""
    app = house.app
    before, add_table = await app.history.size(), app.history.add_table

    async def dies(rows: Any, *, token: str) -> int:
        await add_table(rows.slice(0, landed), token=token)
        raise RuntimeError("the process died")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app.history, "add_table", dies)
        with pytest.raises(RuntimeError):
            await save_list(app, "vip", people=["ann", "ben"])
    match then:
        case "a start":
            await finish_saying(app.state, app.history, app.clock)
        case "the same again":
            assert (await save_list(app, "vip", people=["ann", "ben"])).added == 0
        case _:
            await save_list(app, "press", people=[])
    assert await on(house) == ["ann", "ben"]
    assert await app.history.size() == before + 2, "one event for each of them"
    await finish_saying(app.state, app.history, app.clock)
    assert await app.history.size() == before + 2


async def test_a_long_list_is_told_in_parts_of_one_moment(house: House) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(list_members, "SAID_AT_ONCE", 3)
        done = await save_list(house.app, "vip", people=[f"new-{number}" for number in range(10)])
        assert (done.people, done.added) == (10, 10)
        done = await save_list(house.app, "vip", people=[f"new-{number}" for number in range(4, 12)])
    assert (done.people, done.added, done.removed) == (8, 2, 4)
