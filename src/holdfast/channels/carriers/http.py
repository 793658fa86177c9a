"""The HTTP carrier: one call, one answer, a limit on every wait, and no way into the network it stands in.

httpcore and not httpx: the address that is connected to must be the one that was checked, and httpcore lets us open the
connection ourselves. It follows no redirects.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore

from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Deferred, InDoubt, Parcel, Refused, Verdict

CONNECTIONS_MOST = 12
"""As many as there are places for a channel's sends."""
CALL_SECONDS_MOST = 60.0
ANSWER_BYTES_MOST = 65_536
"""How much of an answer is read; the rest is of no use, and the connection is closed."""
ADDRESSES_MOST = 3
"""How many addresses of one host are tried: one may be down, or of a version that leads nowhere from here."""
_TRANSLATED = ip_network("64:ff9b::/96")
"""Addresses of version 4 as a translator reaches them (RFC 6052)."""
_GIVEN_OUT = ip_network("2000::/3")
"""All of version 6 that is given out to anybody; what the standard library does not know lies outside."""
_NOT_PUBLIC = (ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"), ip_network("3fff::/20"))
_PATIENCE = {"connect": 10.0, "write": 20.0, "read": 30.0, "pool": 10.0}


class ForbiddenError(Exception):
    """The address is one that may not be called."""


class _Guard(httpcore.AnyIOBackend):
    """Connects to public addresses only, and to the very address that was looked at."""

    def __init__(self, *, allow_private: bool) -> None:
        super().__init__()
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
        if not self._allow_private and not all(map(_is_public, addresses)):
            raise ForbiddenError(f"{host} is in a private network, which webhooks may not call (webhook_private)")
        for address in addresses[: ADDRESSES_MOST - 1]:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)


def _is_public(address: str) -> bool:
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


class HttpCarrier:
    """Carries parcels to the web address each is for; answers `ports.carrier.Carrier`."""

    def __init__(
        self,
        *,
        read: Callable[[HttpReply, Parcel], Verdict],
        allow_private: bool,
        seal: Callable[[Parcel], Mapping[str, str]] = lambda parcel: {},
    ) -> None:
        """Nothing is connected yet.

        Args:
            read: what an answer means for the parcel.
            allow_private: whether addresses of private networks and of this machine may be called.
            seal: more headers for a call that is about to be made, such as its signature.
        """
        self._read = read
        self._seal = seal
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=CONNECTIONS_MOST, network_backend=_Guard(allow_private=allow_private)
        )

    async def carry(self, parcel: Parcel) -> Verdict:
        """Make one call. Never raises for what the other side says or fails to say."""
        headers = {**parcel.headers, **self._seal(parcel), "User-Agent": "Holdfast"}
        try:
            async with asyncio.timeout(CALL_SECONDS_MOST):
                return await self._call(parcel, headers)
        except ForbiddenError as forbidden:
            return Refused(str(forbidden))
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            return Deferred(f"No connection: {error!r:.200}")
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError) as error:
            return Refused(f"It cannot be called: {error}"[:200])
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, TimeoutError) as error:
            return InDoubt(f"It was called and did not answer: {error!r:.200}")

    async def close(self) -> None:
        """Close the connections kept."""
        await self._pool.aclose()

    async def _call(self, parcel: Parcel, headers: dict[str, str]) -> Verdict:
        asked = [(name.encode(), value.encode()) for name, value in headers.items()]
        patience = {"timeout": _PATIENCE}
        async with self._pool.stream(
            parcel.method, parcel.url, headers=asked, content=parcel.body, extensions=patience
        ) as said:
            body = b""
            async for piece in said.aiter_stream():
                body += piece
                if len(body) > ANSWER_BYTES_MOST:
                    break
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in said.headers}
            return self._read(HttpReply(status=said.status, headers=answered, body=body[:ANSWER_BYTES_MOST]), parcel)
