"""Tokens that are fetched: one call however many messages wait for it, and none while the last is good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from holdfast.channels.declared import Granted, Granting
from holdfast.messages.http_reply import HttpReply
from holdfast.messages.parcel import Deferred, InDoubt, Parcel, Refused

EARLY_SECONDS = 300
"""How long before a token is over another is fetched: clocks differ, and a message under way must arrive."""
PAUSE_SECONDS = 10
"""How long nobody asks again after asking came to nothing."""

Call = Callable[[Parcel, Mapping[str, str]], Awaitable[HttpReply | Deferred | InDoubt | Refused]]


@dataclass(frozen=True, slots=True)
class _Held:
    said: Granted | Deferred
    until_seconds: float


class Grants:
    """Keeps the token of one connection."""

    def __init__(self, granting: Granting, settings: object, *, call: Call, now_seconds: Callable[[], int]) -> None:
        """Nothing is fetched yet.

        Args:
            call: makes one call, for the parcel and with these headers besides its own.
        """
        self._granting = granting
        self._settings = settings
        self._call = call
        self._now_seconds = now_seconds
        self._held: _Held | None = None
        self._fetching = asyncio.Lock()

    async def headers(self) -> Mapping[str, str] | Deferred:
        """What a call bears by the token; Deferred where none is to be had now."""
        held = self._good()
        if held is None:
            async with self._fetching:
                held = self._good() or await self._fetch()
        return held.said.headers if isinstance(held.said, Granted) else held.said

    def forget(self, headers: Mapping[str, str]) -> None:
        """The provider does not take this token any more; one that was fetched meanwhile is left."""
        if self._held is not None and isinstance(self._held.said, Granted) and self._held.said.headers == headers:
            self._held = None

    def _good(self) -> _Held | None:
        held = self._held
        return held if held is not None and self._now_seconds() < held.until_seconds else None

    async def _fetch(self) -> _Held:
        asked_at = self._now_seconds()
        asking = self._granting.ask(self._settings, asked_at)
        reply = await self._call(asking, {})
        said = self._granting.read(reply) if isinstance(reply, HttpReply) else _deferred(reply)
        if isinstance(said, Granted):
            self._held = _Held(said, asked_at + max(PAUSE_SECONDS, said.seconds - EARLY_SECONDS))
        else:
            self._held = _Held(said, asked_at + PAUSE_SECONDS)
        return self._held


def _deferred(reply: Deferred | InDoubt | Refused) -> Deferred:
    """A token that did not come is asked for again: to ask twice does no harm."""
    return reply if isinstance(reply, Deferred) else Deferred(reply.reason, blame="provider")
