"""Shared links over HTTP, on the real server: they open one board or insight to anybody, and nothing else."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import pytest

from tests.integration.api_server import Server

EVIL = '<img src=x onerror="alert(1)">'
TREND = {"event": {"events": ["Order Placed"]}, "period": "day", "when": {"last_days": 30}, "chart": "bars"}
CARDS: list[dict[str, Any]] = [
    {"type": "text", "id": "a", "width": 3, "text": f"Words {EVIL}"},
    {"type": "insight", "id": "b", "width": 2, "insight": "shared-orders"},
    {"type": "insight", "id": "c", "insight": "shared-sql"},
    {"type": "insight", "id": "d", "insight": "never-saved"},
    {"type": "insight", "id": "e", "insight": "shared-lost"},
    {"type": "kpi", "id": "f", "kpi": "nothing"},
]


@pytest.fixture
def board(server: Server) -> str:
    """A board with a card of every kind, and some that cannot be shown."""
    trend = {"name": f"Orders {EVIL}", "kind": "trend", "question": TREND}
    server.got("PUT", "/api/saved-insights/shared-orders", trend)
    sql = {"name": "Everybody", "kind": "sql", "question": {"query": "SELECT * FROM people"}}
    server.got("PUT", "/api/saved-insights/shared-sql", sql)
    lost = {"name": "Lost", "kind": "trend", "question": {**TREND, "segment": "no-such-segment"}}
    server.got("PUT", "/api/saved-insights/shared-lost", lost)
    server.got("PUT", "/api/boards/shared-board", {"name": f"Shared {EVIL}", "cards": CARDS})
    return "shared-board"


def _address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def _made(server: Server, kind: str, about: str, days: int | None = None) -> dict[str, Any]:
    made: dict[str, Any] = server.got("POST", "/api/shared-links", {"kind": kind, "about": about, "days": days})
    return made


def _opened(server: Server, link: str, language: str = "en") -> httpx.Response:
    """The page, by who brings nothing but the link."""
    path = "/shared/" + link.rpartition("/shared/")[2]
    return httpx.get(_address(server) + path, headers={"Accept-Language": language}, timeout=60, trust_env=False)


def test_a_board_is_opened_by_its_link_and_nothing_in_it_runs(server: Server, board: str) -> None:
    made = _made(server, "board", board)
    assert (made["state"], made["expires_at"]) == ("open", None)
    page = _opened(server, made["link"])
    assert page.status_code == 200
    assert EVIL not in page.text
    assert "Shared &lt;img src=x" in page.text
    assert "Words &lt;img src=x" in page.text
    assert "<script" not in page.text
    (picture,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page.text)
    assert b"<svg" in base64.b64decode(picture)
    assert "<td" in page.text
    assert "Everybody" in page.text
    assert "shown in the console only" in page.text
    assert page.text.count("What stood here was deleted.") == 2
    assert "This could not be reckoned now." in page.text
    assert "no-such-segment" not in page.text
    assert "Als Tabelle" in _opened(server, made["link"], "de").text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert page.headers["x-robots-tag"] == "noindex"
    assert page.headers["cache-control"] == "no-store"


def test_an_insight_is_opened_as_it_is_now(server: Server, board: str) -> None:
    made = _made(server, "insight", "shared-orders", 1)
    assert made["expires_at"] > made["made_at"]
    assert "Orders &lt;img" in _opened(server, made["link"]).text
    renamed = {"name": "Orders, again", "kind": "trend", "question": TREND}
    server.got("PUT", "/api/saved-insights/shared-orders", renamed)
    assert "Orders, again" in _opened(server, made["link"]).text
    server.ask("DELETE", "/api/saved-insights/shared-orders")
    assert _opened(server, made["link"]).status_code == 404
    server.got("POST", "/api/saved-insights/shared-orders/restore")
    assert _opened(server, made["link"]).status_code == 200
    assert board


def test_a_link_that_ended_opens_nothing(server: Server, board: str) -> None:
    one, other = _made(server, "board", board), _made(server, "board", board)
    assert server.ask("DELETE", f"/api/shared-links/{one['id']}").status == 204
    gone = _opened(server, one["link"])
    assert gone.status_code == 404
    assert "Shared" not in gone.text
    assert _opened(server, other["link"]).status_code == 200
    told = server.got("GET", f"/api/shared-links?kind=board&about={board}")["links"]
    assert {each["id"]: each["state"] for each in told}.items() >= {one["id"]: "ended", other["id"]: "open"}.items()
    assert server.ask("DELETE", f"/api/shared-links/{one['id']}").status == 204
    server.refused(404, "DELETE", "/api/shared-links/never")
    said = [each["action"] for each in server.got("GET", "/api/audit?limit=50")["entries"]]
    assert {"shared_link.made", "shared_link.ended"} <= set(said)


def test_a_link_opens_what_it_was_made_for_alone(server: Server, board: str) -> None:
    made = _made(server, "board", board)
    token = made["link"].rpartition("/")[2]
    other = _made(server, "insight", "shared-orders")["link"].rpartition("/")[2]
    forged = other.partition(".")[0] + "." + token.partition(".")[2]
    for wrong in (forged, token[:-1], token + "A", "x", ".", token.partition(".")[0], "%00", "ü.ü"):
        assert _opened(server, f"/shared/{wrong}").status_code == 404, wrong
    # It is no key: the API takes it for nothing.
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{_address(server)}/api/boards", headers=headers, trust_env=False).status_code == 401
    server.refused(404, "POST", "/api/shared-links", {"kind": "board", "about": "never"})
    for body in ({"kind": "board", "about": board, "days": 0}, {"kind": "segment", "about": board}):
        assert server.ask("POST", "/api/shared-links", body).status in {400, 422}
