"""Takes the README's pictures from the real thing: `python -m tests.browser.pictures [FOLDER]`, or `make pictures`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.console import API_KEY, CHROMIUM, FLAGS, PATIENCE_MS, ROOT
from tests.browser.serving import serving

FOLDER = ROOT / "docs" / "images"
PEOPLE = 5_000
WIDTH, HEIGHT = 1440, 900
SCHEMES = ("light", "dark")
BEGUN_SECONDS = 300
LIVED_SECONDS = 45
"""How long the shop lives before it is looked at: so long that its page has something to tell of this minute."""
PAGES = {"overview": "/", "journey": "/journeys/cart-rescue"}


def take(folder: Path) -> list[Path]:
    """Take each page in each scheme; gives the files."""
    shop = ("demo", "--people", str(PEOPLE), "--for", "1800", "--api-key", API_KEY)
    with serving(*shop) as origin, sync_playwright() as playwright:
        _lived(origin)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        taken = [
            _take(browser, origin, path, scheme, folder / f"{name}-{scheme}.png")
            for name, path in PAGES.items()
            for scheme in SCHEMES
        ]
        browser.close()
    return taken


def _lived(origin: str) -> None:
    """Wait until the shop's past is there and its customers have been about for a while."""
    until = time.monotonic() + BEGUN_SECONDS
    headers = {"Authorization": f"Bearer {API_KEY}"}
    while httpx.get(f"{origin}/api/overview", headers=headers, timeout=60).raise_for_status().json()["loading"]:
        assert time.monotonic() < until, "the demo never finished filling"
        time.sleep(1)
    time.sleep(LIVED_SECONDS)


def _take(browser: Browser, origin: str, path: str, scheme: str, file: Path) -> Path:
    with _page(browser, origin, scheme) as page:
        page.goto(path)
        page.get_by_role("main").wait_for()
        page.wait_for_function("() => !document.querySelector('[aria-busy=true], [data-stale]')")
        page.evaluate("document.fonts.ready")
        # The feed fills as things happen.
        page.wait_for_timeout(8_000)
        page.screenshot(path=file)
    return file


@contextmanager
def _page(browser: Browser, origin: str, scheme: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=origin,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": WIDTH, "height": HEIGHT},
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


if __name__ == "__main__":
    for each in take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(each)
