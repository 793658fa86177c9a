"""The Data page in a browser: files in and out, lists, events as they arrive, the schema, code that sends."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import API_KEY, WRITE_KEY, Open, Server, Watched
from tests.browser.test_pages import fine_in_both_schemes
from tests.browser.test_stories import HOSTILE, someone, until
from tests.integration.held_upload import HeldUpload


def _events(server: Server, user: str, most: int = 1) -> list[dict[str, Any]]:
    """Their events, once there are so many."""
    answer = until(server, f"/api/people/{user}/events", lambda said: len(said["events"]) >= most)
    found: list[dict[str, Any]] = answer["events"]
    return found


def _nothing_under_way(server: Server) -> None:
    """Files go in one at a time, and the demo begins by bringing its own past in."""
    until(server, "/api/overview", lambda said: said["loading"] is None, seconds=120)


def _choose(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("button", name="A file of events")).to_contain_text(file.name)


def test_a_file_is_brought_in_with_its_columns_told_apart(open_page: Open, server: Server, tmp_path: Path) -> None:
    user, file = f"filed-{uuid4().hex[:8]}", tmp_path / "orders.csv"
    rows = ["customer id,ordered at,what,revenue", f"{user},2026-01-02 03:04:05,Order Completed,12.5"]
    file.write_text(
        "\n".join([*rows, f"{user},2026-01-03 03:04:05,Order Completed,8", f"{user},soon,Order Completed,1"])
    )
    _nothing_under_way(server)
    page = open_page("/data?tab=files")
    _choose(page, file)
    expect(page.get_by_role("region", name="First rows of the file")).to_contain_text("2026-01-02 03:04:05")
    # Two are guessed by their names; the third has to be said.
    expect(page.get_by_role("combobox", name="Column of the person’s id")).to_have_value("customer id")
    expect(page.get_by_role("combobox", name="Column of the time")).to_have_value("ordered at")
    expect(page.get_by_role("button", name="Import the file")).to_be_disabled()
    page.get_by_role("combobox", name="Column of the event’s name").fill("what")
    page.keyboard.press("Escape")
    fine_in_both_schemes(page)
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_text("2 events were added.")).to_be_visible()
    bad = page.get_by_role("link", name="1 row is no event: see why")
    expect(bad).to_be_visible()
    assert sorted(each["properties"]["revenue"] for each in _events(server, user, 2)) == [8, 12.5]
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_text("2 were there already.")).to_be_visible()
    assert len(_events(server, user, 2)) == 2
    bad.click()
    row = page.get_by_role("region", name="Records").get_by_role("button").filter(has_text="orders.csv").first
    row.click()
    expect(page.get_by_label("Body")).to_have_value(re.compile("soon"))


def test_a_file_that_cannot_be_read_is_said_in_place(
    open_page: Open, server: Server, watched: Watched, tmp_path: Path
) -> None:
    watched.allowed.append("Failed to load resource")
    _nothing_under_way(server)
    file = tmp_path / "orders.csv"
    file.write_text(f"user_id,timestamp,event\nu,2026-01-02,{HOSTILE.replace(chr(34), chr(39))}\n")
    page = open_page("/data?tab=files")
    _choose(page, file)
    expect(page.get_by_role("region", name="First rows of the file")).to_contain_text("onerror")
    assert page.evaluate("window.pwned") is None
    page.get_by_role("combobox", name="Column of the person’s id").fill("nowhere")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Import the file").click()
    refusal = page.get_by_role("alert").filter(has_text="The file was not taken in.")
    expect(refusal).to_contain_text("nowhere")
    assert violations(page) == ""


def test_a_list_is_made_changed_and_deleted_by_its_name(open_page: Open, server: Server) -> None:
    first, second, name = someone(server), someone(server), f"Fair {uuid4().hex[:6]}"
    for each in (first, second):
        _events(server, each)
    page = open_page("/data?tab=lists")
    page.get_by_role("button", name="New list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name of the list").fill(name)
    dialog.get_by_label("Put on it").fill(f"{first}\n{first}\nnobody-{uuid4().hex[:6]}")
    dialog.get_by_role("button", name="Make the list").click()
    expect(dialog.get_by_role("status")).to_contain_text("Put on: 2.")
    expect(dialog.get_by_role("status")).to_contain_text("1 name is nobody’s yet")
    dialog.get_by_role("button", name="Done").click()
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_be_visible()
    assert violations(page) == ""
    row.get_by_role("button", name="Add or remove people").click()
    dialog.get_by_label("Put on it").fill(second)
    dialog.get_by_label("Take off it").fill(first)
    dialog.get_by_role("button", name="Change the list").click()
    expect(dialog.get_by_role("status")).to_contain_text("Put on: 1. Taken off: 1. Now 2.")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("region", name="People").get_by_text(second).first).to_be_visible()
    expect(page.get_by_role("region", name="People").get_by_text(first)).to_have_count(0)
    page.goto("/data?tab=lists")
    row.get_by_role("button", name="Delete").click()
    gone = dialog.get_by_role("button", name="Delete list")
    expect(gone).to_be_disabled()
    dialog.get_by_label(f"Type {name} to delete it").fill(name)
    gone.click()
    expect(row).to_have_count(0)
    assert name not in [each["name"] for each in server.get("/api/lists")["lists"]]


def test_everybody_and_every_event_go_out_as_files(open_page: Open, server: Server) -> None:
    user = someone(server, town="Exportia")
    _events(server, user)
    page = open_page("/data?tab=files")
    for button, name in (("Every event", "events.csv"), ("Everybody, with their traits", "people.csv")):
        page.get_by_role("button", name=button).click()
        with page.expect_download() as handed:
            page.get_by_role("menuitem", name="CSV", exact=True).click()
        assert handed.value.suggested_filename == name
        assert user in handed.value.path().read_text(encoding="utf-8")


def test_events_are_watched_arriving_and_held_still(open_page: Open, server: Server) -> None:
    event, user = f"Rang {uuid4().hex[:8]}", f"ringer-{uuid4().hex[:8]}"
    page = open_page("/data?tab=live")
    page.get_by_role("searchbox", name="Find events").fill(event)
    expect(page.get_by_text("No event like that among the newest")).to_be_visible()
    line = page.get_by_role("button", name=event)
    server.track(userId=user, event=event, messageId=uuid4().hex, properties={"door": HOSTILE})
    expect(line).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    line.click()
    told = page.get_by_role("region", name=f"Everything about {event}")
    expect(told).to_contain_text("onerror")
    expect(told).to_contain_text(user)
    assert page.evaluate("window.pwned") is None
    for _ in range(8):
        server.track(userId=user, event=event, messageId=uuid4().hex)
    expect(page.get_by_role("status").filter(has_text="Paused, 8 newer")).to_be_visible()
    expect(line).to_have_count(1)
    assert violations(page) == ""
    page.get_by_role("button", name="Go on").click()
    expect(line).to_have_count(9)
    sought = page.get_by_role("searchbox", name="Find events")
    sought.fill("x" * 300)
    expect(sought).to_have_value("x" * 200)
    expect(page.get_by_text("No event like that among the newest")).to_be_visible()
    # As it stands in the event, and not as JSON has it.
    sought.fill('onerror="window.pwned')
    server.track(userId=user, event=event, messageId=uuid4().hex, properties={"door": HOSTILE})
    expect(line.first).to_be_visible()
    page.get_by_role("link", name=user).first.click()
    expect(page.get_by_role("region", name="Timeline").get_by_text(event).first).to_be_visible()


def test_one_event_is_tried_and_found_on_a_timeline(open_page: Open, server: Server) -> None:
    page = open_page("/data?tab=send")
    page.get_by_role("button", name="Try it: send one event").click()
    expect(page.get_by_text("“Tried It” has arrived.")).to_be_visible()
    assert _events(server, "try-it")[0]["event"] == "Tried It"
    page.get_by_role("link", name="See it on their timeline").click()
    expect(page.get_by_role("region", name="Timeline").get_by_text("Tried It").first).to_be_visible()


def test_a_key_that_is_chosen_stands_in_the_code(open_page: Open, server: Server) -> None:
    name = f"site-{uuid4().hex[:6]}"
    made = server.api.post("/api/keys", json={"name": name, "kind": "write"}).raise_for_status().json()["key"]
    page = open_page("/data?tab=send")
    page.get_by_role("combobox", name="Write key").click()
    page.get_by_role("option", name=name).click()
    for language in ("Browser", "Node", "Python", "curl", "Ruby", "PHP", "Go", "Java"):
        page.get_by_text(language, exact=True).click()
        code = page.get_by_role("region", name=f"{language} code")
        expect(code).to_contain_text(made)
        expect(code).to_contain_text(server.url)
        expect(code).not_to_contain_text(f"'{WRITE_KEY}'")
    assert violations(page) == ""


def test_what_an_event_means_is_written_down_and_told_where_it_is_chosen(open_page: Open, server: Server) -> None:
    event, user, said = f"Rented {uuid4().hex[:8]}", f"renter-{uuid4().hex[:8]}", f"A boat was taken out. {HOSTILE}"
    for days, ago in ((3, 2), ("three", 1), (5, 0)):
        at = (datetime.now(UTC) - timedelta(days=ago)).isoformat()
        server.track(userId=user, event=event, messageId=uuid4().hex, properties={"days": days}, timestamp=at)
    _events(server, user, 3)
    page = open_page("/data?tab=events")
    row = page.get_by_role("row").filter(has_text=event)
    expect(row.get_by_role("cell", name="3", exact=True)).to_be_visible()
    expect(
        row.get_by_text("2 events"), "today is not over, and its event is not among those of whole days"
    ).to_be_attached()
    page.get_by_role("button", name=event, exact=True).click()
    page.get_by_role("button", name=f"Say what {event} means").click()
    page.get_by_role("textbox", name=f"What {event} means").fill(said)
    fine_in_both_schemes(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name=f"Say what {event} means")).to_be_focused()
    page.get_by_role("button", name="Say what days means").click()
    page.get_by_role("textbox", name="What days means").fill("For how long.")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Say what days means").click()
    expect(page.get_by_role("textbox", name="What days means")).to_have_value("")
    page.get_by_role("textbox", name="What days means").fill("For how long.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Say what days means")).to_be_focused()
    expect(page.get_by_text("For how long.")).to_be_visible()
    expect(page.get_by_text("number 67%, text 33%")).to_be_visible()
    told = [each for each in server.get("/api/schema/meanings")["meanings"] if each["event"] == event]
    assert [(each["name"], each["text"]) for each in told] == [(None, said), ("days", "For how long.")]
    page.goto("/segments/new")
    page.get_by_role("combobox", name="Event").fill(event)
    expect(page.get_by_role("option", name=event)).to_contain_text("A boat was taken out.")
    assert page.evaluate("window.pwned") is None


def test_a_file_that_goes_in_is_stopped(open_page: Open, server: Server) -> None:
    _nothing_under_way(server)
    mapping = {"person": "user_id", "time": "timestamp", "event_name": "Stopped"}
    page = open_page("/data?tab=files")
    with HeldUpload(server.url, API_KEY, name="many.csv", mapping=mapping, begins="user_id,timestamp\n") as upload:
        going = page.get_by_role("group", name="The file that goes in")
        expect(going).to_contain_text("Importing many.csv")
        assert violations(page) == ""
        going.get_by_role("button", name="Stop importing").click()
        expect(going.get_by_role("button", name="It stops in a moment")).to_be_disabled()
        assert upload.finish("stopped-1,2026-01-02\n")["stopped"] is True
    expect(going).to_have_count(0)
    assert server.get("/api/import") == {"under_way": None}
