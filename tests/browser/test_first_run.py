"""The first run in a browser: from an empty directory to the first message in the mailbox, and what is left of it."""

from __future__ import annotations

import re
import shlex

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Watched, watch
from tests.browser.test_journey_editing import publish

CODE = "curl code"


def _send_by_the_snippet(page: Page, address: str) -> None:
    """Copy the snippet and do what it says, as a shell would: the same address, key, header and body."""
    page.get_by_text("curl", exact=True).click()
    shown = page.get_by_role("region", name=CODE)
    shown.locator("xpath=..").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    code = page.evaluate("navigator.clipboard.readText()")
    assert code == shown.inner_text()
    command, url, *options = shlex.split(code.replace("\\\n", " "))
    said = dict(zip(options[::2], options[1::2], strict=True))
    assert (command, url, set(said)) == ("curl", f"{address}/v1/track", {"-u", "-H", "-d"})
    name, _, value = said["-H"].partition(": ")
    key, _, password = said["-u"].partition(":")
    answer = httpx.post(url, content=said["-d"], headers={name: value}, auth=(key, password), timeout=30)
    answer.raise_for_status()


def _a_segment_and_a_journey(page: Page) -> None:
    """The last two steps: who ordered, and a journey as it is offered."""
    page.get_by_role("button", name="New segment").click()
    expect(page).to_have_url(re.compile("/segments/new"))
    page.get_by_role("combobox", name="Event").fill("Order Completed")
    page.get_by_role("button", name="Save segment").click()
    page.get_by_role("textbox", name="Name").fill("Who ordered")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Who ordered")).to_be_visible()
    page.goto("/start")
    expect(page.get_by_role("status").filter(has_text="4 of 5 steps done.")).to_be_visible()
    page.get_by_role("button", name="New journey").click()
    dialog = page.get_by_role("dialog", name="New journey")
    dialog.get_by_role("button", name=re.compile("^Cart rescue")).click()
    dialog.get_by_role("button", name="Begin").click()
    publish(page, 1).get_by_role("button", name="Publish v1").click()
    expect(page.get_by_text("Live, v1")).to_be_visible()
    page.goto("/start")
    expect(page.get_by_text("All is set up.")).to_be_visible()


def test_from_nothing_to_the_first_message(browser: Browser, nothing_yet: str, watched: Watched) -> None:
    watched.allowed.append("400")  # A segment of no event is refused until there is one.
    context = browser.new_context(
        base_url=nothing_yet,
        reduced_motion="reduce",
        locale="en-GB",
        viewport={"width": 1440, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    page = context.new_page()
    watch(page, nothing_yet, watched)
    page.goto("/")
    strip = page.get_by_role("region", name="Getting started")
    expect(strip).to_contain_text("0 of 5 steps done.")
    expect(strip).to_contain_text("Next: Connect a source")
    assert violations(page) == ""
    strip.get_by_role("link", name="Go on").click()
    expect(page.get_by_text("Waiting for the first event.")).to_be_visible()
    assert violations(page) == ""
    _send_by_the_snippet(page, nothing_yet.rstrip("/"))
    person = page.get_by_role("link", name="customer-42")
    expect(person).to_be_visible()
    expect(page.get_by_text("Waiting for the first event.")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="2 of 5 steps done.")).to_be_visible()
    page.get_by_label("Your email address").fill("ada@shop.example")
    page.get_by_role("button", name="Send the first message").click()
    page.get_by_role("link", name="Look at it in the mailbox").click()
    expect(page.get_by_text("The first message").first).to_be_visible()
    mails = page.evaluate("fetch('/api/mailbox').then((answer) => answer.json())")["messages"]
    assert [(each["to"], each["subject"]) for each in mails] == [("ada@shop.example", "[Test] The first message")]
    page.goto("/start")
    expect(page.get_by_role("status").filter(has_text="3 of 5 steps done.")).to_be_visible()
    assert violations(page) == ""
    _a_segment_and_a_journey(page)
    mine = page.evaluate("fetch('/api/segments').then((answer) => answer.json())")["segments"]
    assert [each["id"] for each in mine] == ["who-ordered"]
    running = page.evaluate("fetch('/api/journeys').then((answer) => answer.json())")["journeys"]
    assert [(each["id"], each["state"]) for each in running] == [("cart-rescue", "live")]
    context.close()


def test_the_guide_is_put_off_and_comes_back_from_the_menu(
    browser: Browser, nothing_yet: str, watched: Watched
) -> None:
    context = browser.new_context(
        base_url=nothing_yet, reduced_motion="reduce", color_scheme="dark", viewport={"width": 400, "height": 900}
    )
    page = context.new_page()
    watch(page, nothing_yet, watched)
    page.goto("/")
    page.get_by_role("region", name="Getting started").get_by_role("button", name="Not now").click()
    expect(page.get_by_role("region", name="Getting started")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    expect(page.get_by_role("region", name="Getting started")).to_have_count(0)
    page.set_viewport_size({"width": 1200, "height": 900})
    page.get_by_role("button", name=re.compile("Open console")).click()
    page.get_by_role("menuitem", name="Getting started").click()
    expect(page.get_by_text("Waiting for the first event.")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Show it on the overview").click()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("region", name="Getting started")).to_be_visible()
    context.close()


def test_a_workspace_that_has_everything_is_not_bothered(open_page: Open) -> None:
    page = open_page("/start")
    expect(page.get_by_text("All is set up.")).to_be_visible()
    assert violations(page) == ""
    page.goto("/")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    expect(page.get_by_role("region", name="Getting started")).to_have_count(0)
