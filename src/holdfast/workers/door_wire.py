"""What the server and its door say to each other, and how they pass connections.

Messages go in frames over one pair of sockets, connections over another. A connection goes before the message that
tells of it, so that whoever reads the message finds it there.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

from holdfast.ports.log import RecordKind

_SIZE_BYTES = 4


class Keys(msgspec.Struct, array_like=True, tag="keys"):
    """The write keys in use from now on."""

    sources: dict[str, str]
    """The name of each, by its hash."""


class Come(msgspec.Struct, array_like=True, tag="come"):
    """A connection is the door's from now on."""


class Kept(msgspec.Struct, array_like=True, tag="kept"):
    """What became of a group: it is durable, but for what is said here."""

    number: int
    not_ours: list[int]
    """The places of bodies whose key is none any more: they were not kept, and the server is to answer them."""
    refusal: tuple[str, str, str, str] | None = None
    """The log takes no more now: the message, code, path and hint of Busy."""
    failed: bool = False
    """Nobody foresaw it; none of them may be said to be kept."""


class Stop(msgspec.Struct, array_like=True, tag="stop"):
    """Answer what is under way, take nothing more, and end."""


class Ready(msgspec.Struct, array_like=True, tag="ready"):
    """Connections may come."""


class Group(msgspec.Struct, array_like=True, tag="group"):
    """Bodies to be kept."""

    number: int
    bodies: list[tuple[RecordKind, str, bytes]]
    """Each with the call it came by and the name of its write key."""


class Back(msgspec.Struct, array_like=True, tag="back"):
    """A connection is the server's again."""

    read: bytes
    """What was read of it and is not answered: requests from their beginning."""


ToDoor = Keys | Come | Kept | Stop
FromDoor = Ready | Group | Back
Heard = TypeVar("Heard")


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
        self._rest = b""
        self._transport: asyncio.WriteTransport | None = None

    def say(self, message: ToDoor | FromDoor) -> None:
        """Send a message; nobody hears it when the other has gone."""
        if self._transport is not None and not self._transport.is_closing():
            said = self._encode(message)
            self._transport.write(len(said).to_bytes(_SIZE_BYTES, "big") + said)

    def close(self) -> None:
        """Say no more. It has ended once all that was said has gone out."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        """Hear the messages that are whole."""
        read = self._rest + data if self._rest else data
        whole, begin = memoryview(read), 0
        while (start := begin + _SIZE_BYTES) <= len(read):
            end = start + int.from_bytes(whole[begin:start], "big")
            if end > len(read):
                break
            self._heard(self._decode(whole[start:end]))
            begin = end
        self._rest = read[begin:]

    def connection_lost(self, exc: Exception | None) -> None:
        """The other has gone, or we have."""
        self._transport = None
        self._ended()


def pass_connection(over: socket.socket, connection: asyncio.BaseTransport) -> bool:
    """Give the other a connection of ours; whether it could be done just now. It stays open here until it is closed."""
    try:
        socket.send_fds(over, [b"c"], [connection.get_extra_info("socket").fileno()])
    except OSError:  # Too many are on their way, or nobody is there.
        return False
    return True


def passed_connection(over: socket.socket) -> socket.socket | None:
    """The next connection that was given to us; None when it was lost, as one is where too many files are open."""
    try:
        _, handles, _, _ = socket.recv_fds(over, 1, 1)
    except OSError:
        return None
    for handle in handles:
        os.set_inheritable(handle, False)
        connection = socket.socket(fileno=handle)
        connection.setblocking(False)
        return connection
    return None
