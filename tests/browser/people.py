"""People who work in the console, each by a role of their own, signed in to a browser of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
from playwright.sync_api import BrowserContext

from tests.browser.console import Server

PASSWORD = "a harbour with 12 lamps"


@contextmanager
def owner(server: Server) -> Iterator[httpx.Client]:
    """The owner of the demo: its console is open to this machine, and whoever comes is them."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        client.headers["Holdfast-Csrf"] = client.get("/session").raise_for_status().json()["csrf"]
        yield client


def an_account(server: Server, role: str, name: str) -> str:
    """Somebody who works here by that role; gives their address."""
    email = f"{role}-{uuid4().hex[:6]}@shop.example"
    with owner(server) as inviting:
        answer = inviting.post("/api/accounts/invitations", json={"email": email, "role": role})
        token = answer.raise_for_status().json()["link"].partition("#")[2]
    with httpx.Client(base_url=server.url, timeout=30) as invited:
        taken = {"token": token, "name": name, "password": PASSWORD}
        invited.post("/session/invitation", json=taken).raise_for_status()
    return email


def sign_in(context: BrowserContext, email: str) -> None:
    """Sign a browser in, as the page of the console does."""
    answer = context.request.post("/session", data={"email": email, "password": PASSWORD})
    assert answer.ok, answer.text()
