"""Requests that bring events: begun once they are whole, and answered in one piece.

Uvicorn begins a request with its head, has its body fetched piece by piece, and writes head and body of the answer by
themselves. That is right for any request, and a third of what a small batch of events costs. Those that go straight to
a route (see `http.collect.CollectFirst`) and are small are read to their end first; whatever about one is out of the
ordinary, it is left to uvicorn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

from holdfast.workers.one_protocol import OneProtocol

if TYPE_CHECKING:
    from asyncio import BaseTransport, Transport
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message

    Direct = Callable[[], Mapping[bytes, ASGIApp]]

    class Doorway(Protocol):
        """Where connections may leave for another process that answers such requests."""

        def came(self) -> None:
            """One more such request is here."""

        @property
        def is_open(self) -> bool:
            """Whether connections are taken now."""

        def take(self, connection: Transport) -> bool:
            """Give the connection to the other process; whether it has it now. Then it is to be closed here."""


WHOLE_BYTES_MOST = 64 * 1024
"""A larger body is read as it comes: nobody may have us hold much before it is known who they are."""
IN_A_ROW_LEAST = 4
"""So many such requests in a row has a connection brought that may go to another process."""
_HEADS_KEPT = 64
_LOOK_SECONDS = 0.05
"""How often it is looked whether a connection has ended."""


class WholeRequests(OneProtocol):
    """One connection.

    Args:
        direct: the routes, by the request target that leads to them as it is written; asked for each request.
        doorway: where the connection may leave for; None: nowhere.
        begun: what was read of it before it came here.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - Uvicorn's, handed on.
        direct: Direct,
        doorway: Doorway | None = None,
        begun: bytes = b"",
        **more: Any,  # noqa: ANN401 - As above.
    ) -> None:
        super().__init__(*args, **more)
        self._direct = direct
        self._doorway = doorway
        self._begun = begun
        self._reading: Whole | None = None
        self._in_a_row = 0

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin, with what was read before."""
        super().connection_made(transport)  # type: ignore[arg-type] # It is one that reads and writes.
        if self._begun:
            begun, self._begun = self._begun, b""
            self.data_received(begun)

    def on_headers_complete(self) -> None:
        """Begin the request, or go on reading it when it is one of those."""
        if not self.reads_whole():
            self._in_a_row = 0
            super().on_headers_complete()

    def reads_whole(self) -> bool:
        """Whether the request whose head is here is read to its end first."""
        app = self._direct().get(self.url)
        if app is None or not self._is_plain():
            self._reading = None
            return False
        path = self.url.decode("ascii")
        cast("dict[str, Any]", self.scope).update(method="POST", path=path, raw_path=self.url, query_string=b"")
        self.cycle = self._reading = Whole(self, app)
        return True

    def on_body(self, body: bytes) -> None:
        """Add to its body."""
        if self._reading is None:
            super().on_body(body)
        else:
            self._reading.pieces.append(body)

    def on_message_complete(self) -> None:
        """Begin it now that it is whole."""
        if self._reading is None:
            super().on_message_complete()
            return
        whole, self._reading = self._reading, None
        if self._doorway is not None:
            self._in_a_row += 1
            self._doorway.came()
        self._start_asgi_task(whole, whole.app)  # type: ignore[arg-type] # Starlette's types and uvicorn's differ.

    def on_response_complete(self) -> None:
        """Go on with what came next, or leave by the doorway."""
        super().on_response_complete()
        if self._doorway is not None and self._in_a_row >= IN_A_ROW_LEAST and self._doorway.is_open:
            self.loop.call_soon(self._leave)  # The answer has not gone out yet.

    async def end(self) -> None:
        """Answer what has begun, and end: as all connections do when the server stops."""
        self.shutdown()
        while self in self.connections:  # noqa: ASYNC110 - As uvicorn looks after all of them.
            await asyncio.sleep(_LOOK_SECONDS)

    def _leave(self) -> None:
        """Leave, unless something is under way: then it is tried again after the next answer."""
        if self.transport.is_closing() or self.pipeline or not self.cycle.response_complete:
            return
        # Each request has a scope of its own from its first letter on.
        if self.scope is not self.cycle.scope or self.transport.get_write_buffer_size():
            return
        if self._doorway is not None and self._doorway.take(self.transport):
            self._unset_keepalive_if_required()
            self.transport.close()

    def _is_plain(self) -> bool:
        """Whether nothing about the request asks for more care."""
        before: RequestResponseCycle | None = self.cycle
        if before is not None and not before.response_complete:
            return False  # Its turn comes when what came before it is answered.
        if self.parser.get_method() != b"POST" or self.parser.should_upgrade() or self.limit_concurrency is not None:
            return False
        if self.expect_100_continue or self.parser.get_http_version() != "1.1":
            return False
        size = -1
        for name, value in self.headers:
            if name == b"content-length" and value.isdigit():
                size = int(value[:9])
            elif name == b"transfer-encoding":
                return False
        return 0 <= size <= WHOLE_BYTES_MOST


class Whole(RequestResponseCycle):
    """A request that is here from its beginning to its end, and its answer."""

    def __init__(self, of: WholeRequests, app: ASGIApp) -> None:
        super().__init__(
            scope=of.scope,
            transport=of.transport,
            flow=of.flow,
            logger=of.logger,
            access_logger=of.access_logger,
            access_log=False,
            default_headers=of.server_state.default_headers,
            message_event=_NOBODY_WAITS,  # type: ignore[arg-type] # It is set when the connection ends.
            expect_100_continue=False,
            keep_alive=of.parser.should_keep_alive(),
            on_response=of.on_response_complete,
        )
        self.app = app
        self.pieces: list[bytes] = []
        self._started: Message | None = None

    async def receive(self) -> Message:  # type: ignore[override] # As above.
        """All of the body at once, and nothing after it."""
        if self.disconnected or not self.more_body:
            return {"type": "http.disconnect"}
        self.more_body = False
        return {"type": "http.request", "body": b"".join(self.pieces), "more_body": False}

    async def send(self, message: Message) -> None:  # type: ignore[override] # As above.
        """Write the answer once all of it is here."""
        if self._started is None:
            self._started = message
            self.response_started = True
            return
        if message.get("more_body"):
            raise RuntimeError("an answer to an event comes in one piece")
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        head = _head(self._started["status"], tuple(self._started["headers"]))
        dated = [b"%b: %b\r\n" % each for each in self.default_headers]
        ends = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join([head, *dated, ends, message.get("body", b"")]))
        self.response_complete = True
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class _NobodyWaits:
    """Where uvicorn says that a connection has ended: who reads whole requests does not wait for more of them."""

    def set(self) -> None:
        pass


_NOBODY_WAITS = _NobodyWaits()


@lru_cache(maxsize=_HEADS_KEPT)
def _head(status: int, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The head of an answer but for what changes by the second. Raises RuntimeError for what no header can say."""
    for name, value in headers:
        if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
            raise RuntimeError("a header of the answer holds what no header may")
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % each for each in headers)
