"""Every page there is, every tab of it, in German: nothing that the console can say in German stands there in English.

What stands on a page is held against the English sentences the dictionaries know, so what people of the shop call their
journeys and segments is nobody's mistake.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import ROOT, Open, Server, Watched
from tests.browser.furniture import furnish
from tests.browser.test_every_page import LINKS, PATHS, address, tabs

LANGUAGES = ROOT / "console" / "src" / "words" / "languages"
OWN_WORDS_LEAST, TOLD_WORDS_LEAST = 3, 2
"""What is shorter may be a name: a template is called "Order packed"."""

_HOLE = re.compile(r"\{\{\s*\w+\s*\}\}")
_TAG = re.compile(r"</?\w+/?>")
_TEXTS = """() => {
  const found = new Set()
  const every = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (every.nextNode()) {
    const { parentElement: around, textContent } = every.currentNode
    if (around && !around.closest('script, style, noscript, code, pre, bdi')) found.add(textContent.trim())
  }
  for (const name of ['aria-label', 'title', 'placeholder'])
    for (const element of document.querySelectorAll(`[${name}]`)) found.add(element.getAttribute(name).trim())
  return [...found].filter(Boolean)
}"""


def _dictionary(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((LANGUAGES / name).read_text("utf-8"))
    return found


def _known() -> re.Pattern[str]:
    """Finds a text that is an English sentence of the console, of a declaration or of the server, with any values."""
    own = {re.sub(r"_(one|other)$", "", each): said for each, said in _dictionary("de.json").items()}
    declared, told = _dictionary("de.declared.json")["texts"], _dictionary("de.told.json")["sentences"]
    patterns = {*_patterns(own | declared, OWN_WORDS_LEAST), *_patterns(told, TOLD_WORDS_LEAST)}
    return re.compile("|".join(sorted(patterns)), re.IGNORECASE)


def _patterns(sentences: dict[str, str], words_least: int) -> Iterator[str]:
    for each, said in sentences.items():
        plain = _TAG.sub("", each).strip()
        if each != said and len(re.findall(r"[A-Za-z]{2,}", _HOLE.sub("", plain))) >= words_least:
            yield ".+".join(map(re.escape, _HOLE.split(plain)))


KNOWN = _known()
MEND = _dictionary("de.json")["{{count}} things to mend_other"].replace("{{count}}", r"\d+")
LOADING = re.compile(f"^(Loading|{re.escape(_dictionary('de.json')['Loading'])})$")


@pytest.fixture(scope="module", autouse=True)
def furnished(server: Server) -> None:
    """Campaigns of every kind, a journey of every step and a board."""
    furnish(server)


@pytest.fixture
def german(open_page: Open) -> Page:
    """A page that is read in German."""
    page = open_page("/no/such/page")
    page.evaluate("localStorage.setItem('holdfast:language', 'de')")
    return page


def settled(page: Page) -> None:
    """Wait until the page has all that it asked for."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.get_by_role("status", name=LOADING)).to_have_count(0)
    page.wait_for_timeout(200)
    expect(page.get_by_role("status", name=LOADING)).to_have_count(0)


def english(page: Page) -> list[str]:
    """What stands on the page in English and need not."""
    return [each for each in page.evaluate(_TEXTS) if KNOWN.fullmatch(each)]


def test_english_is_found_where_it_stands() -> None:
    assert KNOWN.fullmatch("There is no segment 'vip'.")
    assert KNOWN.fullmatch("Nobody has been watched for 30 days yet: ask for a curve of 3 days or fewer.")
    assert not KNOWN.fullmatch("Es gibt kein Segment „vip“.")
    assert not KNOWN.fullmatch("Left a cart this week")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_and_its_tabs_are_german(path: str, german: Page, server: Server, watched: Watched) -> None:
    if path in LINKS:
        watched.allowed += ["40"]  # A link without its secret is refused, and says so.
    german.goto(address(server, path))
    settled(german)
    expect(german.locator("html")).to_have_attribute("lang", "de")
    wrong = english(german)
    for tab in tabs(german):
        if tab:
            german.locator(f"[id='{tab}']").click()
            settled(german)
            wrong += [f"{tab}: {each}" for each in english(german)]
    assert sorted(set(wrong)) == []


def test_a_draft_with_mistakes_is_advised_in_german(german: Page, server: Server, watched: Watched) -> None:
    watched.allowed += ["404"]  # It was never published.
    wrong = {
        "name": "Voller Fehler",
        "goal": {"event": "Order Completed", "within_seconds": 86_400},
        "start": "start",
        "steps": {
            "start": {"type": "trigger", "event": "Signed Up", "again": "once", "exits": {"entered": "mail"}},
            "mail": {"type": "send", "channel": "pigeon", "template": {}, "exits": {"sent": "nowhere"}},
        },
    }
    draft = "/api/drafts/journey/voller-fehler"
    server.api.put(draft, json={"definition": wrong, "based_on": 0, "revision": 0}).raise_for_status()
    german.goto("/journeys/voller-fehler")
    german.get_by_role("button", name=re.compile(MEND)).click()
    expect(german.get_by_role("menuitem", name="Kein Kanal heißt „pigeon“.")).to_be_visible()
    assert english(german) == []
    german.keyboard.press("Escape")
    german.goto("/journeys/voller-fehler?step=mail")
    expect(german.get_by_text("Es gibt keinen Schritt „nowhere“, zu dem zu führen wäre.").first).to_be_visible()
    server.api.delete(draft).raise_for_status()


def test_what_is_refused_is_said_in_german(german: Page, watched: Watched) -> None:
    watched.allowed += ["400"]
    german.goto("/settings?tab=contact")
    german.get_by_role("textbox", name="Ruhezeit bis").fill("07:00")
    german.get_by_role("textbox", name="Ruhezeit von").fill("25:15")
    german.get_by_role("textbox", name="Ruhezeit von").press("Enter")
    alert = german.get_by_role("alert")
    expect(alert).to_contain_text("„25:15“ ist keine Uhrzeit. Schreiben Sie eine von 00:00 bis 23:59, etwa 21:30.")


def test_people_are_told_in_german(german: Page) -> None:
    german.goto("/segments/german-buyers")
    expect(german.get_by_text("Personen, für die gilt:").first).to_be_visible()
    expect(german.get_by_text("People who")).to_have_count(0)
