"""A workspace written to break the console: nothing of it runs, nothing leaves the origin, no page grows too wide."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.console import API_KEY, PATIENCE_MS, ROOT, WRITE_KEY, Watched, watch
from tests.browser.hostile import ADDRESS, BRACES, FORMULA, IMAGE, NAME, USER, fill
from tests.browser.serving import explain, serving

ROUTES = (ROOT / "console" / "src" / "routes.tsx").read_text("utf-8")
LINKS = ("/welcome", "/invitation", "/reset")
PATHS = tuple(each for each in re.findall(r"path: '(/[^']*)'", ROUTES) if each not in LINKS)
THINGS = {
    "/people/$id": USER,
    "/people/$id/why": USER,
    "/insights/$kind": "trend",
    "/campaigns/$id": "evil-later",
    "/experiments/$id": "experiment:evil-trial",
    "/experiments/paths/$id": "evil.ways",
}
"""What a page about one thing is opened with; `evil` where nothing is said."""
MORE = (
    f"/people?text={quote(IMAGE)}",
    f"/people/{quote(FORMULA, safe='')}",
    "/campaigns/evil-call",
    "/content/evil-text",
    "/content/evil-app",
    "/insights/trend?saved=evil",
    "/insights/sql?saved=evil-rows",
    "/mailbox?mail=1",
    f"/mailbox?text={quote(NAME)}",
    f"/no/such/{quote(NAME)}",
    f"/segments/{quote(NAME, safe='')}",
    f"/journeys/new?name={quote(NAME)}&from={quote(IMAGE)}",
)
"""Further addresses, whose parameters are hostile too."""
BUILT_WIDE = ("/segments/", "/journeys/", "/campaigns/", "/content/")
"""Builders, which may ask for a wider window."""
NARROW = 400

# Said as an error, so that it is noticed wherever and whenever it happens: in a frame too, and on a page that is left.
TRIPWIRE = """Object.defineProperty(window, 'hit', {
  set: () => console.error('HOSTILE CODE RAN'),
  get: () => undefined,
})"""
PLANTED = """() => {
  const found = []
  const leads = ['href', 'src', 'action', 'formaction', 'xlink:href']
  for (const each of document.querySelectorAll('*')) {
    for (const { name, value } of each.attributes) {
      const runs = name.startsWith('on') || (leads.includes(name) && /^\\s*(javascript|vbscript)/i.test(value))
      if (runs) found.push(`${each.tagName} ${name}=${value}`)
    }
    const foreign =
      (each.tagName === 'SCRIPT' && !each.src.startsWith(location.origin + '/assets/')) ||
      (each.tagName === 'IMG' && each.getAttribute('src') === 'x') ||
      (each.tagName === 'IFRAME' && each.getAttribute('sandbox') !== '')
    if (foreign) found.push(each.outerHTML.slice(0, 300))
  }
  return found
}"""
"""What stands on the page that only markup of somebody else's could have put there."""
BY_WHICH = """() => {
  const most = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= most) return null
  const wide = [...document.body.querySelectorAll('*')].filter((each) => each.getBoundingClientRect().right > most + 1)
  return wide.slice(-3).map((each) => each.outerHTML.slice(0, 160)).join(' … ') || 'something'
}"""
"""What the page is too wide by; null when it does not scroll sideways."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The hostile workspace, served, and whoever talks to it past the browser."""

    url: str
    api: httpx.Client


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    """A server of its own: nothing else is to be shown beside this."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    keys = ("--write-key", WRITE_KEY, "--api-key", API_KEY)
    with (
        serving("up", *keys, HOLDFAST_CONSOLE_OPEN="true") as url,
        httpx.Client(base_url=url, headers=headers, timeout=60, event_hooks={"response": [explain]}) as api,
    ):
        assert fill(api) == [], "what is refused is not shown: let the hostile workspace say it in another way"
        yield Workspace(url=url, api=api)


@pytest.fixture
def page(browser: Browser, workspace: Workspace, watched: Watched) -> Iterator[Page]:
    """A page that is watched, and that tells when anything runs that was not ours."""
    context: BrowserContext = browser.new_context(
        base_url=workspace.url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(TRIPWIRE)
    page = context.new_page()
    watch(page, workspace.url, watched)
    # Parsing a mail in order to take its handlers out is told by the browser; what is left of them is looked for.
    watched.allowed += ["Executing inline event handler", "404", "Blocked script execution"]
    yield page
    context.close()


def settled(page: Page) -> None:
    """Wait until the page has all that it asked for."""
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_load_state("load")
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)


def unharmed(page: Page, where: str) -> list[str]:
    """What is wrong with the page as it stands."""
    wrong = [f"{where}: {each}" for each in page.evaluate(PLANTED)]
    wide = page.evaluate(BY_WHICH)
    return wrong if wide is None else [*wrong, f"{where} scrolls sideways: {wide}"]


def through(page: Page, path: str) -> list[str]:
    """Open a page and all its tabs; gives what is wrong there."""
    answer = page.goto(path)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    settled(page)
    wrong = unharmed(page, path)
    tabs: list[str] = page.get_by_role("tab").evaluate_all("tabs => tabs.filter(t => !t.disabled).map(t => t.id)")
    for tab in tabs[1:]:
        page.locator(f"[id='{tab}']").click()
        settled(page)
        wrong += unharmed(page, f"{path}, {tab}")
    page.set_viewport_size({"width": NARROW, "height": 900})
    settled(page)
    wrong += [] if path.startswith(BUILT_WIDE) else unharmed(page, f"{path}, narrow")
    page.set_viewport_size({"width": 1440, "height": 900})
    return wrong


def address(path: str) -> str:
    """The path with something hostile in it."""
    return re.sub(r"\$\w+", quote(THINGS.get(path, "evil"), safe=""), path)


def test_what_looks_for_planted_markup_finds_it(page: Page) -> None:
    page.goto("/no/such/page")
    settled(page)
    assert unharmed(page, "before") == []
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", f"{IMAGE}<a href='{ADDRESS}'>a</a>")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=width:3000px>wide</p>')")
    assert len(unharmed(page, "after")) == 4  # The handler, the picture, the address, the width.


def test_no_page_runs_or_fetches_what_it_shows(page: Page) -> None:
    wrong = [each for path in (*map(address, PATHS), *MORE) for each in through(page, path)]
    assert wrong == []


def test_a_message_is_shown_as_it_was_written_and_does_nothing(page: Page, workspace: Workspace) -> None:
    """The preview of a template and a message that went out, both with everything in them that a mail may not do."""
    page.goto("/content/evil")
    page.get_by_label("As this person reads it").fill(USER)
    reads_it(page.get_by_title("The mail as it would be read"))
    (mail,) = workspace.api.get("/api/mailbox").raise_for_status().json()["messages"]
    page.goto(f"/mailbox?mail={mail['id']}")
    kept = page.get_by_title("The message as it was sent")
    reads_it(kept)
    kept.content_frame.get_by_role("heading").click()
    kept.content_frame.get_by_text("a link").click()
    assert unharmed(page, "/mailbox") == []


def reads_it(frame: Locator) -> None:
    """The frame shows what was written and can do nothing with it."""
    heading = frame.content_frame.get_by_role("heading")
    expect(heading).to_contain_text(BRACES)
    expect(heading).to_contain_text(IMAGE)
    assert frame.get_attribute("sandbox") == ""
    assert "elsewhere.example" not in (frame.get_attribute("srcdoc") or "")


def test_no_export_holds_a_program(page: Page, workspace: Workspace) -> None:
    for path in ("/api/export?format=csv", "/api/audit/export"):
        told = workspace.api.get(path).raise_for_status().text
        assert FORMULA in told or path == "/api/audit/export"
        assert programs(told) == [], path
    page.goto("/boards/evil")
    settled(page)
    page.get_by_role("button", name="What to do with").nth(2).click()
    with page.expect_download() as handed:
        page.get_by_role("menuitem", name="Table, as CSV").click()
    told = handed.value.path().read_text(encoding="utf-8").removeprefix("\ufeff")
    assert f"'{FORMULA}" in told
    assert programs(told) == []


def programs(sheet: str) -> list[str]:
    """The cells a spreadsheet would reckon with."""
    return [cell for row in csv.reader(io.StringIO(sheet)) for cell in row if cell.startswith(("=", "@", "\t", "\r"))]


def test_anything_hostile_is_found_by_typing(page: Page) -> None:
    page.goto("/data")
    settled(page)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill(IMAGE)
    expect(page.get_by_role("option").filter(has_text=IMAGE).first).to_be_visible()
    assert unharmed(page, "the palette") == []
