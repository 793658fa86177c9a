"""Hands for a benchmark that ticks in its own process, as a server has them where there is much to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.flows.ingest.react import Reactor
from holdfast.settings import Settings
from holdfast.workers.hands import InForce, ServersHands

READY_SECONDS = 30.0


@asynccontextmanager
async def lent(reactor: Reactor, settings: Settings, secret: bytes = b"") -> AsyncIterator[int]:
    """Let hands do part of its ticks; how many there are."""
    in_force = InForce(settings=settings, secret=secret, revision=0)
    hands = ServersHands(settings, lambda: in_force)
    try:
        async with asyncio.timeout(READY_SECONDS):
            while not hands.ready:
                hands.done(settings.hand_events)
                await asyncio.sleep(0.05)
        await reactor.use(hands)
        yield hands.ready
    finally:
        await hands.close()
