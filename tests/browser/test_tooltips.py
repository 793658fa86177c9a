"""What is said beside a control when it is pointed at: legible in both schemes, and gone with the pointer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server
from tests.browser.test_stories import someone

SEGMENT = {"name": "Tips", "definition": {"type": "trait", "trait": "country", "operator": "is_set"}}


def somebody(server: Server) -> str:
    """Someone who is in the segment: of whoever is listed first, it may not be known where they live."""
    server.api.put("/api/segments/tips", json=SEGMENT).raise_for_status()
    return someone(server, country="PT")


def tip(page: Page, name: str) -> None:
    """Point at a button until its tooltip is there."""
    page.get_by_role("button", name=name).first.hover()
    expect(page.get_by_role("tooltip")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tooltip_is_accessible(open_page: Open, server: Server, scheme: str) -> None:
    page = open_page(f"/people/{somebody(server)}", scheme=scheme)
    tip(page, "Why: ")
    assert violations(page) == ""
    page.mouse.move(0, 0)
    expect(page.get_by_role("tooltip")).to_have_count(0)
    page.get_by_role("button", name="Why: ").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Why: ").first).to_have_attribute("aria-expanded", "true")
    assert violations(page) == ""
