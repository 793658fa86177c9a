"""The overview in a browser: what needs somebody is told there, with the way to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.console import Open, Server


@pytest.fixture
def waiting(open_page: Open, server: Server) -> Iterator[None]:
    """A change that waits for a second person; afterwards nothing does, and nobody is asked for."""
    page = open_page("/approvals")
    choice = page.get_by_role("combobox", name="Before people are contacted")
    choice.click()
    page.get_by_role("option", name="a second person has to agree").click()
    expect(choice).to_have_value("a second person has to agree")
    before = server.get("/api/journeys/cart-rescue")
    asked = server.api.put("/api/journeys/cart-rescue", json={**before["definition"], "name": "Waits <b>here</b>"})
    assert asked.status_code == 202
    yield
    choice.click()
    page.get_by_role("option", name="whoever may publish publishes").click()
    expect(choice).to_have_value("whoever may publish publishes")
    server.api.post(f"/api/approvals/{asked.json()['approval']['id']}", json={"say": "withdraw"})


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_waits_for_somebody_is_told_with_the_way_to_it(open_page: Open, scheme: str) -> None:
    page = open_page("/", scheme=scheme)
    matters = page.get_by_role("list", name="Needs attention")
    matter = matters.get_by_role("listitem").filter(has_text="waits for a second person")
    expect(matter).to_contain_text("Nobody is contacted before.")
    assert violations(page) == ""
    matter.get_by_role("link", name="Look at approvals").click()
    expect(page.get_by_role("listitem").filter(has_text="Waits <b>here</b>")).to_be_visible()


def test_what_runs_is_told_with_what_it_brought(open_page: Open, server: Server) -> None:
    running = server.get("/api/overview")["running"]
    page = open_page("/")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    for each in running:
        expect(page.get_by_role("link", name=each["name"]).first).to_be_visible()
    assert len(running) > 0
