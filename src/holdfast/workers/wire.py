"""A wire: messages between the server and a process of its own, in frames over a pair of sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

_log = logging.getLogger(__name__)

Heard = TypeVar("Heard")
_SIZE_BYTES = 4


class Wire(asyncio.Protocol, Generic[Heard]):
    """One end of the messages.

    Args:
        hears: the type of what comes.
        heard: called with each message.
        ended: called once there is nobody at the other end any more.
    """

    def __init__(self, hears: object, heard: Callable[[Heard], None], ended: Callable[[], None]) -> None:
        self._decode = cast("Callable[[memoryview], Heard]", msgspec.msgpack.Decoder(hears).decode)
        self._encode = msgspec.msgpack.Encoder().encode
        self._heard = heard
        self._ended = ended
        self._parts: list[bytes] = []
        """What came of a message that is not whole yet."""
        self._missing = 0
        """How much of it is missing at least."""
        self._transport: asyncio.WriteTransport | None = None
        self._out = asyncio.Event()
        """Set while all that was said has gone out, where anybody waits for that."""
        self._out.set()

    def say(self, message: msgspec.Struct) -> None:
        """Send a message; nobody hears it when the other has gone."""
        if self._transport is not None and not self._transport.is_closing():
            said = self._encode(message)
            self._transport.write(len(said).to_bytes(_SIZE_BYTES, "big") + said)

    async def say_out(self, message: msgspec.Struct) -> None:
        """Send a message, and wait until all of it has gone out: what is large goes piece by piece."""
        if self._transport is not None:
            self._transport.set_write_buffer_limits(0)  # Now, and not when the loop comes round.
        self.say(message)
        await self._out.wait()

    def close(self) -> None:
        """Say no more. It has ended once all that was said has gone out."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def pause_writing(self) -> None:
        """Something waits to go out."""
        self._out.clear()

    def resume_writing(self) -> None:
        """Nothing does."""
        self._out.set()

    def data_received(self, data: bytes) -> None:
        """Hear the messages that are whole."""
        if self._missing > len(data):  # Joined once it is whole: a large one comes in hundreds of parts.
            self._parts.append(data)
            self._missing -= len(data)
            return
        read = b"".join((*self._parts, data)) if self._parts else data
        whole, begin = memoryview(read), 0
        self._missing = 0
        while (start := begin + _SIZE_BYTES) <= len(read):
            end = start + int.from_bytes(whole[begin:start], "big")
            if end > len(read):
                self._missing = end - len(read)
                break
            try:
                message = self._decode(whole[start:end])
            except msgspec.DecodeError as error:
                self._break_off(error)
                return
            self._heard(message)
            begin = end
        self._parts = [read[begin:]] if begin < len(read) else []

    def _break_off(self, error: msgspec.DecodeError) -> None:
        """Neither hear nor say anything any more: what comes from now on may mean anything."""
        _log.error("What a process of ours says makes no sense; it is not heard any more: %s", error)
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other has gone, or we have."""
        self._transport = None
        self._out.set()
        self._ended()
