"""Why somebody got a message or did not: the page that tells it stage by stage."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server
from tests.browser.furniture import GOAL, SEND
from tests.browser.test_pages import fine_in_both_schemes
from tests.browser.test_stories import someone, until


def test_a_message_is_traced_from_the_event_to_the_provider(open_page: Open, server: Server) -> None:
    name, event = f"traced-{uuid4().hex[:8]}", f"Traced {uuid4().hex[:8]}"
    trigger = {"type": "trigger", "event": event, "again": "once"}
    campaign = {"id": name, "name": "Traced", "goal": GOAL, "trigger": trigger, "send": SEND}
    server.api.put(f"/api/campaigns/{name}", json=campaign).raise_for_status()
    user = someone(server, first_name="Petra", last_name="Loom", email=f"{name}@post.example")
    for _ in range(2):
        server.track(userId=user, event=event, messageId=uuid4().hex)
    until(server, f"/api/campaigns/{name}", lambda answer: answer["sent"] == 1)
    page = open_page(f"/people/{user}")
    page.get_by_role("tab", name="Journeys").click()
    page.get_by_role("row", name="Traced").get_by_role("link", name="Step by step").click()
    expect(page.get_by_role("heading", name="Why, Petra Loom")).to_be_visible()
    attempts = page.get_by_role("list", name="Attempts, newest first")
    expect(attempts.get_by_text("The provider took it")).to_be_visible()
    expect(attempts.get_by_text("They entered", exact=True)).to_be_visible()
    # Once is enough: the second event let nobody in.
    expect(attempts.get_by_text("did not enter", exact=True)).to_be_visible()
    expect(attempts.get_by_text("had entered before")).to_be_visible()
    fine_in_both_schemes(page)


def test_a_message_that_was_withheld_says_its_reason(open_page: Open, server: Server) -> None:
    event = f"Traced {uuid4().hex[:8]}"
    trigger = {"type": "trigger", "event": event, "again": "once"}
    name = f"withheld-{uuid4().hex[:8]}"
    campaign = {"id": name, "name": "Withheld", "goal": GOAL, "trigger": trigger, "send": SEND}
    server.api.put(f"/api/campaigns/{name}", json=campaign).raise_for_status()
    # One of its own, that nobody enters: what the demo's begin with others change meanwhile.
    unmet = f"unmet-{uuid4().hex[:8]}"
    never = {"type": "trigger", "event": f"Never {uuid4().hex[:8]}", "again": "once"}
    server.api.put(
        f"/api/campaigns/{unmet}", json=campaign | {"id": unmet, "name": unmet, "trigger": never}
    ).raise_for_status()
    user = someone(server, first_name="Nobody", last_name="Reachable")
    server.track(userId=user, event=event, messageId=uuid4().hex)
    until(server, f"/api/campaigns/{name}", lambda answer: answer["sends"].get("withheld") == 1)
    page = open_page(f"/people/{user}/why?of={name}")
    expect(page.get_by_text("The gate withheld the message")).to_be_visible()
    expect(page.get_by_text("No address")).to_be_visible()
    page.goto(f"/people/{user}/why")
    expect(page.get_by_role("heading", name="Of which journey or campaign")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("combobox", name="Journey or campaign").click()
    page.get_by_role("option", name=unmet).click()
    expect(
        page.get_by_text("No event of theirs, and no run, that could have let them in has reached us.")
    ).to_be_visible()
