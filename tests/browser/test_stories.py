"""What people do in the console, against the real server."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import CONSOLE, WRITE_KEY, Open, Server, Watched

HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'

NOTE_FIRST_VIEW = """
new MutationObserver((_, observer) => {
  if (!document.body?.innerText.includes('Running now')) return
  window.firstView = performance.getEntriesByType('resource').map(({ name }) => name)
  observer.disconnect()
}).observe(document, { childList: true, subtree: true })
"""
"""Keeps which files had come when the overview stood there."""


def until(server: Server, path: str, wanted: Callable[[Any], bool], *, seconds: float = 60) -> Any:
    """Ask the API until the answer is as wanted."""
    deadline = time.monotonic() + seconds
    while True:
        reply = server.api.get(path)
        if reply.is_success and wanted(reply.json()):
            return reply.json()
        if time.monotonic() > deadline:
            pytest.fail(f"{path} never became as wanted; last: {reply.text[:600]}")
        time.sleep(0.25)


def someone(server: Server, **traits: Any) -> str:
    """A new person with traits and one event, once they are found; gives their user id."""
    user = f"reader-{uuid4().hex[:8]}"
    call = {"userId": user, "messageId": uuid4().hex, "traits": traits}
    server.api.post("/v1/identify", json=call, auth=(WRITE_KEY, "")).raise_for_status()
    server.track(userId=user, event="Product Viewed", messageId=uuid4().hex, properties={"name": "Day pack"})
    # A field that looks for people asks once for what is written in it.
    until(server, f"/api/people?text={user}", lambda answer: answer["total"] > 0)
    return user


def total(page: Page) -> int:
    """The hero number of a segment, once it has been counted."""
    page.wait_for_function("() => !document.querySelector('[data-testid=segment-total][data-stale]')")
    return int(re.sub(r"\D", "", page.get_by_test_id("segment-total").inner_text()))


def test_count_a_segment_and_keep_it(open_page: Open, server: Server) -> None:
    rule = {"type": "did", "event": "Order Completed", "at_least": 2}
    question = {"definition": {"type": "all", "of": [rule]}}
    page = open_page("/segments/new")
    page.get_by_role("combobox", name="Event").fill("Order Completed")
    page.get_by_role("textbox", name="Times", exact=True).fill("2")
    page.get_by_role("combobox", name="Window").click()
    page.get_by_role("option", name="ever", exact=True).click()
    expect(page.get_by_text(re.compile("People who .*Order Completed"))).to_be_visible()
    counted = server.api.post("/api/segments/count", json=question).raise_for_status().json()["count"]
    assert counted > 20
    until = time.monotonic() + 10
    while (
        abs(total(page) - counted) > 10
    ):  # Customers go on buying, but not that fast; typing is counted a moment later.
        assert time.monotonic() < until, f"{total(page)} people are shown, and {counted} counted"
        page.wait_for_timeout(100)
    name = f"Came back to buy {uuid4().hex[:6]}"
    page.get_by_role("button", name="Save segment").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    saved = server.get(f"/api/segments/{name.lower().replace(' ', '-')}")
    assert saved["definition"]["of"][0]["at_least"] == 2
    page.get_by_role("button", name="Delete this segment").click()
    page.get_by_role("button", name="Delete segment").click()
    expect(page.get_by_role("heading", name="Segments", exact=True)).to_be_visible()
    expect(page.get_by_text(name)).to_have_count(0)


def test_a_pasted_definition_becomes_the_segment_and_a_wrong_one_says_where(open_page: Open) -> None:
    page = open_page("/segments/new")
    page.get_by_role("button", name="View or paste JSON").click()
    field = page.get_by_label("Definition")
    field.fill('{"type":"all","of":[{"type":"did","event":"X","within_days":"30"}]}')
    page.get_by_role("button", name="Use this definition").click()
    expect(page.get_by_text("$.of[0].within_days: expected a number")).to_be_visible()
    field.fill('{"type":"any","of":[{"type":"trait","trait":"country","operator":"is_any_of","value":["DE","FR"]}]}')
    page.get_by_role("button", name="Use this definition").click()
    expect(page.get_by_role("combobox", name="Trait")).to_have_value("country")
    assert total(page) > 0


def test_a_live_event_arrives_on_the_timeline(open_page: Open, server: Server) -> None:
    user = someone(server, first_name="Wren", last_name="Tarn")
    page = open_page(f"/people/{user}")
    timeline = page.get_by_role("region", name="Timeline")
    expect(page.get_by_role("heading", name="Wren Tarn")).to_be_visible()
    expect(timeline.get_by_text("Viewed product")).to_be_visible()
    expect(
        page.get_by_role("complementary").or_(page.locator("main")).get_by_text("Live", exact=True).first
    ).to_be_visible()
    server.track(userId=user, event="Trial Started", messageId=uuid4().hex, properties={"plan": "gold"})
    expect(timeline.get_by_role("button", name="Started trial")).to_be_visible()
    timeline.get_by_role("button", name="Started trial").click()
    expect(timeline.get_by_text('"plan": "gold"')).to_be_visible()


def test_consent_is_withdrawn_by_a_switch(open_page: Open, server: Server) -> None:
    user = someone(server, email="wren@post.example")
    page = open_page(f"/people/{user}")
    page.get_by_role("switch", name="Email").locator("xpath=..").click()
    expect(page.get_by_role("switch", name="Email")).not_to_be_checked()
    until(server, f"/api/people/{user}", lambda person: person["consent"].get("email") is False)


def test_two_people_are_merged_and_taken_apart(open_page: Open, server: Server) -> None:
    first = someone(server, first_name="Ann")
    second = someone(server, first_name="Annie")
    page = open_page(f"/people/{first}")
    page.get_by_role("button", name="Merge with someone").click()
    page.get_by_label("The other person’s id").fill(second)
    page.get_by_role("button", name="Merge 2 people").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    until(server, f"/api/people/{first}", lambda person: len(person["identities"]) == 2)
    page.get_by_role("button", name=re.compile("Take apart")).click()
    expect(page.get_by_text("undone")).to_be_visible()
    until(server, f"/api/people/{first}", lambda person: len(person["identities"]) == 1)


def test_read_a_mail(open_page: Open, server: Server, watched: Watched) -> None:
    mail = until(server, "/api/mailbox?medium=email&limit=1", lambda answer: answer["total"] > 0)["messages"][0]
    page = open_page(f"/mailbox?mail={mail['id']}")
    expect(page.get_by_role("heading", name=mail["subject"])).to_be_visible()
    frame = page.locator("iframe")
    assert frame.get_attribute("sandbox") == ""
    expect(page.frame_locator("iframe").locator("body")).not_to_be_empty()
    page.get_by_role("tab", name="Plain text").click()
    expect(page.locator("pre")).not_to_be_empty()
    page.get_by_role("tab", name="Headers").click()
    expect(page.get_by_text("List-Unsubscribe", exact=True)).to_be_visible()
    page.get_by_label("Find messages").fill(mail["to"])
    expect(page.get_by_role("region", name="Kept messages").get_by_text(mail["to"]).first).to_be_visible()
    assert not [each for each in watched.elsewhere if "/m/" in each]


def test_a_bad_record_is_mended_and_replayed(open_page: Open, server: Server) -> None:
    user = f"mended-{uuid4().hex[:8]}"
    record = {
        "type": "track",
        "event": "Order Completed",
        "userId": user,
        "messageId": uuid4().hex,
        "timestamp": f"soon {user}",
    }
    server.api.post("/v1/batch", json={"batch": [record]}, auth=(WRITE_KEY, "")).raise_for_status()
    until(server, "/api/errors", lambda answer: any(user in each["body"] for each in answer["errors"]))
    page = open_page("/data")
    # Customers of the demo send bad records too; ours is told apart by what it says.
    page.get_by_role("region", name="Records").get_by_text(user).click()
    body = page.get_by_label("Body")
    expect(body).to_have_value(re.compile(user))
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.get_by_text("Still bad")).to_be_visible()
    body.fill("{")
    expect(page.get_by_role("button", name="Replay mended")).to_be_disabled()
    body.fill(json.dumps({**record, "timestamp": "2026-01-02T03:04:05Z"}))
    page.get_by_role("button", name="Replay mended").click()
    expect(page.get_by_text("is an event now")).to_be_visible()
    until(server, f"/api/people/{user}/events", lambda answer: len(answer["events"]) == 1)


def test_a_journey_is_paused_and_resumed(open_page: Open, server: Server) -> None:
    page = open_page("/journeys/cart-rescue")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("Paused, v1")).to_be_visible()
    assert server.get("/api/journeys/cart-rescue")["state"] == "paused"
    page.get_by_role("button", name="Resume", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("People inside")).to_be_visible()
    expect(dialog.get_by_text("Email")).to_be_visible()
    dialog.get_by_role("button", name="Resume journey").click()
    expect(page.get_by_text("Live, v1")).to_be_visible()
    assert server.get("/api/journeys/cart-rescue")["state"] == "live"


def test_the_canvas_is_walked_by_keyboard(open_page: Open) -> None:
    page = open_page("/journeys/cart-rescue")
    first = page.locator('.react-flow__node[data-id="cart"]')
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator('.react-flow__node[data-id="wait"]')).to_be_focused()
    page.keyboard.press("Enter")
    inspector = page.get_by_role("complementary", name="Inspector")
    expect(inspector.get_by_role("heading", name="Until Order Completed")).to_be_visible()
    page.keyboard.press("Escape")
    expect(inspector.get_by_text("by arm")).to_be_visible()


def test_the_overview_counts_by_itself(open_page: Open, server: Server) -> None:
    page = open_page("/")
    feed = page.get_by_role("region", name="Happening now")
    user = someone(server, first_name="Isolde", last_name="Brack")
    for _ in range(10):
        # The feed has eight lines and the shop is busy: enough at once that some of them are read.
        for _ in range(8):
            server.track(userId=user, event="Product Viewed", messageId=uuid4().hex)
        with contextlib.suppress(AssertionError):
            expect(feed.get_by_text("Isolde Brack").first).to_be_visible(timeout=2_000)
            break
    else:
        pytest.fail("None of eighty events was seen to happen.")
    page.get_by_role("button", name="View as table").click()
    expect(page.get_by_text("so far")).to_be_visible()


def test_anything_is_found_by_typing(open_page: Open, server: Server) -> None:
    name = f"Quenby{uuid4().hex[:8]}"
    someone(server, first_name="Odalys", last_name=name)
    until(server, f"/api/people?text={name}", lambda answer: answer["total"] == 1)
    page = open_page("/data")
    expect(page.get_by_role("heading", name="Data")).to_be_visible()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search")
    field.fill(name.lower())
    expect(page.get_by_role("option", name=re.compile(f"Odalys {name}"))).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("heading", name=f"Odalys {name}")).to_be_visible()


def test_hostile_names_are_only_names(open_page: Open, server: Server, watched: Watched) -> None:
    user = someone(server, first_name=HOSTILE, company=HOSTILE, email="x@post.example")
    server.track(userId=user, event=HOSTILE, messageId=uuid4().hex, properties={"name": HOSTILE, HOSTILE: HOSTILE})
    record = {"type": "track", "event": HOSTILE, "userId": user, "timestamp": HOSTILE, "messageId": uuid4().hex}
    server.api.post("/v1/batch", json={"batch": [record]}, auth=(WRITE_KEY, "")).raise_for_status()
    page = open_page(f"/people/{user}")
    timeline = page.get_by_role("region", name="Timeline")
    timeline.get_by_role("button", name=HOSTILE).first.click()
    expect(timeline.locator("pre")).to_contain_text("onerror")
    for path in ("/", f"/people?text={user}", "/data", "/data?tab=events", "/data?tab=traits"):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        page.wait_for_timeout(150)
        assert page.evaluate("window.pwned") is None, path
    watched.clean()


def test_an_unknown_person_is_said_in_place_with_what_to_do(open_page: Open, watched: Watched) -> None:
    watched.allowed.append("404")
    page = open_page("/people/nobody-at-all")
    expect(page.get_by_role("heading", name=re.compile("Nobody goes by .*nobody-at-all"))).to_be_visible()
    expect(page.get_by_text("a letter of the address is missing")).to_be_visible()
    expect(page.get_by_role("link", name="People").first).to_be_visible()


def test_the_page_says_what_it_may_load_and_keeps_to_it(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("Executing inline script violates")
    answer = server.api.get("/people/whoever", headers={"Accept": "text/html"})
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-cache"
    page = open_page("/")
    expect(page.get_by_text("Running now")).to_be_visible()
    ran = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran ?? null }"
    )
    assert ran is None


def test_a_dropped_connection_is_said_and_mended(open_page: Open, watched: Watched) -> None:
    watched.allowed.append("ERR_FAILED")
    page = open_page("/no/such/page")
    expect(page.locator("h1")).to_be_visible()
    page.context.route("**/api/live", lambda route: route.abort())
    page.goto("/people")
    expect(page.get_by_text("Live updates paused.")).to_be_visible()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    expect(page.get_by_role("columnheader", name="Last seen")).to_be_visible()
    page.context.unroute("**/api/live")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_text("Live updates paused.")).to_have_count(0)


def test_the_first_page_is_light(open_page: Open) -> None:
    page = open_page("/no/such/page")
    # What comes after the first view, such as what marketing brings, is told apart by having come after it.
    page.add_init_script(NOTE_FIRST_VIEW)
    page.goto("/")
    expect(page.get_by_text("Running now")).to_be_visible()
    addresses: list[str] = page.evaluate("window.firstView")
    asked = [address.rpartition("/")[2] for address in addresses]
    assert [name for name in asked if name.startswith("OverviewPage-")]
    packed = {name: (CONSOLE.parent / "assets" / f"{name}.gz") for name in asked if name.endswith((".js", ".css"))}
    sizes = {name: path.stat().st_size for name, path in packed.items()}
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) <= 200_000
    assert sum(size for name, size in sizes.items() if name.endswith(".css")) <= 45_000
