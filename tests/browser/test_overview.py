"""The overview in a browser: what needs somebody is told there, with the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.console import WRITE_KEY, Open, Server
from tests.browser.test_stories import until


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


@pytest.fixture
def held(server: Server) -> Iterator[str]:
    """A campaign with more people than its author allowed; afterwards it is stopped and put away."""
    name = f"Large {uuid4().hex[:6]}"
    id_ = name.lower().replace(" ", "-")
    person = {"userId": f"{id_}-one", "messageId": uuid4().hex, "traits": {"club": id_, "timezone": "UTC"}}
    server.api.post("/v1/identify", json=person, auth=(WRITE_KEY, "")).raise_for_status()
    at = (datetime.now(UTC) - timedelta(seconds=30)).strftime("%Y-%m-%dT%H:%M:%S")
    club = {"type": "trait", "trait": "club", "operator": "equals", "value": id_}
    campaign = {
        "name": name,
        "goal": {"event": "Order Completed", "within_seconds": 3_600},
        "trigger": {"type": "dates", "at": [at], "audience": club, "hold_above": 0},
        "send": {"channel": "email", "template": {"subject": "Hello", "html": "<p>Hello</p>"}},
    }
    server.api.put(f"/api/campaigns/{id_}", json=campaign).raise_for_status()
    until(server, f"/api/campaigns/{id_}/runs", lambda told: [run["state"] for run in told["runs"]] == ["held"])
    yield name
    server.api.post(f"/api/campaigns/{id_}/stop").raise_for_status()
    server.api.post(f"/api/campaigns/{id_}/archive").raise_for_status()


def test_a_run_that_waits_to_be_confirmed_is_told_with_the_way_to_it(open_page: Open, held: str) -> None:
    page = open_page("/")
    matter = page.get_by_role("list", name="Needs attention").get_by_role("listitem").filter(has_text=held)
    expect(matter).to_contain_text("1 person is in its audience, more than was allowed.")
    assert violations(page) == ""
    matter.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("status").filter(has_text="waits for your word")).to_be_visible()
    expect(page.get_by_role("heading", name=held, level=1)).to_be_visible()


def test_what_runs_is_told_with_what_it_brought(open_page: Open, server: Server) -> None:
    running = server.get("/api/overview")["running"]
    page = open_page("/")
    expect(page.get_by_role("heading", name="Running now")).to_be_visible()
    for each in running:
        expect(page.get_by_role("link", name=each["name"]).first).to_be_visible()
    assert len(running) > 0
