"""Requests that bring events: begun once they are whole, and answered in one piece.

Uvicorn begins a request with its head, has its body fetched piece by piece, and writes head and body of the answer by
themselves. That is right for any request, and a third of what a small batch of events costs. Those that go straight to
a route (see `http.collect.CollectFirst`) and are small are read to their end first; whatever about one is out of the
ordinary, it is left to uvicorn.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, RequestResponseCycle

from holdfast.workers.one_protocol import OneProtocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message

    Direct = Callable[[], Mapping[bytes, ASGIApp]]

WHOLE_BYTES_MOST = 64 * 1024
"""A larger body is read as it comes: nobody may have us hold much before it is known who they are."""
_HEADS_KEPT = 64


class WholeRequests(OneProtocol):
    """One connection.

    Args:
        direct: the routes, by the request target that leads to them as it is written; asked for each request.
    """

    def __init__(self, *args: Any, direct: Direct, **more: Any) -> None:  # noqa: ANN401 - Uvicorn's, handed on.
        super().__init__(*args, **more)
        self._direct = direct
        self._reading: _Whole | None = None

    def on_headers_complete(self) -> None:
        """Begin the request, or go on reading it when it is one of those."""
        app = self._direct().get(self.url)
        if app is None or not self._is_plain():
            self._reading = None
            super().on_headers_complete()
            return
        path = self.url.decode("ascii")
        cast("dict[str, Any]", self.scope).update(method="POST", path=path, raw_path=self.url, query_string=b"")
        self.cycle = self._reading = _Whole(self, app)

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
        self._start_asgi_task(whole, whole.app)  # type: ignore[arg-type] # Starlette's types and uvicorn's differ.

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


class _Whole(RequestResponseCycle):
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
