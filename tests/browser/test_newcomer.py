"""What somebody meets who never read a word of documentation: empty pages, a phone, a role that may do little."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched, watch
from tests.browser.people import an_account, sign_in
from tests.browser.test_stories import someone

PHONE = {"width": 400, "height": 860}


@pytest.fixture
def empty(browser: Browser, nothing_yet: str, watched: Watched) -> Iterator[Page]:
    """A page of a workspace nothing has come to."""
    context = browser.new_context(base_url=nothing_yet, locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    watch(page, nothing_yet, watched)
    yield page
    context.close()


def test_empty_pages_lead_on(empty: Page) -> None:
    empty.goto("/journeys")
    expect(empty.get_by_role("heading", name="No journeys yet")).to_be_visible()
    assert "PUT " not in empty.get_by_role("main").inner_text()
    assert violations(empty) == ""
    empty.get_by_role("button", name="Make the first journey").click()
    expect(empty.get_by_role("dialog", name="New journey")).to_be_visible()
    empty.keyboard.press("Escape")
    expect(empty.get_by_role("button", name="Make the first journey")).to_be_focused()
    empty.goto("/campaigns")
    empty.get_by_role("button", name="Make the first campaign").click()
    expect(empty.get_by_role("dialog", name="New campaign")).to_be_visible()
    empty.goto("/insights")
    empty.get_by_role("button", name="See what arrives").click()
    expect(empty.get_by_role("tab", name="Live events")).to_have_attribute("aria-selected", "true")


def test_where_nothing_came_data_begins_with_sending_it(empty: Page) -> None:
    empty.goto("/data")
    sending = empty.get_by_role("tab", name="Send data")
    expect(sending).to_have_attribute("aria-selected", "true")
    assert violations(empty) == ""
    empty.get_by_role("tab", name="Bad records").click()
    expect(empty.get_by_role("heading", name="Every record became an event")).to_be_visible()
    expect(empty).to_have_url(re.compile("tab=records"))


def test_counts_of_nothing_have_no_tenths(empty: Page) -> None:
    empty.goto("/")
    chart = empty.get_by_role("img", name=re.compile("Bars of people|No people yet"))
    expect(chart).to_be_visible()
    expect(chart.get_by_text("1", exact=True)).to_be_visible()
    expect(chart.get_by_text(re.compile(r"\d[.,]\d"))).to_have_count(0)


def test_what_holds_a_person_together_stays_in_its_panel(open_page: Open, server: Server) -> None:
    first, second = someone(server, first_name="Nora"), someone(server, first_name="Nore")
    server.api.post("/api/people/merge", json={"first": first, "second": second}).raise_for_status()
    page = open_page(f"/people/{first}")
    undo = page.get_by_role("button", name=re.compile("Take apart"))
    expect(undo).to_be_visible()
    box, panel = undo.bounding_box(), page.get_by_role("heading", name="Identities").locator("xpath=..").bounding_box()
    assert box is not None
    assert panel is not None
    assert box["x"] + box["width"] <= panel["x"] + panel["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_places_say_where_they_lead(open_page: Open, scheme: str) -> None:
    page = open_page("/settings", scheme=scheme, width=PHONE["width"])
    places = page.get_by_role("navigation", name="Main")
    here = places.get_by_role("link", name="Settings")
    expect(here).to_have_attribute("aria-current", "page")
    # Last of a row that is wider than the window, and seen all the same.
    expect(here).to_be_in_viewport(ratio=0.9)
    expect(here.get_by_text("Settings")).to_be_in_viewport(ratio=0.9)
    assert violations(page) == ""
    places.get_by_role("link", name="Segments").click()
    expect(places.get_by_role("link", name="Segments")).to_be_in_viewport(ratio=0.9)
    # How many they are is seen without moving the table.
    expect(page.get_by_role("columnheader", name="People")).to_be_in_viewport(ratio=1)
    # So it does where a page in the middle of the row is opened by its address.
    page.goto("/journeys")
    expect(places.get_by_role("link", name="Journeys")).to_be_in_viewport(ratio=0.9)
    assert violations(page) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_may_only_look_is_offered_nothing_else(
    browser: Browser, server: Server, watched: Watched, scheme: str
) -> None:
    context = browser.new_context(
        base_url=server.url,
        locale="en-GB",
        viewport={"width": 1440, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    sign_in(context, an_account(server, "viewer", "Vera"))
    page = context.new_page()
    watch(page, server.url, watched)
    for path in ("/", "/segments", "/journeys", "/campaigns"):
        page.goto(path)
        expect(page.get_by_role("table").first).to_be_visible()
        expect(page.get_by_role("main").get_by_role("button", name=re.compile("^New "))).to_have_count(0)
    page.goto("/segments/loyal-customers")
    expect(page.get_by_text("You can build and count here, but not save.")).to_be_visible()
    expect(page.get_by_role("switch", name="Keep it live")).to_be_disabled()
    expect(page.get_by_role("button", name="Save segment")).to_have_count(0)
    assert violations(page) == ""
    context.close()


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/data", "Bad records"),
        ("/channels", "Connections"),
        ("/content", "Templates"),
        ("/delivery", "Queues"),
        ("/experiments", "Experiments"),
        ("/settings", "Accounts"),
    ],
)
def test_an_address_of_a_tab_there_is_not_shows_the_first(open_page: Open, path: str, first: str) -> None:
    page = open_page(f"{path}?tab=no-such")
    tab = page.get_by_role("tab", name=re.compile(first))
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name=re.compile(first))).to_be_visible()


def test_how_long_a_message_stays_is_told_in_days(open_page: Open, server: Server) -> None:
    page = open_page("/content/receipt")
    expires = page.get_by_role("textbox", name="Expires")
    expect(expires).to_have_value("90")
    expect(page.get_by_role("combobox", name="Unit of Expires")).to_have_value("days")
    expires.fill("30")
    expect(page.get_by_role("button", name=re.compile("Save v"))).to_be_enabled()
    assert violations(page) == ""
