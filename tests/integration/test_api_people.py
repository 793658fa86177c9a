"""People over HTTP: who they are, what they did, who they turn out to be, and what they agreed to."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.integration.api_server import Server, person


def track(user: str, event: str, at: str | None = None, **properties: object) -> dict[str, object]:
    message: dict[str, object] = {"type": "track", "userId": user, "event": event, "properties": properties}
    return message if at is None else {**message, "timestamp": at}


def timeline(server: Server, name: str, limit: int) -> list[list[dict[str, Any]]]:
    """Every page of somebody's timeline."""
    pages: list[list[dict[str, Any]]] = []
    before: dict[str, object] = {}
    while True:
        page = server.got("GET", person(name, "events", limit=limit, **before))
        pages.append(page["events"])
        if page["next_before"] is None:
            return pages
        before = {"before": page["next_before"]}


def test_what_was_collected_is_there_at_once(server: Server) -> None:
    server.took(
        {
            "type": "identify",
            "userId": "ada",
            "traits": {"email": "ada@example.com", "age": 36, "vip": True, "tags": ["a"], "at": {"city": "Köln"}},
        },
        track("ada", "Order Completed", "2026-01-02T03:04:05.678Z", revenue=12.5, sku="B-1"),
        {"type": "page", "userId": "ada", "name": "Home", "properties": {"path": "/"}},
    )
    ada = server.got("GET", "/api/people/ada")
    assert ada["user_id"] == "ada"
    assert ada["known"] is True
    assert ada["traits"] == {
        "email": "ada@example.com", "age": 36, "vip": True, "tags": ["a"], "at": {"city": "Köln"},
    }  # fmt: skip
    assert [(each["kind"], each["value"]) for each in ada["identities"]] == [("user", "ada")]
    assert ada["consent"] == {}
    assert ada["event_counts"] == {"Identified": 1, "Order Completed": 1, "Page Viewed": 1}
    events = server.got("GET", "/api/people/ada/events")["events"]
    assert [each["event"] for each in events][-1] == "Order Completed"
    order = events[-1]
    assert order["timestamp"] == "2026-01-02T03:04:05.678Z"
    assert order["properties"] == {"revenue": 12.5, "sku": "B-1"}
    assert order["source"] == "default"
    assert order["kind"] == "track"
    assert order["message_id"]
    assert order["identity"]["value"] == "ada"
    named = server.got("GET", person("ada", "events", event="Page Viewed"))["events"]
    assert [each["properties"]["name"] for each in named] == ["Home"]


def test_nobody_of_that_name(server: Server) -> None:
    for path in ("/api/people/nobody", "/api/people/nobody/events", "/api/people/nobody/live"):
        error = server.refused(404, "GET", path)
        assert error["hint"]
    server.refused(404, "PUT", "/api/people/nobody/consent", {"channel": "email", "granted": True})


def test_found_by_text(server: Server) -> None:
    server.took(
        {"type": "identify", "userId": "finn-1", "traits": {"email": "Finn.Unique@example.com"}},
        {"type": "identify", "userId": "finn-2", "traits": {"email": "finn.unique@example.org", "age": 3}},
    )
    for text in ("finn.unique", "FINN-"):
        page = server.got("GET", f"/api/people?text={text}")
        assert {each["user_id"] for each in page["people"]} == {"finn-1", "finn-2"}
        assert page["total"] == 2
    page = server.got("GET", "/api/people?text=finn.unique&limit=1&offset=1")
    assert (len(page["people"]), page["total"]) == (1, 2)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_of_a_timeline_skip_and_repeat_nothing(server: Server, limit: int) -> None:
    user = f"pages-{limit}"
    moments = ["2026-03-01T00:00:00.000Z"] * 5 + ["2026-03-01T00:00:00.001Z"] * 2 + ["2026-03-02T00:00:00Z"] * 3
    server.took(*(track(user, "Step", at, number=number) for number, at in enumerate(moments)))
    pages = timeline(server, user, limit)
    numbers = [each["properties"]["number"] for page in pages for each in page]
    assert sorted(numbers) == list(range(len(moments)))
    told = [each["timestamp"] for page in pages for each in page]
    assert told == sorted(told, reverse=True)
    assert all(len(page) >= min(limit, len(moments)) or page is pages[-1] for page in pages)


@pytest.mark.parametrize("wrong", ["before=yesterday", "before=", "limit=0", "limit=1001", "limit=x"])
def test_a_page_that_cannot_be(server: Server, wrong: str) -> None:
    server.took(track("paged", "Step"))
    assert server.refused(400, "GET", f"/api/people/paged/events?{wrong}")["path"] == wrong.partition("=")[0]


def test_anonymous_history_joins_at_login(server: Server) -> None:
    server.took(
        {"type": "track", "anonymousId": "anon-lin", "event": "Product Viewed", "timestamp": "2026-05-01T00:00:00Z"},
        {"type": "identify", "anonymousId": "anon-lin", "traits": {"language": "de"}},
    )
    before = server.got("GET", "/api/people/anon-lin")
    assert before["known"] is False
    assert before["user_id"] == "anon-lin"
    server.took({"type": "identify", "userId": "lin", "anonymousId": "anon-lin", "traits": {"name": "Lin"}})
    lin = server.got("GET", "/api/people/lin")
    assert lin["person"] == before["person"]
    assert lin["traits"] == {"language": "de", "name": "Lin"}
    assert {(each["kind"], each["value"]) for each in lin["identities"]} == {("user", "lin"), ("anonymous", "anon-lin")}
    assert lin["links"][0]["kind"] == "login"
    assert server.got("GET", "/api/people/anon-lin") == lin
    assert "Product Viewed" in [each["event"] for each in server.got("GET", "/api/people/lin/events")["events"]]
    assert server.got("GET", "/api/people?text=anon-lin")["total"] == 0, "the anonymous one is still somebody else"


def test_merge_and_unmerge_give_back_exactly_what_was(server: Server) -> None:
    server.took(
        {"type": "identify", "userId": "mo-1", "traits": {"name": "Mo", "plan": "gold"}},
        {"type": "identify", "userId": "mo-2", "traits": {"name": "Moritz", "city": "Ulm"}},
        track("mo-1", "Order Completed", "2026-04-01T00:00:00Z", revenue=10),
        track("mo-2", "Order Completed", "2026-04-02T00:00:00Z", revenue=20),
    )

    def seen(name: str) -> tuple[object, ...]:
        who = server.got("GET", f"/api/people/{name}")
        told = {key: who[key] for key in who if key != "links"}
        return told, server.got("GET", f"/api/people/{name}/events")

    question = {
        "type": "all",
        "of": [
            {"type": "did", "event": "Order Completed", "at_least": 2},
            {"type": "trait", "trait": "city", "operator": "equals", "value": "Ulm"},
        ],
    }

    def count() -> int:
        counted: int = server.got("POST", "/api/segments/count", {"definition": question})["count"]
        return counted

    before = (seen("mo-1"), seen("mo-2"), count())
    merged = server.got("POST", "/api/people/merge", {"first": "mo-1", "second": "mo-2"})
    assert seen("mo-1") == seen("mo-2")
    assert merged["person"]["traits"] == {"name": "Moritz", "plan": "gold", "city": "Ulm"}
    assert count() == before[2] + 1, "they are one person now, who ordered twice"
    assert server.refused(409, "POST", "/api/people/merge", {"first": "mo-2", "second": "mo-1"})["hint"]
    parted = server.got("POST", "/api/people/unmerge", {"link_id": merged["link_id"]})
    assert parted["undone"] == [merged["link_id"]]
    assert {each["user_id"] for each in parted["people"]} == {"mo-1", "mo-2"}
    assert (seen("mo-1"), seen("mo-2"), count()) == before
    server.refused(409, "POST", "/api/people/unmerge", {"link_id": merged["link_id"]})
    link = server.got("GET", "/api/people/mo-1")["links"][0]
    assert link["undone_at"], "what was done and undone stays to be read"

    server.got("POST", "/api/people/merge", {"first": "mo-1", "second": "mo-2"})
    server.got("POST", "/api/people/unmerge", {"first": "mo-2", "second": "mo-1"})
    assert (seen("mo-1"), seen("mo-2"), count()) == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("merge", {"first": "mo-x", "second": "nobody"}, 404),
        ("merge", {"first": "mo-x", "second": "mo-x"}, 409),
        ("merge", {"first": "mo-x"}, 400),
        ("merge", {"first": "mo-x", "second": "mo-y", "third": "z"}, 400),
        ("unmerge", {}, 400),
        ("unmerge", {"first": "mo-x"}, 400),
        ("unmerge", {"link_id": 999_999}, 404),
        ("unmerge", {"link_id": True}, 400),
        ("unmerge", {"link_id": "1"}, 400),
        ("unmerge", {"first": "mo-x", "second": "mo-y"}, 409),
    ],
)
def test_merges_that_cannot_be(server: Server, path: str, body: dict[str, object], status: int) -> None:
    server.took(track("mo-x", "Step"), track("mo-y", "Step"))
    server.refused(status, "POST", f"/api/people/{path}", body)


def test_consent(server: Server) -> None:
    server.took(track("con", "Step"))
    path = "/api/people/con/consent"
    first = server.got("PUT", path, {"channel": "email", "granted": True})
    assert first == {"consent": {"email": True}}
    second = server.got("PUT", path, {"channel": "email", "topic": "marketing", "granted": False})
    assert second == {"consent": {"email": True, "email/marketing": False}}
    assert server.got("GET", "/api/people/con")["consent"] == second["consent"]
    changes = server.got("GET", person("con", "events", event="Consent Changed"))["events"]
    assert [each["properties"] for each in changes] == [
        {"channel": "email", "topic": "marketing", "granted": False},
        {"channel": "email", "granted": True},
    ]
    for wrong, where in (
        ({"channel": "", "granted": True}, "$.channel"),
        ({"channel": "e/mail", "granted": True}, "$.channel"),
        ({"channel": "x" * 101, "granted": True}, "$.channel"),
        ({"channel": "email", "topic": "a/b", "granted": True}, "$.topic"),
        ({"channel": "email", "granted": 1}, "$.granted"),
        ({"channel": "email", "granted": "yes"}, "$.granted"),
        ({"channel": "email"}, "$.granted"),
    ):
        assert server.refused(400, "PUT", path, wrong)["path"] == where


NAMES = (
    "a/b", "a/events", "a/live", "a/consent", "/", "//", "50% off", "%2F", "%252F", "a?b=c&d", "a#b", "ü@例え.jp", "😀",
    "with space",  "a+b",
    "\\", "'; DROP TABLE people; --", "{user_id}", ":", "live", "merge", "a\tb", "a\nb", "line\n", "\u202eabc", "null",
)  # fmt: skip


def test_any_name_can_be_asked_for(server: Server) -> None:
    server.took(*({"type": "identify", "userId": name, "traits": {"called": name}} for name in NAMES))
    # Somebody else whose name is the beginning of others: the rest of those is no part of a path.
    server.took(track("a", "Step"))
    for name in NAMES:
        who = server.got("GET", person(name))
        assert (who["user_id"], who["traits"]) == (name, {"called": name})
        events = server.got("GET", person(name, "events"))["events"]
        assert [each["identity"]["value"] for each in events] == [name]
        assert server.got("PUT", person(name, "consent"), {"channel": "email", "granted": True})["consent"]
    assert server.got("GET", "/api/people/a")["consent"] == {}


def test_names_of_events_can_be_anything_too(server: Server) -> None:
    for name in ("a/b", "Checkout / Paid", "100%", "x/properties"):
        server.took(track("namer", name, step=1))
        path = f"/api/schema/events/{person(name).removeprefix('/api/people/')}/properties"
        assert [each["name"] for each in server.got("GET", path)["properties"]] == ["step"]


def found(server: Server, **asked: object) -> list[str]:
    """The user ids of those looked for."""
    return [each["user_id"] for each in server.got("POST", "/api/people/find", asked)["people"]]


def test_people_are_found_by_words_kind_and_segment_in_any_order(server: Server) -> None:
    server.took(
        {"type": "identify", "userId": "sought-b", "traits": {"town": "Sought", "plan": "gold"}},
        {"type": "identify", "userId": "sought-a", "traits": {"town": "sought", "plan": "gold", "age": 3}},
        {"type": "identify", "userId": "sought-c", "traits": {"town": "sought", "plan": "none"}},
        {"type": "identify", "anonymousId": "sought-device", "traits": {"town": "sought", "plan": "gold"}},
    )
    gold = {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}
    asked: dict[str, object] = {"text": "SOUGHT", "order": "user_id", "ascending": True}
    assert found(server, **asked) == ["sought-a", "sought-b", "sought-c", "sought-device"]
    assert found(server, **asked, known=False) == ["sought-device"]
    assert found(server, **asked, known=True, definition=gold) == ["sought-a", "sought-b"]
    server.got("PUT", "/api/segments/sought-gold", {"name": "Sought gold", "definition": gold})
    named = {"type": "in_segment", "segment": "sought-gold"}
    assert found(server, **asked, definition=named, limit=1, offset=1) == ["sought-b"]
    (who,) = server.got("POST", "/api/people/find", {"text": "sought-a", "traits": ["age", "shoe"]})["people"]
    assert who["traits"] == {"age": 3, "shoe": None}
    assert server.refused(400, "POST", "/api/people/find", {"definition": {**named, "segment": "gone"}})["path"]
    assert server.refused(400, "POST", "/api/people/find", {"order": "shoe size"})["path"] == "$.order"


def test_people_are_exported_with_a_column_a_trait(server: Server) -> None:
    hostile = '=1+1,"<img src=x onerror=alert(1)>"\n😀'
    server.took(
        {"type": "identify", "userId": "filed-1", "traits": {"name": hostile, "age": 7, "person": "me", "traits": [1]}},
        {"type": "identify", "anonymousId": "filed-2", "traits": {"name": "Zoë"}},
    )
    query = "/api/export/people?text=filed-&trait=name&trait=age&trait=person&trait=traits"
    lines = [json.loads(line) for line in server.ask("GET", f"{query}&format=jsonl").body.decode().splitlines()]
    assert [each["user_id"] for each in lines] == ["filed-1", "filed-2"]
    assert (lines[0]["name"], lines[0]["age"], lines[0]["trait person"]) == (hostile, 7, "me")
    assert json.loads(lines[0]["trait traits"]) == [1]
    assert lines[1]["age"] is None
    rows = list(
        csv.DictReader(io.StringIO(server.ask("GET", f"{query}&format=csv&known=true").body.decode(), newline=""))
    )
    # A spreadsheet would reckon with what begins with a sign of equality.
    assert [(each["user_id"], each["name"]) for each in rows] == [("filed-1", f"'{hostile}")]
    (whole,) = server.ask("GET", "/api/export/people?text=filed-2&format=jsonl").body.decode().splitlines()
    assert json.loads(whole)["traits"] == {"name": "Zoë"}
    nobody = server.ask("GET", "/api/export/people?text=nobody-at-all&format=csv&trait=age").body.decode()
    assert nobody.split() == ["person,user_id,first_seen,last_seen,age"]


def test_traits_are_set_and_taken_away_as_part_of_the_history(server: Server) -> None:
    server.took({"type": "identify", "userId": "tina", "traits": {"plan": "gold", "city": "Ulm"}})
    set_ = {"plan": "none", "city": None, "tags": ["a", 1], "<b>": True}
    done = server.got("PUT", "/api/people/tina/traits", {"set": set_})
    assert done["traits"] == {"plan": "none", "tags": ["a", 1], "<b>": True}
    assert server.got("GET", "/api/people/tina")["traits"] == done["traits"]
    newest = server.got("GET", "/api/people/tina/events")["events"][0]
    assert (newest["event"], newest["source"], newest["properties"]) == ("Identified", "holdfast", set_)
    assert newest["context"]["by"]
    assert found(server, definition={"type": "trait", "trait": "<b>", "operator": "equals", "value": True}) == ["tina"]
    for wrong in ({}, {"": 1}, {"list/vip": True}, {"a\nb": 1}, {"x" * 201: 1}):
        error = server.refused(400, "PUT", "/api/people/tina/traits", {"set": wrong})
        assert error["path"].startswith("$.set")
    assert server.refused(413, "PUT", "/api/people/tina/traits", {"set": {"long": "x" * 40_000}})["hint"]
    server.refused(404, "PUT", "/api/people/nobody/traits", {"set": {"a": 1}})


def test_the_segments_somebody_is_in(server: Server) -> None:
    server.took({"type": "identify", "userId": "sigi", "traits": {"plan": "gold"}}, track("sigi", "Sang"))
    sang = {"type": "did", "event": "Sang", "at_least": 1}
    server.got("PUT", "/api/segments/sigi-sang", {"name": "Sang", "definition": sang})
    never = {"type": "all", "of": [{"type": "in_segment", "segment": "sigi-sang"}, {"type": "not", "of": sang}]}
    server.got("PUT", "/api/segments/sigi-never", {"name": "Never sang", "definition": never})
    told = {each["id"]: each for each in server.got("GET", "/api/people/sigi/segments")["segments"]}
    assert (told["sigi-sang"]["truth"], told["sigi-never"]["truth"]) == ("true", "false")
    assert "Sang" in told["sigi-sang"]["words"]
    assert list(told) == sorted(told, key=lambda each: (told[each]["name"], each))
    server.refused(404, "GET", "/api/people/nobody/segments")
