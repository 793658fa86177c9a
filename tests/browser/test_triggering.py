"""What begins by a call is called from the console: one person, or the whole audience, as a program would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations_in_both
from tests.browser.console import API_KEY, Open, Server, Watched
from tests.browser.furniture import GOAL, a_campaign
from tests.browser.test_audiences import dialog, named
from tests.browser.test_stories import someone, until

ASKS = {"channel": "email", "template": {"subject": "Order {{ event.properties.order }}", "html": "<p>Thanks.</p>"}}


def called(server: Server, **trigger: Any) -> str:
    """A campaign that begins by a call, published."""
    name = named("called")
    server.api.put(f"/api/campaigns/{name}", json=a_campaign(name, {"type": "api", **trigger}, send=ASKS))
    return name


def choose(page: Page, user: str) -> None:
    """Find somebody, by the keyboard alone."""
    field = dialog(page).get_by_role("combobox", name="Person")
    field.fill(user)
    expect(page.get_by_role("option")).to_have_count(1)
    field.press("Enter")
    expect(dialog(page).get_by_test_id("called-people")).not_to_have_text("–")


def test_one_person_is_called_once_however_often_the_button_is_pressed(open_page: Open, server: Server) -> None:
    campaign = called(server)
    user = someone(server, first_name="Merle", email="merle@shore.example")
    page = open_page(f"/campaigns/{campaign}")
    page.get_by_role("tab", name="Runs").click()
    assert violations_in_both(page) == ""
    page.get_by_role("button", name="Trigger now").click()
    let_in = dialog(page).get_by_role("button", name="Let them in")
    expect(let_in).to_be_disabled()
    variables = dialog(page).get_by_label("Variables, as JSON")
    expect(variables).to_have_value(json.dumps({"order": ""}, indent=2))
    variables.fill("{")
    choose(page, user)
    expect(let_in).to_be_disabled()
    variables.fill('{"order": "<img src=x onerror=document.title=1>"}')
    key = dialog(page).get_by_label("Key of this call").input_value()
    assert violations_in_both(page) == ""
    let_in.click()
    expect(dialog(page).get_by_text("Merle entered, in the arm “Treated”.")).to_be_visible()
    assert violations_in_both(page) == ""
    wish = {"people": [{"user_id": user}], "idempotency_key": key}
    again = server.api.post(f"/api/campaigns/{campaign}/trigger", json=wish).raise_for_status().json()
    assert again["people"][0]["outcome"] == "entered"
    assert server.get(f"/api/campaigns/{campaign}")["entered"] == 1
    page.get_by_role("link", name="See what happened, step by step").click()
    expect(page.get_by_text("They entered").first).to_be_visible()
    assert page.title() != "1"


def test_the_whole_audience_is_called_and_its_size_is_said_before(open_page: Open, server: Server) -> None:
    place = named("Place")
    for _ in range(3):
        someone(server, place=place, email="a@shore.example")
    audience = {"type": "trait", "trait": "place", "operator": "equals", "value": place}
    campaign = called(server, whole_audience=True, audience=audience)
    page = open_page(f"/campaigns/{campaign}")
    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("button", name="Trigger now").click()
    dialog(page).get_by_text("Whole audience").click()
    expect(dialog(page).get_by_test_id("called-people")).to_have_text("3")
    assert violations_in_both(page) == ""
    dialog(page).get_by_role("button", name="Let in 3 people").click()
    expect(dialog(page).get_by_text("The run has begun.")).to_be_visible()
    dialog(page).get_by_role("button", name="Done").click()
    expect(page.get_by_role("button", name="Trigger now")).to_be_focused()
    expect(page.get_by_text("A call", exact=True)).to_be_visible()
    until(server, f"/api/campaigns/{campaign}", lambda answer: answer["entered"] == 3)


def test_a_journey_is_called_and_a_refusal_is_said_in_place(open_page: Open, server: Server, watched: Watched) -> None:
    watched.allowed.append("409")  # It is paused behind the page's back.
    name = named("walk")
    steps = {
        "in": {"type": "api", "exits": {"entered": "out"}},
        "out": {"type": "exit"},
    }
    journey = {"id": name, "name": name, "goal": GOAL, "start": "in", "steps": steps}
    server.api.put(f"/api/journeys/{name}", json=journey).raise_for_status()
    user = someone(server, first_name="Runa")
    page = open_page(f"/journeys/{name}?tab=runs")
    page.get_by_role("button", name="Trigger now").click()
    choose(page, user)
    server.api.post(f"/api/journeys/{name}/pause").raise_for_status()
    dialog(page).get_by_role("button", name="Let them in").click()
    expect(dialog(page).get_by_role("alert")).to_contain_text("Not triggered.")
    assert violations_in_both(page) == ""
    server.api.post(f"/api/journeys/{name}/resume").raise_for_status()
    dialog(page).get_by_role("button", name="Let them in").click()
    expect(dialog(page).get_by_text("Runa entered")).to_be_visible()


def test_the_code_on_the_page_calls_it(open_page: Open, server: Server) -> None:
    campaign = called(server)
    user = someone(server, email="code@shore.example")
    page = open_page(f"/campaigns/{campaign}")
    page.get_by_role("tab", name="Runs").click()
    page.get_by_text("Python", exact=True).click()
    code = page.get_by_role("region", name="Python code").text_content() or ""
    ours = code.replace("YOUR_API_KEY", API_KEY).replace("customer-42", user)
    done = subprocess.run(
        [sys.executable, "-c", ours],
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (became,) = json.loads(done.stdout)["people"]
    assert (became["user_id"], became["outcome"]) == (user, "entered")


@pytest.mark.parametrize("width", [400])
def test_it_is_called_on_a_phone(open_page: Open, server: Server, width: int) -> None:
    campaign = called(server)
    page = open_page(f"/campaigns/{campaign}", width=width)
    page.get_by_role("tab", name="Runs").click()
    page.get_by_role("button", name="Trigger now").click()
    expect(dialog(page).get_by_role("button", name="Let them in")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
