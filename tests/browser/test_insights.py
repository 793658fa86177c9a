"""Insights in the console: questions built by hand and kept in the address, and the people behind every number."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import CONSOLE, OTHER_NAME, WRITE_KEY, Open, Server, Watched, watch

HOSTILE = '<img src=x onerror="window.pwned=1">'
RIGHT_TO_LEFT = "\u202eשלום 🎉"
CHARTS_BYTES_MOST = 200_000
"""What charts may weigh, compressed."""
KINDS = ("trend", "funnel", "retention", "flow", "lifecycle", "stickiness", "sticky", "interval", "revenue", "pivot")


def day(back: int) -> str:
    """The date so many days ago; events of tests lie there, where the demo's visitors leave them alone."""
    return (datetime.now(UTC) - timedelta(days=back)).strftime("%Y-%m-%d")


def path(kind: str, question: dict[str, Any], **more: Any) -> str:
    """The address of a question."""
    text = "&".join(f"{name}={quote(json.dumps(value))}" for name, value in {"q": question, **more}.items())
    return f"/insights/{kind}?{text}"


def asked(page: Page) -> dict[str, Any]:
    """The question in the address."""
    question: dict[str, Any] = json.loads(parse_qs(urlsplit(page.url).query)["q"][0])
    return question


def answer(server: Server, kind: str, question: dict[str, Any]) -> dict[str, Any]:
    """What the API says to a question."""
    told: dict[str, Any] = server.api.post(f"/api/insights/{kind}", json=question).raise_for_status().json()
    return told


def answered(page: Page) -> None:
    """Wait until the answer is there, and is that to what is asked now."""
    expect(page.get_by_text(re.compile(r"^Answered in"))).to_be_visible()
    expect(page.locator("[data-stale]")).to_have_count(0)


def drawer(page: Page) -> Locator:
    """The people behind a number, open."""
    found = page.get_by_role("dialog", name="People behind this number")
    expect(found).to_be_visible()
    return found


class Shop:
    """Two events of our own: who of some people looked, and who of them bought."""

    def __init__(self, server: Server) -> None:
        tag = uuid4().hex[:6]
        self.looked, self.bought = f"Looked {tag}", f"Bought {tag}"
        self.people = [f"Reader {tag} {number}" for number in range(5)]
        for number, name in enumerate(self.people):
            user = f"insight-{tag}-{number}"
            call = {"userId": user, "messageId": uuid4().hex, "traits": {"name": name}}
            server.api.post("/v1/identify", json=call, auth=(WRITE_KEY, "")).raise_for_status()
            colour = (HOSTILE, RIGHT_TO_LEFT)[number % 2]
            when = f"{day(3)}T10:00:0{number}Z"
            server.track(
                userId=user, event=self.looked, timestamp=when, messageId=uuid4().hex, properties={"colour": colour}
            )
            if number < 2:
                bought = {"revenue": 12.5, "currency": "EUR"}
                when = f"{day(3)}T10:01:0{number}Z"
                server.track(userId=user, event=self.bought, timestamp=when, messageId=uuid4().hex, properties=bought)


@pytest.fixture(scope="module")
def shop(server: Server) -> Shop:
    return Shop(server)


def test_a_trend_is_asked_by_hand_and_opens_to_its_people(open_page: Open, server: Server, shop: Shop) -> None:
    page = open_page("/insights")
    page.get_by_role("link", name=re.compile("^Trend")).click()
    answered(page)
    event = page.get_by_role("combobox", name="Event")
    event.fill(shop.looked)
    event.press("Enter")
    expect(page.get_by_role("heading", name=f"How often did people do “{shop.looked}”?")).to_be_visible()
    page.get_by_role("combobox", name="Measure").click()
    page.get_by_role("option", name="People", exact=True).click()
    answered(page)
    expect(page.get_by_role("heading", name=f"How many people did “{shop.looked}”?")).to_be_visible()
    question = {"event": {"events": [shop.looked]}, "measure": "people", "period": "day"}
    assert asked(page).items() >= question.items()

    page.get_by_text("Calendar", exact=True).click()
    squares = page.get_by_role("region", name=re.compile("at most 5")).locator("svg title")
    expect(squares).to_have_count(30)
    assert [each for each in squares.all_text_contents() if each.endswith(": 5")] != []
    assert violations(page) == ""
    page.get_by_role("button", name="View as table").click()
    three_days_ago = datetime.now(UTC) - timedelta(days=3)
    row = page.get_by_role("row", name=f"{three_days_ago.day} {three_days_ago:%b}")
    opener = row.get_by_role("button", name="5", exact=True).first
    opener.focus()
    page.keyboard.press("Enter")
    people = drawer(page)
    expect(people.get_by_text("5 people", exact=True)).to_be_visible()
    for name in shop.people:
        expect(people.get_by_role("link", name=name)).to_be_visible()
    assert violations(page) == ""

    name = f"Those who looked {uuid4().hex[:6]}"
    people.get_by_role("button", name="Save as segment").click()
    people.get_by_role("textbox", name="Name of the segment").fill(name)
    people.get_by_role("button", name="Save", exact=True).click()
    expect(people.get_by_role("link", name=name)).to_be_visible()
    kept = server.api.post("/api/segments/audience", json={"segment": name.lower().replace(" ", "-"), "limit": 9})
    assert {each["traits"]["name"] for each in kept.raise_for_status().json()["people"]} == set(shop.people)

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_an_address_is_the_question_and_the_number_that_is_open(open_page: Open, shop: Shop) -> None:
    question = {"steps": [{"events": [shop.looked]}, {"events": [shop.bought]}], "when": {"last_days": 7}}
    page = open_page(path("funnel", question, cell={"step": 2, "lost": True}))
    people = drawer(page)
    expect(people.get_by_text(f"lost before “{shop.bought}”")).to_be_visible()
    expect(people.get_by_text("3 people", exact=True)).to_be_visible()
    expect(people.get_by_role("link", name=shop.people[4])).to_be_visible()
    expect(people.get_by_role("link", name=shop.people[0])).to_have_count(0)
    people.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="2 people").click()
    expect(drawer(page).get_by_role("link", name=shop.people[0])).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("textbox", name="All steps within").fill("9")
    expect(page.get_by_text("within 9 days")).to_be_visible()
    assert asked(page)["within_days"] == 9
    page.reload()
    expect(page.get_by_text("within 9 days")).to_be_visible()


def test_a_funnel_says_who_was_lost_and_how_long_it_took(open_page: Open, shop: Shop) -> None:
    steps = {"steps": [{"events": [shop.looked]}, {"events": [shop.bought]}], "when": {"last_days": 7}}
    page = open_page(path("funnel", {**steps, "breakdown": "colour"}))
    answered(page)
    expect(page.get_by_role("button", name="5 people")).to_be_visible()
    expect(page.get_by_role("button", name="3 left, 60%")).to_be_visible()
    expect(page.get_by_text("median 1 min")).to_be_visible()
    apart = page.get_by_role("region", name="The funnel, told apart")
    expect(apart.get_by_role("rowheader", name=HOSTILE)).to_be_visible()
    expect(apart.get_by_role("row", name=HOSTILE).get_by_role("button")).to_have_text(["3", "33.3%"])
    expect(apart.get_by_role("row", name=RIGHT_TO_LEFT).get_by_role("button")).to_have_text(["2", "50.0%"])
    page.get_by_role("button", name="Step 2 earlier").click()
    expect(
        page.get_by_role("heading", name=f"How many people get from “{shop.bought}” to “{shop.looked}”?")
    ).to_be_visible()
    page.get_by_role("button", name="Step 2 earlier").click()
    page.get_by_text("Time to convert").click()
    answered(page)
    expect(page.get_by_role("heading", name=re.compile("^How long do people take"))).to_be_visible()
    page.get_by_role("button", name="View as table").click()
    page.get_by_role("button", name="1", exact=True).first.click()
    expect(drawer(page).get_by_text("1 person", exact=True)).to_be_visible()


def test_what_a_name_looks_like_is_never_run(open_page: Open, shop: Shop) -> None:
    question = {"event": {"events": [shop.looked]}, "breakdown": "colour", "when": {"last_days": 7}, "chart": "bars"}
    page = open_page(path("trend", question))
    answered(page)
    chart = page.get_by_role("img", name=re.compile("at most"))
    expect(page.get_by_text(HOSTILE, exact=True)).to_be_visible()
    expect(chart.locator("svg path").first).to_be_attached()
    box = chart.bounding_box()
    assert box is not None
    for share in (0.3, 0.5, 0.6, 0.7):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.7)
    page.get_by_role("button", name="View as table").click()
    expect(page.get_by_role("row", name=RIGHT_TO_LEFT).first).to_be_visible()
    event = page.get_by_role("combobox", name="Event")
    event.fill(HOSTILE)
    event.press("Enter")
    expect(page.get_by_text(f"Nobody has done “{HOSTILE}” yet. Is it spelled as your site sends it?")).to_be_visible()
    answered(page)
    expect(page.get_by_text(f"Nobody has done “{HOSTILE}” yet, so there is nothing to count of it.")).to_be_visible()
    assert page.evaluate("window.pwned") is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_asks_a_question_and_shows_its_answer(kind: str, open_page: Open) -> None:
    page = open_page(f"/insights/{kind}")
    answered(page)
    expect(page.get_by_role("heading", level=2).first).to_have_text(re.compile(r"\?$"))
    assert violations(page) == ""
    page.get_by_role("button", name="View as table").click()
    table = page.get_by_role("region", name="The answer as a table")
    expect(table).to_be_visible()
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="View as chart").click()
    expect(table).to_have_count(0)
    assert violations(page) == ""


def test_a_number_of_each_kind_opens_to_as_many_people(open_page: Open, server: Server, shop: Shop) -> None:
    seven = {"when": {"last_days": 7}}
    act = {"event": {"events": [shop.looked]}, **seven}
    bought = {"event": {"events": [shop.bought]}, **seven}
    cells: list[tuple[str, dict[str, Any], dict[str, Any], int]] = [
        (
            "retention",
            {"first": act["event"], "again": bought["event"], "period": "day", **seven},
            {"cohort": day(3)},
            5,
        ),
        (
            "flow",
            act,
            {"step": 1, "from_part": "value", "from_event": shop.looked, "to_part": "value", "to_event": shop.bought},
            2,
        ),
        ("lifecycle", {**act, "period": "day"}, {"start": day(3), "stage": "new"}, 5),
        ("stickiness", act, {"start": day(3), "window": "day"}, 5),
        ("interval", {**act, "within_days": 2}, {"days": 1, "state": "at_risk"}, 5),
        ("revenue", {**bought, "view": "periods", "period": "day"}, {"who": "payers", "start": day(3)}, 2),
        ("pivot", {**act, "rows": {"property": "colour"}}, {"row_part": "value", "row": HOSTILE}, 3),
        ("rfm", bought, {"gold": False}, 2),
    ]
    for kind, question, cell, people in cells:
        where = path(kind, question, cell=cell)
        page = open_page(where.replace("/insights/rfm", "/rfm"))
        expect(drawer(page).get_by_text(re.compile(rf"^{people} people$"))).to_be_visible()
        page.context.close()


def test_what_is_shown_goes_into_a_file(open_page: Open, server: Server, shop: Shop) -> None:
    question = {"event": {"events": [shop.looked]}, "breakdown": "colour", "when": {"last_days": 7}}
    page = open_page(path("trend", question))
    answered(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as table:
        page.get_by_role("menuitem", name="Table, as CSV").click()
    rows = list(csv.reader(io.StringIO(table.value.path().read_text(encoding="utf-8-sig"))))
    told = answer(server, "trend", {"event": question["event"], "breakdown": "colour", "since": day(6)})
    assert len(rows) == 1 + len(told["rows"])
    assert [HOSTILE, "value", "3", "3"] in [row[1:] for row in rows]
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as picture:
        page.get_by_role("menuitem", name="Picture, as PNG").click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG\r\n")


def test_a_question_that_takes_long_is_called_off_and_asked_again(open_page: Open) -> None:
    page = open_page("/insights")
    page.route("**/api/insights/stickiness", lambda _: None)  # It never gets there.
    page.get_by_role("link", name=re.compile("^Stickiness")).click()
    expect(page.get_by_role("status").get_by_text("Still reckoning")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Called off; nothing was changed.")).to_be_visible()
    assert violations(page) == ""
    page.unroute("**/api/insights/stickiness")
    page.get_by_role("button", name="Ask again").click()
    answered(page)
    expect(page.get_by_text("Called off")).to_have_count(0)


def test_what_draws_is_loaded_with_the_first_chart(open_page: Open) -> None:
    page = open_page("/")
    loaded: list[str] = []
    page.on("response", lambda response: loaded.append(urlsplit(response.url).path.rsplit("/", 1)[-1]))
    page.goto("/insights")
    expect(page.get_by_role("link", name=re.compile("^Trend"))).to_be_visible()
    assert [name for name in loaded if name.startswith("Drawn-")] == []
    page.get_by_role("link", name=re.compile("^Trend")).click()
    answered(page)
    expect(page.get_by_role("img", name=re.compile("at most")).locator("svg path").first).to_be_attached()
    (drawn,) = {name for name in loaded if name.startswith("Drawn-") and name.endswith(".js")}
    assert (CONSOLE.parent / "assets" / f"{drawn}.gz").stat().st_size <= CHARTS_BYTES_MOST


def test_an_address_that_makes_no_sense_still_opens(open_page: Open, watched: Watched) -> None:
    page = open_page(
        path("trend", {"event": {"events": 4}, "measure": "guess", "constructor": 1, "when": {"last_days": -1}})
    )
    expect(page.get_by_text("The question is not finished yet.")).to_be_visible()
    assert violations(page) == ""
    page.goto("/insights/nonsense")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    watched.allowed += ["400", "404"]
    page.goto(path("trend", {"event": {"events": ["Order Completed"]}, "segment": "never-was"}))
    expect(page.get_by_role("alert").get_by_text("There is no segment 'never-was'.")).to_be_visible()
    assert violations(page) == ""


def test_figures_are_held_to_their_targets_and_open_to_their_people(
    open_page: Open, server: Server, shop: Shop
) -> None:
    figure = {"id": "buyers", "name": "Readers who bought", "kind": "kpi", "parent": "shop", "insight": "revenue"}
    question = {"event": shop.bought, "view": "total"}
    nodes = [
        {"id": "shop", "name": f"The shop {HOSTILE}", "kind": "company"},
        {**figure, "question": question, "days": 7, "column": "buyers", "cell": {"who": "buyers"}, "target": 500},
    ]
    server.api.put("/api/kpis", json={"nodes": []}).raise_for_status()
    page = open_page("/insights")
    page.get_by_role("link", name=re.compile("^KPIs")).click()
    expect(page.get_by_role("heading", name="No KPIs yet")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Write the tree").click()
    dialog = page.get_by_role("dialog", name="The tree of KPIs")
    dialog.get_by_role("textbox", name="As JSON").fill(json.dumps({"nodes": nodes}))
    dialog.get_by_role("button", name="Save the tree").click()
    expect(dialog).to_have_count(0)
    row = page.get_by_role("row", name="Readers who bought")
    expect(row.get_by_role("cell")).to_have_text(
        ["Readers who bought last 7 days", "2", "at least 500", "0", "", "missed", "Change Readers who bought"]
    )
    expect(page.get_by_role("row", name=f"The shop {HOSTILE}")).to_contain_text("0 met, 1 missed")
    assert violations(page) == ""
    row.get_by_role("link", name="2", exact=True).click()
    expect(drawer(page).get_by_text("2 people", exact=True)).to_be_visible()
    expect(drawer(page).get_by_role("link", name=shop.people[0])).to_be_visible()
    assert page.evaluate("window.pwned") is None


def test_a_workspace_nothing_has_come_to_says_what_it_takes(
    browser: Browser, nothing_yet: str, watched: Watched
) -> None:
    context = browser.new_context(base_url=nothing_yet, reduced_motion="reduce")
    page = context.new_page()
    watch(page, nothing_yet, watched)
    for where in ("/insights", "/insights/funnel", "/rfm"):
        page.goto(where)
        expect(page.get_by_role("heading", name="No events yet")).to_be_visible()
        expect(page.get_by_text("Insights are about what people do")).to_be_visible()
        assert violations(page) == ""
    page.get_by_role("button", name="Send data").click()
    expect(page.get_by_role("tab", name="Send data")).to_have_attribute("aria-selected", "true")
    context.close()


def test_a_narrow_window_reads_and_does_not_ask(open_page: Open) -> None:
    page = open_page("/insights/funnel", width=400)
    answered(page)
    expect(page.get_by_text("Asking needs a wider window.")).to_be_visible()
    expect(page.get_by_role("combobox")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == ""


def test_who_may_not_read_people_sees_numbers_and_no_names(
    open_page: Open, server: Server, shop: Shop, watched: Watched
) -> None:
    watched.allowed += ["401", "Cross-Origin-Opener-Policy", "403"]
    wish = {"name": f"reader-{uuid4().hex[:6]}", "kind": "api", "scopes": ["read"]}
    key = server.api.post("/api/keys", json=wish).raise_for_status().json()["key"]
    page = open_page("/insights/funnel", host=OTHER_NAME)
    page.get_by_role("button", name="Use an API key instead").click()
    page.get_by_role("textbox", name="API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Funnel")).to_be_visible()
    steps = [{"events": [shop.looked]}, {"events": [shop.bought]}]
    page.goto(path("funnel", {"steps": steps, "when": {"last_days": 7}}))
    page.get_by_role("button", name="5 people").click()
    people = drawer(page)
    expect(people.get_by_text("Who they are, only those may see who may read people.")).to_be_visible()
    expect(people.get_by_role("button", name="Save as segment")).to_have_count(0)
    assert violations(page) == ""
    page.goto("/insights/sql")
    expect(page.get_by_role("heading", name="SQL is not for your role")).to_be_visible()
    expect(page.get_by_role("textbox", name="Query")).to_have_count(0)
    assert violations(page) == ""
