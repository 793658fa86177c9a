"""Drafts of what was never published: begun by an address, put aside, found and gone on with by others, thrown away."""

from __future__ import annotations

import re
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched
from tests.browser.people import an_account, sign_in
from tests.browser.test_journey_editing import card, palette


def drafts_of(server: Server, thing: str) -> list[str]:
    return [each["name"] for each in server.get("/api/drafts")["drafts"] if each["id"] == thing]


def thrown_away(page: Page, name: str) -> None:
    """The draft of that name, from the list it is in, by keyboard."""
    row = page.get_by_role("region", name="Drafts").get_by_role("row", name=re.compile(re.escape(name)))
    row.get_by_role("button", name=f"Throw it away {name}").press("Enter")
    dialog = page.get_by_role("dialog", name=f"Throw away the draft “{name}”")
    assert violations(page) == ""
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(row).to_be_visible()
    row.get_by_role("button", name=f"Throw it away {name}").press("Enter")
    dialog.get_by_role("button", name="Throw it away").press("Enter")
    expect(row).to_have_count(0)


def test_a_campaign_is_begun_by_its_address_put_aside_and_gone_on_with_by_another(
    open_page: Open, server: Server, watched: Watched
) -> None:
    # Whether something is published under an address that says nothing of it has to be asked once.
    watched.allowed.append("404")
    name = f"Spring {uuid4().hex[:6]}"
    thing = name.lower().replace(" ", "-")
    page = open_page(f"/campaigns/new?from=weekly&name={name}")
    dialog = page.get_by_role("dialog", name="New campaign")
    expect(dialog.get_by_role("button", name=re.compile("^Every week"))).to_have_attribute("aria-pressed", "true")
    dialog.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Not published", exact=True)).to_be_visible()
    page.get_by_role("textbox", name="Name").fill(f"{name} sale")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    assert drafts_of(server, thing) == [f"{name} sale"]
    # Somebody else finds it in the list, goes on with it, and nothing is asked: it is what they have before them.
    other = open_page("/no/such/page")
    sign_in(other.context, an_account(server, "marketer", "Mira Field"))
    other.goto("/campaigns")
    row = other.get_by_role("region", name="Drafts").get_by_role("row", name=re.compile(f"{name} sale.*New.*Demo"))
    row.get_by_role("link", name=f"{name} sale").click()
    field = other.get_by_role("textbox", name="Name")
    expect(field).to_have_value(f"{name} sale")
    expect(other.get_by_role("region", name="A draft")).to_have_count(0)
    field.fill(f"{name} offers")
    expect(other.get_by_text("Draft kept")).to_be_visible()
    assert drafts_of(server, thing) == [f"{name} offers"]
    # An address that says nothing finds it as well.
    other.goto(f"/campaigns/{thing}")
    expect(other.get_by_role("textbox", name="Name")).to_have_value(f"{name} offers")
    other.goto("/campaigns")
    thrown_away(other, f"{name} offers")
    assert drafts_of(server, thing) == []
    assert server.api.get(f"/api/campaigns/{thing}").status_code == 404


def test_a_journey_begun_twice_under_one_name_gets_an_id_of_its_own_and_changes_are_told_apart(
    open_page: Open, server: Server
) -> None:
    name = f"Twice {uuid4().hex[:6]}"
    thing = name.lower().replace(" ", "-")
    page = open_page(f"/journeys/new?name={name}")
    page.get_by_role("dialog", name="New journey").get_by_role("button", name="Begin").click()
    palette(page, "Wait").click()
    expect(card(page, "wait")).to_be_visible()
    expect(page.get_by_text("Draft kept")).to_be_visible()
    for scheme, width in (("light", 1440), ("dark", 400)):
        again = open_page("/journeys", scheme=scheme, width=width)
        expect(again.get_by_role("region", name="Drafts").get_by_role("link", name=name)).to_be_visible()
        assert violations(again) == ""
        assert again.evaluate("document.documentElement.scrollWidth") <= width
        again.close()
    page.goto(f"/journeys/new?name={name}")
    dialog = page.get_by_role("dialog", name="New journey")
    expect(dialog.get_by_text(f"Known to the API as {thing}-2")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(page).to_have_url(re.compile("/journeys$"))
    page.get_by_role("link", name="Cart rescue").click()
    card(page, "cart").click()
    palette(page, "Wait").click()
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.goto("/journeys")
    row = page.get_by_role("region", name="Drafts").get_by_role("row", name=re.compile(r"Cart rescue.*Changes to v\d"))
    row.get_by_role("link", name="Cart rescue").click()
    page.get_by_role("region", name="A draft").get_by_role("button", name="Throw it away").click()
    expect(page.get_by_role("region", name="A draft")).to_have_count(0)
    page.goto("/journeys")
    thrown_away(page, name)
    assert drafts_of(server, thing) == []
    assert drafts_of(server, "cart-rescue") == []
