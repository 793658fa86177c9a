"""Composing a campaign in the console: from empty to published on one page, and what is then published."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import PATIENCE_MS, Open, Server
from tests.browser.test_pages import fine_in_both_schemes

HOSTILE = '<img src=x onerror="document.title=1">'
NEVER = {"type": "dates", "at": ["2099-01-01T09:00"]}


def a_campaign(server: Server, campaign_id: str, **more: Any) -> dict[str, Any]:
    """Publish a campaign that goes out once, long after the test."""
    definition = {
        "id": campaign_id,
        "name": campaign_id.replace("-", " ").capitalize(),
        "goal": {"event": "Order Completed", "within_seconds": 86_400},
        "trigger": NEVER,
        "send": {"channel": "email", "template": {"subject": "Hello", "text": "It waits."}},
    } | more
    server.api.put(f"/api/campaigns/{campaign_id}", json=definition).raise_for_status()
    return definition


def begin(page: Page, starter: str, name: str) -> None:
    """Begin a new campaign from the list of them."""
    page.get_by_role("button", name="New campaign").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=starter).click()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Not published", exact=True)).to_be_visible(timeout=PATIENCE_MS)


def publish(page: Page, version: int) -> Locator:
    """Press publish, and give the dialog that asks once more."""
    button = page.get_by_role("button", name=f"Publish v{version}")
    expect(button).to_be_enabled(timeout=PATIENCE_MS)
    button.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=f"Publish v{version}")).to_be_enabled(timeout=PATIENCE_MS)
    return dialog


def test_a_campaign_is_composed_from_nothing_and_published(open_page: Open, server: Server) -> None:
    name = f"Monday notes {uuid4().hex[:6]}"
    page = open_page("/campaigns")
    begin(page, "Every week", name)
    # When it goes out is the server's word, drawn and said.
    times = page.get_by_role("list", name="The next times")
    expect(times.get_by_role("listitem")).to_have_count(12, timeout=PATIENCE_MS)
    expect(times.get_by_text(re.compile(r"^Mon, .*09:00$"))).to_have_count(12)
    page.get_by_role("group", name="Days", exact=True).get_by_role("button", name="Thu").click()
    expect(times.get_by_text(re.compile(r"^Thu, .*09:00$"))).to_have_count(6, timeout=PATIENCE_MS)
    page.get_by_label("Subject").fill("For you, ")
    page.get_by_role("button", name="Personalise").click()
    page.get_by_label("Find a value").fill("first_n")
    page.get_by_role("menuitem", name="first_name", exact=True).click()
    expect(page.get_by_label("Subject")).to_have_value("For you, {{ person.first_name }}")
    page.keyboard.type("!")
    expect(page.get_by_label("Subject")).to_have_value("For you, {{ person.first_name }}!")
    page.get_by_label("Text", exact=True).fill(f"News. {HOSTILE}")
    expect(page.get_by_role("group", name="How it reads")).to_contain_text("For you,")
    ahead = page.get_by_role("complementary", name="What it sets going")
    expect(ahead.get_by_text(re.compile(r"^\d+ of \d+ people, 100"))).to_be_visible(timeout=PATIENCE_MS)
    expect(ahead.get_by_role("list", name="Who is left out, and why")).to_contain_text("no address")
    fine_in_both_schemes(page)
    dialog = publish(page, 1)
    expect(dialog.get_by_text(re.compile(r"^\d+ of \d+ people, 100"))).to_be_visible()
    expect(dialog.get_by_text("10.0%")).to_be_visible()
    assert violations(page) == ""
    dialog.get_by_role("button", name="Publish v1").click()
    expect(page.get_by_text("Live, v1")).to_be_visible(timeout=PATIENCE_MS)
    definition = server.get(f"/api/campaigns/{name.lower().replace(' ', '-')}")["definition"]
    assert definition["trigger"]["days"] == ["monday", "thursday"]
    assert definition["send"]["template"]["subject"] == "For you, {{ person.first_name }}!"
    assert definition["send"]["template"]["text"] == f"News. {HOSTILE}"
    assert "document.title" not in page.title()


def test_what_is_wrong_keeps_it_from_being_published(open_page: Open) -> None:
    page = open_page("/campaigns")
    begin(page, "After something they do", f"Cart {uuid4().hex[:6]}")
    expect(page.get_by_role("button", name="Publish v1")).to_be_enabled(timeout=PATIENCE_MS)
    page.get_by_label(re.compile(r"^Event")).first.fill("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Publish v1")).to_be_disabled(timeout=PATIENCE_MS)
    ahead = page.get_by_role("complementary", name="What it sets going")
    expect(ahead.get_by_role("list", name="What the server says of it")).to_contain_text("may not be empty")
    # The field itself says it as well.
    expect(page.get_by_role("region", name="Composer").get_by_text("may not be empty").first).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Publish v1")).to_be_enabled(timeout=PATIENCE_MS)


def test_one_that_runs_is_changed_and_an_old_version_taken_up(open_page: Open, server: Server) -> None:
    name = f"changed-{uuid4().hex[:6]}"
    a_campaign(server, name)
    a_campaign(server, f"{name}-other")
    page = open_page(f"/campaigns/{name}")
    page.get_by_role("button", name="Compose").click()
    expect(page).to_have_url(re.compile("view=compose"))
    expect(page.get_by_role("button", name="Publish v2")).to_be_disabled()
    page.get_by_label("Subject").fill("Hello again")
    page.get_by_role("switch", name="Wait, and send nothing to who does something in the meantime").press(" ")
    dialog = publish(page, 2)
    expect(dialog.get_by_role("region", name="What is different")).to_contain_text("Hello again")
    dialog.get_by_role("button", name="Publish v2").click()
    expect(page.get_by_text("Live, v2")).to_be_visible(timeout=PATIENCE_MS)
    definition = server.get(f"/api/campaigns/{name}")["definition"]
    assert definition["send"]["template"]["subject"] == "Hello again"
    assert definition["unless"]["event"] == "Order Completed"
    page.get_by_role("button", name="Compare with those that run").click()
    overlap = page.get_by_role("list", name="Whom other campaigns write to as well")
    expect(overlap.get_by_text(f"{name}-other".replace("-", " ").capitalize())).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Versions").click()
    versions = page.get_by_role("list", name="Versions")
    versions.get_by_role("listitem").filter(has_text="Version 1").get_by_role("button", name="Take it up again").click()
    expect(page.get_by_label("Subject")).to_have_value("Hello")
    expect(page.get_by_text("Changed", exact=True)).to_be_visible()
    # What is written and not published is found again by whoever comes back.
    expect(page.get_by_text(re.compile("^Draft kept"))).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Results").click()
    page.get_by_role("button", name="Compose").click()
    page.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_label("Subject")).to_have_value("Hello")
    assert violations(page) == ""
