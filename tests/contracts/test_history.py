"""The history contract: every store gives these answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import ceil
from typing import Any

import pyarrow as pa
import pytest

from holdfast.events.event import IdentityKey, Json, message_hash
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import from_millis
from holdfast.measures.outcome import ArmOutcome, OutcomeQuestion
from holdfast.ports.columns import EVENT_COLUMNS, EXPORT_COLUMNS, PEOPLE_COLUMNS, PERSON_COLUMNS, maps_of_columns
from holdfast.ports.history import ActivityBucket, History, NameCount, SeenProperty, Sought
from holdfast.segments.builders import all_of, any_of, did, prop, trait
from holdfast.segments.condition import Condition
from tests.contracts.history_contract import AT, DAY, HOUR, SECOND, person, put, row
from tests.contracts.history_contract import engine as engine  # noqa: PLC0414 - The fixture.
from tests.contracts.history_contract import history as history  # noqa: PLC0414 - The fixture.

NASTY: dict[str, Json] = {
    "empty": "",
    "nul": "a\0b",
    "lone surrogate": "\ud800x",
    "emoji": "😀",
    "quotes": 'it\'s "so" \\ `x`',
    "newline": "a\nb\r\tc",
    "sharp": "ß",
    "dotted": "İ",
    "placeholder": "{p0:String}",
    "big": 2**53 + 1,
    "huge": -(10**40),
    "beyond floats": 10**400,
    "small": 5e-324,
    "large float": 1.7976931348623157e308,
    "float": 0.1,
    "zero": 0,
    "true": True,
    "null": None,
    "list": ["a\n", 1, 1.5, None, True, [2, "\n"], {"k": "\0"}],
    "object": {"a": {"b": [1, "ß"]}},
    "\ud800 name": 1,
    "": "empty name",
}


async def test_what_is_added_at_once_may_be_of_any_number_of_months(history: History) -> None:
    """Months are partitions, and the engine by itself takes no more than a hundred of them at once."""
    months = [datetime(2006 + number // 12, number % 12 + 1, 5, tzinfo=UTC) for number in range(240)]
    rows = [row(1, "Ordered", message_id=f"m{number}", timestamp=at) for number, at in enumerate(months)]
    await history.add(rows, token="years")
    await history.add(rows, token="years")
    assert await history.size() == len(rows)


async def test_what_was_sent_is_read_back_as_json_means_it(history: History) -> None:
    await history.add([row(1, properties=NASTY, context={"page": NASTY}, source="w\0b")], token="t")
    (found,) = await history.timeline([1], limit=10)
    assert dict(found.properties) == NASTY
    assert found.context == {"page": NASTY}
    assert [type(found.properties[name]) for name in NASTY] == [type(value) for value in NASTY.values()]
    assert found.source == "w\0b"
    await history.put_people([person(1, NASTY)])
    (told,) = await history.people(all_of(), as_of_ms=AT, limit=5)
    assert dict(told.traits) == NASTY


async def test_the_same_token_twice_adds_once(history: History) -> None:
    rows = [row(n, at_ms=AT + n * 40 * DAY) for n in range(5)]  # Five months: five partitions.
    for token in ("a", "a", "b:é"):
        await history.add(rows, token=token)
    assert await history.size() == 10
    await history.add([], token="c")
    assert await history.size() == 10


async def test_rows_by_the_hundred_keep_their_order_and_are_added_once(history: History) -> None:
    """They are laid out a slice at a time, and are one insert all the same."""
    rows = [row(n, message_id=f"m{n}", properties={"number": n}) for n in range(1, 251)]
    await history.add(rows, token="t")
    await history.add(rows, token="t")
    assert await history.size() == 250
    for number in (1, 100, 101, 250):
        (told,) = await history.timeline([number], limit=9)
        assert (told.message_id, told.properties) == (f"m{number}", {"number": number})


async def test_a_timeline_is_newest_first_and_pages_lose_nothing(history: History) -> None:
    rows = [row(1, at_ms=AT + n // 3, message_id=f"m{n}") for n in range(9)]
    await history.add([*rows, row(2, message_id="other")], token="t")
    for limit in (1, 2, 3, 4, 8, 9, 10):
        seen: list[str] = []
        before_ms = None
        while page := await history.timeline([1], limit=limit, before_ms=before_ms):
            assert len(page) == min(9 - len(seen), 3 * ceil(limit / 3))  # Three a millisecond, and never a part of one.
            seen += [event.message_id for event in page]
            before_ms = page[-1].timestamp_ms
        assert seen == [f"m{n}" for n in reversed(range(9))]
    assert await history.timeline([], limit=5) == []
    assert len(await history.timeline([1, 2], limit=50)) == 10


async def test_a_timeline_can_be_of_one_name(history: History) -> None:
    await history.add([row(1, "A", message_id="a"), row(1, "B", message_id="b")], token="t")
    assert [event.name for event in await history.timeline([1], limit=5, name="B")] == ["B"]


async def test_a_timeline_says_whose_and_from_where(history: History) -> None:
    anonymous = row(7, "Page Viewed", user_id=None, anonymous_id="anon", kind="page", source="web", message_id="m")
    await history.add([anonymous], token="t")
    await history.map_identities({7: 3}, version=1)
    (found,) = await history.timeline([7], limit=1)
    assert (found.person, found.kind, found.source, found.message_id) == (3, "page", "web", "m")
    assert found.identity == IdentityKey(kind="anonymous", value="anon")
    assert (found.timestamp_ms, found.received_ms) == (AT, AT)


async def test_recent_goes_by_when_events_were_received(history: History) -> None:
    late = row(1, at_ms=AT - DAY, received_at=from_millis(AT + 5), message_id="late")
    await history.add([row(1, message_id="first"), late], token="t")
    assert [event.message_id for event in await history.recent(limit=9, since_ms=AT)] == ["late", "first"]
    assert [event.message_id for event in await history.recent(limit=1, since_ms=AT)] == ["late"]
    assert [event.message_id for event in await history.recent(limit=9, since_ms=AT + 1)] == ["late"]


async def test_joining_and_parting_identities_shows_at_once(history: History) -> None:
    await put(history, [person(1), person(2)], [row(1), row(2)])
    twice = did("Order Completed", at_least=2)
    assert await history.count(twice, as_of_ms=AT) == 0
    await history.map_identities({2: 1}, version=5)
    assert await history.count(twice, as_of_ms=AT) == 1
    assert [each.people for each in await history.names()] == [1]
    await history.map_identities({2: 2}, version=6)
    assert await history.count(twice, as_of_ms=AT) == 0
    await history.map_identities({2: 1}, version=5)  # A retry of what is out of date changes nothing.
    assert await history.count(twice, as_of_ms=AT) == 0
    assert [each.people for each in await history.names()] == [2]


async def test_the_newest_version_of_a_person_counts_and_those_gone_do_not(history: History) -> None:
    await history.put_people([person(1, {"plan": "gold"}, version=2), person(2)])
    await history.put_people([person(1, {"plan": "tin"}, version=1)])
    gold = trait("plan") == "gold"
    assert await history.count(gold, as_of_ms=AT) == 1
    await history.put_people([person(1, {"plan": "gold"}, version=3, gone=True)])
    assert await history.count(gold, as_of_ms=AT) == 0
    assert await history.count_everyone() == 1
    await history.put_people([person(1, {"plan": "gold"}, version=4)])
    assert await history.count_everyone() == 2


async def test_people_come_in_order_and_in_pages(history: History) -> None:
    await history.put_people([person(n) for n in (5, 1, 4, 2, 3)])
    pages = [await history.people(all_of(), as_of_ms=AT, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [[each.person for each in page] for page in pages] == [[1, 2], [3, 4], [5], []]
    assert await history.people(any_of(), as_of_ms=AT, limit=2) == []


async def test_the_table_of_people_has_all_of_them(history: History) -> None:
    await history.put_people([person(2, {"a": [1, "\n"], "b": "x"}), person(1, {"\ud800": "\ud800"}), person(3)])
    table = await history.people_table(all_of(), as_of_ms=AT)
    assert table.schema == PEOPLE_COLUMNS
    assert table["person"].to_pylist() == [1, 2, 3]
    assert table["user_id"].to_pylist() == ["u1", "u2", "u3"]
    assert [json.loads(str(each)) for each in table["traits"].to_pylist()[1:]] == [{"a": [1, "\n"], "b": "x"}, {}]
    assert table["last_seen"][0].as_py() == from_millis(AT + 1)


async def test_chosen_traits_are_columns_of_the_type_they_have(history: History) -> None:
    everybody: list[dict[str, Json]] = [
        {
            "plan": "gold",
            "age": 30,
            "vip": True,
            "mixed": "30",
            "id": 2**60 + 1,
            "tags": ["a\n", 1.0],
            "user_id": "mine",
        },
        {"plan": "", "age": 0.5, "vip": None, "mixed": 30, "id": 7, "lone": "\ud800x", "\ud800": 1e300},
        {"age": -0.0, "vip": False, "mixed": [1.0, {"a": None}]},
        {"mixed": float("inf")},
    ]
    await history.put_people([person(n, traits) for n, traits in enumerate(everybody)])
    names = ["vip", "age", "plan", "mixed", "id", "tags", "lone", "\ud800", "user_id", "nobody's", "age"]
    table = await history.people_table(all_of(), as_of_ms=AT, traits=names)
    assert table.schema.names == PEOPLE_COLUMNS.names
    assert table.select(PERSON_COLUMNS.names).schema == PERSON_COLUMNS
    assert table["user_id"].to_pylist() == ["u0", "u1", "u2", "u3"]
    found = pa.Table.from_struct_array(table["traits"])
    assert found.schema.names == [each if each != "\ud800" else "\ufffd\ufffd\ufffd" for each in names[:-1]]
    types = {field.name: str(field.type) for field in found.schema if str(field.type) != "string"}
    assert types == {"vip": "bool", "age": "double", "\ufffd\ufffd\ufffd": "double"}
    assert {name: found[name].to_pylist() for name in found.schema.names} == {
        "vip": [True, None, False, None],
        "age": [30.0, 0.5, 0.0, None],
        "plan": ["gold", "", None, None],
        "mixed": ["30", "30", '[1,{"a":null}]', None],
        "id": [str(2**60 + 1), "7", None, None],
        "tags": ['["a\\n",1]', None, None, None],
        "lone": [None, "\ufffd\ufffd\ufffdx", None, None],
        "\ufffd\ufffd\ufffd": [None, 1e300, None, None],
        "user_id": ["mine", None, None, None],
        "nobody's": [None] * 4,
    }


async def test_the_type_of_a_chosen_trait_goes_by_the_people_asked_about(history: History) -> None:
    await history.put_people([person(1, {"size": "L"}), person(2, {"size": 40}), person(3, {"size": False}), person(4)])
    await history.put_people([person(4, {"size": 1}, version=1)])
    for wanted, kind, said in (
        (trait("size") == "L", pa.string(), ["L"]),
        (trait("size") == 40, pa.float64(), [40.0]),
        (trait("size") == False, pa.bool_(), [False]),  # noqa: E712 - A builder.
        (trait("size").is_set(), pa.string(), ["L", "40", "false", "1"]),
        (any_of(), pa.string(), []),
    ):
        table = await history.people_table(wanted, as_of_ms=AT, traits=["size"])
        size = pa.Table.from_struct_array(table["traits"])["size"]
        assert (size.type, size.to_pylist()) == (kind, said)


async def test_a_chosen_trait_that_none_of_them_has_is_text(history: History) -> None:
    await history.put_people([person(1, {"age": 30}), person(2, {"vip": True}), person(3)])
    table = await history.people_table(
        ~trait("age").is_set() & ~trait("vip").is_set(), as_of_ms=AT, traits=["age", "vip"]
    )
    traits = pa.Table.from_struct_array(table["traits"])
    assert ([str(field.type) for field in traits.schema], traits.to_pylist()) == (
        ["string", "string"],
        [{"age": None, "vip": None}],
    )


async def test_no_trait_chosen_is_none_told(history: History) -> None:
    await history.put_people([person(1, {"a": 1}), person(2)])
    for wanted, people in ((all_of(), [1, 2]), (any_of(), [])):
        table = await history.people_table(wanted, as_of_ms=AT, traits=[])
        assert (table["person"].to_pylist(), table["traits"].to_pylist()) == (people, [{}] * len(people))


async def test_windows_leave_out_their_start_and_take_in_now(history: History) -> None:
    moments = {1: AT - DAY, 2: AT - DAY + 1, 3: AT, 4: AT + 1}
    await put(history, [person(n) for n in moments], [row(n, at_ms=at) for n, at in moments.items()])
    found = await history.people(did("Order Completed", within_days=1), as_of_ms=AT, limit=9)
    assert [each.person for each in found] == [2, 3]
    assert await history.count(did("Order Completed"), as_of_ms=AT) == 3
    assert await history.count(did("Order Completed", within_days=36_525), as_of_ms=AT) == 3


async def test_never_doers_count_as_zero(history: History) -> None:
    await put(history, [person(n) for n in range(1, 5)], [row(1), row(2), row(2, message_id="again")])
    expected = {
        (0, 0): 2,
        (0, 1): 3,
        (1, 1): 1,
        (0, None): 4,
        (2, None): 1,
        (3, None): 0,
        (None, None): 2,
        (None, 0): 2,
        (None, 1): 3,
    }
    for (least, most), people in expected.items():
        asked = did("Order Completed", at_least=least, at_most=most)
        assert await history.count(asked, as_of_ms=AT) == people, asked


async def test_text_that_needs_escaping_is_compared_exactly(history: History) -> None:
    texts = [value for value in NASTY.values() if isinstance(value, str)]
    await history.put_people([person(n, {"t": text}) for n, text in enumerate(texts, 1)])
    for number, text in enumerate(texts, 1):
        for compared in (trait("t") == text, trait("t").is_any_of([text, "else"])):
            asked: Condition = compared
            assert [each.person for each in await history.people(asked, as_of_ms=AT, limit=9)] == [number], text
    rows = [row(n, "E", properties={text: text}) for n, text in enumerate(texts, 1) if text]
    await history.add(rows, token="t")
    for number, text in enumerate(texts, 1):
        if text:
            asked = did("E", where=prop(text).ends_with(text))
            assert [each.person for each in await history.people(asked, as_of_ms=AT, limit=9)] == [number], text


async def test_event_names_are_values_not_sql(history: History) -> None:
    name = "x' OR 1=1 -- \\"
    await put(history, [person(1), person(2)], [row(1, name)])
    assert await history.count(did(name), as_of_ms=AT) == 1


async def test_finding_looks_at_ids_and_text_whatever_the_case(history: History) -> None:
    await history.put_people(
        [
            person(1, {"city": "İzmir", "n": 7}),
            person(2, {"city": "STRASSE"}, last_seen_ms=AT + 9),
            person(3, {"city": "straße"}, last_seen_ms=AT + 9),
            person(4, {"note": "50%_'\\"}, user_id="Zoë", gone=True),
            person(5, {"note": "50%_'\\"}, user_id="Zoë"),
        ]
    )
    for text, expected in {"i̇ZM": [1], "ZOË": [5], "tra": [2, 3], "%_'\\": [5], "7": [], "nope": []}.items():
        found, total = await history.find(text, limit=9)
        assert ([each.person for each in found], total) == (expected, len(expected)), text
    found, total = await history.find("", limit=2, offset=1)
    assert ([each.person for each in found], total) == ([3, 5], 4)


async def test_people_are_sought_by_all_that_is_asked_and_told_in_their_order(history: History) -> None:
    await history.put_people(
        [
            person(1, {"plan": "gold"}, user_id="Berta", last_seen_ms=AT + 1),
            person(2, {"plan": "gold"}, user_id="anna", last_seen_ms=AT + 3),
            person(3, {"plan": "gold"}, user_id="device-3", last_seen_ms=AT + 2, known=False),
            person(4, {"plan": "none"}, user_id="carl", last_seen_ms=AT + 2),
            person(5, {"plan": "gold"}, user_id="dora", last_seen_ms=AT + 3, first_seen_ms=AT - 9),
        ]
    )
    gold = trait("plan") == "gold"

    async def told(limit: int = 9, offset: int = 0, **asked: Any) -> tuple[list[int], int]:
        found, total = await history.seek(Sought(as_of_ms=AT, **asked), limit=limit, offset=offset)
        return [each.person for each in found], total

    assert await told() == ([2, 5, 3, 4, 1], 5)
    assert await told(ascending=True) == ([1, 3, 4, 2, 5], 5)
    assert await told(order="user_id", ascending=True) == ([2, 1, 4, 3, 5], 5)
    assert (await told(order="first_seen", ascending=True, limit=1)) == ([5], 5)
    assert await told(known=False) == ([3], 1)
    assert await told(known=True, among=gold) == ([2, 5, 1], 3)
    assert await told(known=True, among=gold, limit=1, offset=1) == ([5], 3)
    assert await told(text="A", known=True, among=gold, order="user_id") == ([5, 1, 2], 3)
    assert await told(text="nobody") == ([], 0)
    table = await history.sought_table(Sought(text="A", known=True, among=gold, as_of_ms=AT))
    assert table.column("person").to_pylist() == [1, 2, 5]
    assert json.loads(str(table.column("traits").to_pylist()[0])) == {"plan": "gold"}


async def test_names_are_counted(history: History) -> None:
    await history.add(
        [row(1, "B"), row(2, "B", at_ms=AT + 5), row(1, "A"), row(1, "A", message_id="m"), row(1, "C")], token="t"
    )
    assert await history.names() == [
        NameCount(name="A", count=2, people=1, first_ms=AT, last_ms=AT),
        NameCount(name="B", count=2, people=2, first_ms=AT, last_ms=AT + 5),
        NameCount(name="C", count=1, people=1, first_ms=AT, last_ms=AT),
    ]


async def test_volumes_are_told_of_each_name(history: History) -> None:
    hour = 3_600_000
    rows = [row(1, "A", at_ms=AT - hour), row(2, "A", at_ms=AT - 1), row(1, "A", at_ms=AT), row(1, "B")]
    await history.add([*rows, row(1, "C", at_ms=AT - 3 * hour)], token="t")
    found = await history.volumes(since_ms=AT - 2 * hour, until_ms=AT + 1, bucket_seconds=3600)
    assert found == {"A": [0, 2, 1], "B": [0, 0, 1]}
    assert await history.volumes(since_ms=AT + hour, until_ms=AT + 2 * hour, bucket_seconds=3600) == {}
    with pytest.raises(Invalid):
        await history.volumes(since_ms=AT, until_ms=AT, bucket_seconds=3600)


async def test_activity_has_every_bucket(history: History) -> None:
    since = AT - 2 * HOUR
    moments = [since - 1, since, since + 1, AT - HOUR, AT - 1, AT]
    await history.add([row(n, at_ms=at) for n, at in enumerate(moments, 1)], token="t")
    await history.map_identities({3: 2}, version=1)
    found = await history.activity(since_ms=since, until_ms=AT, bucket_seconds=1800)
    assert found == [
        ActivityBucket(start_ms=since, events=2, people=1),
        ActivityBucket(start_ms=since + HOUR // 2, events=0, people=0),
        ActivityBucket(start_ms=since + HOUR, events=1, people=1),
        ActivityBucket(start_ms=since + 3 * HOUR // 2, events=1, people=1),
    ]
    said: dict[str, Any] = {"kind": "identify", "properties": {"list/vip": True}}
    await history.add([row(8, at_ms=since, message_id="ours", source="holdfast", **said)], token="ours")
    await history.add([row(8, at_ms=AT, message_id="theirs", source="web", **said)], token="theirs")
    await history.add([row(8, at_ms=AT, message_id="sent", source="holdfast")], token="sent")
    later = await history.activity(since_ms=since, until_ms=AT + 1, bucket_seconds=1800)
    assert later == [*found, ActivityBucket(start_ms=AT, events=3, people=2)]
    for until, seconds in ((since, 60), (AT, 0), (AT + 400 * DAY, 1)):
        with pytest.raises(Invalid):
            await history.activity(since_ms=since, until_ms=until, bucket_seconds=seconds)


async def test_known_hashes_are_those_in_the_window(history: History) -> None:
    await history.add([row(1, message_id="a"), row(1, at_ms=AT + 9, message_id="b")], token="t")
    a, b, c = (message_hash(each) for each in "abc")
    assert await history.known([a, b, c], first_ms=AT, last_ms=AT + 8) == {a}
    assert await history.known([a, b, c], first_ms=AT, last_ms=AT + 9) == {a, b}
    assert await history.known([], first_ms=AT, last_ms=AT) == set()


def a_table(rows: list[dict[str, object]]) -> pa.Table:
    given = {"event": "Order Completed", "identity": 1, "timestamp": from_millis(AT), "received_at": from_millis(AT)}
    given |= {"kind": "track", "source": "import", "user_id": "u1"}
    return pa.Table.from_pylist([given | each for each in rows], schema=EVENT_COLUMNS)


async def test_a_table_is_added_once_whatever_its_token(history: History) -> None:
    table = a_table([{"message_id": f"m{n % 4}", "timestamp": from_millis(AT + n // 4)} for n in range(8)])
    assert await history.add_table(table, token="a") == 8
    assert await history.add_table(table, token="b") == 0
    more = a_table([{"message_id": "m1"}, {"message_id": "new"}, {"message_id": "new"}])
    assert await history.add_table(more, token="c") == 1
    assert await history.add_table(table.slice(0, 0), token="d") == 0
    assert await history.size() == 9
    assert await history.known([message_hash("new")], first_ms=AT, last_ms=AT) == {message_hash("new")}


async def test_a_table_says_what_add_says(history: History) -> None:
    properties: dict[str, Json] = {name: value for name, value in NASTY.items() if "surrogate" not in repr(name)}
    del properties["\ud800 name"]
    table = a_table(
        [
            {"message_id": "m1", "properties": json.dumps(properties), "context": '{"ip": "::1"}', "anonymous_id": "a"},
            {"message_id": "m2", "user_id": None, "anonymous_id": "a"},
        ]
    )
    await history.add_table(table, token="a")
    second, first = await history.timeline([1], limit=5)
    assert dict(first.properties) == properties
    assert first.context == {"ip": "::1"}
    assert (first.identity.value, second.identity) == ("u1", IdentityKey(kind="anonymous", value="a"))
    assert second.properties == {}


async def test_a_table_of_columns_says_what_one_of_json_says(history: History) -> None:
    columns = {
        "text": pa.array(["a", None, ""]).dictionary_encode(),
        "whole": pa.array([1, 2, None]),
        "float": pa.array([0.5, -0.0, 3.0]),
        "big": pa.array([2**60, None, 1]),
        "truth": pa.array([True, False, None]),
        "list": pa.array([["x"], [], None]),
    }
    table = a_table([{"message_id": f"m{n}"} for n in range(3)]).drop_columns("properties")
    for column in ("event", "kind", "source"):
        index = table.schema.get_field_index(column)
        table = table.set_column(index, column, table[column].dictionary_encode())
    maps = maps_of_columns(columns, rows=3)
    for name in maps.column_names:
        table = table.append_column(name, maps[name])
    assert await history.add_table(table, token="a") == 3
    found = [dict(event.properties) for event in reversed(await history.timeline([1], limit=5))]
    assert found == [
        {"text": "a", "whole": 1, "float": 0.5, "big": 2**60, "truth": True, "list": ["x"]},
        {"whole": 2, "float": 0, "truth": False, "list": []},
        {"text": "", "float": 3, "big": 1},
    ]


async def test_a_slice_of_a_table_is_only_that_slice(history: History) -> None:
    revenues = pa.array([1.0, 2.0, None, 4.0, 5.0])
    table = a_table([{"message_id": f"m{n}"} for n in range(5)]).drop_columns("properties")
    maps = maps_of_columns({"revenue": revenues, "n": pa.array(range(5))}, rows=5)
    for name in maps.column_names:
        table = table.append_column(name, maps[name])
    await history.add([row(1, "Journey Entered", AT - 1, properties={"origin": "cart", "arm": "treated"})], token="t")
    assert await history.add_table(table.slice(1, 3), token="a") == 3
    treated, _ = await history.outcomes(QUESTION)
    assert (treated.orders, treated.revenue_minor) == (3, 600)
    found = await history.timeline([1], limit=5, name="Order Completed")
    assert [event.properties for event in found] == [{"revenue": 4, "n": 3}, {"n": 2}, {"revenue": 2, "n": 1}]


QUESTION = OutcomeQuestion(
    origin="cart", goal_event="Order Completed", within_seconds=3600, as_of_ms=AT + 3 * HOUR, currency="USD"
)


def entered(identity: int, arm: str, at_ms: int = AT, **fields: Json) -> dict[str, object]:
    told = {"origin": "cart", "arm": arm} | fields
    return {"identity": identity, "name": "Journey Entered", "at_ms": at_ms, "properties": told}


def bought(identity: int, after_ms: int, **properties: Json) -> dict[str, object]:
    return {"identity": identity, "at_ms": AT + after_ms, "properties": properties}


def outcome(arm: str, **fields: float) -> ArmOutcome:
    names = ("people", "open_people", "converted", "orders", "revenue_minor", "other_currency_orders")
    given = dict.fromkeys(names, 0) | {"revenue_minor_squares": 0.0} | fields
    return ArmOutcome(arm=arm, **given)  # type: ignore[arg-type]  # Named by the test.


async def test_outcomes_tell_of_the_global_holdout_apart(history: History) -> None:
    told = [
        entered(1, "treated"),
        entered(2, "global_holdout"),
        bought(2, 5, revenue=10),
        entered(2, "treated", AT + 6),  # The share was lowered since: they stay who they were.
        entered(3, "global_holdout", AT + 3 * HOUR),
    ]
    rows = [row(**each, message_id=f"m{n}") for n, each in enumerate(told)]  # type: ignore[arg-type]  # Fields of `row`.
    await history.add(rows, token="t")
    treated, holdout, apart = await history.outcomes(QUESTION)
    assert (treated, holdout) == (outcome("treated", people=1), outcome("holdout"))
    assert (apart.arm, apart.people, apart.open_people, apart.converted) == ("global_holdout", 1, 1, 1)


async def test_outcomes_count_people_by_their_first_arm_and_orders_in_their_window(history: History) -> None:
    await history.add(
        [
            row(**each, message_id=f"m{n}")  # type: ignore[arg-type]  # The fields of `row`.
            for n, each in enumerate(
                [
                    entered(1, "treated"),
                    entered(1, "holdout", AT + 1),  # A second entry changes nothing.
                    bought(1, 0, revenue=999),  # The very moment of entering is not after it.
                    bought(1, 1, revenue="19.99"),
                    bought(1, HOUR, revenue=10, currency="usd"),
                    bought(1, HOUR + 1, revenue=999),  # One millisecond late.
                    entered(2, "treated"),
                    bought(2, 5, revenue=5, currency="EUR"),
                    bought(2, 6),  # An order without money is an order.
                    entered(3, "holdout"),
                    bought(3, 5, revenue=1.005),
                    entered(4, "holdout"),
                    entered(5, "holdout", AT + 2 * HOUR + 1),  # Not closed: one millisecond is missing.
                    bought(5, 2 * HOUR + 2, revenue=999),
                    entered(6, "holdout", AT + 2 * HOUR),  # Closed this very moment.
                    entered(7, "treated", origin="other"),
                    bought(8, 5, revenue=999),  # Never entered.
                    entered(9, "treated", AT + 4 * HOUR),  # In the future.
                    entered(10, "spectator"),
                ]
            )
        ],
        token="t",
    )
    assert await history.outcomes(QUESTION) == [
        outcome(
            "treated",
            people=2,
            converted=2,
            orders=4,
            revenue_minor=2999,
            revenue_minor_squares=2999.0**2,
            other_currency_orders=1,
        ),
        outcome(
            "holdout",
            people=3,
            open_people=1,
            converted=1,
            orders=1,
            revenue_minor=100,
            revenue_minor_squares=10000.0,
        ),
    ]


async def test_outcomes_follow_people_through_the_map(history: History) -> None:
    rows = [entered(2, "holdout"), entered(1, "treated", AT - SECOND), bought(2, 1, revenue=3)]
    await history.add(
        [row(**each, message_id=f"m{n}") for n, each in enumerate(rows)],  # type: ignore[arg-type]  # As above.
        token="t",
    )
    await history.map_identities({2: 1}, version=1)
    treated, holdout = await history.outcomes(QUESTION)
    assert (treated.people, treated.revenue_minor, holdout.people) == (1, 300, 0)


async def test_outcomes_leave_out_who_entered_before(history: History) -> None:
    rows = [entered(1, "treated", AT - 1), entered(1, "treated", AT + 1), entered(2, "treated", AT)]
    await history.add(
        [row(**each, message_id=f"m{n}") for n, each in enumerate(rows)],  # type: ignore[arg-type]  # As above.
        token="t",
    )
    asked = OutcomeQuestion(
        origin="cart", goal_event="X", within_seconds=60, as_of_ms=AT + HOUR, currency="USD", since_ms=AT
    )
    treated, _ = await history.outcomes(asked)
    assert (treated.people, treated.open_people) == (1, 0)


@pytest.mark.parametrize(
    ("properties", "minor"),
    [
        ({"revenue": 59.99}, 5999),
        ({"revenue": "59.99"}, 5999),
        ({"revenue": 1.015}, 102),
        ({"revenue": 1.025}, 102),
        ({"revenue": -3}, -300),
        ({"revenue": True}, 0),
        ({"revenue": "a lot"}, 0),
        ({"revenue": None}, 0),
        ({"revenue": [1]}, 0),
        ({"revenue": 2**54}, 2**54 * 100),
        ({"revenue": 2**70}, 0),
        ({"revenue": 5, "currency": None}, 500),
        ({"revenue": 5, "currency": ""}, 500),
        ({"revenue": 5, "currency": " usd "}, 500),
        ({"revenue": 5, "currency": 7}, 0),
        ({"revenue": 5, "currency": ["USD"]}, 0),
        ({"revenue": 5, "currency": "dollars"}, 0),
        ({"revenue": 5, "currency": "EUR"}, 0),
    ],
)
@pytest.mark.parametrize("path", ["add", "add_table"])
async def test_revenue_is_the_same_by_both_ways_in(
    history: History, path: str, properties: dict[str, Json], minor: int
) -> None:
    await history.add([row(1, "Journey Entered", AT - 1, properties={"origin": "cart", "arm": "treated"})], token="t")
    if path == "add":
        await history.add([row(1, properties=properties)], token="u")
    else:
        await history.add_table(a_table([{"message_id": "m", "properties": json.dumps(properties)}]), token="u")
    treated, _ = await history.outcomes(QUESTION)
    assert (treated.orders, treated.revenue_minor) == (1, minor)


async def test_export_gives_everything_oldest_first_in_batches(history: History) -> None:
    moments = [AT + 50 * DAY, AT, AT + HOUR, AT + HOUR, AT + 2 * HOUR, AT + 1, AT + HOUR + 5]
    rows = [row(n, at_ms=at, message_id=f"m{n}", properties={"n": n, "l": ["\n"]}) for n, at in enumerate(moments, 1)]
    await history.add(rows, token="t")
    await history.map_identities({4: 3}, version=1)
    batches = [batch async for batch in history.export(batch_rows=2)]
    assert all(batch.schema == EXPORT_COLUMNS and batch.num_rows <= 2 for batch in batches)
    told = [each for batch in batches for each in batch.to_pylist()]
    assert [each["message_id"] for each in told] == ["m2", "m6", "m3", "m4", "m7", "m5", "m1"]
    assert [each["person"] for each in told] == [2, 6, 3, 3, 7, 5, 1]
    assert [json.loads(each["properties"])["n"] for each in told] == [2, 6, 3, 4, 7, 5, 1]
    assert all("\n" not in each["properties"] for each in told)
    assert told[0]["timestamp"] == from_millis(AT)
    assert told[0]["context"] == "{}"
    assert max([batch.num_rows async for batch in history.export(batch_rows=100)]) > 1


async def test_all_that_is_stored_of_somebody_comes_in_the_order_it_was_received(history: History) -> None:
    moments = {"m1": (AT, AT + DAY), "m2": (AT + HOUR, AT + HOUR), "m3": (AT, AT + HOUR), "m4": (AT, AT)}
    rows = [
        row(5 if name == "m4" else 2, at_ms=at, received_at=from_millis(received), message_id=name, anonymous_id="dev")
        for name, (at, received) in moments.items()
    ]
    again = row(2, at_ms=AT, received_at=from_millis(AT + HOUR), message_id="m0", properties={"n": 1, "l": ["\n"]})
    await history.add([*rows, again, row(7, at_ms=AT)], token="t")
    await history.map_identities({5: 2}, version=1)
    told = await history.events_of([2, 5, 99])
    assert told.schema == EXPORT_COLUMNS
    found = told.to_pylist()
    assert [each["message_id"] for each in found] == ["m4", "m0", "m3", "m2", "m1"]
    assert {(each["identity"], each["person"]) for each in found} == {(2, 2), (5, 2)}
    assert [each["anonymous_id"] for each in found[:2]] == ["dev", ""]
    assert json.loads(found[1]["properties"]) == {"n": 1, "l": ["\n"]}
    assert (await history.events_of([])).num_rows == 0


async def test_moments_at_which_something_came_late(history: History) -> None:
    rows = [
        row(1, at_ms=AT, received_at=from_millis(AT + 5 * DAY), message_id="late"),
        row(2, at_ms=AT, received_at=from_millis(AT + 5 * DAY), message_id="as late"),
        row(2, at_ms=AT + DAY, received_at=from_millis(AT + 3 * DAY), message_id="in time"),
        row(3, at_ms=AT, received_at=from_millis(AT + 2 * DAY + 1), message_id="just late"),
    ]
    await history.add(rows, token="t")
    assert await history.received_long_after(2 * DAY) == [AT + 2 * DAY + 1, AT + 5 * DAY]
    assert await history.received_long_after(9 * DAY) == []


async def test_an_empty_history_has_answers(history: History) -> None:
    assert await history.size() == 0
    assert await history.names() == []
    assert await history.recent(limit=5, since_ms=0) == []
    assert await history.timeline([1], limit=5) == []
    assert [batch async for batch in history.export(batch_rows=5)] == []
    assert (await history.people_table(all_of(), as_of_ms=AT)).num_rows == 0
    assert await history.event_properties("x") == []
    assert await history.outcomes(QUESTION) == [outcome("treated"), outcome("holdout")]


async def test_properties_are_discovered_with_their_commonest_type_and_examples(history: History) -> None:
    values: list[dict[str, Json]] = [
        {"size": "L", "n": 1},
        {"size": "L", "n": 2.5, "tags": ["a", 1]},
        {"size": "M", "n": "x", "ok": True, "none": None},
        {"size": 7, "big": 2**60, "where": {"a": 1}},
    ]
    await history.add([row(1, "E", message_id=f"m{n}", properties=each) for n, each in enumerate(values)], token="t")
    await history.add([row(1, "Other", properties={"elsewhere": 1})], token="u")
    expected = [
        SeenProperty(name="big", type="number", examples=(2**60,)),
        SeenProperty(name="n", type="number", examples=(1, 2.5)),
        SeenProperty(name="ok", type="truth", examples=(True,)),
        SeenProperty(name="size", type="text", examples=("L", "M")),
        SeenProperty(name="tags", type="list", examples=(["a", 1],)),
        SeenProperty(name="where", type="object", examples=({"a": 1},)),
    ]
    assert await history.event_properties("E") == expected
    await history.put_people([person(n, each) for n, each in enumerate(values, 1)])
    assert await history.trait_properties() == expected


async def test_moments_far_apart_are_kept_to_the_millisecond(history: History) -> None:
    moments = [datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 30, 23, 59, 59, 999000, tzinfo=UTC)]
    rows = [row(1, timestamp=moment, received_at=moment, message_id=str(moment)) for moment in moments]
    await history.add(rows, token="t")
    found = await history.timeline([1], limit=5)
    assert [from_millis(event.timestamp_ms) for event in reversed(found)] == moments
    await history.put_people([person(1)])
    assert await history.count(did("Order Completed", at_least=1, at_most=1), as_of_ms=0) == 1
