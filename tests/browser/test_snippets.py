"""The code on the Data page, taken from it as it stands and run: what it sends arrives."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import WRITE_KEY, Open, Server
from tests.browser.test_stories import until
from tests.integration.sdk.packages import SDK, install, node
from tests.lacking import lacking

PERSON = "customer-42"
"""Whom the code on the page speaks of."""
RUN_SECONDS = 120


@pytest.fixture
def code(open_page: Open, server: Server) -> Callable[[str], str]:
    """What stands on the page for a language, with somebody of our own in the place of who is named there."""
    page = open_page("/data?tab=send")
    user = f"copied-{uuid4().hex[:8]}"

    def taken(language: str) -> str:
        page.get_by_text(language, exact=True).click()
        region = page.get_by_role("region", name=f"{language} code")
        expect(region).to_contain_text(PERSON)
        expect(region).to_contain_text(server.url)
        # The keys come a moment after the page.
        expect(region).to_contain_text(WRITE_KEY)
        said = region.text_content() or ""
        # An event of our own: everybody's order would be the one of the first who copied it.
        return said.replace(PERSON, user).replace("Order Completed", user).replace("A-1", user)

    return taken


def _name_in(code: str) -> str:
    """Whom the code speaks of: what it calls the event, too."""
    return "copied-" + code.partition("copied-")[2][:8]


def _ran(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _arrived(server: Server, user: str) -> None:
    """Their order, as every snippet says it."""

    def ordered(answer: Any) -> bool:
        return any(each["event"] == user for each in answer["events"])

    events = until(server, f"/api/people/{user}/events", ordered)["events"]
    (order,) = [each for each in events if each["event"] == user]
    assert order["properties"] == {"order_id": user, "revenue": 84.2, "currency": "EUR"}


def test_by_curl(code: Callable[[str], str], server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        lacking("curl is not installed; apt-get install curl lets this test run.")
    said = code("curl")
    _ran(["sh", "-ec", said], tmp_path)
    _arrived(server, _name_in(said))


def test_by_segments_sdk_for_python(code: Callable[[str], str], server: Server, tmp_path: Path) -> None:
    said = code("Python")
    _ran([sys.executable, "-c", said], tmp_path)
    user = _name_in(said)
    _arrived(server, user)
    assert server.get(f"/api/people/{user}")["traits"]["email"] == "ada@example.com"


def test_by_segments_sdk_for_node(code: Callable[[str], str], server: Server) -> None:
    install()
    said = code("Node")
    _ran([node(), "--input-type=module", "--eval", said], SDK)
    _arrived(server, _name_in(said))


@pytest.mark.parametrize(
    ("language", "run"),
    [
        ("Ruby", ("send.rb", ["ruby", "send.rb"], "ruby")),
        ("PHP", ("send.php", ["php", "send.php"], "php-cli")),
        ("Go", ("send.go", ["go", "run", "send.go"], "golang-go")),
        ("Java", ("Send.java", ["java", "Send.java"], "default-jdk-headless")),
    ],
)
def test_by_what_a_language_brings(
    code: Callable[[str], str], server: Server, tmp_path: Path, language: str, run: tuple[str, list[str], str]
) -> None:
    file, command, package = run
    if shutil.which(command[0]) is None:
        lacking(f"{command[0]} is not installed; apt-get install {package} lets this test run.")
    said = code(language)
    (tmp_path / file).write_text(said, encoding="utf-8")
    _ran(command, tmp_path, {"GOCACHE": str(tmp_path / "built"), "GO111MODULE": "off"})
    _arrived(server, _name_in(said))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _a_shop(folder: Path) -> Iterator[str]:
    """A page of another origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as shop:
        serving = threading.Thread(target=shop.serve_forever, daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{shop.server_port}"
        finally:
            shop.shutdown()
            serving.join()


def test_by_segments_sdk_in_a_page(
    code: Callable[[str], str], server: Server, browser: Browser, tmp_path: Path
) -> None:
    said = code("Browser")
    imported = "import { AnalyticsBrowser } from '@segment/analytics-next'\n"
    assert said.startswith(imported)
    # What a bundler does with the import, the package's own bundle does here.
    shutil.copytree(install() / "@segment" / "analytics-next" / "dist" / "umd", tmp_path / "umd")
    plain = said.removeprefix(imported)
    script = f"const {{ AnalyticsBrowser }} = window.AnalyticsNext\n{plain}"
    scripts = f'<script src="/umd/index.js"></script><script type="module">{script}</script>'
    (tmp_path / "index.html").write_text(f"<!doctype html><title>A shop</title>{scripts}")
    with _a_shop(tmp_path) as shop:
        page = browser.new_page()
        try:
            page.goto(shop)
            _arrived(server, _name_in(said))
        finally:
            page.close()
