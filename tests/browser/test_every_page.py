"""Every page there is, every tab of it, light and dark, wide and narrow, for an owner and for who may only look.

The pages are read from `console/src/routes.tsx` and the tabs from the pages, so that none is left out by forgetting it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.accessibility import violations
from tests.browser.console import ROOT, Open, Server, Watched
from tests.browser.furniture import furnish
from tests.browser.people import an_account, sign_in

ROUTES = (ROOT / "console" / "src" / "routes.tsx").read_text("utf-8")
LINKS = ("/welcome", "/invitation", "/reset")
"""Where links lead that work once: pages outside the frame, without navigation."""
PATHS = tuple(re.findall(r"path: '(/[^']*)'", ROUTES))
SOMETHING = {
    "/people/$id": "person",
    "/people/$id/why": "person",
    "/segments/$id": "german-buyers",
    "/insights/$kind": "trend",
    "/boards/$id": "furnished",
    "/journeys/$id": "cart-rescue",
    "/campaigns/$id": "win-back",
    "/experiments/$id": "journey:cart-rescue",
    "/experiments/paths/$id": "after-order.which",
    "/content/$id": "letter-from-the-harbour",
    "/content/blocks/$id": "footer",
}
"""Of each page about one thing, one that the demo has."""
BUILT_WIDE = ("/segments/$id", "/journeys/$id", "/campaigns/$id", "/content/$id", "/content/blocks/$id")
"""Builders, which may ask for a wider window."""
NARROW = 360


@pytest.fixture(scope="module", autouse=True)
def furnished(server: Server) -> None:
    """Campaigns of every kind, a journey of every step and a board."""
    furnish(server)


@pytest.fixture(scope="module")
def viewer(server: Server) -> str:
    """Somebody who may look, and at no person."""
    return an_account(server, "viewer", "Vera Looks")


def address(server: Server, path: str) -> str:
    """The path with something in it that is there."""
    if "$" not in path:
        return path
    assert path in SOMETHING, f"say in SOMETHING what {path} is opened with"
    thing = SOMETHING[path]
    if thing == "person":
        thing = server.get("/api/people?limit=1")["people"][0]["user_id"]
    return re.sub(r"\$\w+", quote(thing, safe=""), path)


def settled(page: Page) -> None:
    """Wait until the page has all that it asked for."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.wait_for_timeout(200)
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    # A number that is being counted again is dim for as long.
    expect(page.locator("[data-stale]")).to_have_count(0)


def turn(page: Page, scheme: Any) -> None:
    """Have the system turn light or dark under the page."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_function(f"() => document.documentElement.dataset.mantineColorScheme === '{scheme}'")


def tabs(page: Page) -> list[str]:
    """The ids of the page's tabs; one of its own that is none where it has no tabs."""
    found: list[str] = page.get_by_role("tab").evaluate_all("tabs => tabs.filter(t => !t.disabled).map(t => t.id)")
    return found or [""]


def show(page: Page, tab: str) -> str:
    """Open a tab; gives what is written on it."""
    if not tab:
        return ""
    chosen = page.locator(f"[id='{tab}']")
    chosen.click()
    settled(page)
    return chosen.inner_text()


def too_wide(page: Page) -> int:
    """By how many pixels the page itself scrolls sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_and_its_tabs_are_accessible_light_dark_and_narrow(
    path: str, open_page: Open, server: Server, watched: Watched
) -> None:
    if path in LINKS:
        watched.allowed += ["40"]  # A link without its secret is refused, and says so.
    wrong: list[str] = []
    page = open_page("/no/such/page")
    answer: Response | None = page.goto(address(server, path))
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    settled(page)
    assert page.locator("h1").count() == 1
    for tab in tabs(page):
        name = show(page, tab)
        for scheme in ("light", "dark"):
            turn(page, scheme)
            wrong += [f"{name or path}, {scheme}: {found}"] if (found := violations(page)) else []
    page.set_viewport_size({"width": NARROW, "height": 800})
    if path not in BUILT_WIDE:
        for tab in tabs(page):
            name = show(page, tab)
            wrong += [f"{name or path} is {by} px too wide at {NARROW}"] if (by := too_wide(page)) > 0 else []
    else:
        settled(page)
        assert too_wide(page) <= 0
    found = violations(page)
    assert wrong + ([f"narrow: {found}"] if found else []) == []


@pytest.mark.parametrize("path", [each for each in PATHS if each not in LINKS])
def test_who_may_only_look_is_told_so_and_sees_no_error(
    path: str, open_page: Open, server: Server, watched: Watched, viewer: str
) -> None:
    watched.allowed.append("403")  # A page may ask; what it is refused it says as what it is.
    page = open_page("/no/such/page")
    sign_in(page.context, viewer)
    failed: list[str] = []
    page.on("response", lambda told: failed.append(f"{told.status} {told.url}") if told.status > 403 else None)
    page.goto(address(server, path))
    settled(page)
    assert page.locator("h1").count() == 1
    for tab in tabs(page):
        show(page, tab)
        told = (
            page.get_by_role("alert").all_inner_texts() + page.get_by_role("button", name="Try again").all_inner_texts()
        )
        assert told == []
    assert failed == []
    assert violations(page) == ""
