"""Messages of every channel in the mailbox: told apart, shown on somebody's phone, and none of them does anything."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched
from tests.browser.test_stories import until

HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\"><script>parent.document.title='taken'</script>"
    "<a href=\"javascript:document.title='taken'\">press</a>"
)
PARTS: dict[str, dict[str, Any]] = {
    "mobile_push": {"title": HOSTILE, "body": HOSTILE, "buttons": [{"label": HOSTILE, "url": "javascript:alert(1)"}]},
    "sms": {"text": HOSTILE},
    "telegram": {"text": "<b>" + HOSTILE, "format": "html"},
    "whatsapp": {"text": HOSTILE},
    "in_app": {"kind": "html", "html": HOSTILE},
    "inbox": {"title": HOSTILE, "body": HOSTILE, "url": "javascript:alert(1)"},
}
PERSON = "hostile-1"


@pytest.fixture(scope="module")
def reached(server: Server) -> str:
    """Somebody who got a message of every one of them."""
    steps: dict[str, Any] = {"in": {"type": "trigger", "event": "Hostile Asked", "again": "once"}}
    names = list(PARTS)
    for medium in names:
        steps[medium] = {"type": "send", "channel": medium, "transactional": True, "template": PARTS[medium]}
    steps["in"]["exits"] = {"entered": names[0]}
    for medium, following in zip(names, [*names[1:], "done"], strict=True):
        steps[medium]["exits"] = {"sent": following, "withheld": following}
    journey = {
        "id": "hostile",
        "name": "Hostile",
        "goal": {"event": "Order Completed", "within_seconds": 3600},
        "start": "in",
        "steps": steps | {"done": {"type": "exit"}},
    }
    server.api.put("/api/journeys/hostile", json=journey).raise_for_status()
    traits = {"phone": "+447700900999", "telegram_chat": "4000000999999", "first_name": "Nell"}
    said = {"userId": PERSON, "traits": traits, "context": {"device": {"type": "ios", "token": "hostile-token"}}}
    server.api.post("/v1/identify", json=said, auth=("wk", "")).raise_for_status()
    server.track(userId=PERSON, event="Hostile Asked", context={"device": {"type": "ios", "token": "hostile-token"}})
    until(server, f"/api/mailbox?person={PERSON}", lambda answer: answer["total"] == len(PARTS))
    kept = server.get(f"/api/mailbox?person={PERSON}")["messages"]
    assert {each["medium"] for each in kept} == set(PARTS)
    server.api.post("/api/journeys/hostile/stop").raise_for_status()
    return PERSON


def harmless(page: Page) -> None:
    """Nothing of a message ran, and none of it became a part of the page."""
    assert page.title() != "taken"
    assert page.evaluate("document.querySelectorAll('[onerror], a[href^=javascript], section script').length") == 0


def test_somebodys_phone_shows_what_came_and_runs_nothing(reached: str, open_page: Open, watched: Watched) -> None:
    # Chromium holds what is merely parsed to the page's policy, and says that it would not run it.
    watched.allowed.append("Executing inline event handler")
    page = open_page(f"/mailbox?person={reached}")
    expect(page.get_by_role("link", name="Nell")).to_be_visible()
    lock = page.get_by_role("region", name="Lock screen")
    expect(lock.get_by_text("<script>").first).to_be_visible()
    harmless(page)
    assert violations(page) == ""
    page.get_by_text("Messages", exact=True).click()
    chats = page.get_by_role("region", name="Messages", exact=True)
    expect(chats.get_by_role("listitem")).to_have_count(3)
    expect(chats.get_by_role("heading", name="Telegram")).to_be_visible()
    harmless(page)
    page.get_by_text("In the app", exact=True).click()
    frame = page.get_by_title("The in-app message")
    assert frame.get_attribute("sandbox") == ""
    expect(frame.content_frame.get_by_text("press")).to_be_visible()
    harmless(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert violations(page) == ""


def test_messages_are_told_apart_by_channel(reached: str, open_page: Open, watched: Watched) -> None:
    watched.allowed.append("Executing inline event handler")  # As above.
    page = open_page(f"/mailbox?person={reached}&medium=inbox")
    kept = page.get_by_role("region", name="Kept messages")
    expect(kept.get_by_role("button")).to_have_count(1)
    kept.get_by_role("button").click()
    page.get_by_role("tab", name="Links 1").click()
    # An address that would run something is no link.
    expect(page.get_by_text("javascript:alert(1)")).to_be_visible()
    assert page.get_by_role("link", name="javascript").count() == 0
    page.get_by_role("tab", name="Parts").click()
    expect(page.get_by_role("region", name="Parts of the message")).to_be_visible()
    harmless(page)
    page.get_by_role("button", name="Their phone").click()
    expect(page.get_by_role("region", name="Lock screen")).to_be_visible()


def test_a_person_shows_their_devices(reached: str, open_page: Open) -> None:
    page = open_page(f"/people/{reached}")
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    expect(page.get_by_text("iPhone or iPad")).to_be_visible()
