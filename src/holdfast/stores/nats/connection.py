"""The connection to the servers: requests that end, whatever becomes of the server they went to."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import ssl
from asyncio import Future
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats.errors
from nats.aio.client import Client, Srv
from nats.aio.msg import Msg

from holdfast.kernel.errors import Busy

_log = logging.getLogger(__name__)

RETRY_SECONDS_LEAST, RETRY_SECONDS_MOST = 0.02, 0.5
"""How long to wait between two tries of the same: doubling from the one to the other."""
RECONNECT_SECONDS = 0.25
PING_SECONDS = 5
CONNECT_SECONDS = 2
_NO_RESPONDERS = "503"


class Unreachable(Exception):
    """Nobody answered, or not with what was asked for. Another try may fare better; never leaves the store."""


@dataclass(slots=True)
class _Request:
    """Who waits for answers, and those that came."""

    several: bool
    answers: list[Msg] = field(default_factory=list)
    lost: str = ""
    """Why no more will come; empty as long as they may."""
    done: Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Client(Client):
    """The client, but it waits for no server that stands still, and leaves no connection behind."""

    def __init__(self) -> None:
        super().__init__()
        self._writers: list[asyncio.StreamWriter] = []
        self._over = False

    def abandon(self) -> None:
        """End every connection at once: closing one in order would wait until the server has read all that was sent."""
        self._pending.clear()
        self._pending_data_size = 0
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def end(self) -> None:
        """Close it for good.

        Closing alone may leave behind who was connecting anew: a cancellation that comes when the connection is just
        made is lost, and then it goes on, on a connection that nobody would ever close.
        """
        self._over = True
        self.abandon()
        with contextlib.suppress(OSError, nats.errors.Error):
            await self.close()
        task = self._reconnection_task
        while task is not None and not task.done() and task is not asyncio.current_task():
            task.cancel()
            await asyncio.wait({task}, timeout=RETRY_SECONDS_LEAST)
        self.abandon()

    async def _connect_to_server(self, s: Srv) -> None:
        self.abandon()
        await super()._connect_to_server(s)
        writer = getattr(self._transport, "_io_writer", None)
        if writer is not None:  # There is none on a web socket.
            self._writers.append(writer)
        if self._over:
            self.abandon()
            raise asyncio.CancelledError


class Connection:
    """One connection at a time to one of several servers, which moves on when that one fails.

    Args:
        request_seconds: how long one request may take before the server is left for the next.
    """

    def __init__(self, *, request_seconds: float) -> None:
        self._request_seconds = request_seconds
        self._client = _Client()
        self._options: dict[str, Any] = {}
        self._listeners: dict[str, Callable[[Msg], Awaitable[None]]] = {}
        self._closing = False
        self._reviving: asyncio.Task[None] | None = None
        self._requests: dict[str, _Request] = {}
        self._inbox = ""
        self._made = 0
        self._good_at = 0.0
        self.connected: Callable[[], None] = lambda: None
        """Told each time a lost connection is there again."""

    async def open(
        self, urls: Sequence[str], *, seconds: float, credentials: Path | None, tls: ssl.SSLContext | None
    ) -> None:
        """Connect to any of the servers. Raises Busy when none answers in time."""
        self._options = {
            "servers": random.sample(list(urls), len(urls)),  # Else every process would lean on the first.
            "name": "holdfast log",
            "error_cb": _noted,
            "disconnected_cb": self._disconnected,
            "reconnected_cb": self._reconnected,
            "closed_cb": self._closed,
            "connect_timeout": CONNECT_SECONDS,
            "reconnect_time_wait": RECONNECT_SECONDS,
            "max_reconnect_attempts": -1,
            "ping_interval": PING_SECONDS,
            "dont_randomize": True,  # The pool goes round: whoever failed comes last.
            # What cannot be sent now is asked anew: waiting in a buffer, it would be sent when nobody listens.
            "pending_size": 0,
            "tls": tls,
            "user_credentials": credentials,
        }
        try:
            await self._connect(seconds)
        except (TimeoutError, OSError, nats.errors.Error) as error:
            await self.close()
            raise Busy(
                f"No NATS server answers at {', '.join(urls)}: {self._client.last_error or error!r}.",
                code="log_unreachable",
                hint="Start the servers, or correct their addresses.",
            ) from error

    async def _connect(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await self._client.connect(**self._options)
            inbox = self._client.new_inbox()
            await self._client.subscribe(f"{inbox}.*", cb=self._answered, pending_bytes_limit=-1)
            for subject, heard in self._listeners.items():
                await self._client.subscribe(subject, cb=heard)
        self._inbox = inbox
        self._good_at = asyncio.get_running_loop().time()

    @property
    def message_bytes_most(self) -> int:
        """The largest message the server takes, its headers included."""
        return self._client.max_payload

    @property
    def server(self) -> Mapping[str, Any]:
        """What the server says of itself."""
        return self._client._server_info  # noqa: SLF001 — it has no other way to tell whether it is in a cluster.

    async def listen(self, subject: str, heard: Callable[[Msg], Awaitable[None]]) -> None:
        """Call `heard` with every message to that subject, as long as the connection stands."""
        self._listeners[subject] = heard
        await self._client.subscribe(subject, cb=heard)

    async def ask(self, subject: str, payload: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
        """The answer to one request. Raises Unreachable."""
        answers = await self._ask(_Request(several=False), subject, payload, headers)
        return answers[0].data

    async def ask_several(self, subject: str, payload: bytes) -> list[Msg]:
        """The answers to one request, up to the one that has a status; or those that came. Raises Unreachable."""
        return await self._ask(_Request(several=True), subject, payload, None)

    async def ask_json(self, subject: str, question: object = None) -> dict[str, Any]:
        """The answer of JetStream's API, which may hold an `error`. Raises Unreachable when it is a passing one."""
        payload = b"" if question is None else json.dumps(question).encode()
        answer: dict[str, Any] = json.loads(await self.ask(subject, payload))
        if answer.get("error", {}).get("code") == int(_NO_RESPONDERS):
            raise Unreachable(str(answer["error"].get("description")))
        return answer

    async def close(self) -> None:
        """Let go of the connection."""
        self._closing = True
        if self._reviving is not None:
            self._reviving.cancel()
            await asyncio.gather(self._reviving, return_exceptions=True)
        await self._client.end()
        self._fail("the connection is closed")

    # What the client calls.

    async def _answered(self, message: Msg) -> None:
        request = self._requests.get(message.subject.rpartition(".")[2])
        if request is None or request.done.done():
            return  # Nobody waits for it any more.
        request.answers.append(message)
        if not request.several or "Status" in (message.headers or {}):
            request.done.set_result(None)

    async def _disconnected(self) -> None:
        if not self._client.is_closed:
            _log.info("the connection to NATS is lost: %s", self._client.last_error or "left for another server")
        self._fail("the connection was lost")

    async def _closed(self) -> None:
        """The client has given up, as it does when a server complains of what it was sent: begin anew."""
        if not self._closing and self._reviving is None:
            _log.warning("the connection to NATS was ended: %s", self._client.last_error)
            self._reviving = asyncio.create_task(self._revive(), name="holdfast-log-connect")

    async def _revive(self) -> None:
        tries = 0
        while True:
            await asyncio.sleep(retry_seconds(tries))
            tries += 1
            await self._client.end()
            self._client, self._inbox = _Client(), ""
            try:
                await self._connect(CONNECT_SECONDS * len(self._options["servers"]))
            except (TimeoutError, OSError, nats.errors.Error) as error:
                _log.info("NATS cannot be reached: %r", error)
                continue
            self._reviving = None
            self.connected()
            return

    async def _reconnected(self) -> None:
        _log.info("connected to NATS again")
        self.connected()

    # Asking.

    async def _ask(self, request: _Request, subject: str, payload: bytes, headers: dict[str, str] | None) -> list[Msg]:
        if self._client.is_closed:
            await self._closed()  # It does not always tell.
        if not self._client.is_connected or not self._inbox:
            raise Unreachable("there is no connection to any server")
        self._made += 1
        token = str(self._made)
        self._requests[token] = request
        try:
            async with asyncio.timeout(self._request_seconds):
                await self._client.publish(subject, payload, reply=f"{self._inbox}.{token}", headers=headers)
                await request.done
        except TimeoutError as error:
            if not request.answers:
                await self._move_on()
                raise Unreachable("the server gave no answer in time") from error
        except (OSError, nats.errors.Error) as error:
            raise Unreachable(f"it cannot be sent: {error!r}") from error
        finally:
            del self._requests[token]
        if request.lost:
            raise Unreachable(request.lost)
        if (request.answers[0].headers or {}).get("Status") == _NO_RESPONDERS:
            await self._move_on()
            raise Unreachable("the stream has no leader")
        self._good_at = asyncio.get_running_loop().time()
        return request.answers

    async def _move_on(self) -> None:
        """Leave a server that has been of no use for a while: it may be cut off from those that are."""
        now = asyncio.get_running_loop().time()
        if now - self._good_at >= self._request_seconds / 2:
            self._good_at = now  # The next one has as long.
            self._client.abandon()
            await self._client.force_reconnect()

    def _fail(self, reason: str) -> None:
        for request in self._requests.values():
            if not request.done.done():
                request.lost = reason
                request.done.set_result(None)


async def _noted(error: Exception) -> None:
    _log.debug("NATS: %r", error)


def retry_seconds(tries: int) -> float:
    """How long to wait before the next try, after so many."""
    return min(RETRY_SECONDS_MOST, RETRY_SECONDS_LEAST * 2.0 ** min(tries, 10))
