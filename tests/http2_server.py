"""A real HTTP/2 server for tests: it answers as it is told, and leaves in the middle of things when it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

EVERY_STREAM = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Which connection it came over, from 1."""
    stream: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is said to it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    empty_frames: int = 0
    """So many DATA frames of nothing before the body, as Apple's servers send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A GOAWAY, sent when a connection has brought `after` requests; nothing that comes later is answered on it."""

    after: int
    last_stream: int
    """The last stream it says it has seen to, or will."""
    error: int = int(h2.errors.ErrorCodes.NO_ERROR)
    answers: bool = True
    """Whether what is up to `last_stream` is answered before the connection is closed."""
    reason: bytes = b""


@dataclass
class Http2Server:
    """Answers requests by `answer`; None is silence."""

    answer: Callable[[Asked], Answered | None]
    leaving: list[Leaving] = field(default_factory=list)
    """For the first connection, the second, and so on; those after them stay."""
    window: int = 65_535
    """How many bytes a client may send before it is given more room; it is given what it has used, and no more."""
    streams_most: int = 1_000
    keeps: bool = True
    """Whether what was asked is kept in `asked`."""
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    scheme: str = "http"
    standing: set[_Serving] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}"


class _Serving(asyncio.Protocol):
    def __init__(self, server: Http2Server) -> None:
        self._server = server
        server.connections += 1
        self._number = server.connections
        self._leaving = server.leaving[self._number - 1] if self._number <= len(server.leaving) else None
        self._left = False
        self._whole = 0
        self._heard: dict[int, tuple[dict[str, str], bytearray]] = {}
        self._held: list[Asked] = []
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop has a class of its own.
        self._server.standing.add(self)
        self._h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: self._server.window,
                h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: self._server.streams_most,
            },
        )
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.standing.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._left:
            return
        try:
            events = self._h2.receive_data(data)
        except h2.exceptions.ProtocolError:
            self._flush()
            self._transport.close()
            return
        for event in events:
            self._happened(event)
        if self._leaving is not None and self._whole >= self._leaving.after and not self._left:
            self._leave(self._leaving)
        self._flush()

    def abort(self) -> None:
        self._transport.abort()

    def _happened(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int() as stream, headers=headers):
                said = {bytes(name).decode(): bytes(value).decode() for name, value in headers or ()}
                self._heard[stream] = (said, bytearray())
            case h2.events.DataReceived(stream_id=int() as stream, data=data):
                self._heard[stream][1].extend(data or b"")
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
            case h2.events.StreamEnded(stream_id=int() as stream):
                self._asked(stream)
            case _:
                pass

    def _asked(self, stream: int) -> None:
        headers, body = self._heard.pop(stream)
        asked = Asked(
            method=headers.pop(":method"),
            path=headers.pop(":path"),
            headers=headers,
            body=bytes(body),
            connection=self._number,
            stream=stream,
        )
        self._whole += 1
        if self._server.keeps:
            self._server.asked.append(asked)
        if self._leaving is None:
            self._say(asked)
        else:
            self._held.append(asked)  # Nothing is answered before it is known what is still seen to.

    def _say(self, asked: Asked) -> None:
        answered = self._server.answer(asked)
        if answered is None:
            return
        headers = [(":status", str(answered.status)), *answered.headers.items()]
        self._h2.send_headers(asked.stream, headers, end_stream=not (answered.body or answered.empty_frames))
        for _ in range(answered.empty_frames):
            self._h2.send_data(asked.stream, b"")
        if answered.body or answered.empty_frames:
            most = self._h2.max_outbound_frame_size
            for start in range(0, len(answered.body) or 1, most):
                end = start + most
                self._h2.send_data(asked.stream, answered.body[start:end], end_stream=end >= len(answered.body))

    def _leave(self, leaving: Leaving) -> None:
        self._left = True
        self._flush()
        goaway = (
            (8 + len(leaving.reason)).to_bytes(3, "big")
            + b"\x07\x00\x00\x00\x00\x00"
            + leaving.last_stream.to_bytes(4, "big")
            + leaving.error.to_bytes(4, "big")
            + leaving.reason
        )
        self._transport.write(goaway)
        if leaving.answers:
            for asked in self._held:
                if asked.stream <= leaving.last_stream:
                    self._say(asked)
            self._flush()
        # A moment for the frames to be read apart from the end of the connection.
        asyncio.get_running_loop().call_later(0.05, self._transport.close)

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)


@asynccontextmanager
async def serving(server: Http2Server, context: ssl.SSLContext | None = None) -> AsyncIterator[Http2Server]:
    """The server on a free port of this machine; in TLS where a context is given."""
    listening = await asyncio.get_running_loop().create_server(lambda: _Serving(server), "127.0.0.1", 0, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    server.scheme = "http" if context is None else "https"
    try:
        yield server
    finally:
        listening.close()
        for each in list(server.standing):
            each.abort()
        await listening.wait_closed()
