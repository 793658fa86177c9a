"""Collect: a process that takes events in, and goes on taking them in while everything but the log is away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp

from holdfast.flows.ingest.collect import Collector
from holdfast.flows.upkeep.keys import Access
from holdfast.http.collect import collect_first, collect_routes
from holdfast.kernel.errors import Busy
from holdfast.places import SystemClock, open_log, open_state
from holdfast.ports.state import AccessKey, State
from holdfast.settings import Settings
from holdfast.workers.listening import write_private
from holdfast.workers.parts import Part, pause

_log = logging.getLogger(__name__)

KEYS_FILE = "known-keys.json"
"""The write keys as they were last known: their names and hashes, not the keys."""
KEYS_SECONDS = 2.0
"""How often the keys are read anew: as long after it was made, or revoked, a key may be unknown, or known."""
FIRST_SECONDS = 3.0
"""How long to ask for the keys at the start before those last known do."""


class KeptKeys:
    """The write keys, which are also known while the state is away."""

    def __init__(self, state: State, path: Path) -> None:
        """None is known yet."""
        self._state = state
        self._path = path
        self._access = Access()
        self._kept: list[dict[str, str]] | None = None
        self.current = False
        """Whether the state could be asked when it was last tried."""

    async def begin(self) -> None:
        """Know the keys. Raises Busy when the state cannot be asked and none are known from before."""
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                await self.refresh()
        except (Busy, TimeoutError) as error:
            if not self._path.exists():
                raise Busy("the write keys cannot be asked for.", hint="See that PostgreSQL can be reached.") from error
            self._kept = json.loads(self._path.read_bytes())
            self._access.put([_key(each) for each in self._kept or []])
            _log.warning("The state cannot be reached; the write keys are those last known: %s", error)

    async def refresh(self) -> None:
        """Read the keys anew. Raises Busy when the state cannot be reached."""
        self.current = False
        async with self._state.view() as view:
            keys = await view.keys()
        self.current = True
        known = [
            {"name": each.name, "hash": each.hash} for each in keys if each.kind == "write" and each.revoked_ms is None
        ]
        self._access.put([_key(each) for each in known])
        if known != self._kept:
            write_private(self._path, known)
            self._kept = known

    def source_of(self, write_key: str) -> str | None:
        """The source a write key stands for. Raises Busy for one that is unknown while nobody can be asked of it.

        Likewise while there is none at all: then the workspace is just being made.
        """
        source = self._access.source_of(write_key)
        if source is None and not (self.current and self._kept):
            # To refuse it would lose the events of somebody whose key is new.
            raise Busy("whether there is such a write key cannot be asked for now.", hint="Try again in a moment.")
        return source


def _key(known: dict[str, str]) -> AccessKey:
    return AccessKey(name=known["name"], kind="write", hash=known["hash"], shown="", created_ms=0)


async def open_collect(settings: Settings, opened: contextlib.AsyncExitStack, closing: asyncio.Event) -> Part:
    """The log, and the write keys; nothing else is needed, and the schema of the state is left as it is."""
    state = await open_state(settings, migrates=False)
    opened.push_async_callback(state.close)
    keys = KeptKeys(state, settings.data_dir / KEYS_FILE)
    log = await open_log(settings, state)
    opened.push_async_callback(log.close)
    await keys.begin()
    clock = SystemClock()

    async def know_keys() -> None:
        await pause(closing, KEYS_SECONDS)
        await keys.refresh()

    return Part(
        log=log,
        state=state,
        clock=clock,
        works={"Keys": know_keys},
        site=_site(Collector(log, clock), keys, settings),
        says=lambda: {"keys_current": keys.current},
    )


def _site(collector: Collector, keys: KeptKeys, settings: Settings) -> ASGIApp:
    routes = collect_routes(collector, source_of=keys.source_of, public_url=settings.public_url or None)
    return collect_first(routes, Starlette(routes=routes))
