"""The API: a process that answers questions, takes wishes and shows the console, while others react and send."""

from __future__ import annotations

import asyncio
import contextlib

from holdfast.http.app import make_http
from holdfast.kernel.moments import to_millis
from holdfast.settings import Settings
from holdfast.wiring import open_asking
from holdfast.workers.parts import OpenPart, Part, pause
from holdfast.workers.server import announced, call_off, keep_keys, tell_first_start

KEYS_SECONDS = 2.0
"""How often keys and settings are read anew, for another process may have changed some."""

LOOK_SECONDS = 0.5
"""How often it is looked what was archived, to be shown as it happens."""


def opening_api(*, write_key: str | None = None, api_key: str | None = None) -> OpenPart:
    """Opens the API; the keys are those a fresh workspace begins with, made up when None."""

    async def open_api(settings: Settings, opened: contextlib.AsyncExitStack, closing: asyncio.Event) -> Part:
        app = await open_asking(settings)
        app.closing = closing
        opened.push_async_callback(app.close)
        await keep_keys(app.state, settings, (write_key, api_key), app.clock)
        await app.access.refresh(app.state)
        await tell_first_start(app.state, settings, app.clock)
        opened.enter_context(announced(settings))

        async def know_keys() -> None:
            await pause(closing, KEYS_SECONDS)
            await app.access.refresh(app.state)
            await app.choices.look()

        watched: int | None = None

        async def look_on() -> None:
            nonlocal watched
            rows, watched = await app.archivist.archived_since(watched)
            if rows:
                app.watch.added(rows, to_millis(app.clock.now()))
            else:
                await pause(closing, LOOK_SECONDS)

        return Part(
            log=app.log,
            state=app.state,
            clock=app.clock,
            works={"Keys": know_keys, "Looking on": look_on},
            site=make_http(app),
            before_goodbye=lambda serving: call_off(app, serving),
        )

    return open_api
