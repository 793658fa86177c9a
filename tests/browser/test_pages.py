"""Every page, light and dark: it shows what it is for, axe-core has nothing against it, nothing leaves the origin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import OTHER_NAME, Open, Server, Watched

SEGMENT: dict[str, Any] = {
    "name": "Buyers of late",
    "definition": {
        "type": "all",
        "of": [
            {
                "type": "did",
                "event": "Order Completed",
                "at_least": 1,
                "within_days": 60,
                "where": [{"property": "revenue", "operator": "greater_than", "value": 20}],
            },
            {
                "type": "any",
                "of": [
                    {"type": "trait", "trait": "country", "operator": "is_any_of", "value": ["DE", "FR"]},
                    {"type": "not", "of": {"type": "did", "event": "App Uninstalled", "within_days": 90}},
                ],
            },
        ],
    },
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """An address of the console, and a text that stands there once it has loaded."""

    path: str
    shows: str
    press: tuple[str, ...] = ()
    """Names of buttons, tabs or radios to press first."""


PLACES = {
    "overview": Place(path="/", shows="Running now"),
    "people": Place(path="/people", shows="Last seen"),
    "segments": Place(path="/segments", shows="Buyers of late"),
    "new segment": Place(path="/segments/new", shows="not finished"),
    "segment": Place(path="/segments/buyers-of-late", shows="A few of them"),
    "journeys": Place(path="/journeys", shows="Cart rescue"),
    "journey": Place(path="/journeys/cart-rescue", shows="by arm"),
    "journey outline": Place(path="/journeys/cart-rescue", shows="by arm", press=("Outline", "Settings")),
    "campaigns": Place(path="/campaigns", shows="Win-back"),
    "campaign": Place(path="/campaigns/win-back", shows="by arm"),
    "mailbox": Place(path="/mailbox", shows="message"),
    "templates": Place(path="/content", shows="Letter from the harbour"),
    "template": Place(path="/content/letter-from-the-harbour", shows="As this person reads it"),
    "catalogues": Place(path="/content?tab=catalogues", shows="Storm Shell"),
    "coupons": Place(path="/content?tab=coupons", shows="HARBOUR10"),
    "channels": Place(path="/channels", shows="What becomes of each channel"),
    "email domains": Place(path="/channels?tab=domains", shows="Domain"),
    "suppressions": Place(path="/channels?tab=suppressions", shows="Address never to write to"),
    "bad records": Place(path="/data", shows="Still open"),
    "events": Place(path="/data?tab=events", shows="Order Completed", press=("Order Completed",)),
    "traits": Place(path="/data?tab=traits", shows="country"),
    "send data": Place(path="/data?tab=send", shows="analytics-next"),
    "keys": Place(path="/data?tab=keys", shows="in use"),
    "nowhere": Place(path="/no/such/page", shows="There is no such page"),
}


UNKNOWN = {
    "/people/none-such": "People",
    "/people/none-such/why": "People",
    "/segments/none-such": "Segments",
    "/boards/none-such": "Boards",
    "/journeys/none-such": "Journeys",
    "/campaigns/none-such": "Campaigns",
    "/campaigns/none-such?view=compose": "Campaigns",
    "/experiments/none-such": "Experiments",
    "/experiments/paths/none-such": "Experiments",
    "/content/none-such": "Content",
    "/content/blocks/none-such": "Content",
}
"""Pages of things that are not there, and the list such things are in."""


@pytest.fixture(scope="module", autouse=True)
def furnished(server: Server) -> None:
    """What the pages need in order to show something: a segment, and a record that is no event."""
    server.api.put("/api/segments/buyers-of-late", json=SEGMENT).raise_for_status()
    record = {"type": "track", "event": "Order Completed", "userId": "bad-1", "timestamp": "yesterday-ish"}
    server.api.post("/v1/batch", json={"batch": [record]}, auth=("wk", "")).raise_for_status()


def settled(page: Page, place: Place) -> None:
    """Wait until the page shows what it is for, and press what is to be pressed."""
    expect(page.get_by_text(place.shows).first).to_be_visible()
    for name in place.press:
        page.get_by_text(name, exact=True).first.click()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)


def fine_in_both_schemes(page: Page) -> None:
    """Nothing to say against the page in light, nor when the system turns dark under it."""
    assert violations(page) == ""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function("() => document.documentElement.dataset.mantineColorScheme === 'dark'")
    assert violations(page) == ""


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_accessible(name: str, open_page: Open) -> None:
    place = PLACES[name]
    page = open_page(place.path)
    settled(page, place)
    assert page.locator("h1").count() == 1
    fine_in_both_schemes(page)


def test_a_person_is_accessible(open_page: Open, server: Server) -> None:
    person = server.get("/api/people?limit=1")["people"][0]["user_id"]
    page = open_page(f"/people/{person}")
    page.get_by_role("region", name="Timeline").get_by_role("button").first.click()
    expect(page.get_by_text('"message_id"')).to_be_visible()
    fine_in_both_schemes(page)
    page.get_by_role("tab", name="Journeys").click()
    assert violations(page) == ""
    page.get_by_role("button", name="Merge with someone").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == ""


@pytest.mark.parametrize("path", UNKNOWN)
def test_what_is_not_there_is_said_with_where_to_look(path: str, open_page: Open, watched: Watched) -> None:
    watched.allowed.append("404")
    page = open_page(path, width=390)
    expect(page.get_by_role("heading", name=re.compile("(no|nobody) .*none-such", re.IGNORECASE))).to_be_visible()
    expect(page.get_by_text("a letter of the address is missing")).to_be_visible()
    expect(page.get_by_text("Nothing was changed")).to_have_count(0)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    assert page.locator("h1").count() == 1
    assert violations(page) == ""
    page.get_by_role("link", name=f"Open the list: {UNKNOWN[path]}").click()
    expect(page.locator("h1")).to_have_text(UNKNOWN[path])


def test_the_way_in_is_accessible_and_opens_with_a_key(open_page: Open, watched: Watched) -> None:
    # A name that is not loopback is no secure context, and the browser says that it ignores a header for those.
    watched.allowed += ["401", "Cross-Origin-Opener-Policy"]
    page = open_page("/people", host=OTHER_NAME)
    page.get_by_role("button", name="Use an API key instead").click()
    key = page.get_by_role("textbox", name="API key")
    key.fill("not a key")
    fine_in_both_schemes(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("No active API key reads like this one")).to_be_visible()
    assert violations(page) == ""
    key.fill("ak")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Last seen")).to_be_visible()


def test_a_choice_of_scheme_stays(open_page: Open) -> None:
    page = open_page("/", scheme="dark")
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "dark"
    page.get_by_role("button", name="Switch to light").click()
    page.reload()
    expect(page.get_by_role("button", name="Switch to dark")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.mantineColorScheme") == "light"


@pytest.mark.parametrize("dialog", ["palette", "json", "save", "definition", "stop"])
def test_a_dialog_is_accessible(dialog: str, open_page: Open) -> None:
    ways = {
        "palette": ("/", "Search"),
        "json": ("/segments/buyers-of-late", "View or paste JSON"),
        "save": ("/segments/buyers-of-late", "Save segment"),
        "definition": ("/journeys/cart-rescue", "More"),
        "stop": ("/journeys/cart-rescue", "More"),
    }
    path, button = ways[dialog]
    page = open_page(path)
    opener = page.get_by_role("button", name=button, exact=dialog != "palette").first
    opener.click()
    if button == "More":
        page.get_by_role("menuitem", name=dialog.capitalize(), exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fine_in_both_schemes(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


@pytest.mark.parametrize(
    "path", ["/", "/people", "/segments", "/journeys", "/campaigns", "/mailbox", "/content", "/channels", "/data"]
)
def test_a_list_fits_a_narrow_window(path: str, open_page: Open) -> None:
    page = open_page(path, width=360)
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == ""
