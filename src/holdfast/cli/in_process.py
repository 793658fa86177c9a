"""Asking with no server: the data directory is opened here, and the API called as a function."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

from holdfast.cli.progress_line import Told, progress_line
from holdfast.flows.accounts.caller import COMMAND_LINE
from holdfast.http.app import make_http
from holdfast.settings import Settings
from holdfast.wiring import Application, open_application

HOST = "127.0.0.1"
ASIDE_SECONDS = 5
"""How long it may take to say how a question stands."""


class InProcess:
    """The API without a network, for whoever may read the data directory.

    Raises Busy or Conflict when another process has the directory open.
    """

    def __init__(self, settings: Settings) -> None:
        own = replace(settings, host=HOST)
        self._runner = asyncio.Runner()
        try:
            self._app: Application = self._runner.run(open_application(own, serving=False))
        except BaseException:
            self._runner.close()
            raise
        self._api: ASGIApp = make_http(self._app)

    def ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        """The status and body of the reply. On a terminal a long question tells how far it has come."""
        with progress_line(self._progress):
            return self._runner.run(call(self._api, method, path, body or b""))

    def _progress(self) -> Told | None:
        asking = asyncio.run_coroutine_threadsafe(self._app.under_way(), self._runner.get_loop())
        for each in asking.result(ASIDE_SECONDS):
            return Told(share=each.share, rows_read=each.rows_read, elapsed_seconds=each.elapsed_seconds)
        return None

    def close(self) -> None:
        """Close the directory."""
        try:
            self._runner.run(self._app.close())
        finally:
            self._runner.close()


async def call(api: ASGIApp, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """One request to an application in this process: the status and body of the reply."""
    target = urlsplit(path)
    headers = {"host": HOST, "content-type": "application/json", "content-length": str(len(body))}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(target.path),
        "raw_path": target.path.encode(),
        "query_string": target.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": (HOST, 0),
        "client": (HOST, 0),
        # Whoever can open the directory holds its secret too, so no key is asked for.
        "state": {"caller": COMMAND_LINE},
    }
    status, asked = 0, False
    parts: list[bytes] = []

    async def receive() -> Message:
        nonlocal asked
        if asked:  # What streams an answer listens for whether its reader has gone; nobody goes here.
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await api(scope, receive, send)
    return status, b"".join(parts)
