"""What the overview tells of marketing as a whole, and of events that come no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import API_KEY, PATIENCE_MS, WRITE_KEY, Server, Watched, watch
from tests.browser.serving import serving

KEYS = ("--write-key", WRITE_KEY, "--api-key", API_KEY)
QUESTION = "What does marketing bring as a whole?"
DAILY = 30
Look = Callable[..., Page]


@contextmanager
def _up(*words: str, **environment: str) -> Iterator[Server]:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with (
        serving(*words, *KEYS, HOLDFAST_CONSOLE_OPEN="true", **environment) as url,
        httpx.Client(base_url=url, headers=headers, timeout=60) as api,
    ):
        yield Server(url=url, api=api)


@pytest.fixture(scope="module")
def held() -> Iterator[Server]:
    """A shop that left some of its people alone all along, and enough of them to say something."""
    share = {"HOLDFAST_GLOBAL_HOLDOUT": "0.3", "HOLDFAST_GLOBAL_HOLDOUT_ROTATES": "never"}
    with _up("demo", "--people", "1200", "--for", "1800", **share) as server:
        yield server


@pytest.fixture(scope="module")
def fallen() -> Iterator[Server]:
    """A workspace to which orders came every day for two weeks, and hardly one since yesterday."""
    now = datetime.now(UTC)
    with _up("up") as server:
        for day in range(14):
            ended = now - timedelta(days=13 - day, minutes=5)
            events = [
                {
                    "type": "track",
                    "event": "Order Completed",
                    "userId": f"u{number}",
                    "messageId": f"o-{day}-{number}",
                    "timestamp": (ended - timedelta(minutes=number)).isoformat(),
                }
                for number in range(DAILY if day < 13 else 2)
            ]
            server.api.post("/v1/batch", json={"batch": events}, auth=(WRITE_KEY, "")).raise_for_status()
        yield server


@pytest.fixture
def look(browser: Browser, watched: Watched) -> Iterator[Look]:
    """Opens the overview of a server in a fresh browser profile, light or dark."""
    opened = []

    def looking(server: Server, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=server.url,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        page = context.new_page()
        watch(page, server.url, watched)
        page.goto("/")
        return page

    yield looking
    for context in opened:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_marketing_brings_is_told_with_its_interval_and_opens_to_its_periods(
    held: Server, look: Look, scheme: str
) -> None:
    told = held.get("/api/holdout")
    (revenue,) = (each for each in told["pooled"] if each["metric"] == "revenue")
    assert revenue["difference"]["status"] == "estimated", told["words"]
    page = look(held, scheme)
    card = page.locator("section").filter(has=page.get_by_role("heading", name=QUESTION))
    expect(card.get_by_role("heading", name="Marketing as a whole:")).to_be_visible()
    expect(card.get_by_text("What is really there lies from")).to_be_visible()
    expect(card.get_by_role("img")).to_be_visible()
    sure = revenue["difference"]["low"] > 0 or revenue["difference"]["high"] < 0
    expect(card.get_by_text("May be chance")).to_have_count(0 if sure else 1)
    assert violations(page) == ""
    card.get_by_role("link", name="By period, and by journey").click()
    expect(page.get_by_role("heading", name="All marketing together")).to_be_visible()
    expect(page.get_by_role("region", name="Global holdout by period")).to_be_visible()
    expect(page.get_by_role("heading", name="Marketing as a whole:")).to_be_visible()
    assert violations(page) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_nobody_is_left_alone_the_way_to_it_is_told(fallen: Server, look: Look, scheme: str) -> None:
    page = look(fallen, scheme)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    expect(page.get_by_role("heading", name="No group goes without marketing yet")).to_be_visible()
    assert violations(page) == ""
    page.get_by_role("link", name="Choose a share in Settings").click()
    expect(page.get_by_text("Share of people who get no marketing").first).to_be_visible()


def test_events_that_come_far_less_than_before_are_told(fallen: Server, look: Look) -> None:
    page = look(fallen)
    matters = page.get_by_role("list", name="Events that have become few")
    expect(matters).to_contain_text("“Order Completed” comes far less than before.")
    expect(matters).to_contain_text(f"2 in 24 hours, at least {DAILY} a day in the week before.")
    matters.get_by_role("link", name="Look at events").click()
    expect(page.get_by_role("tab", name="Events", exact=True)).to_have_attribute("aria-selected", "true")
