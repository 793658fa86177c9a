"""Files into events: every row is an event or set aside with its reason, and importing twice makes the same events."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.events.segment_spec import decode
from holdfast.integrations.files.convert import batches_of
from holdfast.integrations.files.mapping import EXPORTED, ImportMapping
from holdfast.integrations.files.occurrences import Occurrences
from holdfast.kernel.errors import Exposed, Invalid, NotFound
from holdfast.ports.files import Batch
from holdfast.ports.state import BadRecord

Row = Mapping[str, Any]
MAPPING = ImportMapping(person="who", time="at", event_name="Bought")
AT = "2024-02-29T23:59:59.999Z"


def write(path: Path, rows: Sequence[Row]) -> Path:
    """The rows in the format the ending says."""
    if path.name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    else:
        pl.DataFrame(rows, infer_schema_length=None).write_csv(path)
    return path


def taken(path: Path, mapping: ImportMapping = MAPPING, **how: Any) -> tuple[list[dict[str, Any]], list[BadRecord]]:
    """The events, properties decoded, and the bad records."""
    batches = list(batches_of(path, mapping, at_ms=5, **how))
    events = [row for batch in batches for row in batch.events.to_pylist()]
    for row in events:
        row["properties"] = json.loads(row["properties"])
    return events, [bad for batch in batches for bad in batch.bad]


FORMATS = pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])


@FORMATS
def test_a_row_is_an_event(tmp_path: Path, ending: str) -> None:
    rows = [{"who": "ada", "at": AT, "price": 2.5, "note": 'a "b"\n😀', "none": None, "yes": True}]
    (event,), bad = taken(write(tmp_path / f"f.{ending}", rows))
    assert bad == []
    assert event["properties"] == {"price": 2.5, "note": 'a "b"\n😀', "yes": True}
    assert (event["name"], event["kind"], event["user_id"], event["anonymous_id"]) == ("Bought", "track", "ada", None)
    assert event["timestamp"].isoformat(timespec="milliseconds") == "2024-02-29T23:59:59.999+00:00"
    assert (event["context"], event["source"], event["previous_id"]) == ("{}", f"file:f.{ending}", None)


@FORMATS
def test_every_role_has_its_column(tmp_path: Path, ending: str) -> None:
    rows = [{"u": "ada", "a": "d1", "t": AT, "e": "Seen", "m": "id-1", "x": 1, "y": 2, "z": 3}]
    mapping = ImportMapping(
        person="u", anonymous="a", time="t", event="e", message_id="m", properties=("x", "z"), currency="EUR"
    )
    (event,), _ = taken(write(tmp_path / f"f.{ending}", rows), mapping)
    assert [event[name] for name in ("user_id", "anonymous_id", "name", "message_id")] == ["ada", "d1", "Seen", "id-1"]
    assert event["properties"] == {"x": 1, "z": 3, "currency": "EUR"}


@FORMATS
def test_what_cannot_be_an_event_is_set_aside_with_its_reason(tmp_path: Path, ending: str) -> None:
    mapping = ImportMapping(person="who", anonymous="device", time="at", event="what")
    good = {"who": "ada", "device": "d", "at": AT, "what": "Seen"}
    rows: list[Row] = [
        good,
        good | {"who": None, "device": " "},
        good | {"what": None},
        good | {"what": "  "},
        good | {"at": None},
        good | {"at": "yesterday"},
        good | {"at": "2023-02-29"},
        good | {"at": "1969-12-31T23:59:59Z"},
        good | {"at": "2500-01-01"},
        good | {"who": "x" * 4097},
        good | {"who": "a\0b"},
        good | {"who": None},
    ]
    if ending == "csv":
        rows.pop(10)  # CSV readers stop at NUL, so no CSV file has one.
    events, bad = taken(write(tmp_path / f"f.{ending}", rows), mapping)
    assert [(event["user_id"], event["anonymous_id"]) for event in events] == [("ada", "d"), (None, "d")]
    codes = ["no_identity", "no_event_name", "no_event_name", "no_timestamp", *["bad_timestamp"] * 4, "too_long"]
    assert [each.code for each in bad] == codes + (["bad_character"] if ending != "csv" else [])
    assert all(each.hint and each.message and each.at_ms == 5 for each in bad)
    assert [each.origin.partition("#")[0] for each in bad] == [f"f.{ending}:{n}" for n in range(2, len(bad) + 2)]


def an_exported(**changed: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "identity": 1,
        "received_at": AT,
        "kind": "identify",
        "source": "web",
        "properties": {},
        "context": {},
    }
    row |= {"person": 1, "user_id": "ada", "anonymous_id": "", "timestamp": AT, "event": "Identified"}
    return row | {"message_id": f"m-{json.dumps(changed)}"[:100]} | changed


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_who_is_on_a_list_is_said_by_an_export_of_what_we_said_and_by_nobody_else(tmp_path: Path, ending: str) -> None:
    rows = [
        an_exported(properties={"list/vip": True, "list/press": False}, source="holdfast"),
        an_exported(properties={"list/vip": True}),
        an_exported(properties={"plan": "gold", "list/vip": True}, source="holdfast"),
        an_exported(properties={"plan": "list/vip"}),
        an_exported(properties={"list/vip": True}, kind="track", event="Seen"),
    ]
    texts = [json.dumps(row["properties"]) for row in rows]
    texts[1] = texts[1].replace("list/", "\\u006cist\\/")
    written = [
        row if ending == "jsonl" else row | {"properties": text, "context": "{}"}
        for row, text in zip(rows, texts, strict=True)
    ]
    events, bad = taken(write(tmp_path / f"f.{ending}", written), EXPORTED)
    assert [(each["properties"], each["source"]) for each in events] == [
        ({"list/vip": True, "list/press": False}, "holdfast"),
        ({"plan": "list/vip"}, f"file:f.{ending}"),
        ({"list/vip": True}, f"file:f.{ending}"),
    ]
    assert [(each.code, each.origin.partition("#")[0]) for each in bad] == [
        ("reserved_trait", f"f.{ending}:2"),
        ("reserved_trait", f"f.{ending}:3"),
    ]


def test_a_bad_row_can_be_mended_and_replayed(tmp_path: Path) -> None:
    rows = [{"who": None, "at": AT, "price": 2}]
    _, (bad,) = taken(write(tmp_path / "f.csv", rows))
    mended = json.loads(bad.body) | {"userId": "ada"}
    decoded = decode("import", json.dumps({"batch": [mended]}).encode(), received_ms=1_800_000_000_000, source="file")
    ((_, event),) = decoded.events
    assert (event.user_id, event.name, event.properties) == ("ada", "Bought", {"price": 2})
    assert event.timestamp.isoformat() == "2024-02-29T23:59:59.999000+00:00"


def ids_of(events: list[dict[str, Any]]) -> list[str]:
    return [event["message_id"] for event in events]


CELLS = st.fixed_dictionaries(
    {
        "who": st.sampled_from(["ada", "bob", None]),
        "at": st.sampled_from([AT, "2024-01-01", "never"]),
        "n": st.sampled_from([1, 2, None]),
        "text": st.sampled_from(["", "ß", "\x1f", 'q"', None]),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS, min_size=1, max_size=12), st.randoms(use_true_random=False), st.integers(1, 5))
def test_importing_again_makes_the_same_events_in_any_order_and_any_batches(
    tmp_path: Path, rows: list[Row], shuffler: Any, batch_rows: int
) -> None:
    first, bad = taken(write(tmp_path / "f.jsonl", rows))
    again, bad_again = taken(tmp_path / "f.jsonl", batch_rows=batch_rows)
    assert (again, bad_again) == (first, bad)
    assert len(set(ids_of(first))) == len(first)  # Rows that are alike are all kept.
    assert len(first) + len(bad) == len(rows)
    assert len({each.origin for each in bad}) == len(bad)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    mixed, _ = taken(write(tmp_path / "g.jsonl", shuffled), batch_rows=batch_rows)
    assert sorted(ids_of(mixed)) == sorted(ids_of(first))


@FORMATS
def test_batches_add_up(tmp_path: Path, ending: str) -> None:
    rows = [{"who": f"u{n}" if n % 3 else None, "at": AT, "n": n} for n in range(20)]
    path = write(tmp_path / f"f.{ending}", rows)
    batches: list[Batch] = list(batches_of(path, MAPPING, at_ms=5, batch_rows=7))
    assert [batch.rows for batch in batches] == [7, 7, 6]
    assert {batch.total for batch in batches} == {20}
    assert sum(batch.events.num_rows for batch in batches) == 13
    assert sum(len(batch.bad) for batch in batches) == 7


# Ids.


def test_ids_are_text_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(f"who,at,zip\n007,{AT},01234\n1e5,{AT},99999\n")
    events, _ = taken(tmp_path / "f.csv")
    assert [event["user_id"] for event in events] == ["007", "1e5"]
    assert [event["properties"]["zip"] for event in events] == ["01234", "99999"]  # One leading zero makes all text.


@pytest.mark.parametrize(
    ("value", "text"), [(17850.0, "17850"), (1.5, "1.5"), (2**40, str(2**40)), (-3, "-3"), (float("nan"), None)]
)
def test_number_ids_lose_no_digit_and_gain_no_point(tmp_path: Path, value: float, text: str | None) -> None:
    rows = [{"who": value, "device": "d", "at": AT}]
    mapping = ImportMapping(person="who", anonymous="device", time="at", event_name="Bought")
    (event,), _ = taken(write(tmp_path / "f.parquet", rows), mapping)
    assert event["user_id"] == text


# CSV.


def test_a_csv_column_has_one_type_from_first_to_last(tmp_path: Path) -> None:
    lines = [f"u,{AT},{n},{n},{n}.5,true,{n}{n:016}" for n in range(9)]
    lines.append(f"u,{AT},9,C9,,FALSE,{'9' * 17}")
    (tmp_path / "f.csv").write_text("\n".join(["who,at,whole,mixed,half,truth,long", *lines]))
    events, _ = taken(tmp_path / "f.csv", batch_rows=4)
    assert [event["properties"]["whole"] for event in events] == list(range(10))
    assert [event["properties"]["mixed"] for event in events] == [*map(str, range(9)), "C9"]
    assert events[3]["properties"]["half"] == 3.5
    assert "half" not in events[9]["properties"]
    assert [event["properties"]["truth"] for event in events] == [*[True] * 9, False]
    assert isinstance(events[1]["properties"]["long"], str)  # More digits than a float can tell: an id.


def test_a_csv_line_with_the_wrong_number_of_values_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(f"who,at,n\nada,{AT},1\nbob,{AT}\ncleo,{AT},3,4\ndora,{AT},5\n")
    events, bad = taken(tmp_path / "f.csv")
    assert [event["user_id"] for event in events] == ["ada", "dora"]
    assert [(each.code, json.loads(each.body)) for each in bad] == [
        ("bad_row", f"bob,{AT}"),
        ("bad_row", f"cleo,{AT},3,4"),
    ]
    assert sum(batch.rows for batch in batches_of(tmp_path / "f.csv", MAPPING, at_ms=5)) == 4


def test_quoted_line_breaks_and_commas_stay_in_their_value(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text(f'who,at,note\r\nada,{AT},"one, two\nthree ""four"""\r\n')
    (event,), _ = taken(tmp_path / "f.csv")
    assert event["properties"] == {"note": 'one, two\nthree "four"'}


@pytest.mark.parametrize("ending", ["csv.gz", "jsonl.gz", "ndjson.gz"])
def test_gzipped_files_are_read(tmp_path: Path, ending: str) -> None:
    plain = write(tmp_path / f"f.{'csv' if 'csv' in ending else 'jsonl'}", [{"who": "ada", "at": AT, "n": 1}])
    packed = tmp_path / f"g.{ending}"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert ids_of(taken(packed)[0]) == ids_of(taken(plain)[0])


# JSON lines.


def test_a_line_that_is_no_object_spoils_nothing_else(tmp_path: Path) -> None:
    good = json.dumps({"who": "ada", "at": AT})
    lines = [good, "{", "", "[1]", '"\\ud800"', "\ufeff", good.replace("ada", "bob"), "x" * 1_000_001, good]
    (tmp_path / "f.jsonl").write_text("\n".join(lines))
    events, bad = taken(tmp_path / "f.jsonl")
    assert [event["user_id"] for event in events] == ["ada", "bob", "ada"]
    assert [each.code for each in bad] == ["bad_json"] * 5
    assert len(set(ids_of(events))) == 3


def test_lines_keep_nested_properties_and_need_not_agree(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"who": 5, "at": AT, "x": {"deep": [1, None, "ß"]}},
        {"who": "ada", "at": AT, "x": "text", "y": 10**30},
        {"who": True, "at": 1_700_000_000, "x": None},
        {"who": ["no"], "at": AT},
    ]
    events, bad = taken(write(tmp_path / "f.jsonl", rows))
    assert [event["properties"] for event in events] == [
        {"x": {"deep": [1, None, "ß"]}},
        {"x": "text", "y": 10**30},
        {},
    ]
    assert [event["user_id"] for event in events] == ["5", "ada", "true"]
    assert events[2]["timestamp"].year == 2023
    assert [each.code for each in bad] == ["no_identity"]


# Parquet.


def test_parquet_types_become_json(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "who": ["ada"],
            "at": [datetime(2024, 3, 1, 12)],  # noqa: DTZ001 - As files have them.
            "day": [date(2024, 2, 29)],
            "moment": [datetime(2024, 2, 29, 1, 2, 3, 456000)],  # noqa: DTZ001 - As above.
            "list": [[1, 2]],
            "struct": [{"a": 1, "b": None}],
            "nan": [float("nan")],
            "bytes": [b"\xff"],
        }
    )
    frame.write_parquet(tmp_path / "f.parquet")
    (event,), _ = taken(tmp_path / "f.parquet")
    assert event["properties"] == {
        "day": "2024-02-29",
        "moment": "2024-02-29T01:02:03.456",
        "list": [1, 2],
        "struct": {"a": 1, "b": None},
        "bytes": "/w==",
    }


# Times.


@FORMATS
@pytest.mark.parametrize(
    ("at", "how", "expected"),
    [
        ("2024-02-29", {}, "2024-02-29T00:00:00+00:00"),
        ("2024-02-29 12:30", {}, "2024-02-29T12:30:00+00:00"),
        ("2024-02-29T12:30:00+02:00", {}, "2024-02-29T10:30:00+00:00"),
        ("2024-02-29 12:30", {"time_zone": "America/New_York"}, "2024-02-29T17:30:00+00:00"),
        ("2024-02-29T12:30:00Z", {"time_zone": "America/New_York"}, "2024-02-29T12:30:00+00:00"),
        ("2024-10-27 02:30", {"time_zone": "Europe/Berlin"}, "2024-10-27T00:30:00+00:00"),
        ("2024-03-31 02:30", {"time_zone": "Europe/Berlin"}, None),
        ("29/02/2024 08:26", {"time_format": "%d/%m/%Y %H:%M"}, "2024-02-29T08:26:00+00:00"),
        ("29/02/2024", {"time_format": "%d/%m/%Y"}, "2024-02-29T00:00:00+00:00"),
        ("30/02/2024 08:26", {"time_format": "%d/%m/%Y %H:%M"}, None),
        ("31/03/2024 02:30", {"time_format": "%d/%m/%Y %H:%M", "time_zone": "Europe/Berlin"}, None),
        (20240229, {"time_format": "%Y%m%d"}, "2024-02-29T00:00:00+00:00"),
        (1709164800, {}, "2024-02-29T00:00:00+00:00"),
        (1709164800123, {}, "2024-02-29T00:00:00.123000+00:00"),
        (1709164800123456, {}, "2024-02-29T00:00:00.123000+00:00"),
        (0, {}, "1970-01-01T00:00:00+00:00"),
        (-1, {}, None),
    ],
)
def test_times(tmp_path: Path, ending: str, at: Any, how: dict[str, Any], expected: str | None) -> None:
    mapping = ImportMapping(person="who", time="at", event_name="Bought", **how)
    events, bad = taken(write(tmp_path / f"f.{ending}", [{"who": "ada", "at": at}]), mapping)
    assert [event["timestamp"].isoformat() for event in events] == ([] if expected is None else [expected])
    assert [each.code for each in bad] == (["bad_timestamp"] if expected is None else [])


# Files that are not what they should be.


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("f.xlsx", b"", Invalid),
        ("f.csv", b"", Invalid),
        ("f.csv", b"who,at,who\n1,2,3\n", Invalid),
        ("f.csv", "who,at\n\xe9,2024-01-01\n".encode("latin-1"), Invalid),
        ("f.csv.gz", b"who,at\n", Invalid),
        ("f.parquet", b"PAR1 no", Invalid),
        ("f.jsonl.gz", b"{}", Invalid),
        ("f.csv", b"name,at\nada,2024-01-01\n", Invalid),
        ("missing.csv", None, NotFound),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exposed]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as refused:
        taken(path)
    assert refused.value.path
    assert refused.value.hint


def test_a_file_of_no_rows_has_no_events(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("who,at\n")
    (tmp_path / "f.jsonl").write_text("\n\n")
    assert taken(tmp_path / "f.csv") == taken(tmp_path / "f.jsonl") == ([], [])


@given(st.lists(st.lists(st.integers(0, 5), max_size=8), max_size=6))
def test_occurrences_are_counted_across_batches(batches: list[list[int]]) -> None:
    counted = Occurrences()
    seen: list[int] = []
    for batch in batches:
        numbers = counted.number(pl.Series(batch, dtype=pl.UInt64).to_numpy()).tolist()
        for value, number in zip(batch, numbers, strict=True):
            assert number == seen.count(value)
            seen.append(value)
