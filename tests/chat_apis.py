"""A server that answers as Twilio, WhatsApp, Telegram and Slack document it, by whom a message is for."""

from __future__ import annotations

import asyncio
import contextlib
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

CLOSE = 0
"""Instead of a status: the connection is closed once the call has come."""
Said = tuple[int, Any, dict[str, str]]

TWILIO_ERRORS = {"+15005550001": (400, 21211), "+15005550009": (400, 21614), "+15005550004": (400, 21610)}
WHATSAPP_ERRORS = {"15005550001": (400, 131026), "15005550002": (400, 131047), "15005550003": (429, 130429)}
TELEGRAM_ERRORS = {
    403: (403, "Forbidden: bot was blocked by the user"),
    400: (400, "Bad Request: chat not found"),
    429: (429, "Too Many Requests: retry after 9"),
}


@dataclass
class ChatApis:
    """What it was asked, in order, and the faults it is to make."""

    faults: list[int] = field(default_factory=list)
    """Statuses answered in turn, with no body, before anything else is looked at."""
    calls: list[tuple[str, bytes]] = field(default_factory=list)
    """Path and body."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers["content-length"]))
                path = head[0].split(" ")[1]
                self.calls.append((path, body))
                status, said, more = self._fault() or self._answer(path, headers, body)
                if status == CLOSE:
                    break
                raw = said.encode() if isinstance(said, str) else json.dumps(said).encode()
                lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
                await writer.drain()

    def _fault(self) -> Said | None:
        return (self.faults.pop(0), "", {}) if self.faults else None

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> Said:
        if path.startswith("/2010-04-01/"):
            return _twilio(path, headers, body)
        if path.startswith("/bot"):
            return _telegram(path, body)
        if path.startswith("/services/"):
            return _slack_webhook(path, body)
        return _slack(headers, body) if path == "/chat.postMessage" else _whatsapp(path, headers, body)


def _twilio(path: str, headers: dict[str, str], body: bytes) -> Said:
    def no(status: int, code: int) -> Said:
        return status, {"code": code, "message": f"Error {code}", "more_info": "…", "status": status}, {}

    if headers.get("authorization", "")[:6] != "Basic " or b64decode(headers["authorization"][6:]) != b"AC0:a-token":
        return no(401, 20003)
    if path != "/2010-04-01/Accounts/AC0/Messages.json":
        return no(404, 20404)
    form = dict(parse_qsl(body.decode(), strict_parsing=True))
    if form["To"] in TWILIO_ERRORS:
        return no(*TWILIO_ERRORS[form["To"]])
    if form["To"] == "+15005550008":
        return 429, {"code": 20429, "message": "Too Many Requests", "status": 429}, {"Retry-After": "11"}
    return 201, {"sid": "SM" + "0" * 32, "status": "queued", "to": form["To"], "body": form["Body"]}, {}


def _whatsapp(path: str, headers: dict[str, str], body: bytes) -> Said:
    def no(status: int, code: int) -> Said:
        return status, {"error": {"message": f"(#{code}) No", "type": "OAuthException", "code": code}}, {}

    if headers.get("authorization") != "Bearer a-token":
        return no(401, 190)
    message = json.loads(body)
    if path != "/v23.0/111/messages" or message["messaging_product"] != "whatsapp":
        return no(400, 100)
    if message["to"] in WHATSAPP_ERRORS:
        return no(*WHATSAPP_ERRORS[message["to"]])
    contacts = [{"input": message["to"], "wa_id": message["to"]}]
    return 200, {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": "wamid.1"}]}, {}


def _telegram(path: str, body: bytes) -> Said:
    token, _, method = path.removeprefix("/bot").partition("/")
    if token != "1:" + "a" * 30:
        return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}, {}
    call = json.loads(body)
    if method not in ("sendMessage", "sendPhoto"):
        return 404, {"ok": False, "error_code": 404, "description": "Not Found"}, {}
    if call["chat_id"] in TELEGRAM_ERRORS:
        status, description = TELEGRAM_ERRORS[call["chat_id"]]
        more = {"parameters": {"retry_after": 9}} if status == 429 else {}
        return status, {"ok": False, "error_code": status, "description": description, **more}, {}
    return 200, {"ok": True, "result": {"message_id": 3, "chat": {"id": call["chat_id"]}}}, {}


def _slack_webhook(path: str, body: bytes) -> Said:
    if path != "/services/T0/B0/x":
        return 404, "no_service", {}
    return (200, "ok", {}) if json.loads(body).get("text") else (400, "no_text", {})


def _slack(headers: dict[str, str], body: bytes) -> Said:
    if headers.get("authorization") != "Bearer xoxb-1":
        return 200, {"ok": False, "error": "invalid_auth"}, {}
    call = json.loads(body)
    if call["channel"] != "C1":
        return 200, {"ok": False, "error": "channel_not_found"}, {}
    return 200, {"ok": True, "channel": "C1", "ts": "1.2"}, {}


@asynccontextmanager
async def running(*faults: int) -> AsyncIterator[ChatApis]:
    """The server on a port of its own, until the block ends."""
    apis = ChatApis(faults=list(faults))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await apis.serve(reader, writer)
        except asyncio.CancelledError:
            pass  # Else asyncio logs the end of the test as an error.
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    apis.port = server.sockets[0].getsockname()[1]
    try:
        yield apis
    finally:
        server.close()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
