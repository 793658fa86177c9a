"""What the tests of the console share: where things are, the server they talk to, and the watch over every page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

from tests.browser.serving import log_of

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
CONSOLE = ROOT / "src" / "holdfast" / "http" / "console" / "index.html"
PATIENCE_MS = 60_000
"""What is expected is waited for so long: a machine with much to do is slow, and not wrong."""
BAR_PX_MOST = 88
"""A page's bar of two rows of controls, with what is around them."""
API_KEY = "ak"
WRITE_KEY = "wk"
OTHER_NAME = "holdfast.test"
"""A name of this machine that is not loopback by name: there the console asks for a key."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {OTHER_NAME} 127.0.0.1",
]


@dataclass(frozen=True, kw_only=True)
class Server:
    """The demo, running, and how to talk to it past the browser."""

    url: str
    api: httpx.Client

    def track(self, **message: Any) -> None:
        """Send one event through the front door."""
        self.api.post("/v1/track", json=message, auth=(WRITE_KEY, "")).raise_for_status()

    def get(self, path: str) -> Any:
        """Ask the API."""
        return self.api.get(path).raise_for_status().json()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What a page complained of, and where."""

    said: str
    where: str

    def __str__(self) -> str:
        return f"{self.said} [{self.where}]"


@dataclass(kw_only=True)
class Watched:
    """What a page did that no page should."""

    elsewhere: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    """Parts of messages that the test brings about on purpose."""
    broken: list[str] = field(default_factory=list)
    """Requests the server could not answer, each with the end of its log at that moment."""
    refused: list[Response] = field(default_factory=list)
    """What the server refused."""

    def clean(self) -> None:
        """Fail if anything left the origin, or anything was thrown or refused."""
        faults = [str(fault) for fault in self.faults if not any(part in fault.said for part in self.allowed)]
        why = "\n".join([*self.broken[:3], *map(words_of, self.refused[:3] if faults else [])])
        assert not self.elsewhere, f"the page asked elsewhere: {self.elsewhere}"
        assert not faults, f"the page complained: {faults}\n{why}"


def words_of(refusal: Response) -> str:
    """What was refused, and why, as long as the page that asked still has it."""
    with contextlib.suppress(Error):
        return f"{refusal.status} {refusal.request.method} {refusal.url}: {refusal.text()[:1000]}"
    return f"{refusal.status} {refusal.request.method} {refusal.url}"


Open = Callable[..., Page]
"""Opens a path of the console; scheme, width and host can be said."""


def watch(page: Page, origin: str, watched: Watched) -> None:
    """Write down what the page asks of others, throws, or is refused."""

    def asked(request: Request) -> None:
        if not request.url.startswith((origin + "/", "data:", "about:", "blob:")):
            watched.elsewhere.append(request.url)

    def answered(response: Response) -> None:
        if response.status >= 500:
            told = f"{response.status} {response.request.method} {response.url}"
            watched.broken.append(f"{told}; the server's log ends:\n{log_of(origin)}")
        elif response.status >= 400:
            watched.refused.append(response)

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location
            watched.faults.append(Fault(said=message.text, where=f"{place.get('url')}:{place.get('lineNumber')}"))

    page.on("request", asked)
    page.on("response", answered)
    page.on("pageerror", lambda error: watched.faults.append(Fault(said=str(error), where=str(error.stack))))
    page.on("console", said)
