"""The HTTP carrier: one call, one answer, a limit on every wait, and no way into the network it stands in.

httpcore and not httpx: the address that is connected to must be the one that was checked, and httpcore lets us open the
connection ourselves. It follows no redirects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

import httpcore

from holdfast.channels.carriers.guard import ForbiddenError, Guard
from holdfast.kernel.moments import to_millis
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Deferred, InDoubt, Lapsed, Parcel, Refused, Verdict
from holdfast.ports.clock import Clock

CONNECTIONS_MOST = 24
"""As many as there are places for a channel's sends."""
CALL_SECONDS_MOST = 60.0
ANSWER_BYTES_MOST = 65_536
"""How much of an answer is read; the rest is of no use, and the connection is closed."""
_WRITES = "send_request_headers.started"
"""How the last thing that httpcore tells of ends before a request leaves; it begins with the protocol."""
_PATIENCE = {"connect": 10.0, "write": 20.0, "read": 30.0, "pool": 10.0}


class HttpCarrier:
    """Carries parcels to the web address each is for; answers `ports.carrier.Carrier`."""

    def __init__(
        self,
        *,
        read: Callable[[HttpReply, Parcel], Verdict],
        allow_private: bool,
        seal: Callable[[Parcel], Mapping[str, str]] = lambda parcel: {},
        blame: Literal["domain", "provider"] = "domain",
        clock: Clock | None = None,
    ) -> None:
        """Nothing is connected yet.

        Args:
            read: what an answer means for the parcel.
            allow_private: whether addresses of private networks and of this machine may be called.
            seal: more headers for a call that is about to be made, such as its signature.
            blame: whose trouble it is when there is no connection: that of the address alone, or, where all parcels go
                to one server, the provider's.
            clock: tells whether a parcel has lapsed while a connection was waited for; without one none ever does.
        """
        self._read = read
        self._seal = seal
        self._blame: Literal["domain", "provider"] = blame
        self._clock = clock
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=CONNECTIONS_MOST, network_backend=Guard("webhooks", allow_private=allow_private)
        )

    async def carry(self, parcel: Parcel) -> Verdict:
        """Make one call. Never raises for what the other side says or fails to say."""
        headers = {**parcel.headers, **self._seal(parcel), "User-Agent": "Holdfast"}
        try:
            async with asyncio.timeout(CALL_SECONDS_MOST):
                return await self._call(parcel, headers)
        except _TooLateError:
            return Lapsed()
        except ForbiddenError as forbidden:
            return Refused(str(forbidden))
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
            return Deferred(f"No connection: {error!r:.200}", blame=self._blame)
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError) as error:
            return Refused(f"It cannot be called: {error}"[:200])
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, TimeoutError) as error:
            return InDoubt(f"It was called and did not answer: {error!r:.200}")

    async def close(self) -> None:
        """Close the connections kept."""
        await self._pool.aclose()

    async def _call(self, parcel: Parcel, headers: dict[str, str]) -> Verdict:
        asked = [(name.encode(), value.encode()) for name, value in headers.items()]
        extensions: dict[str, object] = {"timeout": _PATIENCE}
        if self._clock is not None and parcel.begin_by_ms is not None:
            extensions["trace"] = partial(_stop_late, parcel, self._clock)
        async with self._pool.stream(
            parcel.method, parcel.url, headers=asked, content=parcel.body, extensions=extensions
        ) as said:
            body = b""
            async for piece in said.aiter_stream():
                body += piece
                if len(body) > ANSWER_BYTES_MOST:
                    break
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in said.headers}
            return self._read(HttpReply(status=said.status, headers=answered, body=body[:ANSWER_BYTES_MOST]), parcel)


class _TooLateError(Exception):
    """The parcel may not be begun any more."""


async def _stop_late(parcel: Parcel, clock: Clock, happens: str, info: object) -> None:
    """Told what httpcore does for a parcel; raises _TooLateError where it is about to be written and has lapsed."""
    del info
    if happens.endswith(_WRITES) and parcel.has_lapsed(to_millis(clock.now())):
        raise _TooLateError
