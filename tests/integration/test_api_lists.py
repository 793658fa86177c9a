"""Lists of people and segments that name others: over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.api_server import Server

ON_IT = {"type": "in_list", "list": "api-vip"}


@pytest.fixture(scope="module", autouse=True)
def guests(server: Server) -> None:
    """Three guests, and a stranger."""
    server.took(
        *({"type": "track", "userId": f"guest-{n}", "event": "Dined", "properties": {"n": n}} for n in range(3))
    )
    server.took({"type": "track", "anonymousId": "guest-unknown", "event": "Dined"})


def guests_on(server: Server) -> list[str]:
    return [each["user_id"] for each in server.got("GET", "/api/lists/api-vip/people")["people"]]


def counted(server: Server, definition: dict[str, Any]) -> int:
    count = server.got("POST", "/api/segments/count", {"definition": definition})["count"]
    assert isinstance(count, int)
    return count


def test_a_list_lives_its_life(server: Server) -> None:
    made = server.got("PUT", "/api/lists/api-vip", {"name": "Our best", "people": ["guest-0", "guest-new"]})
    assert (made["people"], made["added"], made["unknown"], made["unknown_names"]) == (2, 2, 1, ["guest-new"])
    stranger = {"kind": "anonymous", "value": "guest-unknown"}
    changed = server.got("POST", "/api/lists/api-vip/people", {"add": ["guest-1", stranger], "remove": ["guest-0"]})
    assert (changed["people"], changed["added"], changed["removed"], changed["name"]) == (3, 2, 1, "Our best")
    assert sorted(guests_on(server)) == ["guest-1", "guest-new", "guest-unknown"]
    assert counted(server, ON_IT) == 3
    assert server.got("PUT", "/api/lists/api-vip", {"name": "Regulars"})["people"] == 3
    (listed,) = [each for each in server.got("GET", "/api/lists")["lists"] if each["id"] == "api-vip"]
    assert (listed["name"], listed["people"]) == ("Regulars", 3)
    assert server.got("GET", "/api/lists/api-vip") == listed
    traits = [each["name"] for each in server.got("GET", "/api/schema/traits")["properties"]]
    assert not [name for name in traits if name.startswith("list/")]


def test_segments_name_lists_and_one_another(server: Server) -> None:
    server.got("PUT", "/api/lists/api-vip", {"people": ["guest-0", "guest-1"]})
    server.got("PUT", "/api/segments/api-best", {"name": "Best", "definition": ON_IT})
    diners = {"type": "all", "of": [{"type": "in_segment", "segment": "api-best"}, {"type": "did", "event": "Dined"}]}
    server.got("PUT", "/api/segments/api-diners", {"name": "Diners", "definition": diners})
    named = {"type": "in_segment", "segment": "api-diners"}
    assert counted(server, named) == 2
    server.got("POST", "/api/lists/api-vip/people", {"remove": ["guest-0"]})
    assert counted(server, named) == 1
    page = server.got("GET", "/api/segments/api-diners/people")
    assert [each["user_id"] for each in page["people"]] == ["guest-1"]
    trend = server.got("POST", "/api/insights/trend", {"event": "Dined", "measure": "people", "segment": named})
    assert sum(row[1] for row in trend["rows"]) == 1
    told = server.got("POST", "/api/segments/explain", {"definition": named, "person": "guest-1"})["conditions"]
    deep = next(each for each in told if each["path"] == "$ → api-diners: $.of[0] → api-best: $")
    assert (deep["truth"], deep["traits"], deep["event_count"]) == ("true", {"list/api-vip": True}, 1)


def test_what_is_not_there_or_goes_in_circles_is_told_at_its_place(server: Server) -> None:
    server.got("PUT", "/api/segments/api-loyal", {"name": "L", "definition": {"type": "did", "event": "Dined"}})
    wrong = {"type": "all", "of": [{"type": "did", "event": "A"}, {"type": "in_segment", "segment": "api-loyl"}]}
    problem = server.refused(400, "POST", "/api/segments/count", {"definition": wrong})
    assert (problem["path"], problem["hint"]) == ("$.of[1].segment", "Did you mean 'api-loyal'?")
    assert server.refused(400, "POST", "/api/segments/audience", {"segment": "api-loyl"})["path"] == "$.segment"
    named = {"type": "in_segment", "segment": "api-loyal"}
    server.got("PUT", "/api/segments/api-big", {"name": "B", "definition": {"type": "not", "of": named}})
    closing = {"type": "any", "of": [{"type": "in_segment", "segment": "api-big"}]}
    problem = server.refused(400, "PUT", "/api/segments/api-loyal", {"name": "L", "definition": closing})
    assert problem["code"] == "cycle"
    assert "api-loyal → api-big → api-loyal" in problem["message"]


def test_a_list_that_is_asked_for_stays(server: Server) -> None:
    server.got("PUT", "/api/lists/api-kept", {"people": ["guest-2"]})
    asks = {"type": "in_list", "list": "api-kept"}
    server.got("PUT", "/api/segments/api-asks", {"name": "Asks", "definition": asks})
    assert server.refused(409, "DELETE", "/api/lists/api-kept")["code"] == "in_use"
    used = {"kind": "segment", "id": "api-asks", "name": "Asks", "path": "$.list", "version": None}
    assert server.got("GET", "/api/lists/api-kept/used-by") == {"used_by": [used]}
    assert server.refused(404, "GET", "/api/lists/api-nobody/used-by")["code"] == "unknown_list"
    assert server.ask("DELETE", "/api/segments/api-asks").status == 204
    assert server.ask("DELETE", "/api/lists/api-kept").status == 204
    assert server.refused(400, "POST", "/api/segments/count", {"definition": asks})["code"] == "unknown_list"
    assert server.refused(404, "GET", "/api/lists/api-kept")["code"] == "unknown_list"


def test_a_write_key_says_nothing_of_lists(server: Server) -> None:
    server.got("PUT", "/api/lists/api-vip", {"people": ["guest-0"]})
    server.took(
        {"type": "identify", "userId": "guest-1", "traits": {"plan": "gold", "list/api-vip": True}},
        {"type": "identify", "userId": "guest-0", "context": {"traits": {"list/api-vip": None}}},
        {"type": "identify", "userId": "guest-2", "traits": {"plan": "gold"}},
    )
    assert guests_on(server) == ["guest-0"]
    server.took({"type": "track", "userId": "guest-2", "event": "Identified", "properties": {"list/api-vip": True}})
    told = server.got("POST", "/api/segments/explain", {"definition": ON_IT, "person": "guest-2"})["conditions"][0]
    assert (told["truth"], told["events"], told["event_count"]) == ("false", [], 0)
    assert "plan" not in server.got("GET", "/api/people/guest-1")["traits"], "all of it is set aside"
    told = [each for each in server.got("GET", "/api/errors")["errors"] if each["code"] == "reserved_trait"]
    assert max(each["path"] for each in told).endswith(".traits.list/api-vip")
    assert len(told) == 2
    assert all("/api/lists/{id}/people" in each["hint"] for each in told)
    (first,) = [each for each in told if "guest-1" in each["body"]]
    assert server.got("POST", "/api/errors/replay", {"ids": [first["id"]]}) == {"replayed": 0, "still_bad": 1}
    bodies = {str(first["id"]): json.dumps(json.loads(first["body"]) | {"traits": {"plan": "gold"}})}
    mended = server.got("POST", "/api/errors/replay", {"ids": [first["id"]], "bodies": bodies})
    assert mended == {"replayed": 1, "still_bad": 0}
    assert server.got("GET", "/api/people/guest-1")["traits"]["plan"] == "gold"
    assert guests_on(server) == ["guest-0"]


def test_many_people_come_in_one_call(server: Server) -> None:
    names = [f"somebody-with-a-rather-long-name-{number:06}@example.com" for number in range(2_000)] * 45
    done = server.got("PUT", "/api/lists/api-many", {"people": names})
    assert done["people"] == done["unknown"] == 2_000
    assert len(done["unknown_names"]) == 100
    server.got("PUT", "/api/lists/api-many", {"people": []})
    assert server.ask("DELETE", "/api/lists/api-many").status == 204
