"""SQL in the console: written beside the views, run and called off, shown where it is wrong."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched
from tests.browser.test_stories import until

LONG = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1"
MANY = "SELECT number, '<img src=x onerror=\"window.pwned=1\">' AS name FROM numbers(5000)"


def written(page: Page, query: str) -> None:
    page.get_by_role("textbox", name="Query").fill(query)


def test_a_query_runs_and_its_rows_are_all_there(open_page: Open, server: Server) -> None:
    page = open_page("/insights/sql")
    query = page.get_by_role("textbox", name="Query")
    written(page, MANY)
    query.press("Control+Enter")
    expect(page.get_by_text("5,000 rows")).to_be_visible()
    rows = page.get_by_role("region", name="Rows")
    assert rows.get_by_role("row").count() < 100  # Only those in view are in the page.
    rows.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(rows.get_by_role("cell", name="4999")).to_be_visible()
    kept: dict[str, Any] = json.loads(parse_qs(urlsplit(page.url).query)["q"][0])
    assert kept == {"query": MANY}
    assert page.evaluate("window.pwned") is None
    assert violations(page) == ""
    page.emulate_media(color_scheme="dark")
    assert violations(page) == ""


def test_names_are_written_where_the_cursor_is_and_values_are_given_apart(open_page: Open, server: Server) -> None:
    page = open_page("/insights/sql")
    query = page.get_by_role("textbox", name="Query")
    written(page, "SELECT count() AS times FROM  WHERE event = {name:String}")
    query.evaluate("field => field.setSelectionRange(29, 29)")
    page.get_by_role("button", name="Write events").click()
    expect(query).to_have_value("SELECT count() AS times FROM events WHERE event = {name:String}")
    expect(query).to_be_focused()
    page.get_by_role("textbox", name="name · String").fill("Consent Changed' OR 1 = 1 --")
    page.get_by_role("button", name="Run").click()
    rows = page.get_by_role("region", name="Rows")
    expect(rows.get_by_role("cell", name="0", exact=True)).to_be_visible()
    page.get_by_role("searchbox", name="Find a column").fill("minor units")
    expect(page.get_by_role("button", name="revenue_minor Int64")).to_be_visible()
    expect(page.get_by_role("button", name="user_id String")).to_have_count(0)


def test_what_is_wrong_is_shown_at_its_place(open_page: Open, watched: Watched) -> None:
    watched.allowed += ["400"]
    page = open_page("/insights/sql")
    written(page, "SELECT evnt\nFROM events")
    page.get_by_role("button", name="Run").click()
    alert = page.get_by_role("alert")
    expect(alert.get_by_text("Unknown expression identifier `evnt`.")).to_be_visible()
    expect(alert.get_by_text("Did you mean 'event'?")).to_be_visible()
    expect(page.locator("[data-wrong]")).to_have_text("evnt")
    assert violations(page) == ""
    alert.get_by_role("button", name="Go to line 1, column 8").click()
    page.keyboard.type("event")
    expect(page.get_by_role("textbox", name="Query")).to_have_value("SELECT event\nFROM events")
    expect(page.locator("[data-wrong]")).to_have_count(0)
    written(page, "DROP TABLE events")
    page.get_by_role("button", name="Run").click()
    expect(alert.get_by_text("anything but one SELECT cannot be used here.")).to_be_visible()


def test_a_long_query_tells_how_far_it_is_and_is_called_off(open_page: Open, server: Server) -> None:
    page = open_page(f"/insights/sql?q={quote(json.dumps({'query': LONG}))}")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status").get_by_text("rows read")).to_be_visible()
    assert violations(page) == ""
    until(server, "/api/queries", lambda told: len(told["queries"]) == 1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Run")).to_be_visible()
    until(server, "/api/queries", lambda told: told["queries"] == [])
