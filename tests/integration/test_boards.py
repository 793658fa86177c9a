"""Saved insights and boards over HTTP, on the real server: saved, held to what was read, deleted, brought back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api_server import Server

QUESTION = {"event": {"events": ["Order Placed"]}, "when": {"last_days": 30}}
INSIGHT = {"name": "Orders", "description": "All of them.", "kind": "trend", "question": QUESTION}
TEXT: dict[str, Any] = {"type": "text", "id": "a", "width": 3, "text": "<img src=x onerror=alert(1)>"}
CARDS: list[dict[str, Any]] = [
    TEXT,
    {"type": "insight", "id": "b", "width": 2, "insight": "boards-orders"},
    {"type": "kpi", "id": "c", "kpi": "k"},
]
BOARD = {"name": "Mornings", "period": {"last_days": 7}, "segment": "gold", "cards": CARDS}


def test_an_insight_is_saved_deleted_and_brought_back(server: Server) -> None:
    path = "/api/saved-insights/boards-orders"
    saved = server.got("PUT", path, INSIGHT)
    assert {name: saved[name] for name in INSIGHT} == INSIGHT
    assert saved["version"] == 1
    assert server.got("PUT", path, INSIGHT) == saved
    renamed = server.got("PUT", path, {**INSIGHT, "name": "Orders of late", "based_on": 1})
    assert renamed["version"] == 2
    assert renamed["question"] == QUESTION
    said = server.refused(409, "PUT", path, {**INSIGHT, "name": "Late", "based_on": 1})
    assert said["code"] == "moved_on"
    assert said["version"] == 2  # type: ignore[comparison-overlap]  # Refusals are typed as text.
    assert server.got("GET", path) == renamed
    assert server.ask("DELETE", path).status == 204
    server.refused(404, "GET", path)
    server.refused(404, "DELETE", path)
    assert "boards-orders" not in [each["id"] for each in server.got("GET", "/api/saved-insights")["insights"]]
    gone = server.got("GET", "/api/saved-insights?deleted=true")["insights"]
    assert "boards-orders" in [each["id"] for each in gone]
    back = server.got("POST", f"{path}/restore")
    assert (back["name"], back["version"]) == ("Orders of late", 4)
    assert server.got("POST", f"{path}/restore") == back


def test_a_board_keeps_its_cards_in_their_order(server: Server) -> None:
    path = "/api/boards/boards-mornings"
    saved = server.got("PUT", path, BOARD)
    assert saved["cards"] == [*CARDS[:2], {**CARDS[2], "width": 1}]
    assert (saved["period"], saved["segment"]) == ({"last_days": 7}, "gold")
    moved = server.got("PUT", path, {**BOARD, "cards": CARDS[::-1], "period": {"since": "2026-01-01"}})
    assert [each["id"] for each in moved["cards"]] == ["c", "b", "a"]
    assert moved["period"] == {"since": "2026-01-01", "until": None}
    (heading,) = [each for each in server.got("GET", "/api/boards")["boards"] if each["id"] == "boards-mornings"]
    assert (heading["name"], heading["cards"]) == ("Mornings", 3)
    assert server.refused(409, "PUT", path, {**BOARD, "based_on": 1})["code"] == "moved_on"
    assert server.ask("DELETE", path).status == 204
    assert server.got("POST", f"{path}/restore")["cards"] == moved["cards"]


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("saved-insights/A_b", INSIGHT, "insight_id"),
        ("saved-insights/a", {**INSIGHT, "name": " "}, "$.name"),
        ("saved-insights/a", {**INSIGHT, "kind": "trendd"}, "$.kind"),
        ("saved-insights/a", {**INSIGHT, "question": []}, "$.question"),
        ("boards/a", {**BOARD, "cards": [TEXT, TEXT]}, "$.cards"),
        ("boards/a", {**BOARD, "cards": [{**TEXT, "width": 4}]}, "$.cards[0].text.width"),
        ("boards/a", {**BOARD, "cards": [{**TEXT, "type": "video"}]}, "$.cards[0]"),
        ("boards/a", {**BOARD, "surprise": 1}, "$.surprise"),
    ],
)
def test_what_is_wrong_is_said(server: Server, path: str, body: dict[str, Any], where: str) -> None:
    said = server.refused(400, "PUT", f"/api/{path}", body)
    assert said["path"] == where
    assert said["hint"]


def test_what_is_too_much_is_refused(server: Server) -> None:
    long = {**INSIGHT, "question": {"event": "x" * 300_000}}
    assert server.refused(413, "PUT", "/api/saved-insights/a", long)["path"] == "$"
    assert server.refused(413, "PUT", "/api/saved-insights/a", {**INSIGHT, "name": "x" * 300})["path"] == "$.name"


def test_a_change_is_in_the_audit_log_with_what_differs(server: Server) -> None:
    server.got("PUT", "/api/boards/boards-told", {"name": "Told", "cards": []})
    server.got("PUT", "/api/boards/boards-told", {"name": "Told anew", "cards": [TEXT]})
    entries = server.got("GET", "/api/audit?kind=board&about=boards-told")["entries"]
    mine = [each for each in entries if each["about"]["id"] == "boards-told"]
    assert [each["action"] for each in mine] == ["board.saved", "board.saved"]
    assert {"path": "$.name", "before": "Told", "after": "Told anew"} in mine[0]["changes"]
