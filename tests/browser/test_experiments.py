"""Experiments, holdouts and adaptive paths: read, planned, made, started and ended by clicks and by keyboard."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import BAR_PX_MOST, Open, Server
from tests.browser.furniture import GOAL
from tests.browser.test_pages import fine_in_both_schemes

OFFER = "/experiments/product-offer"
PATHS = "/experiments/paths/after-order.which"
HOSTILE = "<img src=x onerror=\"document.title='taken'\"> \u202eדני 😀"


def an_experiment(server: Server, **more: Any) -> str:
    """A draft of its own; gives its id."""
    name = f"try-{uuid4().hex[:8]}"
    definition = {"name": name, "variants": {"control": 0.5, "bold": 0.5}} | more
    server.api.put(f"/api/experiments/{name}", json={"definition": definition}).raise_for_status()
    return name


def assigned(server: Server, experiment: str, people: int = 40) -> None:
    """So many people are told what they get of it."""
    for number in range(people):
        wish = {"user_id": f"{experiment}-{number}", "experiments": [experiment]}
        server.api.post("/api/experiments/decide", json=wish).raise_for_status()


def chosen(page: Page, field: Locator, option: str) -> None:
    """Choose an option of a field."""
    field.click()
    page.get_by_role("option", name=option, exact=True).click()
    expect(field).to_have_value(option)


def read(page: Page) -> None:
    """Wait until the trial is read."""
    expect(page.get_by_text("What to do:")).to_be_visible()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)


def test_on_a_phone_the_bar_takes_two_rows_and_copies_from_its_menu(open_page: Open) -> None:
    page = open_page(OFFER, width=390)
    read(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Copy as text").click()
    expect(page.get_by_role("menuitem", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("An offer beside the product")
    assert violations(page) == ""
    with page.expect_download() as sheet:
        page.get_by_role("menuitem", name="CSV").click()
    assert sheet.value.suggested_filename == "trial-product-offer.csv"
    page.evaluate("localStorage.setItem('holdfast:language', 'de')")
    for path in (OFFER, PATHS):
        page.goto(path)
        expect(page.get_by_role("button", name="Mehr", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Als Text kopieren")).to_have_count(0)
        bar = page.locator("header").first.bounding_box()
        assert bar is not None
        assert bar["height"] <= BAR_PX_MOST


@pytest.mark.parametrize(
    ("path", "shows"),
    [
        ("/experiments", "An offer beside the product"),
        ("/experiments?tab=paths", "after-order.which"),
        ("/experiments?tab=holdouts", "Cart rescue"),
        (OFFER, "What to do:"),
        (f"{OFFER}?trait=country&reading=bayesian&term=2419200&of=opened", "What to do:"),
        (f"{OFFER}?segments=%5B%22loyal-customers%22%5D", "Not in “Loyal customers”"),
        (f"{OFFER}?as_of=2020-01-01T00:00:00Z", "Nobody takes part yet"),
        ("/experiments/journey%3Acart-rescue", "What to do:"),
        (PATHS, "Change log"),
        ("/experiments/none-such", "Nobody was ever assigned"),
    ],
)
def test_each_page_is_fine_wide_and_narrow(path: str, shows: str, open_page: Open, watched: Any) -> None:
    watched.allowed.append("404")
    page = open_page(path)
    expect(page.get_by_text(re.compile(shows, re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    assert page.locator("h1").count() == 1
    fine_in_both_schemes(page)
    narrow = open_page(path, width=400)
    expect(narrow.get_by_text(re.compile(shows, re.IGNORECASE)).first).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 400
    assert violations(narrow) == ""


def test_what_the_page_says_is_what_the_server_says(open_page: Open, server: Server) -> None:
    page = open_page(OFFER)
    read(page)
    told = server.get("/api/trials/product-offer")
    people = page.get_by_role("region", name="Variants").get_by_role("row")
    for variant in told["variants"]:
        row = people.filter(has_text=variant["variant"])
        expect(row).to_contain_text(f"{variant['people']:,}")
    metrics = page.get_by_role("region", name="Metrics")
    expect(metrics.get_by_role("row").filter(has_text="gift")).to_have_count(5)
    page.get_by_role("radiogroup", name="Which term").get_by_text("Long term, 28 days").click()
    expect(page).to_have_url(re.compile("term=2419200"))
    expect(metrics.get_by_text("Revenue per person", exact=True)).to_be_visible()
    page.get_by_role("switch", name="Adjusted for the past").click()
    expect(page).to_have_url(re.compile("adjust=false"))
    page.reload()
    read(page)
    expect(page.get_by_role("switch", name="Adjusted for the past")).not_to_be_checked()


def test_the_course_is_a_picture_and_a_table(open_page: Open, server: Server) -> None:
    page = open_page(OFFER)
    card = page.get_by_role("region", name="How many people took part?")
    # While other tests run beside, it takes its time.
    expect(card.get_by_role("img", name="People over time")).to_be_visible(timeout=90_000)
    card.get_by_role("button", name="View as table").click()
    table = card.get_by_role("region", name=re.compile("as a table"))
    expect(table.get_by_role("row")).to_have_count(13)
    last = server.get("/api/trials/product-offer/course?moments=2")["points"][-1]["variants"]
    control = next(each["people"] for each in last if each["variant"] == "control")
    expect(table.get_by_role("row").last).to_contain_text(f"{control:,}")
    assert violations(page) == ""


def test_a_check_explains_itself_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page(OFFER)
    read(page)
    chip = page.get_by_role("button", name="Divided as designed")
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Are people divided as was designed?")).to_be_visible()
    assert violations(page) == ""
    page.keyboard.press("Escape")
    expect(page.get_by_text("Are people divided as was designed?")).to_have_count(0)
    expect(chip).to_be_focused()


def test_an_experiment_is_made_by_keyboard_started_and_ended(open_page: Open, server: Server) -> None:
    page = open_page("/experiments")
    page.get_by_role("button", name="New experiment").click()
    name = f"Keyed {uuid4().hex[:6]}"
    id_ = name.lower().replace(" ", "-")
    page.keyboard.type(name)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Id", exact=True)).to_have_value(id_)
    dialog.get_by_role("button", name="Add a variant").click()
    expect(dialog.get_by_label("Share of control")).to_have_value("33.34%")
    assert violations(page) == ""
    dialog.get_by_label("Share of control").fill("50")
    expect(dialog.get_by_text("The shares add up to 116.7%")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save as draft")).to_be_disabled()
    dialog.get_by_role("button", name="Divide evenly").click()
    dialog.get_by_role("button", name="Save as draft").click()
    expect(page).to_have_url(re.compile(f"/experiments/{id_}"))
    saved = server.get(f"/api/experiments/{id_}")
    assert saved["heading"]["state"] == "draft"
    assert saved["heading"]["variants"] == {"control": 0.3334, "variant": 0.3333, "variant-2": 0.3333}
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("button", name="End it")).to_be_visible()
    assert server.get(f"/api/experiments/{id_}")["heading"]["state"] == "running"
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Stop the experiment")).to_be_visible()
    assert violations(page) == ""
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="End it")).to_be_focused()
    page.get_by_role("button", name="End it").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop the experiment").click()
    expect(page.get_by_role("button", name="End it")).to_have_count(0)
    assert server.get(f"/api/experiments/{id_}")["heading"]["state"] == "stopped"


def test_goals_their_worth_metrics_and_what_decides_are_written_in_the_form(
    open_page: Open, server: Server, watched: Any
) -> None:
    watched.allowed.append("400")  # What decided it is taken away, which the server refuses.
    id_ = an_experiment(server, goals=[{"event": "Order Completed", "within_seconds": 604_800}], values={"bold": 1})
    page = open_page(f"/experiments/{id_}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Change it").click()
    dialog = page.get_by_role("dialog")
    first = dialog.get_by_role("group", name="Goal 1")
    expect(first.get_by_role("textbox", name="Within, days")).to_have_value("7")
    first.get_by_role("textbox", name="Within, days").fill("3")
    chosen(page, first.get_by_role("combobox", name="What one is worth"), "What a property says")
    first.get_by_role("textbox", name="Property").fill("revenue")
    dialog.get_by_role("button", name="Add a goal").click()
    save = dialog.get_by_role("button", name="Save as draft")
    expect(save).to_be_disabled()
    second = dialog.get_by_role("group", name="Goal 2")
    second.get_by_role("combobox", name="Event").fill("Signed Up")
    second.get_by_role("textbox", name="Within, days").fill("14")
    chosen(page, second.get_by_role("combobox", name="What one is worth"), "An amount")
    second.get_by_role("textbox", name="Worth, ").fill("12.5")
    dialog.get_by_role("button", name="Add a metric").click()
    metric = dialog.get_by_role("group", name="Metric 1")
    metric.get_by_role("textbox", name="Name").fill("views-per-visit")
    metric.get_by_role("combobox", name="Event").fill("Product Viewed")
    chosen(page, metric.get_by_role("combobox", name="What of it"), "How often")
    metric.get_by_role("combobox", name="Divided by how often").fill("Page Viewed")
    chosen(page, metric.get_by_role("combobox", name="Guardrail"), "Less is worse")
    chosen(page, dialog.get_by_role("combobox", name="Which figure decides"), "Worth of all goals per person")
    assert violations(page) == ""
    save.click()
    expect(dialog).to_have_count(0)
    saved = server.get(f"/api/experiments/{id_}")["definition"]
    assert saved["goals"] == [
        {"event": "Order Completed", "within_seconds": 259_200, "value": "revenue", "worth_minor": None},
        {"event": "Signed Up", "within_seconds": 1_209_600, "value": None, "worth_minor": 1_250},
    ]
    assert saved["metrics"] == [
        {
            "name": "views-per-visit",
            "event": "Product Viewed",
            "measure": "times",
            "property": None,
            "per": "Page Viewed",
            "within_seconds": None,
            "worse": "less",
        }
    ]
    assert (saved["primary"], saved["values"]) == ("worth", {"bold": 1})
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Change it").click()
    expect(dialog.get_by_role("group", name="Goal 2").get_by_role("textbox", name="Worth, ")).to_have_value("12.5")
    dialog.get_by_role("button", name="Remove metric 1").click()
    dialog.get_by_role("button", name="Remove goal 2").click()
    dialog.get_by_role("group", name="Goal 1").get_by_role("combobox", name="What one is worth").click()
    page.get_by_role("option", name="Not said").click()
    save.click()
    alert = dialog.get_by_role("alert")
    expect(alert.filter(has_text="There is nothing 'worth' to decide by").first).to_be_visible()
    chosen(page, dialog.get_by_role("combobox", name="Which figure decides"), "Revenue per order")
    save.click()
    expect(dialog).to_have_count(0)
    again = server.get(f"/api/experiments/{id_}")["definition"]
    assert (again["metrics"], again["primary"], len(again["goals"])) == ([], "revenue_per_order", 1)


def test_a_winner_is_declared_with_a_word_where_the_result_does_not_say_so(open_page: Open, server: Server) -> None:
    id_ = an_experiment(server, state="running", values={"bold": {"big": True}})
    assigned(server, id_)
    page = open_page(f"/experiments/{id_}")
    read(page)
    page.get_by_role("button", name="End it").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("40 people take part")).to_be_visible()
    dialog.get_by_role("combobox").click()
    page.get_by_role("option", name="Declare “bold” the winner").click()
    expect(dialog.get_by_text("The result does not say so")).to_be_visible()
    assert violations(page) == ""
    dialog.get_by_role("button", name="Declare the winner").click()
    expect(dialog).to_have_count(0)
    saved = server.get(f"/api/experiments/{id_}")
    assert saved["heading"]["variants"] == {"control": 0.0, "bold": 1.0}
    assert saved["definition"]["values"] == {"bold": {"big": True}}
    entry = server.get("/api/audit?kind=experiment&limit=200")["entries"]
    declared = next(each for each in entry if each["about"]["id"] == id_)
    assert declared["action"] == "experiment.winner_declared"
    wish = {"user_id": f"{id_}-0", "experiments": [id_]}
    decided = server.api.post("/api/experiments/decide", json=wish).json()["experiments"]
    assert decided[id_]["variant"] == "bold"


def test_it_is_planned_from_history(open_page: Open, server: Server) -> None:
    page = open_page("/experiments")
    page.get_by_role("button", name="Plan", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Who takes part: people who did").fill("Product Viewed")
    page.keyboard.press("Escape")
    expect(dialog.get_by_text(re.compile("By history: .*%"))).to_be_visible()
    dialog.get_by_label("Reach the goal now").fill("5")
    dialog.get_by_label("People a day").fill("800")
    wish = {"base": 0.05, "lift": 0.1, "people_a_day": 800, "within_days": 7}
    planned = server.api.post("/api/trials/plan", json=wish).json()
    expect(dialog.get_by_text(f"{planned['planned_people']:,}", exact=True)).to_be_visible()
    dialog.get_by_text("From the days").click()
    dialog.get_by_label("Days it may take").fill(str(planned["days"]))
    expect(dialog.get_by_text("5.0% becomes 5.5%")).to_be_visible()
    assert violations(page) == ""
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Plan", exact=True)).to_be_focused()


def test_paths_are_frozen_set_by_hand_declared_and_learn_again(open_page: Open, server: Server) -> None:
    page = open_page(PATHS)
    log = page.get_by_role("region", name="Change log")
    rows = log.get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    step = "/api/adaptive/after-order.which"

    def said(button: str, mode: str) -> dict[str, Any]:
        page.get_by_role("dialog").get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        told: dict[str, Any] = server.get(step)
        assert told["mode"] == mode
        return told

    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Freeze the shares").click()
    assert violations(page) == ""
    said("Freeze", "frozen")
    expect(page.get_by_role("heading", name="Shares are frozen")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Set shares by hand").click()
    for path, share in (("voucher", "70"), ("picks", "20"), ("nothing", "10")):
        page.get_by_role("dialog").get_by_label(path).fill(share)
    assert violations(page) == ""
    told = said("Set shares", "manual")
    by_hand = pytest.approx({"voucher": 0.7, "picks": 0.2, "nothing": 0.1})
    assert {each["path"]: each["share"] for each in told["paths"]} == by_hand
    page.get_by_role("button", name="Declare winner").click()
    page.get_by_role("dialog").get_by_role("combobox").click()
    page.get_by_role("option", name=re.compile("^picks")).click()
    told = said("Declare winner", "declared")
    assert {each["path"]: each["share"] for each in told["paths"]}["picks"] == 1
    expect(page.get_by_role("heading", name="“picks” was declared the winner")).to_be_visible()
    page.get_by_role("button", name="Learn again").click()
    said("Learn again", "learning")
    expect(log.get_by_text("Learning again.").first).to_be_visible()


def test_names_are_never_executed(open_page: Open, server: Server) -> None:
    id_ = an_experiment(server, name=HOSTILE, hypothesis=HOSTILE * 20, state="running")
    assigned(server, id_, 12)
    journey = {
        "id": f"{id_}-j",
        "name": HOSTILE,
        "goal": GOAL,
        "start": "in",
        "steps": {
            "in": {"type": "trigger", "event": "Never Happens", "again": "once", "exits": {"entered": "ways"}},
            "ways": {"type": "split", "shares": {"a": 0.5, "b": 0.5}, "exits": {"a": "out", "b": "out"}},
            "out": {"type": "exit"},
        },
    }
    server.api.put(f"/api/journeys/{id_}-j", json=journey).raise_for_status()
    for path in ("/experiments", f"/experiments/{id_}"):
        page = open_page(path)
        expect(page.get_by_text("onerror=").first).to_be_visible()
        expect(page.get_by_role("status", name="Loading")).to_have_count(0)
        assert page.locator("img[src=x]").count() == 0
        assert "taken" not in page.title() or "onerror" in page.title()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440
        assert violations(page) == ""


def test_it_is_found_among_others_and_nothing_found_is_said(open_page: Open) -> None:
    page = open_page("/experiments")
    table = page.get_by_role("region", name="Experiments")
    expect(table.get_by_text("An offer beside the product")).to_be_visible()
    page.get_by_label("Find an experiment").fill("no such thing")
    expect(page.get_by_role("heading", name="No experiment matches")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("button", name="Show all").click()
    table.get_by_role("link", name="An offer beside the product").click()
    expect(page).to_have_url(re.compile("/experiments/product-offer"))


def test_the_journeys_result_leads_to_its_trial(open_page: Open) -> None:
    page = open_page("/journeys/cart-rescue")
    page.get_by_role("complementary", name="Inspector").get_by_role("link", name="All of the result").click()
    expect(page).to_have_url(re.compile("/experiments/journey"))
    read(page)
