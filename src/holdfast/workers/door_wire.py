"""What the server and its door say to each other, and how they pass connections.

Messages go over one pair of sockets, connections over another. A connection goes before the message that
tells of it, so that whoever reads the message finds it there.
"""

from __future__ import annotations

import asyncio
import os
import socket

import msgspec

from holdfast.ports.log import RecordKind


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
