"""A real demo server and a real Chromium for the tests of the console."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.console import API_KEY, CHROMIUM, CONSOLE, FLAGS, WRITE_KEY, Open, Server, Watched, watch
from tests.lacking import lacking

START_SECONDS = 120
PATIENCE_MS = 20_000
"""What is expected is waited for so long: a machine with much to do is slow, and not wrong."""
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """`holdfast demo` with few people, on a free port."""
    if not CONSOLE.is_file():
        pytest.fail("The console is not built: make setup builds it.")
    with tempfile.TemporaryDirectory() as data:
        log = Path(data) / "demo.log"
        command = [str(Path(sys.executable).with_name("holdfast")), "demo", "--people", "300", "--port", "0"]
        command += ["--data", f"{data}/demo", "--for", "3600", "--write-key", WRITE_KEY, "--api-key", API_KEY]
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "200"}
            )
        try:
            url = _address(process, log)
            headers = {"Authorization": f"Bearer {API_KEY}"}
            with httpx.Client(base_url=url, headers=headers, timeout=30) as api:
                yield Server(url=url, api=api)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def nothing_yet() -> Iterator[str]:
    """The address of a workspace nothing has come to, its console open to this machine."""
    with tempfile.TemporaryDirectory() as data:
        log = Path(data) / "up.log"
        command = [str(Path(sys.executable).with_name("holdfast")), "up", "--port", "0", "--data", f"{data}/empty"]
        with log.open("wb") as out:
            env = {**os.environ, "COLUMNS": "200", "HOLDFAST_CONSOLE_OPEN": "true"}
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env)
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text(encoding="utf-8", errors="replace")
        found = re.search(r"Console\s+(http://\S+)", said)
        if found:
            return found.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


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
def watched() -> Iterator[Watched]:
    """Looks after every page of the test, and judges at its end."""
    seen = Watched()
    yield seen
    seen.clean()


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
