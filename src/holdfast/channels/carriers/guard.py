"""The guard: connections to the web that cannot lead into the network this stands in.

The address that is connected to is the very one that was looked at, so that a name cannot mean one host when it is
checked and another when it is called.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore

ADDRESSES_MOST = 3
"""How many addresses of one host are tried: one may be down, or of a version that leads nowhere from here."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""Addresses of version 4 as a translator reaches them (RFC 6052)."""
_GIVEN_OUT = ip_network("2000::/3")
"""All of version 6 that is given out to anybody; what the standard library does not know lies outside."""
_NOT_PUBLIC = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"), ip_network("3fff::/20"))


class ForbiddenError(Exception):
    """The address is one that may not be called."""


class Guard(httpcore.AnyIOBackend):
    """Connects to public addresses only, and to the very address that was looked at."""

    def __init__(self, whose: str, *, allow_private: bool) -> None:
        """Nothing is connected yet.

        Args:
            whose: what calls, in the plural, for the complaint.
            allow_private: whether addresses of private networks and of this machine may be called.
        """
        super().__init__()
        self._whose = whose
        self._allow_private = allow_private

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the host up, check every address it has, and connect to the first that answers."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise httpcore.ConnectError(f"{host} is not found") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self._allow_private and not all(map(is_public, addresses)):
            raise ForbiddenError(f"{host} is in a private network, which {self._whose} may not call (webhook_private)")
        for address in addresses[: ADDRESSES_MOST - 1]:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def is_public(address: str) -> bool:
    """Whether the address is one that anybody may call, and not of a network that this may stand in."""
    where = _behind(ip_address(address.partition("%")[0]))
    if isinstance(where, IPv6Address) and where not in _GIVEN_OUT:
        return False
    return where.is_global and not where.is_multicast and not any(where in each for each in _NOT_PUBLIC)


def _behind(where: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address that is reached in the end: some of version 6 stand for one of version 4."""
    if isinstance(where, IPv4Address):
        return where
    if where in _TRANSLATED:
        return IPv4Address(int(where) & 0xFFFF_FFFF)
    return where.ipv4_mapped or where.sixtofour or where
