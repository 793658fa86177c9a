"""A marketer's day, by clicks and keys as a person would: from who slips away to whether what was done worked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import WRITE_KEY, Open, Server, Watched
from tests.browser.people import an_account, owner, sign_in
from tests.browser.test_journey_editing import card, field, palette, publish, steps_of
from tests.browser.test_stories import total, until

SIMULATED_MS = 120_000
PEOPLE = 20


@pytest.fixture
def colleagues(server: Server) -> Iterator[tuple[str, str]]:
    """A marketer and an admin of a workspace where a second person is asked for; afterwards nobody is."""
    with owner(server) as deciding:
        deciding.put("/api/approvals/rule", json={"rule": "second_person"}).raise_for_status()
        yield an_account(server, "marketer", "Mira Field"), an_account(server, "admin", "Ada Watch")
        deciding.put("/api/approvals/rule", json={"rule": "none"}).raise_for_status()


def desk(open_page: Open, email: str, path: str) -> Page:
    """Somebody's own browser, signed in."""
    page = open_page("/no/such/page")
    sign_in(page.context, email)
    page.goto(path)
    return page


def who_slips_away(page: Page) -> None:
    """The grid tells who was dear and is not seen; one of them is opened, and why they got what they got is read."""
    named = page.get_by_role("region", name="The named cells")
    slipping = named.get_by_role("row", name=re.compile("^(At risk|Cannot lose|Hibernating|Lost|Promising|New)"))
    slipping.filter(has_not_text="–").first.get_by_role("button").first.click()
    drawer = page.get_by_role("dialog", name="People behind this number")
    drawer.get_by_role("listitem").first.get_by_role("link").click()
    expect(page.get_by_role("region", name="Timeline")).to_be_visible()
    page.get_by_role("button", name="Why a message").click()
    page.get_by_role("combobox", name="Journey or campaign").click()
    page.get_by_role("option", name="Cart rescue").click()
    expect(page.get_by_role("link", name="Cart rescue")).to_be_visible()


def an_audience(page: Page, name: str) -> int:
    """Who ordered, by the builder; gives how many they are."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Segments").click()
    page.get_by_role("link", name="New segment").or_(page.get_by_role("button", name="New segment")).first.click()
    with page.expect_response(lambda answer: answer.url.endswith("/api/segments/count") and answer.ok):
        page.get_by_role("combobox", name="Event").fill("Order Completed")
        page.get_by_role("combobox", name="Window").click()
        page.get_by_role("option", name="ever", exact=True).click()
    expect(page.get_by_text(re.compile("People who .*Order Completed"))).to_be_visible()
    people = total(page)
    page.get_by_role("button", name="Save segment").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return people


def a_journey(page: Page, name: str, event: str, audience: str) -> None:
    """Drafted from a starting point: who of the audience comes back is let in, and goes by paths that learn."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Journeys").click()
    page.get_by_role("button", name="New journey").click()
    dialog = page.get_by_role("dialog", name="New journey")
    dialog.get_by_role("button", name=re.compile("^Welcome")).click()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Begin").click()
    card(page, "signed-up").click()
    field(page, "Event").fill(event)
    # Only those of the audience.
    page.get_by_role("button", name="Say who").first.click()
    dialog = page.get_by_role("dialog", name="Only if")
    dialog.get_by_text("A saved segment").click()
    dialog.get_by_label("Segment", exact=True).click()
    page.get_by_role("option", name=audience).click()
    dialog.get_by_role("button", name="Use it").click()
    palette(page, "Adaptive paths").click()
    expect(card(page, "adaptive")).to_be_visible()
    # The first path goes on to the mail there was; the second gets one of its own, which goes on to the end.
    page.get_by_role("button", name="Add a step here: B of").click()
    page.get_by_role("textbox", name="Look for a step").fill("email")
    page.keyboard.press("Enter")
    page.get_by_label("Subject").fill("Good to see you again")
    page.get_by_label("Text", exact=True).fill("We kept your place.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=re.compile("to mend"))).to_have_count(0)
    expect(page.get_by_text("Draft kept")).to_be_visible()


def test_a_day_from_who_slips_away_to_the_verdict(
    open_page: Open, server: Server, watched: Watched, colleagues: tuple[str, str]
) -> None:
    # While it is written a draft may be wrong, and is then looked at again; nobody has published it yet.
    watched.allowed.append("400")
    mira, ada = colleagues
    mark = uuid4().hex[:6]
    journey, event = f"welcome-back-{mark}", f"Came Back {mark}"
    page = desk(open_page, mira, "/rfm")
    who_slips_away(page)
    people = an_audience(page, f"Bought before {mark}")
    saved = server.get(f"/api/segments/bought-before-{mark}")
    assert saved["by"] == mira
    assert people > 0
    a_journey(page, f"Welcome back {mark}", event, f"Bought before {mark}")
    draft = server.get(f"/api/drafts/journey/{journey}")
    assert (draft["by"], draft["name"]) == (mira, f"Welcome back {mark}")
    # It is put aside, and found again where journeys are.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Journeys").click()
    drafts = page.get_by_role("region", name="Drafts")
    expect(drafts.get_by_role("row", name=re.compile(f"Welcome back {mark}.*New.*You"))).to_be_visible()
    drafts.get_by_role("link", name=f"Welcome back {mark}").click()
    expect(card(page, "adaptive")).to_be_visible()
    page.get_by_role("button", name="Simulate", exact=True).click()
    simulation = page.get_by_role("dialog")
    expect(simulation.get_by_text("Messages sent")).to_be_visible(timeout=SIMULATED_MS)
    page.keyboard.press("Escape")
    publish(page, 1).get_by_role("button", name="Publish v1").click()
    until(server, "/api/approvals?state=waiting", lambda answer: mark in str(answer["approvals"]))
    asked = [each for each in server.get("/api/approvals?state=waiting")["approvals"] if mark in each["about"]["id"]]
    assert [(each["by"], each["about"]["id"]) for each in asked] == [(mira, journey)]
    assert server.api.get(f"/api/journeys/{journey}").status_code == 404
    second = desk(open_page, ada, "/approvals")
    waiting = second.get_by_role("listitem").filter(has_text=mark)
    waiting.get_by_role("button", name="Look and approve").click()
    second.get_by_role("dialog").get_by_role("button", name="Approve and do it now").click()
    expect(waiting).to_have_count(0)
    assert [each for each in server.get("/api/drafts")["drafts"] if each["id"] == journey] == []
    steps = steps_of(server, journey)
    assert steps["signed-up"]["exits"]["entered"] == "adaptive"
    assert steps["adaptive"]["exits"] == {"a": "hello", "b": "email"}
    assert steps["email"]["exits"] == {"sent": "end", "withheld": "end"}
    assert server.get(f"/api/journeys/{journey}")["definition"]["holdout"] == 0.1
    # Her own page tells by itself that it is live now, and people are seen to come in.
    expect(page.get_by_text("Live, v1")).to_be_visible()
    for number in range(PEOPLE):
        user = f"back-{mark}-{number}"
        identify = {"userId": user, "traits": {"email": f"{user}@post.example"}}
        server.api.post("/v1/identify", json=identify, auth=(WRITE_KEY, "")).raise_for_status()
        server.track(userId=user, event="Order Completed", properties={"revenue": 20})
        server.track(userId=user, event=event)
    server.track(userId=f"stranger-{mark}", event=event)
    until(server, f"/api/journeys/{journey}", lambda answer: answer["entered"] >= PEOPLE)
    expect(card(page, "signed-up").get_by_text(str(PEOPLE), exact=True)).to_be_visible()
    # The stranger never ordered, and is none of the audience.
    assert server.get(f"/api/journeys/{journey}")["entered"] == PEOPLE
    # What came of one that has run for longer, and what it means.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Experiments").click()
    page.get_by_role("tab", name="Holdouts").click()
    page.get_by_role("link", name="Cart rescue").first.click()
    expect(page.get_by_text("What to do:")).to_be_visible()
    assert server.get("/api/trials/journey:cart-rescue")["variants"]
