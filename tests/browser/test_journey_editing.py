"""Writing a journey in the console: from nothing to published, by mouse and by keyboard, and what is then published."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import API_KEY, PATIENCE_MS, Open, Server, Watched
from tests.browser.test_pages import fine_in_both_schemes

GOAL = {"event": "Order Completed", "within_seconds": 86_400}
HOSTILE = '<img src=x onerror="document.title=1">'


def named(word: str) -> str:
    """An id of our own, each time that it is asked for."""
    return f"{word}-{uuid4().hex[:6]}"


def said(journey_id: str) -> str:
    """What a journey of that id is called."""
    return journey_id.replace("-", " ").capitalize()


def a_journey(server: Server, journey_id: str, **more: Any) -> dict[str, Any]:
    """Publish a journey of a trigger, a mail and an end, under that id."""
    template = {"subject": "Hello", "text": "It waits."}
    definition = {
        "id": journey_id,
        "name": said(journey_id),
        "goal": GOAL,
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": "Never Happens", "again": "once", "exits": {"entered": "mail"}},
            "mail": {
                "type": "send",
                "channel": "email",
                "template": template,
                "exits": {"sent": "out", "withheld": "out"},
            },
            "out": {"type": "exit"},
        },
    } | more
    server.api.put(f"/api/journeys/{journey_id}", json=definition).raise_for_status()
    return definition


def steps_of(server: Server, name: str) -> dict[str, Any]:
    """The steps of a journey as they are published."""
    found: dict[str, Any] = server.get(f"/api/journeys/{name}")["definition"]["steps"]
    return found


def card(page: Page, step: str) -> Locator:
    """The card of a step on the canvas."""
    return page.locator(f'.react-flow__node[data-id="{step}"]')


def palette(page: Page, name: str) -> Locator:
    """What adds a step of that name."""
    return page.get_by_role("navigation", name="Steps to add").get_by_role("button", name=name, exact=True)


def field(page: Page, name: str) -> Locator:
    """A field of the inspector, required or not."""
    inspector = page.get_by_role("complementary", name="Inspector")
    return inspector.get_by_label(re.compile(rf"^{name}( \*)?$")).and_(page.locator("input, textarea"))


def publish(page: Page, version: int) -> Locator:
    """Press publish, and give the dialog that asks once more."""
    page.get_by_role("button", name=f"Publish v{version}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=f"Publish v{version}")).to_be_enabled(timeout=PATIENCE_MS)
    return dialog


def test_a_journey_is_written_from_nothing_and_published(open_page: Open, server: Server) -> None:
    page = open_page("/journeys")
    page.get_by_role("button", name="New journey").click()
    dialog = page.get_by_role("dialog")
    fine_in_both_schemes(page)
    dialog.get_by_label("Name").fill("From nothing, by hand")
    dialog.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Not published", exact=True)).to_be_visible()
    # What is wrong stands beside the step, in the server's words, and keeps it from being published.
    expect(page.get_by_role("button", name="1 thing to mend")).to_be_visible()
    expect(page.get_by_role("button", name="Publish v1")).to_be_disabled()
    card(page, "start").click()
    expect(page.get_by_text("This may not be empty.").first).to_be_visible()
    field(page, "Event").fill("Checkout Started")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="1 thing to mend")).to_have_count(0)
    palette(page, "Wait").click()
    field(page, "How long").fill("2")
    page.get_by_role("combobox", name="Unit of How long").click()
    page.get_by_role("option", name="hours").click()
    palette(page, "Email").click()
    page.get_by_label("Subject").fill("Still there?")
    page.get_by_label("Text", exact=True).fill("Your cart is.")
    expect(page.get_by_role("group", name="How it reads")).to_contain_text("Still there?")
    fine_in_both_schemes(page)
    dialog = publish(page, 1)
    expect(dialog.get_by_text("Channels")).to_be_visible()
    expect(dialog.get_by_text("Email", exact=True)).to_be_visible()
    expect(dialog.get_by_text(re.compile(r"^\d+ of \d+ people, "))).to_be_visible()
    expect(dialog.get_by_text("10.0%")).to_be_visible()
    fine_in_both_schemes(page)
    dialog.get_by_role("button", name="Publish v1").click()
    expect(page.get_by_text("Live, v1")).to_be_visible(timeout=PATIENCE_MS)
    steps = steps_of(server, "from-nothing-by-hand")
    assert steps["start"]["exits"] == {"entered": "wait"}
    assert (steps["wait"]["seconds"], steps["wait"]["exits"]) == (7_200, {"waited": "email"})
    assert steps["email"]["template"]["subject"] == "Still there?"
    assert steps["email"]["exits"] == {"sent": "end", "withheld": "end"}


@pytest.mark.parametrize("name", ["Cart rescue", "Welcome", "Win-back"])
def test_every_beginning_can_be_published_as_it_is(name: str, open_page: Open, server: Server) -> None:
    page = open_page("/journeys")
    page.get_by_role("button", name="New journey").click()
    page.get_by_role("dialog").get_by_role("button", name=name).click()
    page.get_by_role("dialog").get_by_label("Name").fill(f"Begun as {name}")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("button", name="Publish v1")).to_be_enabled(timeout=PATIENCE_MS)
    definition = page.evaluate("location.pathname").rpartition("/")[2]
    publish(page, 1)
    expect(page.get_by_role("button", name=re.compile("to mend"))).to_have_count(0)
    assert not any(each["id"] == definition for each in server.get("/api/journeys")["journeys"])


def test_what_is_done_is_undone_and_done_again(open_page: Open, server: Server) -> None:
    journey = named("undone")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}")
    card(page, "mail").click()
    palette(page, "Branch").click()
    expect(card(page, "branch")).to_contain_text("Added")
    expect(card(page, "mail")).to_contain_text("Changed")
    page.get_by_label("Id of the step").fill("who")
    page.get_by_label("Id of the step").press("Enter")
    expect(card(page, "who")).to_be_visible()
    card(page, "who").focus()
    page.keyboard.press("Control+z")
    expect(card(page, "branch")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.locator(".react-flow__node")).to_have_count(3)
    expect(page.get_by_text("Changed", exact=True)).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    expect(card(page, "who")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "branch")).to_be_visible()
    assert set(steps_of(server, journey)) == {"in", "mail", "out"}


def test_steps_are_copied_into_another_journey(open_page: Open, server: Server) -> None:
    source, target = named("copied-from"), named("copied-into")
    a_journey(server, source)
    a_journey(server, target)
    page = open_page(f"/journeys/{source}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card(page, "mail").click()
    card(page, "mail").focus()
    page.keyboard.press("Control+c")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (copied["format"], list(copied["steps"])) == ("holdfast.steps", ["mail"])
    page.get_by_role("link", name="Journeys").first.click()
    page.get_by_role("link", name=said(target)).click()
    card(page, "mail").focus()
    page.keyboard.press("Enter")
    card(page, "mail").focus()
    page.keyboard.press("Control+v")
    expect(card(page, "mail-2")).to_be_visible()
    publish(page, 2).get_by_role("button", name="Publish v2").click()
    expect(page.get_by_text("Live, v2")).to_be_visible(timeout=PATIENCE_MS)
    steps = steps_of(server, target)
    assert steps["mail"]["exits"] == {"sent": "mail-2", "withheld": "mail-2"}
    assert steps["mail-2"]["exits"] == {"sent": "out", "withheld": "out"}
    assert steps["mail-2"]["template"]["subject"] == "Hello"


def test_deleting_asks_and_leads_past_what_is_gone(open_page: Open, server: Server) -> None:
    journey = named("deleted")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}")
    card(page, "mail").focus()
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Nobody stands there now.")).to_be_visible()
    fine_in_both_schemes(page)
    page.keyboard.press("Escape")
    expect(card(page, "mail")).to_be_visible()
    expect(card(page, "mail")).to_be_focused()
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Delete step").click()
    expect(card(page, "mail")).to_have_count(0)
    card(page, "in").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Where people come in cannot be deleted.")).to_have_count(1)
    publish(page, 2).get_by_role("button", name="Publish v2").click()
    expect(page.get_by_text("Live, v2")).to_be_visible(timeout=PATIENCE_MS)
    assert steps_of(server, journey)["in"]["exits"] == {"entered": "out"}


def test_a_step_is_dragged_onto_a_way(open_page: Open, server: Server) -> None:
    journey = named("dragged")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}")
    target = page.get_by_role("button", name="Add a step between Never Happens and Email: Hello")
    palette(page, "Wait").drag_to(target)
    expect(card(page, "wait")).to_be_visible()
    card(page, "in").click()
    expect(page.get_by_role("combobox", name="Entered")).to_have_value("Wait (wait)")


def test_a_way_is_dragged_onto_the_step_it_is_to_lead_to(open_page: Open, server: Server) -> None:
    journey = named("led-elsewhere")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}")
    way = page.get_by_role("button", name="Add a step between Never Happens and Email: Hello")
    entered = page.get_by_role("combobox", name="Entered")
    way.drag_to(card(page, "out"))
    card(page, "in").click()
    expect(entered).to_have_value("Exit (out)")
    card(page, "in").focus()
    page.keyboard.press("Control+z")
    expect(entered).to_have_value("Email: Hello (mail)")
    # Nothing leads to where people come in.
    way.drag_to(card(page, "in"))
    expect(page.get_by_role("status").filter(has_text="Nothing leads to where people come in.")).to_have_count(1)
    expect(entered).to_have_value("Email: Hello (mail)")
    assert steps_of(server, journey)["in"]["exits"] == {"entered": "mail"}


def test_the_outline_does_all_of_it_by_keyboard(open_page: Open, server: Server) -> None:
    journey = named("by-keyboard")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}?view=outline")
    steps = page.get_by_role("list", name="Steps")
    steps.get_by_role("button", name="Add a step here: Entered of Never Happens").press("Enter")
    looked = page.get_by_role("textbox", name="Look for a step")
    expect(looked).to_be_focused()
    fine_in_both_schemes(page)
    looked.fill("split")
    looked.press("Enter")
    expect(steps.get_by_role("button", name=re.compile("^Split"))).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Share of a").fill("30")
    page.get_by_label("Share of a").press("Tab")
    expect(page.get_by_text("They add up to 80.0%, not 100%.")).to_be_visible()
    expect(page.get_by_text("The shares add up to 0.8.").first).to_be_visible()
    page.get_by_role("button", name="Divide evenly").press("Enter")
    page.get_by_label("Name of way 2").fill("quiet")
    fine_in_both_schemes(page)
    page.get_by_role("combobox", name="Quiet").click()
    page.get_by_role("option", name="Exit (out)").click()
    steps.get_by_role("button", name="What to do with Split").press("Enter")
    page.get_by_role("menuitem", name="Copy").press("Enter")
    expect(steps.get_by_role("button", name="What to do with Split")).to_be_focused()
    publish(page, 2).get_by_role("button", name="Publish v2").click()
    expect(page.get_by_text("Live, v2")).to_be_visible(timeout=PATIENCE_MS)
    split = steps_of(server, journey)["split"]
    assert (split["shares"], split["exits"]) == ({"a": 0.5, "quiet": 0.5}, {"a": "mail", "quiet": "out"})


def test_a_branch_is_asked_with_the_segment_builder(open_page: Open, server: Server) -> None:
    journey = named("branched")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}?step=mail")
    palette(page, "Branch").click()
    page.get_by_role("button", name="Change who").click()
    dialog = page.get_by_role("dialog", name="Condition")
    dialog.get_by_text("A saved segment").click()
    dialog.get_by_label("Segment", exact=True).click()
    page.get_by_role("option").first.click()
    expect(dialog.get_by_text(re.compile(r"\d+ (person|people) now"))).to_be_visible(timeout=PATIENCE_MS)
    fine_in_both_schemes(page)
    dialog.get_by_text("JSON", exact=True).click()
    condition = {"type": "trait", "trait": "country", "operator": "equals", "value": "DE"}
    dialog.get_by_label("The condition").fill(json.dumps(condition))
    dialog.get_by_role("button", name="Use it").click()
    page.get_by_role("button", name="Change who").click()
    expect(dialog.get_by_text("People who match")).to_be_visible()
    expect(dialog.get_by_label("Trait", exact=True)).to_have_value("country")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="No", exact=True).click()
    page.get_by_role("option", name="Exit (out)").click()
    publish(page, 2).get_by_role("button", name="Publish v2").click()
    expect(page.get_by_text("Live, v2")).to_be_visible(timeout=PATIENCE_MS)
    branch = steps_of(server, journey)["branch"]
    assert (branch["condition"]["trait"], branch["exits"]) == ("country", {"yes": "out", "no": "out"})


def test_versions_are_compared_and_taken_up_again(open_page: Open, server: Server) -> None:
    journey = named("versioned")
    definition = a_journey(server, journey)
    nap = {"type": "wait", "seconds": 60, "exits": {"waited": "out"}}
    changed = {**definition["steps"], "mail": nap}
    server.api.put(f"/api/journeys/{journey}", json={**definition, "steps": changed}).raise_for_status()
    page = open_page(f"/journeys/{journey}?tab=versions")
    versions = page.get_by_role("list", name="Versions").get_by_role("listitem")
    expect(versions).to_have_count(2)
    versions.nth(1).get_by_role("button", name="Compare with what is written").click()
    expect(card(page, "mail")).to_contain_text("Changed")
    fine_in_both_schemes(page)
    page.get_by_role("button", name="What is different").click()
    expect(page.get_by_role("dialog").get_by_role("row")).not_to_have_count(1)
    fine_in_both_schemes(page)
    page.keyboard.press("Escape")
    versions.nth(1).get_by_role("button", name="Take it up again").click()
    publish(page, 3).get_by_role("button", name="Publish v3").click()
    expect(page.get_by_text("Live, v3")).to_be_visible(timeout=PATIENCE_MS)
    assert steps_of(server, journey)["mail"]["type"] == "send"


def test_who_is_under_way_can_be_moved(open_page: Open, server: Server) -> None:
    journey = named("moving")
    definition = a_journey(server, journey)
    nap = {"type": "wait", "seconds": 86_400, "exits": {"waited": "out"}}
    steps = {**definition["steps"], "in": {**definition["steps"]["in"], "event": f"Moved in {journey}"}, "mail": nap}
    server.api.put(f"/api/journeys/{journey}", json={**definition, "steps": steps}).raise_for_status()
    server.track(userId=f"mover-{journey}", event=f"Moved in {journey}", properties={})
    page = open_page(f"/journeys/{journey}")
    expect(card(page, "mail").get_by_label("waiting")).to_be_visible(timeout=PATIENCE_MS)
    card(page, "mail").click()
    palette(page, "Wait").click()
    dialog = publish(page, 3)
    expect(dialog.get_by_text("1 person is under way")).to_be_visible()
    dialog.get_by_role("combobox", name="Where those at Wait (mail) go on").click()
    page.get_by_role("option").nth(2).click()
    expect(dialog.get_by_text("1 person is under way. 1 moves to the new version.")).to_be_visible(timeout=PATIENCE_MS)
    expect(dialog.get_by_text("stays on their version")).to_have_count(0)
    dialog.get_by_role("button", name="Publish v3").click()
    expect(page.get_by_text("Live, v3")).to_be_visible(timeout=PATIENCE_MS)
    (visit,) = (each for each in server.get(f"/api/people/mover-{journey}")["visits"] if each["origin"] == journey)
    assert visit["version"] == 3


def test_a_draft_is_simulated(open_page: Open, server: Server) -> None:
    journey = named("rehearsed")
    a_journey(server, journey)
    page = open_page(f"/journeys/{journey}")
    card(page, "in").click()
    field(page, "Event").fill("Checkout Started")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Changed", exact=True).first).to_be_visible()
    with page.expect_response("**/api/simulate", timeout=60_000) as told:
        page.get_by_role("button", name="Simulate", exact=True).click()
    asked = json.loads(told.value.request.post_data or "{}")
    assert asked["definition"]["steps"]["in"]["event"] == "Checkout Started"
    assert told.value.json()["people"]["could_enter"] > 0


def test_another_ones_version_is_not_overwritten_unseen(open_page: Open, server: Server) -> None:
    journey = named("overtaken")
    definition = a_journey(server, journey)
    page = open_page(f"/journeys/{journey}")
    card(page, "mail").click()
    palette(page, "Wait").click()
    server.api.put(f"/api/journeys/{journey}", json={**definition, "name": "Theirs"}).raise_for_status()
    expect(page.get_by_text("Version 2 was published meanwhile.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Take it, drop what is written here").click()
    expect(page.get_by_role("heading", name="Theirs", level=1)).to_be_visible()
    expect(page.locator(".react-flow__node")).to_have_count(3)


def test_a_narrow_window_reads_only(open_page: Open) -> None:
    page = open_page("/journeys/cart-rescue", width=400)
    expect(page.get_by_text("Changing it needs a wider window.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Steps to add")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Publish"))).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    fine_in_both_schemes(page)


def test_hostile_words_are_only_words(open_page: Open, server: Server, watched: Watched) -> None:
    # The preview's frame shows what the author wrote, and lets nothing in it run: the browser says so.
    watched.allowed += ["Executing inline event handler", "Blocked script execution"]
    journey = named("hostile-words")
    definition = a_journey(server, journey, name=f"{HOSTILE} \u202e{'long ' * 30}")
    steps = {**definition["steps"], "in": {**definition["steps"]["in"], "event": HOSTILE}}
    template = {"subject": HOSTILE, "html": f"<p>{HOSTILE}</p><script>document.title=2</script>"}
    steps["mail"] = {**steps["mail"], "template": template}
    server.api.put(f"/api/journeys/{journey}", json={**definition, "steps": steps}).raise_for_status()
    page = open_page(f"/journeys/{journey}?step=mail&tab=message")
    expect(page.get_by_role("group", name="How it reads")).to_contain_text(HOSTILE)
    expect(card(page, "in")).to_contain_text(HOSTILE)
    page.get_by_text("Outline", exact=True).click()
    expect(page.get_by_role("list", name="Steps")).to_contain_text(HOSTILE)
    assert page.evaluate("document.title") not in {"1", "2"}
    assert page.locator("img[src=x]").count() == 0
    assert violations(page) == ""
    server.api.post(f"/api/journeys/{journey}/stop", headers={"Authorization": f"Bearer {API_KEY}"})
