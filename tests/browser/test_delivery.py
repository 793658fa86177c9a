"""The delivery page: lanes, providers, and what could not be delivered."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server
from tests.browser.furniture import GOAL
from tests.browser.test_pages import fine_in_both_schemes
from tests.browser.test_stories import until

REASON = "127.0.0.1 is in a private network, which webhooks may not call (webhook_private)"


def dead_letters(server: Server, many: int) -> str:
    """A journey of a call nobody may make, and so many people in it; gives its id once all of it is dead."""
    name = f"calls-{uuid4().hex[:8]}"
    event = f"Called {name}"
    steps: dict[str, Any] = {
        "in": {"type": "trigger", "event": event, "again": "after_exit", "exits": {"entered": "hook"}},
        "hook": {"type": "webhook", "url": "https://127.0.0.1/hooks", "exits": {"sent": "out", "withheld": "out"}},
        "out": {"type": "exit"},
    }
    journey = {"id": name, "name": name, "goal": GOAL, "start": "in", "steps": steps}
    server.api.put(f"/api/journeys/{name}", json=journey).raise_for_status()
    for number in range(many):
        server.track(userId=f"{name}-{number}", event=event, messageId=uuid4().hex)
    until(server, f"/api/dead-letters?origin={name}", lambda answer: len(answer["dead_letters"]) == many)
    return name


def test_lanes_and_providers_are_shown(open_page: Open) -> None:
    page = open_page("/delivery")
    providers = page.get_by_role("region", name="Providers")
    expect(providers.get_by_role("row", name="Email")).to_contain_text("working")
    expect(providers.get_by_role("row", name="Webhook")).to_contain_text("No limit set")
    fine_in_both_schemes(page)


def test_a_dead_letter_is_looked_at_and_sent_again(open_page: Open, server: Server) -> None:
    name = dead_letters(server, 1)
    page = open_page("/delivery?tab=dead")
    page.get_by_role("region", name="Dead letters").get_by_text(name).click()
    letter = page.get_by_role("complementary", name="Dead letter")
    expect(letter.get_by_role("heading", name=REASON)).to_be_visible()
    expect(letter.get_by_role("listitem")).to_have_count(1)
    expect(letter.get_by_role("link", name=name)).to_be_visible()
    fine_in_both_schemes(page)
    letter.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("1 message will be tried again")).to_be_visible()
    # It may be called as little as before, and comes back with one answer more.
    path = f"/api/dead-letters?origin={name}"
    until(server, path, lambda answer: [len(each["answers"]) for each in answer["dead_letters"]] == [2])


def test_on_a_phone_the_letter_that_is_chosen_comes_into_view(open_page: Open, server: Server) -> None:
    name = dead_letters(server, 12)
    page = open_page("/delivery?tab=dead", width=390)
    letters = page.get_by_role("region", name="Dead letters").get_by_text(name)
    expect(letters.nth(11)).to_be_attached()
    expect(page.get_by_role("complementary", name="Dead letter")).not_to_be_in_viewport()
    letters.nth(1).click()
    expect(page.get_by_role("complementary", name="Dead letter").get_by_role("heading").first).to_be_in_viewport()


def test_one_is_dropped_and_then_all(open_page: Open, server: Server) -> None:
    name = dead_letters(server, 3)
    page = open_page("/delivery?tab=dead")
    page.get_by_role("region", name="Dead letters").get_by_text(name).first.click()
    page.get_by_role("button", name="Drop", exact=True).click()
    expect(page.get_by_text("1 letter dropped")).to_be_visible()
    assert len(server.get(f"/api/dead-letters?origin={name}")["dead_letters"]) == 2
    total = server.get("/api/dead-letters")["total"]
    page.get_by_role("button", name="Drop all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"{total} messages will never be sent")).to_be_visible()
    assert violations(page) == ""
    dialog.get_by_role("button", name="Drop all").click()
    expect(page.get_by_role("heading", name="No dead letters")).to_be_visible()
    assert server.get("/api/dead-letters")["total"] == 0
    fine_in_both_schemes(page)


def test_delivery_fits_a_narrow_window(open_page: Open, server: Server) -> None:
    dead_letters(server, 1)
    for path in ("/delivery", "/delivery?tab=dead"):
        page = open_page(path, width=360)
        expect(page.get_by_role("tab", name=re.compile(r"Dead letters \d"))).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert violations(page) == "", path
