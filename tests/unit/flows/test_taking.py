"""Events as Python has them: dicts into request bodies, tables into the bulk path's columns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from holdfast.events.event import Event
from holdfast.events.segment_spec import decode
from holdfast.flows.ingest.bulk import EVENT_TABLE
from holdfast.flows.ingest.taking import BATCH_EVENTS, bodies_of, events_table
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis

NOW = to_millis(datetime(2026, 6, 1, tzinfo=UTC))
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def taken(*events: Any) -> list[Event]:
    """The events that come of the dicts at the other end."""
    found = [decode("import", body, received_ms=NOW, source="python") for body in bodies_of(events)]
    assert not any(each.bad for each in found)
    return [event for each in found for _, event in each.events]


def rows_of(frame: pl.DataFrame | pa.Table) -> list[dict[str, Any]]:
    table = events_table(frame, source="python")
    assert table.schema == EVENT_TABLE
    return [{**row, "properties": json.loads(row["properties"])} for row in table.to_pylist()]


def a_frame(rows: int = 1, **columns: Any) -> pl.DataFrame:
    given = {"event": ["Bought"] * rows, "user_id": ["ada"] * rows, "timestamp": [AT] * rows} | columns
    return pl.DataFrame({name: values for name, values in given.items() if values is not None})


# Dicts.


@pytest.mark.parametrize("style", ["snake", "camel"])
def test_keys_are_taken_as_python_writes_them_and_as_the_wire_does(style: str) -> None:
    said = {"event": "Bought", "user_id": "ada", "anonymous_id": "a1", "message_id": "m1", "timestamp": AT}
    camel = {"user_id": "userId", "anonymous_id": "anonymousId", "message_id": "messageId"}
    (event,) = taken(said if style == "snake" else {camel.get(name, name): value for name, value in said.items()})
    assert (event.name, event.user_id, event.anonymous_id, event.message_id) == ("Bought", "ada", "a1", "m1")
    assert (event.kind, event.timestamp) == ("track", AT)


def test_a_dict_with_traits_and_no_event_says_who_somebody_is() -> None:
    identified, tracked = taken({"user_id": "ada", "traits": {"plan": "gold"}}, {"user_id": "ada", "event": "Bought"})
    assert (identified.kind, identified.properties) == ("identify", {"plan": "gold"})
    assert tracked.kind == "track"


@pytest.mark.parametrize(
    "moment",
    [
        AT,
        AT.replace(tzinfo=None),
        AT.astimezone(timezone(timedelta(hours=2))),
        "2026-01-01T12:00:00Z",
        "2026-01-01T13:00+01:00",
    ],
)
def test_times_are_instants_and_those_without_a_zone_are_utc(moment: object) -> None:
    (event,) = taken({"user_id": "ada", "event": "Bought", "timestamp": moment})
    assert event.timestamp == AT


def test_values_json_has_no_word_for_are_said_as_near_as_can_be() -> None:
    properties = {"paid": Decimal("19.90"), "day": date(2026, 1, 1), "at": AT, "none": None, "tags": ("a", "b")}
    (event,) = taken({"user_id": "ada", "event": "Bought", "properties": properties})
    assert event.properties == {
        "paid": 19.9,
        "day": "2026-01-01",
        "at": "2026-01-01T12:00:00Z",
        "none": None,
        "tags": ["a", "b"],
    }


def test_numbers_of_numpy_are_numbers() -> None:
    properties = {"n": pl.Series([3]).to_numpy()[0], "x": pl.Series([1.5]).to_numpy()[0]}
    (event,) = taken({"user_id": "ada", "event": "Bought", "properties": properties})
    assert event.properties == {"n": 3, "x": 1.5}


def test_an_id_that_is_a_float_is_the_whole_number_it_means() -> None:
    events = taken({"user_id": 17850.0, "event": "Bought"}, {"user_id": 17850, "event": "Bought"})
    assert [event.user_id for event in events] == ["17850", "17850"]


def test_none_is_as_good_as_not_said() -> None:
    (event,) = taken({"user_id": "ada", "anonymous_id": None, "event": "Bought", "timestamp": None})
    assert (event.anonymous_id, to_millis(event.timestamp)) == (None, NOW)


@pytest.mark.parametrize(
    ("event", "path", "words"),
    [
        ({"usr_id": "ada"}, "$[1].usr_id", "user_id"),
        ({"user_id": "ada", "evnt": "x"}, "$[1].evnt", "'event'"),
        ({"user_id": "ada", "zzz": 1}, "$[1].zzz", "An event has type, event, user_id"),
        ({"user_id": "ada", "userId": "ben"}, "$[1].userId", "twice"),
        ({"user_id": "ada", "properties": {"x": object()}}, "$[1]", "object has no JSON form"),
        ("event", "$[1]", "a dict, not str"),
    ],
)
def test_a_dict_that_says_what_nobody_understands_is_refused_with_its_place(
    event: object, path: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        taken({"user_id": "ada", "event": "Bought"}, event)
    assert refused.value.path == path
    assert words in str(refused.value)


def test_many_events_make_several_bodies_within_the_collectors_limits() -> None:
    long = {"user_id": "ada", "event": "Bought", "properties": {"note": "x" * 20_000}}
    bodies = list(bodies_of([long] * 45))
    assert len(bodies) > 1
    assert max(map(len, bodies)) <= 500_000
    assert sum(len(json.loads(body)["batch"]) for body in bodies) == 45
    assert len(list(bodies_of([{"user_id": "a", "event": "x"}] * (BATCH_EVENTS + 1)))) == 2
    assert list(bodies_of([])) == []


# Tables.


def test_a_table_of_arrow_is_a_table_of_polars() -> None:
    frame = a_frame(2, revenue=[1.5, None])
    assert rows_of(frame) == rows_of(frame.to_arrow())
    dictionaries = pa.table({"event": pa.array(["Bought"]).dictionary_encode(), "user_id": ["ada"], "timestamp": [AT]})
    assert rows_of(dictionaries) == rows_of(a_frame())


def test_every_other_column_is_a_property_and_nulls_are_left_out() -> None:
    frame = a_frame(
        2,
        revenue=[19.9, None],
        paid=[Decimal("1.10"), None],
        day=[date(2026, 1, 1), None],
        gift=[False, True],
        tags=[["a"], None],
        share=[float("nan"), 0.5],
        address=[{"city": "Köln"}, None],
        text=['ß😀"\\', ""],
    )
    first, second = rows_of(frame)
    assert first["properties"] == {
        "revenue": 19.9,
        "paid": 1.1,
        "day": "2026-01-01",
        "gift": False,
        "tags": ["a"],
        "address": {"city": "Köln"},
        "text": 'ß😀"\\',
    }
    assert second["properties"] == {"gift": True, "share": 0.5, "text": ""}


def test_properties_may_be_a_struct_or_json_text() -> None:
    struct = a_frame(2, properties=[{"revenue": 5, "note": None}, None], other=["x", "y"])
    assert [row["properties"] for row in rows_of(struct)] == [{"revenue": 5, "note": None}, {}]
    text = a_frame(2, properties=['{"revenue": 5}', None], context=[{"ip": "::1"}, None])
    assert [row["properties"] for row in rows_of(text)] == [{"revenue": 5}, {}]
    assert [json.loads(row["context"]) for row in rows_of(text)] == [{"ip": "::1"}, {}]


@pytest.mark.parametrize("column", ["properties", "context"])
@pytest.mark.parametrize("text", ['{"revenue": 5', "[]", "5", ""])
def test_text_that_is_no_json_object_is_refused(column: str, text: str) -> None:
    with pytest.raises(Invalid, match="row 1 is no JSON object") as refused:
        rows_of(a_frame(2, **{column: ["{}", text]}))
    assert refused.value.path == column


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        ([17850.0, None], ["17850", None]),
        ([17850, None], ["17850", None]),
        ([0.5, float("inf")], ["0.5", None]),
        (["17850.0", " "], ["17850.0", None]),
        (["007", "ß😀"], ["007", "ß😀"]),
    ],
)
def test_ids_lose_nothing_and_gain_nothing(ids: list[Any], wanted: list[str | None]) -> None:
    rows = rows_of(a_frame(2, user_id=ids, anonymous_id=["a1", "a2"]))
    assert [row["user_id"] for row in rows] == wanted


def test_the_wires_names_of_columns_are_taken_too() -> None:
    wire = rows_of(a_frame(user_id=None, userId=["ada"], anonymousId=["a1"], messageId=["m1"]))
    assert wire == rows_of(a_frame(anonymous_id=["a1"], message_id=["m1"]))
    with pytest.raises(Invalid, match="twice"):
        rows_of(a_frame(userId=["ada"]))


@pytest.mark.parametrize(
    "moment",
    [
        AT,
        AT.replace(tzinfo=None),
        AT.astimezone(timezone(timedelta(hours=2))),
        "2026-01-01 12:00",
        "2026-01-01T12:00:00Z",
        "2026-01-01T13:00:00.000+01:00",
    ],
)
def test_times_in_a_table_are_instants(moment: object) -> None:
    (row,) = rows_of(a_frame(timestamp=[moment]))
    assert row["timestamp"] == AT


def test_times_as_text_may_be_written_in_several_ways_and_days_begin_at_midnight() -> None:
    rows = rows_of(a_frame(2, timestamp=["2026-01-01T12:00:00Z", "2026-01-01"]))
    assert [row["timestamp"] for row in rows] == [AT, AT.replace(hour=0)]
    assert rows_of(a_frame(timestamp=[date(2026, 1, 1)]))[0]["timestamp"] == AT.replace(hour=0)
    assert rows_of(a_frame(timestamp=[AT.replace(microsecond=123_999)]))[0]["timestamp"].microsecond == 123_000


@pytest.mark.parametrize(
    ("columns", "path", "words"),
    [
        ({"event": None}, "event", "The columns are user_id, timestamp"),
        ({"timestamp": None}, "timestamp", "The columns are event, user_id"),
        ({"user_id": None, "customer": ["ada"]}, "user_id", "The columns are event, timestamp, customer"),
        ({"timestamp": [5]}, "timestamp", "Int64, which is no time"),
        ({"timestamp": ["soon"]}, "timestamp", "row 0 has no time"),
        ({"timestamp": [datetime(1969, 12, 31, tzinfo=UTC)]}, "timestamp", "row 0 has no time"),
        ({"timestamp": [datetime(2200, 1, 1, tzinfo=UTC)]}, "timestamp", "row 0 has no time"),
        ({"timestamp": [None]}, "timestamp", "row 0 has no time"),
        ({"event": [" "]}, "event", "row 0 has no event name"),
        ({"user_id": [None]}, "user_id", "row 0 names nobody"),
        ({"user_id": ["a\0"]}, "user_id", "NUL"),
        ({"user_id": ["x" * 5000]}, "user_id", "over 4096 bytes"),
        ({"user_id": [["ada"]]}, "user_id", "names nothing"),
        ({"message_id": ["m" * 101]}, "message_id", "over 100 characters"),
        ({"note": ["x" * 40_000]}, "properties", "over 32768 bytes"),
        ({"properties": [5]}, "properties", "neither a struct nor JSON"),
    ],
)
def test_a_table_that_cannot_be_events_is_refused_with_what_to_do(
    columns: dict[str, Any], path: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        rows_of(a_frame(**columns))
    assert refused.value.path == path
    assert words in str(refused.value)


def test_a_refusal_names_the_first_row_and_how_many_are_like_it() -> None:
    with pytest.raises(Invalid, match="row 1 names nobody; rows like it: 2"):
        rows_of(a_frame(4, user_id=["ada", None, "ben", None]))


# Message ids.


def test_message_ids_are_made_of_content_so_that_the_same_table_is_the_same_events() -> None:
    frame = a_frame(4, revenue=[1, 1, 2, 1], user_id=["ada", "ada", "ada", "ben"])
    ids = [row["message_id"] for row in rows_of(frame)]
    assert len(set(ids)) == 4, "rows that are alike are all kept"
    assert [row["message_id"] for row in rows_of(frame)] == ids
    assert sorted(row["message_id"] for row in rows_of(frame.reverse())) == sorted(ids)
    assert ids[0] not in [row["message_id"] for row in rows_of(frame.with_columns(event=pl.lit("Sold")))]


def test_a_user_and_a_stranger_of_one_name_do_different_things() -> None:
    user, stranger = a_frame(), a_frame(user_id=None, anonymous_id=["ada"])
    assert rows_of(user)[0]["message_id"] != rows_of(stranger)[0]["message_id"]


def test_message_ids_that_are_given_stay_and_blank_ones_are_made() -> None:
    ids = [row["message_id"] for row in rows_of(a_frame(4, message_id=["m1", None, "", "m1"]))]
    assert (ids[0], ids[3]) == ("m1", "m1")
    assert len({ids[1], ids[2], "m1", ""}) == 4
    assert rows_of(a_frame(message_id=[5]))[0]["message_id"] == "5"


def test_an_empty_table_is_no_events() -> None:
    assert rows_of(a_frame(0, event=[], user_id=[], timestamp=[])) == []
