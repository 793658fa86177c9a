"""People turn to each other in comments: by name, and whoever is meant finds it, answers, and has read it."""

from __future__ import annotations

import re
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server
from tests.browser.people import an_account, sign_in

HOSTILE = '<img src=x onerror="document.title=1">'


def desk(open_page: Open, email: str, path: str, **look: str) -> Page:
    page = open_page("/no/such/page", **look)
    sign_in(page.context, email)
    page.goto(path)
    return page


def told(server: Server, segment: str) -> list[tuple[str, list[str]]]:
    found = server.get(f"/api/comments?about=segment:{segment}")["comments"]
    return [(each["by"], each["mentions"]) for each in found]


def test_whom_a_comment_turns_to_finds_it_answers_and_has_read_it(open_page: Open, server: Server) -> None:
    mark = uuid4().hex[:6]
    segment, name = f"turned-{mark}", f"{HOSTILE} {mark}"
    rule = {"type": "did", "event": "Order Completed", "at_least": 1}
    server.api.put(f"/api/segments/{segment}", json={"name": name, "definition": rule}).raise_for_status()
    mira, ada = an_account(server, "marketer", f"Mira{mark}"), an_account(server, "admin", f"Ada{mark}")
    page = desk(open_page, mira, f"/segments/{segment}")
    page.get_by_role("button", name="Comments").click()
    dialog = page.get_by_role("dialog", name="Comments")
    field = dialog.get_by_label("Your comment")
    field.press_sequentially(f"Is this right, @ada{mark[:3]}")
    offered = dialog.get_by_role("group", name="Turn to")
    expect(offered.get_by_role("button", name=f"Ada{mark}")).to_be_visible()
    assert violations(page) == ""
    offered.get_by_role("button", name=f"Ada{mark}").press("Enter")
    expect(field).to_be_focused()
    expect(field).to_have_value(f"Is this right, @{ada} ")
    expect(offered).to_have_count(0)
    dialog.get_by_role("button", name="Comment", exact=True).click()
    expect(dialog.get_by_role("listitem").get_by_text(f"@{ada}")).to_be_visible()
    assert told(server, segment) == [(mira, [ada])]
    # Nobody else is turned to, and whoever is sees it wherever they are.
    page.goto("/approvals")
    expect(page.get_by_role("heading", name="Approvals", level=1)).to_be_visible()
    expect(page.get_by_role("list", name="For you")).to_have_count(0)
    other = desk(open_page, ada, "/journeys", scheme="dark")
    other.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile(r"Approvals\s*[1-9]")).click()
    mine = other.get_by_role("list", name="For you").get_by_role("listitem")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text(f"Mira{mark}")
    expect(mine.get_by_role("link", name=name)).to_have_attribute("href", f"/segments/{segment}")
    assert violations(other) == ""
    assert other.title() != "1"
    mine.get_by_role("button", name="Answer").click()
    answer = other.get_by_role("dialog", name="Comments")
    answer.get_by_label("Your comment").fill("It is.")
    answer.get_by_role("button", name="Comment", exact=True).click()
    # In the list, and not only where it is written.
    expect(answer.get_by_role("listitem").filter(has_text="It is.")).to_be_visible()
    other.keyboard.press("Escape")
    assert told(server, segment) == [(mira, [ada]), (ada, [])]
    mine.get_by_role("button", name="I have read it").press("Enter")
    expect(mine).to_have_count(0)
    place = other.get_by_role("navigation", name="Main").get_by_role("link", name="Approvals")
    left = server.get("/api/approvals?state=waiting")["waiting"]
    expect(place).to_have_text(re.compile(rf"^Approvals{f'{left} waiting' if left else ''}$"))
    other.reload()
    expect(other.get_by_role("heading", name="Approvals", level=1)).to_be_visible()
    expect(mine).to_have_count(0)
