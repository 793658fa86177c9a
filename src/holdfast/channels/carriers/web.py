"""The web as templates ask it: one call, a few seconds, a limit on the answer, and no way into private networks."""

from __future__ import annotations

import asyncio

import httpcore

from holdfast.channels.carriers.guard import ForbiddenError, Guard
from holdfast.ports.web import Call, Fetched, FetchedOrNot, Unfetched

CONNECTIONS_MOST = 16
CALL_SECONDS_MOST = 5.0
"""How long a whole call may take: a message waits for it, and others for the place it holds."""
ANSWER_BYTES_MOST = 100_000
_PATIENCE = {"connect": 3.0, "write": 3.0, "read": 5.0, "pool": 3.0}


class WebFetcher:
    """Answers `ports.web.Fetcher`. It follows no redirects."""

    def __init__(self, *, allow_private: bool, seconds_most: float = CALL_SECONDS_MOST) -> None:
        """Nothing is connected yet.

        Args:
            allow_private: whether addresses of private networks and of this machine may be called.
            seconds_most: how long a whole call may take.
        """
        self._seconds_most = seconds_most
        self._pool = httpcore.AsyncConnectionPool(
            max_connections=CONNECTIONS_MOST, network_backend=Guard("templates", allow_private=allow_private)
        )

    async def fetch(self, call: Call) -> FetchedOrNot:
        """Make one call. Never raises for what the other side says or fails to say."""
        try:
            async with asyncio.timeout(self._seconds_most):
                return await self._fetch(call)
        except ForbiddenError as forbidden:
            return Unfetched(str(forbidden), lasting=True)
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError, TypeError) as error:
            return Unfetched(f"it cannot be called: {error}"[:200], lasting=True)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, TimeoutError) as error:
            return Unfetched(f"it did not answer: {error!r:.200}")

    async def close(self) -> None:
        """Close the connections kept."""
        await self._pool.aclose()

    async def _fetch(self, call: Call) -> FetchedOrNot:
        headers = {"Accept": "application/json, text/*;q=0.9, */*;q=0.1", **_capitals(call), "User-Agent": "Holdfast"}
        asked = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        async with self._pool.stream(
            call.method, call.url, headers=asked, content=call.body or None, extensions={"timeout": _PATIENCE}
        ) as said:
            body = bytearray()
            async for piece in said.aiter_stream():
                body += piece
                if len(body) > ANSWER_BYTES_MOST:
                    return Unfetched(f"it answers more than {ANSWER_BYTES_MOST:,} bytes", lasting=True)
            kinds = (value.decode("latin-1") for name, value in said.headers if name.lower() == b"content-type")
            return Fetched(status=said.status, content_type=next(kinds, ""), body=bytes(body))


def _capitals(call: Call) -> dict[str, str]:
    return {name.title(): value for name, value in call.headers.items()}
