"""What uses a group of people, what a version of it changed, who came and went, and how it comes back when deleted."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations_in_both
from tests.browser.console import Open, Server
from tests.browser.furniture import BUYERS, GERMANS, NEXT_YEAR, a_campaign
from tests.browser.test_stories import until


def named(word: str) -> str:
    """An id of our own."""
    return f"{word}-{uuid4().hex[:8]}"


def saved(server: Server, segment: str, definition: dict[str, Any]) -> None:
    wish = {"name": segment, "definition": definition}
    server.api.put(f"/api/segments/{segment}", json=wish).raise_for_status()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_a_segment_says_what_uses_it_and_stays_as_long_as_anything_does(open_page: Open, server: Server) -> None:
    inner, outer, campaign = named("inner"), named("outer"), named("asks")
    within = {"type": "in_segment", "segment": inner}
    saved(server, inner, GERMANS)
    saved(server, outer, {"type": "any", "of": [within, BUYERS]})
    trigger = {"type": "dates", "at": [f"{NEXT_YEAR}-03-20T09:00"], "audience": within}
    server.api.put(f"/api/campaigns/{campaign}", json=a_campaign(campaign, trigger)).raise_for_status()
    page = open_page(f"/segments/{inner}?tab=versions")
    users = page.get_by_role("list", name="Used by")
    expect(users.get_by_role("link", name=outer)).to_have_attribute("href", f"/segments/{outer}")
    expect(users.get_by_text("$.of[0].segment")).to_be_visible()
    page.get_by_role("button", name="Delete this segment").click()
    uses = dialog(page).get_by_role("list", name="Used by")
    expect(uses.get_by_role("link")).to_have_count(2)
    expect(uses.get_by_role("link", name="Asks")).to_have_attribute("href", f"/campaigns/{campaign}")
    expect(dialog(page).get_by_role("button", name="Delete segment")).to_be_disabled()
    assert violations_in_both(page) == ""
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete this segment")).to_be_focused()
    server.api.post(f"/api/campaigns/{campaign}/stop").raise_for_status()
    server.api.delete(f"/api/segments/{outer}").raise_for_status()
    page.get_by_role("button", name="Delete this segment").click()
    dialog(page).get_by_role("button", name="Delete segment").click()
    expect(page).to_have_url(f"{server.url}/segments")
    assert server.api.get(f"/api/segments/{inner}").status_code == 404


def test_a_deleted_segment_is_restored(open_page: Open, server: Server) -> None:
    segment = named("back")
    saved(server, segment, GERMANS)
    server.api.delete(f"/api/segments/{segment}").raise_for_status()
    page = open_page("/segments")
    page.get_by_role("switch", name="Show deleted").locator("xpath=..").click()
    expect(page).to_have_url(f"{server.url}/segments?deleted=true")
    gone = page.get_by_role("region", name="Deleted segments")
    expect(gone.get_by_role("button", name=f"Restore {segment}")).to_be_visible()
    assert violations_in_both(page) == ""
    gone.get_by_role("button", name=f"Restore {segment}").click()
    expect(page.get_by_role("link", name=segment)).to_be_visible()
    assert server.get(f"/api/segments/{segment}")["definition"] == GERMANS


def test_what_a_version_changed_stands_beside_what_it_said_before(open_page: Open, server: Server) -> None:
    segment = named("versions")
    for value in ("DE", "FR", "ES"):
        saved(server, segment, {**GERMANS, "value": value})
    page = open_page(f"/segments/{segment}?tab=versions")
    page.get_by_role("button", name="What changed in version 3").click()
    changes = page.get_by_role("region", name="What version 3 changed")
    row = changes.get_by_role("row", name="definition.value")
    expect(row.get_by_role("cell").nth(1)).to_have_text("FR")
    expect(row.get_by_role("cell").nth(2)).to_have_text("ES")
    assert violations_in_both(page) == ""
    changes.get_by_role("combobox", name="Compared with version").click()
    page.get_by_role("option", name="1", exact=True).click()
    expect(row.get_by_role("cell").nth(1)).to_have_text("DE")


def test_whoever_came_and_went_is_behind_the_numbers(open_page: Open, server: Server) -> None:
    segment, person, event = named("moved"), named("comer"), named("Knocked")
    saved(server, segment, {"type": "did", "event": event, "at_least": 1})
    server.track(userId=person, event=event)
    until(server, f"/api/segments/{segment}/people", lambda answer: answer["total"] == 1)
    page = open_page(f"/segments/{segment}?tab=time")
    page.get_by_role("button", name="came,").first.click()
    expect(dialog(page).get_by_role("link", name=person)).to_be_visible()
    assert violations_in_both(page) == ""
    dialog(page).get_by_text("Went 0").click()
    expect(dialog(page).get_by_text("Nobody who was in it at the beginning")).to_be_visible()
    dialog(page).get_by_text("In it then 1").click()
    expect(dialog(page).get_by_role("link", name=person)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    # Any two days, by the keyboard alone.
    page.get_by_label("Since the beginning of").fill("2020-01-01")
    page.get_by_label("Since the beginning of").press("Enter")
    expect(dialog(page).get_by_role("link", name=person)).to_be_visible()
    dialog(page).get_by_role("link", name=person).click()
    expect(page).to_have_url(f"{server.url}/people/{person}")


def test_values_that_were_seen_are_offered_where_one_is_written(open_page: Open, server: Server) -> None:
    event, value = named("Offered"), named("Oyster")
    for number in range(3):
        server.track(userId=f"{event}-{number}", event=event, properties={"shell": value})
    path = f"/api/schema/events/{event}/values?property=shell"
    until(server, path, lambda answer: [each["value"] for each in answer["values"]] == [value])
    segment = named("valued")
    where = {"property": "shell", "operator": "equals", "value": "x"}
    saved(server, segment, {"type": "did", "event": event, "at_least": 1, "where": [where]})
    page = open_page(f"/segments/{segment}")
    field = page.get_by_role("combobox", name="Value")
    field.fill(value[:4].lower())
    page.get_by_role("option", name=value).click()
    expect(field).to_have_value(value)
    expect(page.get_by_test_id("segment-total")).to_have_text("3")


def test_on_a_phone_a_segment_is_read_as_text(open_page: Open, server: Server) -> None:
    segment, event = named("read"), named("Moored")
    server.track(userId=named("sailor"), event=event)
    did = {"type": "did", "event": event, "at_least": 2, "within_days": 30}
    either = {"type": "any", "of": [did, {"type": "trait", "trait": "plan", "operator": "equals", "value": "gold"}]}
    saved(server, segment, {"type": "all", "of": [GERMANS, {"type": "not", "of": either}]})
    page = open_page(f"/segments/{segment}", width=360)
    rules = page.get_by_role("group", name="People who match all of these")
    expect(rules).to_contain_text('whose country is "DE"')
    inner = rules.get_by_role("group", name="People who match none of these")
    expect(inner).to_contain_text(f"who did “{event}” at least 2 times in the last 30 days")
    expect(inner).to_contain_text('whose plan is "gold"')
    expect(rules.locator("input, button")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations_in_both(page) == ""


def test_a_list_says_what_asks_for_it_and_stays_as_long_as_anything_does(open_page: Open, server: Server) -> None:
    group, segment = named("pilot"), named("of-pilot")
    server.api.put(f"/api/lists/{group}", json={"name": group, "people": []}).raise_for_status()
    saved(server, segment, {"type": "in_list", "list": group})
    page = open_page("/data?tab=lists")
    page.get_by_role("button", name=f"Used by {group}").click()
    expect(dialog(page).get_by_role("link", name=segment)).to_have_attribute("href", f"/segments/{segment}")
    assert violations_in_both(page) == ""
    dialog(page).get_by_role("button", name="Done").click()
    page.get_by_role("button", name=f"Delete {group}").click()
    expect(dialog(page).get_by_role("link", name=segment)).to_be_visible()
    expect(dialog(page).get_by_role("button", name="Delete list")).to_be_disabled()
    server.api.delete(f"/api/segments/{segment}").raise_for_status()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"Used by {group}").click()
    expect(dialog(page).get_by_text("Nothing uses it yet")).to_be_visible()
