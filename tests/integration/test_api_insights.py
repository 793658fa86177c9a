"""Insights over HTTP, on the real server: the table, the people behind a cell page by page, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api_server import Server


def did(user: str, event: str, at: str) -> dict[str, object]:
    return {"type": "track", "userId": user, "event": event, "timestamp": at, "properties": {}}


def test_the_table_and_the_people_behind_a_cell(server: Server) -> None:
    looked = [did(f"insight-{n}", "Insight Viewed", f"2026-03-0{n}T10:00:00Z") for n in range(1, 5)]
    bought = [did(f"insight-{n}", "Insight Bought", f"2026-03-0{n}T11:00:00Z") for n in range(1, 3)]
    server.took(*looked, *bought)
    question = {"steps": ["Insight Viewed", "Insight Bought"], "since": "2026-03-01", "until": "2026-03-05"}
    answer = server.got("POST", "/api/insights/funnel", question)
    assert [each["name"] for each in answer["columns"]][:3] == ["step", "name", "people"]
    assert [each[2] for each in answer["rows"]] == [4, 2]
    assert answer["words"].startswith("Of those who did “Insight Viewed”")
    found: list[str] = []
    for offset in range(3):
        wish = {"question": question, "cell": {"step": 2, "lost": True}, "limit": 1, "offset": offset}
        page = server.got("POST", "/api/insights/funnel/people", wish)
        assert page["count"] == 2
        found += [each["user_id"] for each in page["people"]]
    assert found == ["insight-3", "insight-4"]


def test_moments_are_text(server: Server) -> None:
    server.took(did("insight-9", "Insight Once", "2026-03-29T01:30:00Z"))
    question = {"event": "Insight Once", "since": "2026-03-28", "until": "2026-03-31", "time_zone": "Europe/Berlin"}
    answer = server.got("POST", "/api/insights/trend", question)
    days = ["2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]
    assert answer["rows"] == [[day, count, count] for day, count in zip(days, (0, 1, 0), strict=True)]
    wish = {"question": question, "cell": {"start": days[1]}}
    assert server.got("POST", "/api/insights/trend/people", wish)["count"] == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "where"),
    [
        ("funnle", {}, 404, ""),
        ("trend", {"event": "A", "period": "days"}, 400, "$.period"),
        ("trend", {"event": "A", "since": "2026-02-01", "until": "2026-01-01"}, 400, "$.until"),
        ("trend/people", {"question": {"event": "A"}, "cell": {"start": "2020-01-01"}}, 400, "$.cell.start"),
        ("trend/people", {"question": {"event": "A"}, "cell": {"part": 3}}, 400, "$.cell.part"),
        ("trend", {"event": "A", "since": "1970-01-01", "period": "minute"}, 413, "$.since"),
    ],
)
def test_what_is_wrong_is_said(server: Server, path: str, body: dict[str, Any], status: int, where: str) -> None:
    said = server.refused(status, "POST", f"/api/insights/{path}", body)
    assert said["path"] == where
    assert said["hint"]


def test_the_description_says_what_a_question_of_each_kind_takes(server: Server) -> None:
    described = server.got("GET", "/openapi.json")["paths"]["/api/insights/{kind}"]["post"]
    body = described["requestBody"]["content"]["application/json"]
    schemas = {each["title"]: each for each in body["schema"]["anyOf"]}
    assert list(schemas) == described["parameters"][0]["schema"]["enum"]
    assert schemas["funnel"]["required"] == ["steps"]
    for name, example in body["examples"].items():
        kind = name.rpartition("-")[0]
        assert set(example["value"]) <= set(schemas[kind]["properties"]), name
