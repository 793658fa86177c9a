"""What the tests of the console share: where things are, the server they talk to, and the watch over every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, Request

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
CONSOLE = ROOT / "src" / "holdfast" / "http" / "console" / "index.html"
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


@dataclass(kw_only=True)
class Watched:
    """What a page did that no page should."""

    elsewhere: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    """Parts of messages that the test brings about on purpose."""

    def clean(self) -> None:
        """Fail if anything left the origin, or anything was thrown or refused."""
        faults = [fault for fault in self.faults if not any(part in fault for part in self.allowed)]
        assert not self.elsewhere, f"the page asked elsewhere: {self.elsewhere}"
        assert not faults, f"the page complained: {faults}"


Open = Callable[..., Page]
"""Opens a path of the console; scheme, width and host can be said."""


def watch(page: Page, origin: str, watched: Watched) -> None:
    """Write down what the page asks of others, throws, or is refused."""

    def asked(request: Request) -> None:
        if not request.url.startswith((origin + "/", "data:", "about:", "blob:")):
            watched.elsewhere.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: watched.faults.append(str(error)))
    page.on("console", lambda message: watched.faults.append(message.text) if message.type == "error" else None)
