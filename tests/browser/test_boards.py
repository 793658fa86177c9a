"""Saved insights and boards in a browser: saved, arranged by pointer and keyboard, handed over, deleted and back."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched

HOSTILE = '<img src=x onerror="window.pwned=1">\u202e\U0001f600'
QUESTION = {"event": {"events": ["Order Completed"]}, "period": "week", "when": {"last_days": 90}}
ORDERS = {"name": "Orders by week", "kind": "trend", "question": QUESTION}
KPI = {
    "id": "buyers",
    "name": "People who buy",
    "kind": "kpi",
    "parent": "company",
    "insight": "revenue",
    "question": {"event": "Order Completed", "view": "total"},
    "days": 30,
    "column": "buyers",
    "target": 5,
}


def _put(server: Server, path: str, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = server.api.put(path, json=body).raise_for_status().json()
    return found


def _cards(server: Server, board: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get(f"/api/boards/{board}")["cards"]
    return found


def _saved(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()


def test_a_question_is_saved_and_put_on_a_board(open_page: Open, server: Server) -> None:
    mine = f"Mine {uuid4().hex[:8]}"
    page = open_page(f"/insights/trend?q={json.dumps(QUESTION)}")
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Save insight")
    dialog.get_by_label("Name").fill(f"{mine} {HOSTILE[:-2]}")
    dialog.get_by_label("Description").fill("Looked at on Mondays.")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=f"{mine} <img").first).to_be_visible()
    assert "saved=" in page.url
    page.get_by_role("link", name="Boards").click()
    page.get_by_role("button", name="New board").click()
    page.get_by_role("textbox", name="Name").fill(f"Of the week {mine[5:]}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing on this board yet")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Add card").click()
    page.get_by_role("menuitem", name="Saved insight").click()
    page.get_by_role("combobox", name="Insight").fill(mine)
    page.get_by_role("option", name=f"{mine} <img").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name=f"{mine} <img")).to_be_visible()
    page.get_by_role("button", name="Add card").click()
    page.get_by_role("menuitem", name="Text").click()
    page.get_by_role("textbox", name="Text").fill(HOSTILE)
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("[data-card]").filter(has_text="<img src=x")).to_have_count(2)
    _saved(page)
    board = page.url.rpartition("/")[2]
    insight = next(each for each in server.get("/api/saved-insights")["insights"] if each["name"].startswith(mine))
    assert insight["question"] == QUESTION
    assert [each.get("insight") or each["text"] for each in _cards(server, board)] == [insight["id"], HOSTILE]
    assert page.evaluate("window.pwned") is None
    page.get_by_role("link", name=f"{mine} <img").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_cards_are_moved_widened_and_taken_off(open_page: Open, server: Server, scheme: str) -> None:
    board = f"arranged-{scheme}"
    _put(server, "/api/saved-insights/orders-week", ORDERS)
    _put(server, "/api/kpis", {"nodes": [{"id": "company", "name": "All", "kind": "company"}, KPI]})
    cards = [
        {"type": "insight", "id": "a", "width": 2, "insight": "orders-week"},
        {"type": "kpi", "id": "b", "kpi": "buyers"},
        {"type": "text", "id": "c", "text": "Words"},
        {"type": "insight", "id": "d", "insight": "never"},
    ]
    _put(server, f"/api/boards/{board}", {"name": "Arranged", "cards": cards})
    page = open_page(f"/boards/{board}", scheme=scheme)
    expect(page.get_by_role("heading", name="Orders by week")).to_be_visible()
    expect(page.get_by_text("The insight that stood here was deleted")).to_be_visible()
    expect(page.get_by_role("heading", name="People who buy")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Move Text: place 3 of 4").focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name="Move Text: place 1 of 4")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Move Text: place 2 of 4")).to_be_focused()
    _saved(page)
    assert [each["id"] for each in _cards(server, board)] == ["a", "c", "b", "d"]
    page.get_by_role("button", name="Move People who buy").drag_to(page.locator("[data-card=a]"))
    expect(page.get_by_role("button", name="Move People who buy: place 1 of 4")).to_be_visible()
    page.get_by_role("button", name="What to do with Text").click()
    page.get_by_role("menuitem", name="As wide as the board").click()
    page.get_by_role("button", name="What to do with never").click()
    page.get_by_role("menuitem", name="Take off the board").click()
    expect(page.locator("[data-card]")).to_have_count(3)
    _saved(page)
    kept = _cards(server, board)
    assert [(each["id"], each["width"]) for each in kept] == [("b", 1), ("a", 2), ("c", 3)]
    page.reload()
    expect(page.get_by_role("button", name="Move Text: place 3 of 3")).to_be_visible()


def test_a_board_asks_all_its_insights_for_its_period_and_people(open_page: Open, server: Server) -> None:
    _put(server, "/api/saved-insights/orders-week", ORDERS)
    definition = {"type": "did", "event": "Order Completed"}
    _put(server, "/api/segments/boards-buyers", {"name": "Buyers of boards", "definition": definition})
    card = {"type": "insight", "id": "a", "width": 3, "insight": "orders-week"}
    _put(server, "/api/boards/filtered", {"name": "Filtered", "cards": [card]})
    page = open_page("/boards/filtered")
    expect(page.get_by_text("per week · last 90 days")).to_be_visible()
    with page.expect_request(lambda request: request.url.endswith("/api/insights/trend")) as asked:
        page.get_by_role("combobox", name="Period").click()
        page.get_by_role("option", name="Last 30 days").click()
    assert "since" in json.loads(asked.value.post_data or "{}")
    expect(page.get_by_text("per week · last 30 days")).to_be_visible()
    with page.expect_request(lambda request: request.url.endswith("/api/insights/trend")) as asked:
        page.get_by_role("combobox", name="Segment").click()
        page.get_by_role("option", name="Buyers of boards").click()
    assert json.loads(asked.value.post_data or "{}")["segment"] == {"type": "in_segment", "segment": "boards-buyers"}
    _saved(page)
    kept = server.get("/api/boards/filtered")
    assert (kept["period"], kept["segment"]) == ({"last_days": 30}, "boards-buyers")
    page.get_by_role("button", name="What to do with Orders by week").click()
    with page.expect_download() as handed:
        page.get_by_role("menuitem", name="Table, as CSV").click()
    assert handed.value.suggested_filename == "orders-week.csv"
    assert handed.value.path().read_text(encoding="utf-8").startswith("\ufeff")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(page.get_by_role("heading", name="Filtered, copy")).to_be_visible()
    assert page.url.rpartition("/")[2] != "filtered"


def test_nobody_saves_over_somebody_else_unseen(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("409")
    _put(server, "/api/boards/shared", {"name": "Shared", "cards": [{"type": "text", "id": "a", "text": "First"}]})
    page = open_page("/boards/shared")
    expect(page.get_by_text("First")).to_be_visible()
    _put(server, "/api/boards/shared", {"name": "Shared", "cards": [{"type": "text", "id": "a", "text": "Theirs"}]})
    page.get_by_role("button", name="What to do with Text").click()
    page.get_by_role("menuitem", name="Two thirds wide").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("has changed this too")
    assert _cards(server, "shared")[0]["text"] == "Theirs"
    dialog.get_by_role("button", name="Take theirs").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Theirs")).to_be_visible()
    page.get_by_role("button", name="What to do with Text").click()
    page.get_by_role("menuitem", name="As wide as the board").click()
    _saved(page)
    assert _cards(server, "shared") == [{"type": "text", "id": "a", "width": 3, "text": "Theirs"}]


def test_what_is_deleted_comes_back(open_page: Open, server: Server) -> None:
    _put(server, "/api/boards/dropped", {"name": "Dropped", "cards": []})
    _put(server, "/api/saved-insights/dropped", {**ORDERS, "name": "Dropped insight"})
    page = open_page("/boards")
    expect(page.get_by_role("link", name="Dropped", exact=True)).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Delete “Dropped”", exact=True).click()
    expect(page.get_by_role("link", name="Dropped", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Dropped", exact=True)).to_be_visible()
    page.goto("/insights")
    page.get_by_role("button", name="Delete “Dropped insight”").click()
    expect(page.get_by_role("link", name="Dropped insight")).to_have_count(0)
    assert server.api.get("/api/saved-insights/dropped").status_code == 404
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Dropped insight")).to_be_visible()
    assert violations(page) == ""


def test_a_board_is_shared_by_a_link_until_the_link_is_ended(open_page: Open, server: Server, browser: Browser) -> None:
    _put(server, "/api/saved-insights/orders-week", ORDERS)
    cards = [
        {"type": "insight", "id": "a", "width": 2, "insight": "orders-week"},
        {"type": "text", "id": "b", "text": HOSTILE},
    ]
    board = f"outside-{uuid4().hex[:8]}"
    _put(server, f"/api/boards/{board}", {"name": "Seen outside", "cards": cards})
    page = open_page(f"/boards/{board}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Share outside").click()
    dialog = page.get_by_role("dialog", name="Share “Seen outside”")
    dialog.get_by_role("combobox", name="Opens for").click()
    page.get_by_role("option", name="7 days").click()
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    address = dialog.locator("code").inner_text()
    (made,) = server.get(f"/api/shared-links?kind=board&about={board}")["links"]
    assert (made["link"], made["state"]) == (address, "open")
    dialog.get_by_role("tab", name="In another page").click()
    expect(dialog.locator("code")).to_contain_text(f'<iframe src="{address}" title="Seen outside"')
    expect(dialog.get_by_text("No site may show it in a frame yet")).to_be_visible()
    assert violations(page) == ""
    elsewhere = browser.new_context(locale="en-GB")
    try:
        stranger = elsewhere.new_page()
        stranger.goto(address)
        expect(stranger.get_by_role("heading", name="Seen outside")).to_be_visible()
        expect(stranger.get_by_role("heading", name="Orders by week")).to_be_visible()
        expect(stranger.get_by_role("img")).to_be_visible()
        stranger.get_by_text("As a table").click()
        expect(stranger.get_by_role("region", name="Orders by week")).to_be_visible()
        html = stranger.content()
        # Its own policy lets nothing run in it, so that what looks for faults looks at the same elsewhere.
        bare = elsewhere.new_page()
        bare.set_content(html)
        assert violations(bare) == ""
        assert bare.evaluate("window.pwned") is None
    finally:
        elsewhere.close()
    dialog.get_by_role("button", name="End this link").click()
    expect(dialog.get_by_text("Ended", exact=True)).to_be_visible()
    gone = server.api.get(address)
    assert gone.status_code == 404
    assert "Seen outside" not in gone.text
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
