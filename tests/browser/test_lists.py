"""Lists to choose from: longer than they may be high, they are gone through by the keys of their field."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations_in_both
from tests.browser.console import Open, Server

RULE = {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"}


def opened(page: Page, field: Locator) -> Locator:
    """The list of a field, open."""
    field.click()
    shown = page.get_by_role("listbox")
    expect(shown).to_be_visible()
    return shown


def a_rule(server: Server, open_page: Open) -> Page:
    """The page of a segment with one rule, about a trait."""
    server.api.put("/api/segments/lists", json={"name": "Lists", "definition": RULE}).raise_for_status()
    page = open_page("/segments/lists")
    expect(page.get_by_label("Operator").first).to_be_visible()
    return page


def test_a_list_higher_than_it_may_be_is_accessible_and_keeps_what_is_marked_in_view(
    open_page: Open, server: Server
) -> None:
    page = a_rule(server, open_page)
    shown = opened(page, page.get_by_label("Operator").first)
    assert shown.evaluate("list => list.scrollHeight > 2 * list.clientHeight"), "take a longer list"
    assert violations_in_both(page) == ""
    for key, place in (("ArrowUp", -1), ("ArrowDown", 0), ("ArrowUp", -1)):
        # From either end the keys go on at the other.
        while shown.get_by_role("option").nth(place).get_attribute("data-combobox-selected") is None:
            page.keyboard.press(key)
        expect(shown.get_by_role("option").nth(place)).to_be_in_viewport(ratio=0.9)


def test_a_field_that_is_filled_in_offers_the_other_names_too(open_page: Open, server: Server) -> None:
    page = a_rule(server, open_page)
    field = page.get_by_role("combobox", name="Trait")
    shown = opened(page, field)
    expect(shown.get_by_role("option").first).to_have_text("country")
    expect(shown.get_by_role("option", name="first_name")).to_be_visible()
    field.fill("count")
    expect(shown.get_by_role("option")).to_have_text(["country"])
    field.fill("country")
    shown = opened(page, page.get_by_role("combobox", name="Value"))
    expect(shown.get_by_role("option", name="FR", exact=True)).to_be_visible()
