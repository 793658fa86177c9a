"""A shared board in a frame on somebody else's site: where the site is named, and nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.console import API_KEY
from tests.browser.serving import serving


class Site(ThreadingHTTPServer):
    """A site of somebody else's: any path of it is one page with a frame in it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Pages)
        self.shows = ""

    def origin(self, host: str = "127.0.0.1") -> str:
        """Where it is, by one of this machine's names."""
        return f"http://{host}:{self.server_port}"


class Pages(BaseHTTPRequestHandler):
    """Its pages."""

    server: Site

    def do_GET(self) -> None:
        """Whatever is asked for."""
        frame = f"<iframe src='{escape(self.server.shows)}'></iframe>"
        page = f"<!doctype html><title>Intranet</title><h1>Intranet</h1>{frame}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@contextmanager
def a_site() -> Iterator[Site]:
    """A site that is up until the block ends."""
    with Site() as site:
        thread = threading.Thread(target=partial(site.serve_forever, poll_interval=0.05), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A board that is shared, and the site that may show it."""

    named: Site
    link: str
    console: str


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    """A server that names one site, and a board on it."""
    with a_site() as named:
        up = serving("up", "--api-key", API_KEY, HOLDFAST_EMBED_SITES=named.origin())
        with up as url, httpx.Client(base_url=url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=60) as api:
            cards = [{"type": "text", "id": "a", "width": 3, "text": "Looked at on Mondays"}]
            api.put("/api/boards/week", json={"name": "Of the week", "cards": cards}).raise_for_status()
            made = api.post("/api/shared-links", json={"kind": "board", "about": "week", "days": None})
            yield Shared(named=named, link=made.raise_for_status().json()["link"], console=url)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Somebody's browser, in which nobody is signed in."""
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def refused(page: Page, address: str) -> str:
    """Open the page, whose frame Chromium leaves empty; returns what it says of it."""
    with page.expect_console_message(lambda said: "frame-ancestors" in said.text) as told:
        page.goto(address)
    expect(page.get_by_role("heading", name="Intranet")).to_be_visible()
    page.wait_for_function("window.frames.length === 1")
    (frame,) = (each for each in page.frames if each is not page.main_frame)
    assert frame.get_by_role("heading").count() == 0
    return told.value.text


def test_the_site_that_is_named_shows_a_shared_board(page: Page, shared: Shared) -> None:
    shared.named.shows = shared.link
    page.goto(shared.named.origin())
    board = page.frame_locator("iframe")
    expect(board.get_by_role("heading", name="Of the week")).to_be_visible()
    expect(board.get_by_text("Looked at on Mondays")).to_be_visible()


def test_the_same_machine_by_another_name_does_not(page: Page, shared: Shared) -> None:
    shared.named.shows = shared.link
    assert shared.named.origin() in refused(page, shared.named.origin("localhost"))


def test_another_site_does_not(page: Page, shared: Shared) -> None:
    with a_site() as other:
        other.shows = shared.link
        assert shared.named.origin() in refused(page, other.origin())


def test_the_site_that_is_named_shows_nothing_else_of_the_console(page: Page, shared: Shared) -> None:
    with a_site() as site:
        site.shows = f"{shared.console}/"
        assert "'none'" in refused(page, site.origin())
    shared.named.shows = f"{shared.console}/"
    assert "'none'" in refused(page, shared.named.origin())
