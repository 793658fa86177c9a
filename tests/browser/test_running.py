"""Campaigns of every kind and journeys of every step: their pages, their runs, and putting them away."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched
from tests.browser.furniture import CAMPAIGNS, NEXT_YEAR, furnish, held_campaign
from tests.browser.test_pages import fine_in_both_schemes
from tests.browser.test_stories import until

FIRST_CARDS = {
    "cart-nudge": "Product Added",
    "spring-news": "On 2 dates",
    "monday-picks": "Again and again",
    "birthday": "birthday",
    "welcome-gold": "german-buyers",
    "price-drop": "Price Dropped",
    "receipts": "By a call",
}


@pytest.fixture(scope="module", autouse=True)
def furnished(server: Server) -> None:
    """Every kind of campaign, every kind of step."""
    furnish(server)


def held(server: Server, name: str) -> None:
    """Publish a campaign whose run is held at once, and wait until it is."""
    server.api.put(f"/api/campaigns/{name}", json=held_campaign(name)).raise_for_status()
    until(server, f"/api/campaigns/{name}/runs", lambda answer: [each["state"] for each in answer["runs"]] == ["held"])


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_of_each_kind_is_shown(name: str, open_page: Open) -> None:
    page = open_page(f"/campaigns/{name}")
    card = page.locator('.react-flow__node[data-id="trigger"]')
    expect(card).to_contain_text(FIRST_CARDS[name])
    expect(card.locator("svg.lucide-message-square")).to_have_count(0)
    fine_in_both_schemes(page)


def test_a_journey_of_every_step_is_shown(open_page: Open) -> None:
    page = open_page("/journeys/every-step")
    cards = page.locator(".react-flow__node")
    expect(cards).to_have_count(13)
    expect(cards.locator("svg.lucide-message-square")).to_have_count(0)
    expect(page.get_by_text("No such day")).to_be_visible()
    fine_in_both_schemes(page)


def test_nobody_yet_says_what_is_waited_for(open_page: Open) -> None:
    page = open_page("/campaigns/price-drop")
    expect(page.get_by_role("heading", name="Nobody entered yet")).to_be_visible()
    expect(page.get_by_text("It waits for “Price Dropped” to happen.")).to_be_visible()
    page.goto("/campaigns/spring-news")
    expect(page.get_by_text(f", 20 Mar {NEXT_YEAR}, 09:00.")).to_be_visible()


def test_who_did_it_goes_past_the_message(open_page: Open) -> None:
    page = open_page("/campaigns/cart-nudge")
    page.get_by_text("Outline", exact=True).click()
    steps = page.get_by_role("list", name="Steps")
    expect(steps.get_by_text("Not in time → Email: For you")).to_be_visible()
    expect(steps.get_by_text("Happened → Exit")).to_be_visible()


def test_the_next_times_are_told(open_page: Open) -> None:
    page = open_page("/campaigns/monday-picks")
    page.get_by_role("tab", name="Runs").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("listitem")).to_have_count(5)
    expect(inspector.get_by_text(re.compile(r"^(Mon|Thu), .*(09:00|18:30)$"))).to_have_count(5)
    assert violations(page) == ""


def test_a_held_run_is_confirmed(open_page: Open, server: Server) -> None:
    campaign = f"held-and-sent-{uuid4().hex[:6]}"
    held(server, campaign)
    page = open_page(f"/campaigns/{campaign}")
    expect(page.get_by_text("A run waits until somebody confirms it.")).to_be_visible()
    page.get_by_role("button", name="Look at it").click()
    fine_in_both_schemes(page)
    page.get_by_role("button", name="Confirm", exact=True).click()
    dialog = page.get_by_role("dialog")
    people = server.get(f"/api/campaigns/{campaign}/runs")["runs"][0]["people"]
    expect(dialog.get_by_text(str(people), exact=True)).to_be_visible()
    expect(dialog.get_by_text("about 10%")).to_be_visible()
    expect(dialog.get_by_text("Email", exact=True)).to_be_visible()
    fine_in_both_schemes(page)
    dialog.get_by_role("button", name="Confirm and send").click()
    expect(dialog).to_have_count(0)
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_text("done", exact=True)).to_be_visible()
    expect(inspector.get_by_text("Treated", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Look at it")).to_have_count(0)
    assert violations(page) == ""


def test_a_held_run_is_stopped(open_page: Open, server: Server) -> None:
    campaign = f"held-and-stopped-{uuid4().hex[:6]}"
    held(server, campaign)
    page = open_page(f"/campaigns/{campaign}")
    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("button", name="Stop run").click()
    expect(page.get_by_role("dialog").get_by_text("cannot be undone")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Stop run").click()
    expect(page.get_by_role("complementary", name="Inspector").get_by_text("stopped", exact=True)).to_be_visible()
    assert server.get(f"/api/campaigns/{campaign}/runs")["runs"][0]["counts"] == {}
    assert server.get(f"/api/campaigns/{campaign}")["state"] == "live"


def stop(page: Page, name: str) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Stop", exact=True).click()
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    page.get_by_role("button", name="Stop campaign").click()


def test_what_is_stopped_is_archived_restored_and_published_again(open_page: Open, server: Server) -> None:
    name = f"Put away {uuid4().hex[:6]}"
    campaign = name.lower().replace(" ", "-")
    definition = {**CAMPAIGNS["price-drop"], "id": campaign, "name": name}
    server.api.put(f"/api/campaigns/{campaign}", json=definition).raise_for_status()
    page = open_page(f"/campaigns/{campaign}")
    stop(page, name)
    expect(page.get_by_text("Stopped, v1")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Archive", exact=True).click()
    expect(page.get_by_text("Archived, v1")).to_be_visible()
    page.goto("/campaigns")
    listed = page.get_by_role("link", name=name)
    expect(page.get_by_role("link", name="Price drop")).to_be_visible()
    expect(listed).to_have_count(0)
    page.get_by_role("switch", name="Show archived").locator("xpath=..").click()
    expect(listed).to_be_visible()
    fine_in_both_schemes(page)
    listed.click()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Publish again").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish again").click()
    expect(page.get_by_text(re.compile(r"Live, v\d"))).to_be_visible()
    assert server.get(f"/api/campaigns/{campaign}")["state"] == "live"


def test_a_live_segment_tells_who_is_in_it(open_page: Open, server: Server) -> None:
    page = open_page("/segments/german-buyers")
    switch = page.get_by_role("switch", name="Keep it live")
    expect(switch).to_be_checked()
    members = page.get_by_role("list", name="Some of those in it").get_by_role("listitem")
    expect(members).to_have_count(6)
    expect(members.first).to_contain_text("since")
    size = server.get("/api/segments/german-buyers/members")["size"]
    expect(page.get_by_text(re.compile(rf"\b{size}\b people are in it as saved"))).to_be_visible()
    fine_in_both_schemes(page)
    page.goto("/segments")
    expect(page.get_by_role("row", name="German buyers").get_by_text("live", exact=True)).to_be_visible()


def test_a_segment_is_made_live_or_says_why_not(open_page: Open, server: Server, watched: Watched) -> None:
    definition = {"type": "did", "event": "Order Completed", "within_days": 30}
    server.api.put("/api/segments/made-live", json={"name": "Made live", "definition": definition}).raise_for_status()
    page = open_page("/segments/made-live")
    switch = page.get_by_role("switch", name="Keep it live")
    expect(switch).not_to_be_checked()
    switch.locator("xpath=..").click()
    expect(page.get_by_text("people are in it as saved")).to_be_visible()
    assert server.get("/api/segments/made-live")["live"] is True
    switch.locator("xpath=..").click()
    expect(page.get_by_text("people are in it as saved")).to_have_count(0)
    assert server.get("/api/segments/made-live")["live"] is False
    watched.allowed.append("400")
    definition = {**definition, "at_least": 40}  # More than a profile keeps.
    server.api.put("/api/segments/not-live", json={"name": "Not live", "definition": definition}).raise_for_status()
    page.goto("/segments/not-live")
    switch.locator("xpath=..").click()
    expect(page.get_by_role("alert")).to_contain_text("Not changed.")
    assert violations(page) == ""
