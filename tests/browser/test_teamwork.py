"""People work together in the console: they see each other, comment, approve, and overwrite nobody."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server, Watched

HOSTILE = '<img src=x onerror="document.title=1"> \u202egnp.exe \U0001f9a9'
SEGMENT = {"type": "did", "event": "Order Completed", "at_least": 1}


@pytest.fixture
def rule(open_page: Open, server: Server) -> Iterator[None]:
    """A second person is asked for; afterwards nobody is, and nothing waits any more."""
    page = open_page("/approvals")
    choice = page.get_by_role("combobox", name="Before people are contacted")
    choice.click()
    page.get_by_role("option", name="a second person has to agree").click()
    expect(choice).to_have_value("a second person has to agree")
    yield
    choice.click()
    page.get_by_role("option", name="whoever may publish publishes").click()
    expect(choice).to_have_value("whoever may publish publishes")
    for each in server.get("/api/approvals?state=waiting")["approvals"]:
        server.api.post(f"/api/approvals/{each['id']}", json={"say": "withdraw"})


def a_segment(server: Server, **fields: object) -> str:
    name = f"together-{uuid4().hex[:6]}"
    wish = {"name": name, "definition": SEGMENT, **fields}
    server.api.put(f"/api/segments/{name}", json=wish).raise_for_status()
    return name


def test_what_others_say_is_read_answered_and_settled_and_their_faces_are_there(
    open_page: Open, server: Server
) -> None:
    segment = a_segment(server)
    about = f"segment:{segment}"
    server.api.post("/api/comments", json={"about": about, "text": HOSTILE}).raise_for_status()
    server.api.post("/api/presence", json={"about": about}).raise_for_status()
    page = open_page(f"/segments/{segment}")
    expect(page.get_by_role("group", name="Here now").get_by_role("button")).to_have_count(1)
    opener = page.get_by_role("button", name="1 comment")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Comments")
    expect(dialog.get_by_text(HOSTILE)).to_be_visible()
    assert violations(page) == ""
    dialog.get_by_label("Your comment").fill("It is a name, @owner@shop.example")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("It is a name")).to_be_visible()
    dialog.get_by_role("listitem").filter(has_text="onerror").get_by_role("button", name="Settle").click()
    expect(dialog.get_by_text(HOSTILE)).to_have_count(0)
    told = server.get(f"/api/comments?about={about}")["comments"]
    assert [(each["by"], each["resolved_by"]) for each in told][1:] == [("console", "")]
    assert told[0]["resolved_by"] == "console"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="1 comment")).to_be_focused()


@pytest.mark.usefixtures("rule")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_contacts_people_is_looked_at_and_approved(open_page: Open, server: Server, scheme: str) -> None:
    name = f"Together {uuid4().hex[:6]} <b>x</b>"
    before = server.get("/api/journeys/cart-rescue")
    asked = server.api.put("/api/journeys/cart-rescue", json={**before["definition"], "name": name})
    assert asked.status_code == 202
    page = open_page("/journeys/cart-rescue", scheme=scheme)
    strip = page.get_by_role("region", name="Waits for approval")
    expect(strip.get_by_text("asked to publish this")).to_be_visible()
    assert server.get("/api/journeys/cart-rescue")["name"] == before["name"]
    strip.get_by_role("button", name="Look and approve").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("cell", name=name)).to_be_visible()
    assert violations(page) == ""
    dialog.get_by_label("Words to go with it").fill("Go")
    dialog.get_by_role("button", name="Approve and do it now").click()
    expect(strip).to_have_count(0)
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert server.get("/api/journeys/cart-rescue")["name"] == name
    page.goto("/approvals?state=all")
    card = page.get_by_role("listitem").filter(has_text=name).first
    expect(card.get_by_text("approved")).to_be_visible()
    assert violations(page) == ""
    # Back as it was, past both of us.
    server.api.put("/api/journeys/cart-rescue", json=before["definition"])
    page.goto("/approvals")
    page.get_by_role("button", name="Look and approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve and do it now").click()
    expect(page.get_by_role("heading", name="Nothing waits for anybody")).to_be_visible()
    assert server.get("/api/journeys/cart-rescue")["name"] == before["name"]


@pytest.mark.usefixtures("rule")
def test_one_who_asks_may_take_it_back_and_another_may_refuse(open_page: Open, server: Server) -> None:
    page = open_page("/journeys/cart-rescue")
    page.get_by_role("button", name="Pause").click()
    confirm = page.get_by_role("dialog")
    if confirm.count():
        confirm.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert server.api.post("/api/journeys/cart-rescue/resume").status_code == 202
    page.goto("/approvals")
    card = page.get_by_role("listitem").filter(has_text="asked to resume")
    card.get_by_role("button", name="Refuse").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Words to go with it").fill("Not this week")
    dialog.get_by_role("button", name="Refuse").click()
    expect(card).to_have_count(0)
    assert server.get("/api/journeys/cart-rescue")["state"] == "paused"
    refused = server.get("/api/approvals?state=refused")["approvals"][0]
    assert (refused["words"], refused["decided_by"]) == ("Not this week", "console")
    # Resumed again for the others, by the console's word for the key's asking.
    server.api.post("/api/journeys/cart-rescue/resume")
    page.reload()
    card.get_by_role("button", name="Look and approve").click()
    dialog.get_by_role("button", name="Approve and do it now").click()
    expect(card).to_have_count(0)
    assert server.get("/api/journeys/cart-rescue")["state"] == "live"


def test_who_changed_what_is_found_opened_and_downloaded(open_page: Open, server: Server) -> None:
    segment = a_segment(server)
    hostile = f'<img src=x onerror="document.title=1"> {segment}'
    server.api.put(f"/api/segments/{segment}", json={"name": hostile, "definition": SEGMENT}).raise_for_status()
    for scheme, width in (("light", 1440), ("dark", 400)):
        page = open_page("/audit?kind=segment", scheme=scheme, width=width)
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=hostile)).first
        row.get_by_role("button", name="saved").click()
        expect(
            page.get_by_role("region", name="What differs").get_by_role("cell", name=segment, exact=True)
        ).to_be_visible()
        assert violations(page) == ""
    page.get_by_role("searchbox", name="By whom").or_(page.get_by_label("By whom")).first.fill("nobody-at-all")
    expect(page.get_by_role("heading", name="No change like that")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Show every change").click()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download as CSV").click()
    assert segment in kept.value.path().read_text("utf-8")


def test_nobody_saves_a_segment_over_what_another_saved(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("409")
    segment = a_segment(server)
    page = open_page(f"/segments/{segment}")
    expect(page.get_by_role("heading", name=segment)).to_be_visible()
    theirs = {"type": "did", "event": "Order Completed", "at_least": 7}
    server.api.put(f"/api/segments/{segment}", json={"name": segment, "definition": theirs}).raise_for_status()
    page.get_by_role("button", name="Save segment").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="has changed this too")
    expect(dialog.get_by_role("cell", name="7")).to_be_visible()
    assert violations(page) == ""
    page.keyboard.press("Escape")
    assert server.get(f"/api/segments/{segment}")["version"] == 2
    page.get_by_role("button", name="Save segment").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="Keep mine on top of theirs").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    kept = server.get(f"/api/segments/{segment}")
    assert (kept["version"], kept["by"]) == (3, "console")


def test_what_was_written_is_there_again_after_the_page_was_left(
    open_page: Open, server: Server, watched: Watched
) -> None:
    watched.allowed.append("400")  # What cannot be rendered is refused while it is half-written.
    watched.allowed.append("409")
    template = f"kept-{uuid4().hex[:6]}"
    said = {"name": template, "medium": "sms", "content": {"text": "One"}}
    server.api.put(f"/api/templates/{template}", json={"definition": said}).raise_for_status()
    page = open_page(f"/content/{template}")
    page.get_by_role("textbox", name="Text", exact=True).fill("One and two")
    expect(page.get_by_text("Draft kept")).to_be_visible()
    page.reload()
    draft = page.get_by_role("region", name="A draft")
    expect(draft).to_be_visible()
    assert violations(page) == ""
    draft.get_by_role("button", name="Go on with it").click()
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value("One and two")
    # Somebody else writes in the same draft, and neither is lost unseen.
    kept = server.get(f"/api/drafts/template/{template}")
    other = {**said, "content": {"text": "Theirs"}}
    wish = {"definition": other, "based_on": 1, "revision": kept["revision"]}
    server.api.put(f"/api/drafts/template/{template}", json=wish).raise_for_status()
    page.get_by_role("textbox", name="Text", exact=True).fill("One, two, three")
    dialog = page.get_by_role("dialog", name="has changed this too")
    expect(dialog.get_by_role("cell", name="Theirs")).to_be_visible()
    dialog.get_by_role("button", name="Take theirs, let go of mine").click()
    expect(page.get_by_role("textbox", name="Text", exact=True)).to_have_value("Theirs")
    page.get_by_role("button", name="Save v2").click()
    expect(page.get_by_role("button", name="Save v3")).to_be_disabled()
    assert server.get(f"/api/templates/{template}")["definition"]["content"]["text"] == "Theirs"
    assert [each for each in server.get("/api/drafts")["drafts"] if each["id"] == template] == []


def test_a_segment_that_was_begun_to_be_changed_is_gone_on_with(open_page: Open, server: Server) -> None:
    segment = a_segment(server)
    page = open_page(f"/segments/{segment}")
    page.get_by_role("button", name="View or paste JSON").click()
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_role("textbox").first
    text.fill('{"type": "did", "event": "Order Completed", "at_least": 3}')
    dialog.get_by_role("button").filter(has_text="Use").first.click()
    expect(page.get_by_text("Draft kept")).to_be_visible()
    kept = server.get(f"/api/drafts/segment/{segment}")["definition"]["definition"]
    assert "3" in str(kept)
    page.reload()
    page.get_by_role("region", name="A draft").get_by_role("button", name="Go on with it").click()
    page.get_by_role("button", name="Save segment").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert server.get(f"/api/segments/{segment}")["version"] == 2
    expect(page.get_by_text("Draft kept")).to_have_count(0)
