"""The HTTP/2 carrier: many calls over one connection, a verdict for each, whatever becomes of the connection.

pyreqwest and not httpx: a twentieth of the work for a call. What it raises says too little by its type (a request that
was sent and lost is a "connect error" too), so causes are read. A request is known not to have been taken when there
was no connection for it, or when the server, leaving, said that it had not come to it (GOAWAY, RFC 9113, 6.8): then it
is made again. Everything else may have been taken.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Literal

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PyreqwestError, RequestTimeoutError
from pyreqwest.http import Url

from holdfast.channels.carriers.each_device import EachDevice
from holdfast.channels.carriers.granted import Grants
from holdfast.channels.carriers.guard import ForbiddenError, is_public
from holdfast.channels.declared import Declared
from holdfast.kernel.moments import to_millis
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Deferred, InDoubt, Lapsed, Parcel, Refused, Verdict
from holdfast.ports.clock import Clock

CONNECT_SECONDS_MOST = 10
CALL_SECONDS_MOST = 60
TRIES_MOST = 3
"""How often one call is made at most that the server, leaving, had not come to."""
ANSWER_BYTES_MOST = 65_536
"""How much of an answer is read; the rest is of no use."""
ORIGINS_MOST = 32
"""To how many servers connections are kept at once, where anybody may name one."""
LOOKED_UP_SECONDS = 600
"""How long the address of a server is used that was looked up."""

_NO_CONNECTION = "client error (Connect)"
_LEFT_BEFORE = "connection error received"
_REFUSED_STREAM = "refused stream before processing"

Blame = Literal["domain", "provider"]
Answer = HttpReply | Deferred | InDoubt | Refused


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom connections are made to, and by which version."""

    anywhere: bool = False
    """Whether recipients name the servers: then only public addresses are called, and each server by itself is to blame
    when it is not reached. Else there is one server, the provider's."""
    private: bool = False
    """Whether servers in private networks may be called all the same, and without encryption."""
    prior: bool = True
    """Whether HTTP/2 is spoken without asking. Servers that anybody named are asked, unless a test knows better."""
    roots: bytes = b""
    """Certificates in PEM that are trusted besides those that everybody trusts."""


class Http2Carrier:
    """Carries parcels to the addresses they bear; answers `ports.carrier.Carrier`."""

    def __init__(self, declared: Declared, settings: object, *, clock: Clock, trust: Trust) -> None:
        """Nothing is connected yet. Raises ValueError for a provider that does not say how its answers are read."""
        if declared.read is None:
            raise ValueError(f"{declared.name} does not say what answers mean")
        self._declared = declared
        self._settings = settings
        self._read = declared.read
        self._clock = clock
        self._blame: Blame = "domain" if trust.anywhere else "provider"
        self._clients = _Clients(trust)
        self._grants = (
            None
            if declared.grant is None
            else Grants(declared.grant, settings, call=self._call, now_seconds=self._now_seconds)
        )

    async def carry(self, parcel: Parcel) -> Verdict:
        """Make the call. Never raises for what the other side says or fails to say."""
        sealed = await self._sealed(parcel)
        if isinstance(sealed, Deferred):
            return sealed
        reply = await self._call(parcel, sealed)
        if isinstance(reply, HttpReply) and reply.status == 401 and self._grants is not None:
            # The token was taken back before its time. It was not taken with it, and goes once with another.
            self._grants.forget(sealed)
            sealed = await self._sealed(parcel)
            if isinstance(sealed, Deferred):
                return sealed
            reply = await self._call(parcel, sealed)
        if not isinstance(reply, HttpReply):
            return reply
        return await self._elsewhere(parcel, reply) or self._read(reply, parcel)

    async def close(self) -> None:
        """Close the connections kept."""
        await self._clients.close()

    def _now_seconds(self) -> int:
        return self._now_ms() // 1_000

    def _now_ms(self) -> int:
        return to_millis(self._clock.now())

    async def _sealed(self, parcel: Parcel) -> Mapping[str, str] | Deferred:
        """The headers that depend on the moment."""
        if self._grants is not None:
            return await self._grants.headers()
        seal = self._declared.seal
        return {} if seal is None else seal(self._settings, parcel, self._now_seconds())

    async def _elsewhere(self, parcel: Parcel, reply: HttpReply) -> Verdict | None:
        """What another server of the provider says, where it takes it; None where the first answer stands."""
        other = None if self._declared.elsewhere is None else self._declared.elsewhere(parcel, reply)
        if other is None:
            return None
        sealed = await self._sealed(other)
        second = sealed if isinstance(sealed, Deferred) else await self._call(other, sealed)
        verdict = self._read(second, other) if isinstance(second, HttpReply) else second
        return None if isinstance(verdict, Refused) else verdict

    async def _call(self, parcel: Parcel, sealed: Mapping[str, str]) -> Answer:
        """Make one call, again where it is known not to have been taken."""
        try:
            async with asyncio.timeout(CALL_SECONDS_MOST):
                for _ in range(TRIES_MOST):
                    answer = await self._try(parcel, sealed)
                    if answer is not None:
                        return answer
        except TimeoutError:
            return InDoubt(f"It was called and did not answer within {CALL_SECONDS_MOST} seconds.")
        return Deferred(f"The server left {TRIES_MOST} times before it came to it.", blame=self._blame)

    async def _try(self, parcel: Parcel, sealed: Mapping[str, str]) -> Answer | None:
        """One try; None when the server left and had not come to it."""
        try:
            client = await self._clients.to(parcel.url)
            if parcel.has_lapsed(self._now_ms()):
                return Lapsed()  # The token, the server's address or the tries before took their time.
            headers = {**parcel.headers, **sealed}
            asked = client.request(parcel.method, parcel.url).headers(headers).body_bytes(parcel.body)
            async with asked.build_streamed() as said:
                body = b""
                while len(body) < ANSWER_BYTES_MOST and (piece := await said.body_reader.read(ANSWER_BYTES_MOST)):
                    body += bytes(piece)
                answered = {name.lower(): value for name, value in said.headers.items()}
                return HttpReply(status=said.status, headers=answered, body=body[:ANSWER_BYTES_MOST])
        except ForbiddenError as error:
            return Refused(str(error))
        except OSError as error:
            return Deferred(f"No connection: {error!s:.200}", blame=self._blame)
        except (ValueError, UnicodeError) as error:
            return Refused(f"It cannot be called: {error!s:.200}")
        except PyreqwestError as error:
            return self._broken(error, parcel.url)

    def _broken(self, error: PyreqwestError, url: str) -> Answer | None:
        causes = _causes(error)
        said = "; ".join(causes[1:]) or str(error)
        if any(_LEFT_BEFORE in each or _REFUSED_STREAM in each for each in causes):
            return None
        if _NO_CONNECTION in causes:
            self._clients.forget(url)  # Its address may be another by now.
            return Deferred(f"No connection: {said:.200}", blame=self._blame)
        if isinstance(error, RequestTimeoutError):
            return InDoubt(f"It was called and did not answer: {said:.200}")
        if "builder error" in str(error):
            return Refused(f"It cannot be called: {said:.200}")
        return InDoubt(f"It was called and the connection was lost: {said:.200}")


class _Clients:
    """The connections that are kept: one client for the provider's server, or one for each that recipients name.

    A client of a named server connects to the very address that was looked at, and to no other.
    """

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._kept: OrderedDict[str, tuple[Client, float]] = OrderedDict()

    async def to(self, url: str) -> Client:
        """The client for an address. Raises ForbiddenError, OSError and ValueError."""
        origin, host, port = _origin(url) if self._trust.anywhere else ("", "", 0)
        kept = self._kept.get(origin)
        now = asyncio.get_running_loop().time()
        if kept is not None and (not self._trust.anywhere or now < kept[1]):
            self._kept.move_to_end(origin)
            return kept[0]
        builder = _builder(self._trust)
        if host:
            builder = builder.resolve(host, await _looked_up(host, port, private=self._trust.private), port)
        client = builder.build()
        self._kept[origin] = client, now + LOOKED_UP_SECONDS
        self._kept.move_to_end(origin)
        while len(self._kept) > ORIGINS_MOST:
            # Calls under way on it go on to their end: it closes when nothing holds it any more.
            self._kept.popitem(last=False)
        return client

    def forget(self, url: str) -> None:
        """Connect anew, and look the address up anew."""
        if self._trust.anywhere:
            self._kept.pop(_origin(url)[0], None)

    async def close(self) -> None:
        """Close them all."""
        kept, self._kept = self._kept, OrderedDict()
        await asyncio.gather(*(client.close() for client, _ in kept.values()))


def _builder(trust: Trust) -> ClientBuilder:
    builder = (
        ClientBuilder()
        .user_agent("Holdfast")
        .no_proxy()
        .follow_redirects(enable=False)
        .gzip(enable=False)
        .brotli(enable=False)
        .zstd(enable=False)
        .deflate(enable=False)
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS_MOST))
        .timeout(timedelta(seconds=CALL_SECONDS_MOST - 5))
        .http2_keep_alive_interval(timedelta(seconds=30))
        .http2_keep_alive_timeout(timedelta(seconds=10))
        .https_only(enable=not trust.private)
    )
    builder = builder.http2_prior_knowledge() if trust.prior else builder.http2(enable=True)
    return builder.add_root_certificate_pem(trust.roots) if trust.roots else builder


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme and place, host and port. Raises ValueError."""
    # By the parser of whoever connects: to another one the same text may name another host.
    parsed = Url(url)
    host, port = parsed.host_str, parsed.port_or_known_default
    if parsed.scheme not in ("https", "http") or not host or port is None:
        raise ValueError(f"{url!r:.100} is no web address")
    return f"{parsed.scheme}://{host}:{port}", host.strip("[]"), port


async def _looked_up(host: str, port: int, *, private: bool) -> str:
    """The address of a host. Raises ForbiddenError when any it has is private, OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    if not private and not all(map(is_public, addresses)):
        raise ForbiddenError(f"{host} is in a private network, which no push service is.")
    # Version 4 first: a machine without version 6 learns addresses of it all the same.
    return min(addresses, key=lambda each: ip_address(each).version)


def _causes(error: PyreqwestError) -> list[str]:
    told = error.details.get("causes") if isinstance(error, DetailedPyreqwestError) else None
    return [each["message"] for each in told or ()]


def http2_carrier(declared: Declared, settings: object, *, clock: Clock, trust: Trust | None = None) -> EachDevice:
    """The carrier of one connection to a provider that is reached over HTTP/2."""
    if trust is None:
        anywhere = declared.name == "web_push"
        trust = Trust(anywhere=anywhere, prior=not anywhere)
    return EachDevice({declared.name: Http2Carrier(declared, settings, clock=clock, trust=trust)})
