"""Simulating a journey from its page: how it goes on, what it tells, and calling it off."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open
from tests.browser.test_pages import fine_in_both_schemes

REPLAY_MS = 180_000
"""A month of a shop is lived through again, beside whatever else the machine has to do."""


def number(dialog: Locator, label: str) -> int:
    """The number under a label of the strip."""
    found = dialog.get_by_role("listitem").filter(has_text=label).locator("span").nth(1).inner_text()
    return int(found.replace(",", ""))


def test_a_simulation_tells_what_would_have_been(open_page: Open) -> None:
    page = open_page("/journeys/cart-rescue")
    with page.expect_response("**/api/simulate", timeout=REPLAY_MS) as told:
        page.get_by_role("button", name="Simulate", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Messages sent")).to_be_visible()
    # What this page was answered: another simulation would be of a little later, and customers go on meanwhile.
    answer = told.value.json()
    sent, entered = answer["outcomes"]["sent"]["count"], answer["entered"]["people"]
    assert sent > 20
    assert number(dialog, "Messages sent") == sent
    assert number(dialog, "People who would enter") == sum(each["count"] for each in entered.values())
    expect(dialog.get_by_role("region", name="Messages by step").get_by_role("row", name="mail")).to_be_visible()
    expect(dialog.get_by_text("In the holdout", exact=True)).to_be_visible()
    dialog.get_by_text("Day by day").click()
    days = dialog.get_by_role("region", name="Day by day").get_by_role("row")
    assert 25 <= days.count() - 1 <= 31
    fine_in_both_schemes(page)


def test_a_simulation_is_called_off_and_asked_again(open_page: Open) -> None:
    page = open_page("/campaigns/win-back")
    expect(page.get_by_text("by arm").first).to_be_visible()
    page.route("**/api/simulate", lambda _: None)
    page.get_by_role("button", name="Simulate", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Replaying the past")).to_be_visible()
    assert violations(page) == ""
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_text("Called off; nothing was changed.")).to_be_visible()
    page.unroute("**/api/simulate")
    dialog.get_by_text("7 days", exact=True).click()
    expect(dialog.get_by_text("People who would enter")).to_be_visible(timeout=REPLAY_MS)
    assert violations(page) == ""
