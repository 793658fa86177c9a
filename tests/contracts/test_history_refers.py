"""What people refer to, answered alike by every store: groups, lots, and what somebody only does."""

from __future__ import annotations

import pytest
from msgspec import structs

from holdfast.events.event import Json
from holdfast.kernel.chance import place
from holdfast.ports.history import History, HistoryRow
from holdfast.segments.builders import bucket, group, in_list, in_segment, only_did, prop
from holdfast.segments.condition import Condition
from holdfast.segments.library import resolve
from tests.contracts.history_contract import AT, HOUR, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.history_contract import history as history  # noqa: PLC0414 - The fixture.


def joins(identity: int, group_id: Json, at_ms: int = AT, message_id: str = "", **traits: Json) -> HistoryRow:
    told = {"group_id": group_id, **traits}
    message = message_id or f"{identity}-{group_id}-{at_ms}"
    return row(identity, "Group Joined", at_ms, kind="group", properties=told, message_id=message)


async def chosen(history: History, condition: Condition, as_of_ms: int = AT + HOUR) -> list[int]:
    return [each.person for each in await history.people(condition, as_of_ms=as_of_ms, limit=100)]


async def test_a_group_is_what_anybody_said_of_it_last(history: History) -> None:
    await put(
        history,
        [person(number) for number in (1, 2, 3)],
        [
            joins(1, "acme", plan="tin", seats=3),
            joins(2, "acme", AT + 5, plan="gold"),
            joins(3, "other", plan="tin"),
        ],
    )
    assert await chosen(history, group("plan") == "gold") == [1, 2]
    assert await chosen(history, group("plan") == "tin") == [3]
    assert await chosen(history, group("seats") > 2) == [1, 2], "a trait of the group is one of everybody in it"
    assert await chosen(history, group("group_id") == "acme") == [1, 2]
    assert await chosen(history, group("plan") == "gold", AT + 4) == [], "Ben had not joined"
    assert await chosen(history, group("plan") == "tin", AT + 4) == [1, 3]
    assert await history.groups([2], as_of_ms=AT + HOUR) == [{"group_id": "acme", "plan": "gold", "seats": 3}]
    assert await history.groups([1], as_of_ms=AT) == [{"group_id": "acme", "plan": "tin", "seats": 3}]
    assert await history.groups([3, 1], as_of_ms=AT) == [
        {"group_id": "acme", "plan": "tin", "seats": 3},
        {"group_id": "other", "plan": "tin"},
    ]
    assert await history.groups([9], as_of_ms=AT) == await history.groups([], as_of_ms=AT) == []


async def test_late_news_of_a_group_changes_nothing_said_after_it(history: History) -> None:
    people = [person(1), person(2)]
    await put(history, people, [joins(1, "acme", AT + 5, plan="gold"), joins(1, "acme", AT + 6, seats=1)])
    await put(history, [], [joins(2, "acme", AT, plan="tin", color="red")])
    assert await chosen(history, group("plan") == "gold") == [1, 2]
    assert await chosen(history, group("color") == "red") == [1, 2]


async def test_of_two_at_one_moment_the_later_message_id_wins(history: History) -> None:
    said = [("b", "lead"), ("a", "gold"), ("\ud83d", "tin"), ("é", "wood")]
    rows = [joins(1, "acme", message_id=message, plan=plan) for message, plan in said]
    await put(history, [person(1)], rows)
    assert await history.groups([1], as_of_ms=AT) == [{"group_id": "acme", "plan": "tin"}]
    assert await chosen(history, group("plan") == "tin") == [1]


async def test_null_takes_a_trait_of_a_group_away(history: History) -> None:
    await put(history, [person(1), person(2)], [joins(1, "acme", plan="gold"), joins(1, "acme", AT + 1, plan=None)])
    assert await chosen(history, group("plan").is_set()) == []
    assert await chosen(history, group("plan").is_not_set()) == [1], "who is in no group has none that lacks it"
    assert await history.groups([1], as_of_ms=AT + 1) == [{"group_id": "acme"}]


@pytest.mark.parametrize("group_id", ["", None, 7, ["acme"], {"a": 1}])
async def test_only_a_text_is_the_id_of_a_group(history: History, group_id: Json) -> None:
    await put(history, [person(1)], [joins(1, group_id, plan="gold")])
    assert await chosen(history, group("plan") == "gold") == []
    assert await history.groups([1], as_of_ms=AT) == []


async def test_groups_follow_people_through_the_map(history: History) -> None:
    await put(history, [person(1), person(2)], [joins(2, "acme", plan="gold"), joins(1, "b", plan="tin")])
    await history.map_identities({2: 1}, version=1)
    await history.put_people([structs.replace(person(2), gone=True, version=2)])
    both = (group("plan") == "gold") & (group("plan") == "tin")
    assert await chosen(history, both) == [1]
    await history.map_identities({2: 2}, version=2)
    await history.put_people([person(2, version=3)])
    assert await chosen(history, both) == []
    assert await chosen(history, group("plan") == "gold") == [2]


NASTY_IDS = (
    "u",
    "",
    "é",
    "e\u0301",
    "😀",
    "\ud83d\ude00",
    "\ud83d",
    "a\0b",
    "\0",
    'it\'s \\ "x"',
    "\x1f",
    "{p0:String}",
)


@pytest.mark.parametrize("salt", ["spring", "a\0😀", "\x1f", "it's \\"])
async def test_lots_are_drawn_alike_of_any_name(history: History, salt: str) -> None:
    await history.put_people([person(number, user_id=name) for number, name in enumerate(NASTY_IDS, 1)])
    for first, end in ((0, 50), (50, 100), (20, 80), (0, 1e-9), (99.999999, 100)):
        low, high = first / 100 * 2**64, end / 100 * 2**64
        wanted = [number for number, name in enumerate(NASTY_IDS, 1) if low <= place(salt, name) < high]
        assert await chosen(history, bucket(salt, first, end)) == wanted
    assert len(await chosen(history, bucket(salt))) == len(NASTY_IDS)


async def test_only_looks_at_every_time_in_the_window(history: History) -> None:
    def buys(who: int, at_ms: int, **properties: Json) -> HistoryRow:
        return row(who, at_ms=at_ms, properties=properties, message_id=f"{who}-{at_ms}")

    await put(
        history,
        [person(number) for number in range(1, 6)],
        [
            buys(1, AT, category="shoes"),
            buys(1, AT + 1, category="shoes"),
            buys(2, AT, category="shoes"),
            buys(2, AT + 1, category="hats"),
            buys(3, AT, category="shoes"),
            buys(3, AT + 1),
            buys(4, AT - 2 * HOUR, category="hats"),
            buys(4, AT, category="shoes"),
        ],
    )
    shoes = prop("category") == "shoes"
    assert await chosen(history, only_did("Order Completed", where=shoes)) == [1]
    assert await chosen(history, only_did("Order Completed", where=shoes, within_days=1 / 12)) == [1, 4]
    assert await chosen(history, ~only_did("Order Completed", where=shoes)) == [2, 3, 4, 5]
    missing = prop("category").is_not_set()
    assert await chosen(history, only_did("Order Completed", where=missing, within_days=1 / 24)) == [3]


async def test_lists_and_segments_are_what_they_stand_for(history: History) -> None:
    await history.put_people([person(1, {"list/vip": True}), person(2, {"list/vip": False}), person(3)])
    assert await chosen(history, in_list("vip")) == [1]
    assert await chosen(history, ~in_list("vip")) == [2, 3]
    rest = resolve(in_segment("rest"), {"rest": ~in_segment("vips"), "vips": in_list("vip")})
    assert await chosen(history, rest) == [2, 3]
