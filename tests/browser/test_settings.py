"""Stories of whoever sets the workspace up in the console."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched

HOSTILE = "<img src=x onerror=document.title=1>"
TABS = ["accounts", "workspace", "contact", "sending", "approvals", "keys", "health"]


def chosen(server: Server, name: str) -> Any:
    return next(each["value"] for each in server.get("/api/settings")["settings"] if each["name"] == name)


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Everything is saved.")).to_be_visible()


def test_every_tab_is_accessible_and_fits(open_page: Open) -> None:
    page = open_page("/settings", width=400)
    for tab in TABS:
        page.goto(f"/settings?tab={tab}")
        expect(page.get_by_role("tabpanel")).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), tab
        for scheme in ("light", "dark"):
            page.evaluate("scheme => document.documentElement.dataset.mantineColorScheme = scheme", scheme)
            assert violations(page) == "", (tab, scheme)


def test_contact_rules_are_changed_by_keyboard_and_hold(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed += ["400", "409"]
    page = open_page("/settings?tab=contact")
    page.get_by_role("textbox", name="Quiet hours from").fill("22:15")
    page.get_by_role("textbox", name="Quiet hours from").press("Enter")
    # They go together, so nothing is saved yet, and it is said where.
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved. Quiet hours until:")
    assert chosen(server, "quiet_from") == ""
    page.get_by_role("textbox", name="Quiet hours until").fill("07:00")
    saved(page)
    assert (chosen(server, "quiet_from"), chosen(server, "quiet_until")) == ("22:15", "07:00")

    # Somebody else saves meanwhile: theirs is not written over.
    page.get_by_role("textbox", name="Most marketing mails a week").fill("9")
    server.api.put("/api/settings", json={"values": {"cap_email_per_week": 4}}).raise_for_status()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("alert").last).to_contain_text("changed settings since you opened this page")
    assert chosen(server, "cap_email_per_week") == 4
    page.get_by_role("button", name="Load theirs").click()
    expect(page.get_by_role("textbox", name="Most marketing mails a week")).to_have_value("4 mails")

    server.api.put(
        "/api/settings", json={"values": {"cap_email_per_week": None, "quiet_from": None, "quiet_until": None}}
    ).raise_for_status()


def test_closed_days_are_set_and_a_campaign_is_told_to_mind_them_and_holidays(
    open_page: Open, server: Server, watched: Watched
) -> None:
    watched.allowed.append("400")
    page = open_page("/settings?tab=contact")
    field = page.get_by_role("textbox", name="Closed on")
    field.fill("Christmas")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved. Closed on: 'Christmas' is no day.")
    assert chosen(server, "closed_days") == ""
    field.fill("12-24, 2099-12-28 to 2100-01-02")
    saved(page)
    assert chosen(server, "closed_days") == "12-24, 2099-12-28 to 2100-01-02"
    server.api.put("/api/settings", json={"values": {"closed_days": None}}).raise_for_status()

    name = f"Holidays {uuid4().hex[:6]}"
    page.goto(f"/campaigns/new?from=weekly&name={name}")
    page.get_by_role("dialog", name="New campaign").get_by_role("button", name="Begin").click()
    said = "On a weekend, a holiday or a closed day: “Keep” the day, “Skip” it, or “Shift” to the next working day."
    expect(page.get_by_text(said)).to_be_visible()
    page.get_by_role("combobox", name="On day off").click()
    page.get_by_role("option", name="Shift").click()
    page.get_by_role("textbox", name="Country", exact=True).or_(
        page.get_by_role("combobox", name="Country", exact=True)
    ).first.fill("DE-BY")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.get_by_role("button", name="Publish v1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Publish v1").click()
    expect(page.get_by_text("Live, v1")).to_be_visible()
    campaign = name.lower().replace(" ", "-")
    trigger = server.get(f"/api/campaigns/{campaign}")["definition"]["trigger"]
    assert (trigger["on_day_off"], trigger["country"]) == ("shift", "DE-BY")
    server.api.post(f"/api/campaigns/{campaign}/stop").raise_for_status()


def test_what_the_server_was_started_with_is_told_and_stays(open_page: Open) -> None:
    page = open_page("/settings?tab=workspace")
    expect(page.get_by_role("textbox", name="Currency")).to_be_disabled()
    expect(page.get_by_text("Set by --currency on the server")).to_be_visible()


def test_a_key_may_do_what_is_ticked(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed += ["400"]
    name = f"reports-{uuid4().hex[:6]}"
    page = open_page("/settings?tab=keys")
    page.get_by_role("textbox", name="Name of a new key").fill(HOSTILE)
    page.get_by_label("Kind").first.click()
    page.get_by_role("option", name="API: reads and acts").click()
    for box in page.get_by_role("checkbox").all()[1:]:
        box.uncheck()
    page.get_by_role("button", name="Make key").click()
    expect(page.get_by_role("alert")).to_contain_text(f"No key was made. '{HOSTILE}'")
    page.get_by_role("textbox", name="Name of a new key").fill(name)
    page.get_by_role("button", name="Make key").click()
    expect(page.get_by_role("status").filter(has_text=name)).to_contain_text("shown this once")
    made = next(each for each in server.get("/api/keys")["keys"] if each["name"] == name)
    assert made["scopes"] == ["read"]
    page.get_by_role("button", name=f"Revoke {name}").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Revoke key").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("revoked")
