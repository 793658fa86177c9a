"""Segment's SDK for the browser, unmodified, in a real Chromium on a page of another origin."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from holdfast.events.event import Event
from tests.integration.collecting import SOURCE, WRITE_KEY, Collecting, collecting
from tests.integration.sdk.packages import install

CHROMIUM = os.environ.get("HOLDFAST_TEST_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
PAGE = Path(__file__).with_name("page.html")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOAD = """async ([cdn, key, integrations]) => {
  const [analytics] = await window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: cdn }, { integrations })
  window.analytics = analytics
  analytics.setAnonymousId("a-browser")
}"""
DELIVER = """async () => {
  const analytics = window.analytics
  // Once somebody is known, this SDK writes the known id over the one it is given: so before that.
  await analytics.alias("u-browser", "a-older")
  await analytics.page("Shop", "Home", { beta: true })
  await analytics.track("Product Viewed", { price: 59.99, name: "Größe 🎈", cut: "🎈".slice(0, 1) })
  await analytics.identify("u-browser", { plan: "gold", age: 30 })
  await analytics.group("acme", { seats: 3 })
  await analytics.screen("Shop", "Cart", { items: 2 })
  await analytics.track("Order Completed", { revenue: 59.99 })
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collecting]:
    with collecting(tmp_path_factory.mktemp("browser")) as it:
        yield it


@pytest.fixture
def served(server: Collecting) -> Collecting:
    server.forget()
    return server


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page of another origin, with the SDK's own bundle."""
    umd = install() / "@segment" / "analytics-next" / "dist" / "umd"
    routes = [Route("/", lambda _: FileResponse(PAGE)), Mount("/umd", StaticFiles(directory=umd))]
    with collecting(tmp_path_factory.mktemp("shop"), also=routes) as it:
        yield it.url


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        yield page
        browser.close()


@pytest.fixture
def page(browser_page: Page, shop: str) -> Page:
    browser_page.context.clear_cookies()
    browser_page.goto(shop)
    browser_page.evaluate("localStorage.clear()")
    browser_page.goto(shop)
    return browser_page


def load(page: Page, served: Collecting, key: str = WRITE_KEY, settings: dict[str, Any] | None = None) -> None:
    page.evaluate(LOAD, [served.url, key, {"Segment.io": settings or {}}])


def wait_for(page: Page, served: Collecting, count: int) -> list[Event]:
    for _ in range(200):
        events = served.events()
        if len(events) >= count:
            break
        page.wait_for_timeout(50)
    return served.events()


@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_every_call_arrives(page: Page, served: Collecting, strategy: str) -> None:
    settings = {} if strategy == "standard" else {"deliveryStrategy": {"strategy": "batching", "config": {"size": 3}}}
    load(page, served, settings=settings)
    page.evaluate(DELIVER)
    if strategy == "batching":
        page.goto("about:blank")  # Leaving the page flushes what has not filled a batch.
    events = wait_for(page, served, 7)
    by_name = {event.name: event for event in events}
    assert len(by_name) == len(events) == 7
    seen, known, group = by_name["Product Viewed"], by_name["Identified"], by_name["Group Joined"]
    screen, order, alias = by_name["Screen Viewed"], by_name["Order Completed"], by_name["Aliased"]
    properties = by_name["Page Viewed"].properties
    assert (properties["name"], properties["category"], properties["beta"]) == ("Home", "Shop", True)
    assert (seen.user_id, seen.anonymous_id) == (None, "a-browser")
    assert seen.properties == {"price": 59.99, "name": "Größe 🎈", "cut": "\ufffd"}
    assert (known.user_id, known.anonymous_id, known.properties) == (
        "u-browser",
        "a-browser",
        {"plan": "gold", "age": 30},
    )
    assert (group.user_id, group.group_id, group.properties) == ("u-browser", "acme", {"seats": 3, "group_id": "acme"})
    assert screen.properties["name"] == "Cart"
    assert (order.user_id, order.properties) == ("u-browser", {"revenue": 59.99})
    assert (alias.user_id, alias.previous_id) == ("u-browser", "a-older")
    for event in events:
        assert event.source == SOURCE
        assert event.message_id.startswith("ajs-next-")
        assert timedelta(0) <= event.received_at - event.timestamp < timedelta(minutes=1)
        assert "page" in event.context
    paths = {request.path for request in served.requests if request.method == "POST"}
    assert paths == ({"/v1/b"} if strategy == "batching" else {f"/v1/{letter}" for letter in "ptigsa"})


def test_a_wrong_key_reaches_nobody(page: Page, served: Collecting) -> None:
    with pytest.raises(Exception, match="No source has this write key"):
        load(page, served, key="wrong")
    assert served.entries() == []


def test_a_retry_is_the_same_event(page: Page, served: Collecting) -> None:
    load(page, served)
    served.faults = [(503, True)]
    page.evaluate("analytics.track('Order Completed', { revenue: 1 })")
    events = wait_for(page, served, 2)
    assert [request.status for request in served.requests if request.method == "POST"] == [503, 200]
    assert len(events) == 2
    assert len({event.dedup_hash for event in events}) == 1
