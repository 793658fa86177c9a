"""A connection at the door: requests that bring events are answered, and with anything else it goes back to the server.

Nothing of a request is acted on before all of it is here and nothing came after it. So whatever turns out not to be for
the door can be given back from its first letter on, and the server answers it as if it had never been away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httptools

from holdfast.workers.whole_requests import WHOLE_BYTES_MOST, Whole, WholeRequests

if TYPE_CHECKING:
    from asyncio import BaseTransport

    from starlette.types import ASGIApp, Receive, Scope, Send

READ_BYTES_MOST = 2 * WHOLE_BYTES_MOST
"""A request that is longer, head and all, goes back."""
AGAIN_SECONDS = 0.01
"""How long until it is tried again to give a connection back that could not go just then."""


class ForTheServer(Exception):
    """The request is not the door's to answer."""


class AtTheDoor(WholeRequests):
    """One connection.

    Args:
        give_back: gives it to the server with what was read and not answered; whether it could be done just now.
    """

    def __init__(self, *args: Any, give_back: Callable[[AtTheDoor, bytes], bool], **more: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **more)
        self._give_back = give_back
        self._read: list[bytes] = []
        """The request that is not answered yet, as far as it is here."""
        self._later: list[bytes] = []
        """What came after it was begun."""
        self._whole: Whole | None = None
        """A request that is all here and not begun."""
        self._is_under_way = False
        self._leaves = False

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin; where nothing comes, it ends as it would after an answer."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def data_received(self, data: bytes) -> None:
        """Some bytes; while a request is under way they wait for its answer."""
        if self._is_under_way or self._leaves:
            self._later.append(data)
            self.flow.pause_reading()
            return
        self._read.append(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._leave()
            return
        if self._is_for_the_server():
            self._leave()
        elif self._whole is not None:
            whole, self._whole = self._whole, None
            self._is_under_way = True
            self._start_asgi_task(whole, self._answering(whole))  # type: ignore[arg-type] # As in WholeRequests.

    def on_message_begin(self) -> None:
        """A request begins: one that came right behind another is for the server, and so is that other."""
        if self._whole is not None:
            self._leaves = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Go on reading it, if it is one for the door."""
        if not self.reads_whole():
            self._leaves = True

    def on_body(self, body: bytes) -> None:
        """Add to its body."""
        if not self._leaves:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """It is all here."""
        self._whole, self._reading = self._reading, None

    def on_response_complete(self) -> None:
        """Go on with what came meanwhile."""
        self._is_under_way = False
        later, self._later, self._read = self._later, [], []
        super().on_response_complete()
        if later and not self.transport.is_closing():
            self.data_received(b"".join(later))

    def shutdown(self) -> None:
        """End as the door does: what is for the server goes back to it, and is answered there."""
        if not self._leaves:
            super().shutdown()

    def _is_for_the_server(self) -> bool:
        return self._leaves or sum(map(len, self._read)) > READ_BYTES_MOST

    def _answering(self, whole: Whole) -> ASGIApp:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await whole.app(scope, receive, send)
            except ForTheServer:
                whole.disconnected = True  # From here, that is.
                self._leave()

        return application

    def _leave(self) -> None:
        """Go back to the server, once what was answered before has gone out."""
        if self.transport.is_closing():
            return
        self._leaves = True
        self.flow.pause_reading()
        if self.transport.get_write_buffer_size() or not self._give_back(self, b"".join(self._read + self._later)):
            self.loop.call_later(AGAIN_SECONDS, self._leave)
            return
        self.transport.close()
