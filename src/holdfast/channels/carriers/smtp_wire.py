"""The socket of one SMTP dialogue: lines out, replies in, a limit on every wait."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import cast

from holdfast.channels.smtp_reply import Garbage, Reply, ReplyReader, Stage


class BrokenError(Exception):
    """The dialogue broke off; what was under way has not been taken."""

    def __init__(self, stage: Stage, reason: str) -> None:
        """Say where and why."""
        super().__init__(reason)
        self.stage = stage
        self.reason = reason


class Wire(asyncio.Protocol):
    """Reads replies as they come and keeps them until they are asked for."""

    def __init__(self) -> None:
        """Nothing is connected yet; asyncio says when."""
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self.lost = ""
        """Why nothing more will come; empty while the connection stands."""

    @property
    def is_quiet(self) -> bool:
        """Whether the connection stands and nothing lies unread."""
        return not self.lost and not self._replies and not self._reader.midway

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes have come."""
        if self.lost:
            return
        try:
            self._replies.extend(self._reader.feed(data))
        except Garbage as garbage:
            self._lose(str(garbage))
            self.abort()
        if self._replies or self.lost:  # Half a reply is none: whoever waits goes on waiting.
            self._wake()

    def eof_received(self) -> bool:
        """asyncio: the server has closed its side."""
        self._lose("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._lose(f"the connection was lost: {exc}" if exc else "the server closed the connection")

    def pause_writing(self) -> None:
        """asyncio: more is written than is taken."""
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """asyncio: write on."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def write(self, data: bytes) -> None:
        """Hand bytes to the socket; those for a lost connection are dropped, as `reply` will say."""
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    async def drain(self, stage: Stage, *, timeout_seconds: float) -> None:
        """Wait until the socket has taken what was written. Raises BrokenError."""
        if self._writable is not None:
            try:
                async with asyncio.timeout(timeout_seconds):
                    await asyncio.shield(self._writable)
            except TimeoutError:
                raise BrokenError(stage, f"the server took no more for {timeout_seconds:g} s") from None
        # One turn of the loop, so that a connection closed by now is known to be.
        await asyncio.sleep(0)
        if self.lost:
            raise BrokenError(stage, self.lost)

    async def reply(self, stage: Stage, *, timeout_seconds: float) -> Reply:
        """The next reply. Raises BrokenError when none comes, or none will."""
        if not self._replies and not self.lost:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(timeout_seconds):
                    await self._waiter
            except TimeoutError:
                raise BrokenError(stage, f"the server did not answer for {timeout_seconds:g} s") from None
            finally:
                self._waiter = None
        if not self._replies:
            raise BrokenError(stage, self.lost)
        return self._replies.popleft()

    def take_reply(self) -> Reply | None:
        """A reply that came unasked, if one did."""
        return self._replies.popleft() if self._replies else None

    async def encrypt(self, context: ssl.SSLContext, host: str, *, timeout_seconds: float) -> None:
        """Go on in TLS. Raises BrokenError when that fails, or when there are words from before it."""
        if not self.is_quiet:
            # Words put in before the encryption would be taken for words from within it.
            raise BrokenError("tls", "the server spoke before the encryption began")
        loop = asyncio.get_running_loop()
        assert self._transport is not None  # noqa: S101  # A reply has come over it.
        try:
            transport = await loop.start_tls(
                self._transport, self, context, server_hostname=host, ssl_handshake_timeout=timeout_seconds
            )
        except (OSError, ValueError) as error:
            raise BrokenError("tls", f"TLS could not begin: {error}") from error
        if transport is None:
            raise BrokenError("tls", self.lost or "the connection was lost")
        self._transport = transport

    def close(self) -> None:
        """Close politely."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _lose(self, reason: str) -> None:
        self.lost = self.lost or reason
        self.resume_writing()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
