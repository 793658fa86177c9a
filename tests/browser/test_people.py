"""People in the console: whatever their names are, and what is known of one of them read and changed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server

EVIL = "<img src=x onerror=\"document.title='ran'\">"
NAMES = {"evil-1": EVIL, "evil-2": "\u202eeltrut" + "x" * 4_000, "evil-3": "👩‍👩‍👧‍👦" * 30}


@pytest.fixture(scope="module", autouse=True)
def some_people(server: Server) -> None:
    """A few whose names were meant to break the page, and three of a town nobody else lives in."""
    batch = [
        {"type": "identify", "userId": user, "traits": {"name": name, EVIL: EVIL, "long": "y" * 9_000, "club": "evil"}}
        for user, name in NAMES.items()
    ]
    for number in range(3):
        traits = {"name": f"Ulla {number}", "town": "Ulm", "age": 30 + number}
        batch.append({"type": "identify", "userId": f"ulla-{number}", "traits": traits})
    batch.append({"type": "identify", "anonymousId": "ulla-device", "traits": {"town": "Ulm"}})
    batch.append({"type": "track", "userId": "evil-1", "event": EVIL, "properties": {EVIL: EVIL, "name": "z" * 9_000}})
    server.api.post("/v1/batch", json={"batch": batch}, auth=("wk", "")).raise_for_status()


def unharmed(page: Page) -> None:
    """Nothing of theirs ran, and nothing is wider than the page."""
    assert page.title() != "ran"
    assert page.locator("img[src='x']").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_names_meant_to_break_the_page_are_only_text(open_page: Open) -> None:
    page = open_page("/people?trait=club&is=equals&value=evil")
    expect(page.get_by_role("link", name="<img src=x")).to_be_visible()
    unharmed(page)
    assert violations(page) == ""
    for user in NAMES:
        page.goto(f"/people/{user}")
        expect(page.get_by_role("heading", name="Segments")).to_be_visible()
        unharmed(page)
    page.goto("/people/evil-1")
    page.get_by_role("region", name="Timeline").get_by_role("button").first.click()
    unharmed(page)
    assert violations(page) == ""


def test_a_trait_is_set_and_taken_away_and_a_segment_says_why(open_page: Open, server: Server) -> None:
    page = open_page("/people/ulla-1")
    page.get_by_role("button", name="Add a trait").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name of the trait").fill("tier")
    dialog.get_by_text("Number", exact=True).click()
    dialog.get_by_role("textbox", name="Value").fill("seven")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_role("textbox", name="Value").fill("7")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Change Tier")).to_be_visible()
    assert server.get("/api/people/ulla-1")["traits"]["tier"] == 7
    page.get_by_role("button", name="Change Tier").click()
    page.get_by_role("button", name="Take it away").click()
    expect(page.get_by_role("button", name="Change Tier")).to_have_count(0)
    assert "tier" not in server.get("/api/people/ulla-1")["traits"]
    wish = {"name": "Ulm only", "definition": {"type": "trait", "trait": "town", "operator": "equals", "value": "Ulm"}}
    server.api.put("/api/segments/ulm-only", json=wish).raise_for_status()
    page.reload()
    page.get_by_role("button", name="Why: Ulm only").click()
    expect(page.get_by_text("town: Ulm")).to_be_visible()
