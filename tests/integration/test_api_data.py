"""What is counted, what went wrong, what was seen, and what comes and goes as a file: over HTTP."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import polars as pl
import pytest

from tests.integration.api_server import Server

BOUGHT = {"type": "did", "event": "Book Bought", "at_least": 2, "within_days": 30}


@pytest.fixture(scope="module", autouse=True)
def readers(server: Server) -> None:
    read(server, "reader", "books")


def read(server: Server, whose: str, shelf: str) -> None:
    """Five readers; the n-th bought n books."""
    for number in range(5):
        name = f"{whose}-{number}"
        server.took({"type": "identify", "userId": name, "traits": {"shelf": shelf, "number": number}})
        server.took(*({"type": "track", "userId": name, "event": "Book Bought"} for _ in range(number)))


def both(*conditions: object, shelf: str = "books") -> dict[str, Any]:
    theirs = {"type": "trait", "trait": "shelf", "operator": "equals", "value": shelf}
    return {"type": "all", "of": [theirs, *conditions]}


def test_segments_are_counted_and_listed(server: Server) -> None:
    whose = f"counted-{uuid4().hex[:8]}"
    read(server, whose, whose)
    bought = both(BOUGHT, shelf=whose)
    counted = server.got("POST", "/api/segments/count", {"definition": bought})
    assert counted["count"] == 3
    assert counted["of"] == server.got("GET", "/api/people?limit=1")["total"]
    assert counted["took_ms"] > 0
    assert counted["words"].startswith("People whose shelf is ")
    server.took({"type": "track", "userId": f"{whose}-1", "event": "Book Bought"})
    assert server.got("POST", "/api/segments/count", {"definition": bought})["count"] == 4, "at once, not later"
    seen: list[str] = []
    for offset in range(0, 6, 2):
        page = server.got("POST", "/api/segments/people", {"definition": bought, "limit": 2, "offset": offset})
        assert page["count"] == 4
        seen += [each["user_id"] for each in page["people"]]
    assert seen == [f"{whose}-{number}" for number in range(1, 5)]
    chosen = {"definition": bought, "traits": ["number", "user_id"], "limit": 2}
    found = server.got("POST", "/api/segments/people", chosen)["people"]
    assert [each["traits"] for each in found] == [{"number": number, "user_id": None} for number in (1, 2)]
    nobody = {"type": "any", "of": []}
    assert server.got("POST", "/api/segments/count", {"definition": nobody})["count"] == 0


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        (both({**BOUGHT, "within_days": "x"}), "$.of[1].within_days"),
        (both({**BOUGHT, "within_days": -1}), "$.of[1].within_days"),
        (both({**BOUGHT, "at_least": True}), "$.of[1].at_least"),
        (both({**BOUGHT, "at_most": 1}), "$.of[1]"),
        (both({**BOUGHT, "where": [{"property": "x", "operator": "like", "value": 1}]}), "$.of[1].where[0].operator"),
        (both({"type": "not", "of": {"type": "did"}}), "$.of[1].of"),
        (both({"type": "dit"}), "$.of[1].type"),
        (both({**BOUGHT, "evnt": "x"}), "$.of[1].evnt"),
        ({"type": "all", "of": {}}, "$.of"),
        ({}, "$"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path_of_call"),
    [("POST", "/api/segments/count"), ("POST", "/api/segments/people"), ("PUT", "/api/segments/wrong")],
)
def test_a_wrong_definition_is_told_where(
    server: Server, method: str, path_of_call: str, definition: dict[str, Any], path: str
) -> None:
    body = {"definition": definition, **({"name": "Wrong"} if method == "PUT" else {})}
    error = server.refused(400, method, path_of_call, body)
    assert error["path"].startswith(path)
    assert error["hint"]


def test_segments_are_kept_and_forgotten(server: Server) -> None:
    path = "/api/segments/keen-readers"
    saved = server.got("PUT", path, {"name": " Keen readers ", "definition": both(BOUGHT)})
    assert (saved["id"], saved["name"], saved["definition"]) == ("keen-readers", "Keen readers", both(BOUGHT))
    assert server.got("GET", path) == saved
    assert saved in server.got("GET", "/api/segments")["segments"]
    assert server.got("GET", f"{path}/people?limit=1&offset=1")["people"][0]["user_id"] == "reader-3"
    renamed = server.got("PUT", path, {"name": "Readers", "definition": both()})
    assert server.got("GET", path) == renamed
    assert server.got("GET", f"{path}/people")["total"] == 5
    server.got("DELETE", path, status=204)
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/people")):
        assert server.refused(404, method, path + rest)["hint"]
    for wrong in ("Keen", "a_b", "-a", "a" * 101, "%C3%BC", "a%2Fb"):
        error = server.refused(400, "PUT", f"/api/segments/{wrong}", {"name": "x", "definition": both()})
        assert error["path"] == "segment_id"
    for name in ("", "  "):
        assert server.refused(400, "PUT", path, {"name": name, "definition": both()})["path"] == "$.name"


def errors(server: Server, **query: object) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = server.got("GET", f"/api/errors?{urlencode(query)}")["errors"]
    return records


def test_bad_records_are_kept_mended_and_replayed(server: Server) -> None:
    server.got("POST", "/api/errors/replay", {"all": True})
    before = server.got("GET", "/api/errors")["total"]
    server.took(
        {"type": "track", "event": "Half Said"},
        {"type": "track", "userId": "mender", "event": "Well Said"},
        {"type": "track", "userId": "mender", "event": "Ill Timed", "timestamp": "yesterday"},
        {"type": "shout", "userId": "mender"},
    )
    page = server.got("GET", "/api/errors?replayed=false")
    assert page["total"] == before + 3
    shout, timed, half = page["errors"][:3]
    assert all(each["code"] and each["message"] and each["path"] and each["hint"] for each in (shout, timed, half))
    assert timed["path"].endswith(".timestamp")
    assert json.loads(half["body"])["event"] == "Half Said"
    assert sum(page["by_code"].values()) == page["total"]
    assert [each["event"] for each in server.got("GET", "/api/people/mender/events")["events"]] == ["Well Said"]

    replay = "/api/errors/replay"
    ids = [timed["id"], half["id"]]
    assert server.got("POST", replay, {"ids": ids}) == {"replayed": 0, "still_bad": 2}
    bodies = {
        str(timed["id"]): json.dumps({**json.loads(timed["body"]), "timestamp": "2026-06-01T00:00:00Z"}),
        str(half["id"]): "{" + half["body"],
    }
    assert server.got("POST", replay, {"ids": ids, "bodies": bodies}) == {"replayed": 1, "still_bad": 1}
    assert [each["event"] for each in server.got("GET", "/api/people/mender/events")["events"]][-1] == "Ill Timed"
    again = server.got("POST", replay, {"ids": [timed["id"]], "bodies": bodies})
    assert again == {"replayed": 0, "still_bad": 0}, "what was replayed is not replayed again"
    mended = {str(half["id"]): json.dumps({**json.loads(half["body"]), "userId": "mender"})}
    assert server.got("POST", replay, {"all": True, "bodies": mended}) == {"replayed": 1, "still_bad": before + 1}
    assert server.got("GET", "/api/errors")["total"] == before + 1
    replayed = errors(server, replayed="true")
    assert {half["id"], timed["id"]} <= {each["id"] for each in replayed}
    assert all(each["replayed_at"] for each in replayed)


def test_pages_of_bad_records(server: Server) -> None:
    server.took(*({"type": "track", "event": f"Lost {number}"} for number in range(5)))
    seen: list[int] = []
    query: dict[str, object] = {"limit": 2}
    while page := errors(server, **query):
        seen += [each["id"] for each in page]
        query["before"] = seen[-1]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == len(errors(server, limit=1000))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$.ids"),
        ({"ids": [1], "all": True}, "$.ids"),
        ({"ids": "all"}, "$.ids"),
        ({"ids": [True]}, "$.ids[0]"),
        ({"ids": [0]}, "$.ids[0]"),
        ({"all": 1}, "$.all"),
        ({"ids": [1], "bodies": {"one": "{}"}}, "$.bodies"),
        ({"ids": [1], "bodies": {"1": {}}}, "$.bodies.1"),
        ({"ids": list(range(1, 10_002))}, "$.ids"),
    ],
)
def test_replays_that_cannot_be(server: Server, body: dict[str, object], path: str) -> None:
    assert server.refused(400, "POST", "/api/errors/replay", body)["path"] == path


def test_the_schema_tells_what_was_seen(server: Server) -> None:
    server.took(
        {
            "type": "track",
            "userId": "seer",
            "event": "Rare Thing",
            "properties": {"text": "a", "number": 1.5, "truth": True, "list": [1], "object": {"a": 1}},
        }
    )
    names = {each["name"]: each for each in server.got("GET", "/api/schema/events")["events"]}
    assert (names["Rare Thing"]["count"], names["Rare Thing"]["people"]) == (1, 1)
    counts = [each["count"] for each in server.got("GET", "/api/schema/events")["events"]]
    assert counts == sorted(counts, reverse=True)
    properties = server.got("GET", "/api/schema/events/Rare%20Thing/properties")["properties"]
    assert {each["name"]: each["type"] for each in properties} == {
        "list": "list", "number": "number", "object": "object", "text": "text", "truth": "truth",
    }  # fmt: skip
    assert next(each for each in properties if each["name"] == "object")["examples"] == [{"a": 1}]
    assert server.got("GET", "/api/schema/events/Never/properties") == {"properties": []}
    traits = {each["name"]: each for each in server.got("GET", "/api/schema/traits")["properties"]}
    assert "books" in traits["shelf"]["examples"]
    assert traits["number"]["type"] == "number"


MAPPING = {"person": "who", "time": "at", "event": "what", "properties": ["price"]}
FILE = b"who,at,what,price\nim-1,2026-02-01T00:00:00Z,Ticket Bought,10\nim-2,2026-02-02,Ticket Bought,20.5\n,2026,x,1\n"


def load(server: Server, raw: bytes, *, name: str = "tickets.csv", mapping: object = None) -> Any:
    query = urlencode({"name": name, "mapping": json.dumps(mapping or MAPPING)})
    return server.ask("POST", f"/api/import?{query}", raw=raw, headers={"Content-Type": "application/octet-stream"})


def test_a_file_taken_in_twice_is_taken_in_once(server: Server) -> None:
    first = load(server, FILE)
    assert first.status == 200, first.body
    assert first.json == {"rows": 3, "added": 2, "known": 0, "bad": 1, "stopped": False}
    bad = errors(server, limit=1)[0]
    assert "tickets.csv" in bad["origin"]
    open_before = server.got("GET", "/api/errors")["total"]
    assert load(server, FILE).json == {"rows": 3, "added": 0, "known": 2, "bad": 1, "stopped": False}
    assert server.got("GET", "/api/errors")["total"] == open_before, "the bad row is told of twice"
    assert load(server, gzip.compress(FILE), name="../../tickets.csv.gz").json["added"] == 0
    events = server.got("GET", "/api/people/im-2/events")["events"]
    assert [(each["event"], each["properties"], each["timestamp"]) for each in events] == [
        ("Ticket Bought", {"price": 20.5}, "2026-02-02T00:00:00.000Z")
    ]


@pytest.mark.parametrize(
    ("raw", "name", "mapping", "where"),
    [
        (FILE, "tickets.xls", MAPPING, "name"),
        (FILE, "tickets.csv", {"person": "who"}, "$.time"),
        (FILE, "tickets.csv", {**MAPPING, "colour": "x"}, "$.colour"),
        (FILE, "tickets.csv", {**MAPPING, "person": "nobody"}, "$.person"),
        (b"\x00\xff" * 100, "tickets.parquet", MAPPING, ""),
        (b"", "tickets.parquet", MAPPING, ""),
        (b"PAR1" + b"\x00" * 50 + b"PAR1", "tickets.parquet", MAPPING, ""),
        (b"not gzip", "tickets.csv.gz", MAPPING, ""),
        (gzip.compress(FILE, mtime=0)[:-20], "tickets.csv.gz", MAPPING, ""),
        (b"", "tickets.csv", MAPPING, ""),
    ],
)
def test_files_that_cannot_be_read(
    server: Server, raw: bytes, name: str, mapping: dict[str, object], where: str
) -> None:
    query = urlencode({"name": name, "mapping": json.dumps(mapping)})
    error = server.refused(400, "POST", f"/api/import?{query}", raw=raw)
    assert error["path"].startswith(where)
    assert server.got("GET", "/api/overview")["loading"] is None


def test_what_is_exported_reads_back(server: Server) -> None:
    total = server.got("GET", "/api/overview")["events"]
    tables: dict[str, list[dict[str, Any]]] = {}
    for form in ("jsonl", "csv", "parquet"):
        answer = server.ask("GET", f"/api/export?format={form}")
        assert answer.status == 200
        assert f"events.{form}" in answer.headers["content-disposition"]
        if form == "jsonl":
            tables[form] = [json.loads(line) for line in answer.body.splitlines()]
        elif form == "csv":
            tables[form] = list(csv.DictReader(io.StringIO(answer.text)))
        else:
            tables[form] = pl.read_parquet(io.BytesIO(answer.body)).to_dicts()
        assert len(tables[form]) >= total
    for rows in tables.values():
        assert [each["message_id"] for each in rows] == [each["message_id"] for each in tables["jsonl"]]
    assert not list(server.data.glob("export-*")), "a file was left behind"
    assert not list(server.data.glob("import-*")), "a file was left behind"
    server.refused(400, "GET", "/api/export?format=xls")
    server.refused(400, "GET", "/api/export")


def test_why_a_reader_is_in_a_segment(server: Server) -> None:
    asked = both({"type": "did", "event": "Book Bought", "at_least": 4})
    answer = server.got("POST", "/api/segments/explain", {"definition": asked, "person": "reader-3"})
    whole, shelf, bought = answer["conditions"]
    assert [(each["path"], each["truth"]) for each in answer["conditions"]] == [
        ("$", "false"),
        ("$.of[0]", "true"),
        ("$.of[1]", "false"),
    ]
    assert (shelf["traits"], shelf["event_count"]) == ({"shelf": "books"}, None)
    assert (bought["event_count"], [each["event"] for each in bought["events"]]) == (3, ["Book Bought"] * 3)
    assert bought["words"] == "did “Book Bought” at least 4 times"
    assert whole["events"] == []
    assert server.ask("POST", "/api/segments/explain", {"definition": asked, "person": "no reader"}).status == 404
    wrong = server.ask("POST", "/api/segments/explain", {"definition": both({"type": "di"}), "person": "reader-3"})
    assert (wrong.status, wrong.json["error"]["path"]) == (400, "$.of[1].type")
