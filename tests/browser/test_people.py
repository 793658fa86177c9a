"""People in the console: whatever their names are, and what is known of one of them read and changed."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import BAR_PX_MOST, Open, Server, Watched
from tests.browser.furniture import GOAL, a_campaign
from tests.browser.test_stories import someone, until

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


def test_what_opens_over_the_page_is_accessible(open_page: Open) -> None:
    page = open_page("/people")
    for name in ("Export", "Columns", "Quick rule"):
        page.get_by_role("button", name=name).click()
        opened = page.get_by_role("menu", name=name).or_(page.get_by_role("dialog", name=name))
        expect(opened).to_be_visible()
        assert violations(page) == "", name
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    page.goto("/people/ulla-1")
    page.get_by_role("button", name="Export or erase").click()
    expect(page.get_by_role("menuitem", name="Erase them for good")).to_be_visible()
    assert violations(page) == ""


def test_on_a_phone_bars_take_two_rows_and_have_a_menu(open_page: Open, server: Server) -> None:
    page = open_page("/people", width=360)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Add to a list").click()
    expect(page.get_by_role("dialog")).to_contain_text("people on a list")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="More", exact=True)).to_be_focused()
    page.goto("/people/ulla-1")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Their phone").click()
    expect(page).to_have_url(f"{server.url}/mailbox?person=ulla-1")
    page.evaluate("localStorage.setItem('holdfast:language', 'de')")
    for path in ("/people", "/people/ulla-1"):
        page.goto(path)
        expect(page.get_by_role("button", name="Mehr", exact=True)).to_be_visible()
        bar = page.locator("header").first.bounding_box()
        assert bar is not None
        assert bar["height"] <= BAR_PX_MOST


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


def test_who_was_found_becomes_a_segment(open_page: Open, server: Server) -> None:
    town, name = f"Town {uuid4().hex[:6]}", f"Of that town {uuid4().hex[:6]}"
    people = [someone(server, town=town, age=age) for age in (20, 40)]
    until(server, f"/api/people?text={town}", lambda answer: answer["total"] == 2)
    page = open_page("/people")
    page.get_by_role("button", name="Quick rule").click()
    rule = page.get_by_role("dialog", name="Quick rule")
    rule.get_by_label("Trait").first.fill("town")
    rule.get_by_role("textbox", name="Value").fill(town)
    rule.get_by_role("button", name="Show who it holds for").click()
    expect(page.get_by_role("status").filter(has_text="2 people")).to_be_visible()
    page.get_by_role("button", name="Save as segment").click()
    dialog = page.get_by_role("dialog", name="Save as segment")
    expect(dialog).to_contain_text("It holds for 2 people now")
    assert violations(page) == ""
    dialog.get_by_label("Name of the segment").fill(name)
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    saved = server.get(f"/api/segments/{page.url.rpartition('/')[2]}")
    found = server.api.post("/api/segments/people", json={"definition": saved["definition"]}).raise_for_status().json()
    assert sorted(each["user_id"] for each in found["people"]) == sorted(people)


def test_those_who_were_picked_are_put_on_a_list(open_page: Open, server: Server) -> None:
    town, name = f"Town {uuid4().hex[:6]}", f"Picked {uuid4().hex[:6]}"
    people = [someone(server, town=town) for _ in range(3)]
    until(server, f"/api/people?text={town}", lambda answer: answer["total"] == 3)
    page = open_page(f"/people?trait=town&is=equals&value={town}")
    expect(page.get_by_role("status").filter(has_text="3 people")).to_be_visible()
    for user in people[:2]:
        row = page.get_by_role("row").filter(has_text=user)
        row.get_by_role("checkbox").focus()
        page.keyboard.press("Space")
    strip = page.get_by_role("group", name="Selected people")
    expect(strip).to_contain_text("2 people selected")
    strip.get_by_role("button", name="Put on a list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the list").fill(name)
    dialog.get_by_role("button", name="Put 2 people on it").click()
    expect(dialog).to_contain_text(f"2 people were put on “{name}”, which has 2 now.")
    dialog.get_by_role("button", name="Done").click()
    (made,) = [each for each in server.get("/api/lists")["lists"] if each["name"] == name]
    assert made["people"] == 2
    strip.get_by_role("button", name="Select nobody").click()
    expect(strip).to_have_count(0)
    page.get_by_role("button", name="Add to a list").click()
    page.get_by_role("combobox", name="List").click()
    page.get_by_role("option", name=name).click()
    dialog.get_by_role("button", name="Put 3 people on it").click()
    expect(dialog).to_contain_text(f"1 person was put on “{name}”, which has 3 now.")


def test_somebody_is_erased_once_their_name_is_typed(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("404")  # The page they stood on asks once more for who is gone.
    user, event = someone(server, first_name="Gone", last_name=uuid4().hex[:8]), f"Left {uuid4().hex[:8]}"
    server.track(userId=user, event=event, messageId=uuid4().hex)
    until(server, f"/api/people/{user}/events", lambda answer: len(answer["events"]) >= 2)
    page = open_page(f"/people/{user}")
    page.get_by_role("button", name="Export or erase").click()
    with page.expect_download() as handed:
        page.get_by_role("menuitem", name="Export everything held of them").click()
    assert event.encode() in handed.value.path().read_bytes()
    page.get_by_role("button", name="Export or erase").click()
    page.get_by_role("menuitem", name="Erase them for good").click()
    dialog = page.get_by_role("dialog")
    name = page.get_by_role("heading", level=1).inner_text()
    expect(dialog).to_contain_text("It cannot be undone.")
    assert violations(page) == ""
    certain = dialog.get_by_role("button", name="Erase 1 person")
    dialog.get_by_role("textbox").fill("Gone")
    expect(certain).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    server.get(f"/api/people/{user}")
    page.get_by_role("button", name="Export or erase").click()
    page.get_by_role("menuitem", name="Erase them for good").click()
    dialog.get_by_role("textbox").fill(name)
    certain.click()
    expect(dialog.get_by_role("status")).to_contain_text("The certificate of it is")
    certificate = re.search(r"is (\S+)\. It names nobody", dialog.get_by_role("status").inner_text())
    assert certificate is not None
    dialog.get_by_role("button", name="Back to people").click()
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()
    assert server.api.get(f"/api/people/{user}").status_code == 404
    assert certificate[1] in [each["id"] for each in server.get("/api/erasures")["erasures"]]
    counted = server.api.post("/api/sql", json={"query": f"SELECT count() AS n FROM events WHERE event = '{event}'"})
    assert counted.raise_for_status().json()["rows"] == [[0]]


HALVES = """value => [...value.querySelectorAll('bdi > span')].map(
  (half) => `${half.textContent} in ${Math.round(half.getBoundingClientRect().height / 19)}`)"""
"""Of each half of an address, over how many lines it goes."""


def test_an_address_too_long_for_a_line_breaks_before_its_at_and_no_word(open_page: Open, server: Server) -> None:
    address = "matthias.grosskreutz.12119@post.example"
    page = open_page(f"/people/{someone(server, email=address, first_name='Matthias')}", width=1280)
    value = page.get_by_label("Facts and traits").locator("dd").filter(has_text="@")
    expect(value).to_have_text(address)
    assert value.evaluate(HALVES) == ["matthias.grosskreutz.12119 in 1", "@post.example in 1"]


def test_a_campaign_that_was_archived_is_told_in_words_and_leads_to_its_page(open_page: Open, server: Server) -> None:
    event = f"Archived {uuid4().hex[:8]}"
    campaign = event.lower().replace(" ", "-")
    definition = a_campaign(campaign, {"type": "trigger", "event": event, "again": "once"})
    server.api.put(f"/api/campaigns/{campaign}", json=definition).raise_for_status()
    server.track(userId=campaign, event=event, messageId=uuid4().hex)
    until(server, f"/api/people/{campaign}", lambda answer: len(answer["visits"]) == 1)
    for verb in ("stop", "archive"):
        server.api.post(f"/api/campaigns/{campaign}/{verb}").raise_for_status()
    page = open_page(f"/people/{campaign}?tab=journeys")
    row = page.get_by_role("row", name=definition["name"])
    expect(row).to_contain_text("Treated")
    expect(row.get_by_role("link", name=definition["name"])).to_have_attribute("href", f"/campaigns/{campaign}")


def test_a_long_name_leaves_what_is_said_of_it_to_be_read(open_page: Open, server: Server) -> None:
    journey = f"journey-{uuid4().hex}-{uuid4().hex}"[:60]
    steps = {
        "in": {"type": "trigger", "event": journey, "again": "once", "exits": {"entered": "half"}},
        "half": {"type": "split", "shares": {"north": 0.5, "south": 0.5}, "exits": {"north": "out", "south": "out"}},
        "out": {"type": "exit"},
    }
    definition = {"id": journey, "name": f"Name {'of many words ' * 8}", "goal": GOAL, "start": "in", "steps": steps}
    server.api.put(f"/api/journeys/{journey}", json=definition).raise_for_status()
    server.track(userId=journey, event=journey, messageId=uuid4().hex)
    until(server, f"/api/people/{journey}", lambda answer: len(answer["variants"]) == 1)
    page = open_page(f"/people/{journey}", width=1280)
    section = page.locator("section").filter(has=page.get_by_role("heading", name="Experiments"))
    inside(section.get_by_text(re.compile("^(north|south)$")), section)
    page = open_page("/journeys", width=390)
    inside(page.get_by_role("row", name="of many words").get_by_text("live", exact=True), page.locator("body"))


def inside(part: Locator, whole: Locator) -> None:
    """Nothing of one lies beside the other."""
    expect(part).to_be_visible()
    small, large = part.bounding_box(), whole.bounding_box()
    assert small is not None
    assert large is not None
    assert small["x"] + small["width"] <= large["x"] + large["width"]
