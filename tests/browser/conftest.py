"""A real demo server and a real Chromium for the tests of the console."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.afresh import Shared
from tests.browser.console import (
    API_KEY,
    CHROMIUM,
    CONSOLE,
    FLAGS,
    PATIENCE_MS,
    WRITE_KEY,
    Open,
    Server,
    Watched,
    watch,
)
from tests.browser.serving import explain, serving
from tests.lacking import lacking

expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def a_demo() -> Iterator[Server]:
    """`holdfast demo` with few people, on a free port."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    with (
        serving("demo", "--people", "300", "--for", "3600", "--write-key", WRITE_KEY, "--api-key", API_KEY) as url,
        httpx.Client(base_url=url, headers=headers, timeout=30, event_hooks={"response": [explain]}) as api,
    ):
        yield Server(url=url, api=api)


@pytest.fixture(scope="session")
def demos() -> Iterator[Shared[Server]]:
    """The demo of this worker, and another one after a test that failed."""
    if not CONSOLE.is_file():
        pytest.fail("The console is not built: make setup builds it.")
    shared = Shared(a_demo)
    yield shared
    shared.close()


# Of a module, since what a module prepares on it has to be prepared anew where it is another one: a test that is tried
# again is given anew all that is not the session's.
@pytest.fixture(scope="module")
def server(demos: Shared[Server]) -> Server:
    """The demo, on which no test has failed before this module began or this test was tried again."""
    return demos.get()


@pytest.fixture
def nothing_yet() -> Iterator[str]:
    """The address of a workspace nothing has come to, its console open to this machine."""
    with serving("up", HOLDFAST_CONSOLE_OPEN="true") as address:
        yield address


# Not for the whole session: while it is open an event loop runs in this thread, and other files' tests bring their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.is_file():
        lacking("Chromium is not installed; apt-get install chromium lets these tests run.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def watched() -> Watched:
    """Looks after every page of the test, and judges at its end."""
    return Watched()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, object, object]:
    """Judge what the pages did at the end of the test, as a part of it: what fails afterwards is not tried again."""
    result = yield
    watched = item.funcargs.get("watched")
    if isinstance(watched, Watched):
        watched.clean()
    return result


@pytest.fixture
def open_page(browser: Browser, server: Server, watched: Watched) -> Iterator[Open]:
    """Opens an address of the console in a fresh browser profile."""
    contexts: list[BrowserContext] = []

    def opened(path: str = "/", *, scheme: str = "light", width: int = 1440, host: str = "127.0.0.1") -> Page:
        origin = server.url.replace("127.0.0.1", host)
        context = browser.new_context(
            base_url=origin,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page, origin, watched)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
