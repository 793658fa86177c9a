"""The loops of a running server: react, archive, and nothing that polls faster than a person can notice."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from holdfast.flows.delivery.forgetting import forget_receipts
from holdfast.flows.delivery.offices import LOOK_SECONDS
from holdfast.flows.ingest.reading import REACT
from holdfast.flows.upkeep.trim import trim
from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import to_millis
from holdfast.ports.state import View
from holdfast.wiring import Application
from holdfast.workers.garbage import spare_ticks

_log = logging.getLogger(__name__)

REST_SECONDS_MOST = 1.0
"""The longest the reactor rests: a timer written by another way in is seen by then."""
REST_SECONDS_LEAST = 0.01
FOREVER_MS = 2**62
TRIM_SECONDS = 3_600.0
"""How often the log is trimmed."""
ADAPT_SECONDS = 60.0
"""How often it is looked whether paths may be weighed again; how often they are is for each step to say."""
ERASE_AGAIN_SECONDS = 60.0
"""How often it is looked whether an erasure that could not be ended can be by now."""
RETRY_SECONDS = 1.0
"""How long to wait after something failed that should not."""


async def react_for_ever(app: Application) -> None:
    """Tick as long as there is something to do; else rest until an event, a settlement or a timer."""
    spare_ticks()
    while not app.closing.is_set():
        app.wake.clear()
        ticked = await app.reactor.tick()
        if ticked.idle:
            await _rest(app)


async def tell_for_ever(app: Application) -> None:
    """Move own events into the log as they come about. The ticks go on meanwhile, and take them in by and by."""
    while not app.closing.is_set():
        await _either(app.reactor.untold.wait(), app.closing.wait())
        await app.reactor.pump()


async def _rest(app: Application) -> None:
    async with app.state.view() as view:
        offset = await view.offset(REACT)
        due = await (_next_of_ours(view) if app.reactor.leaves_timers else _next_due(view))
    now_ms = to_millis(app.clock.now())
    seconds = min(_seconds_until(due, now_ms), _seconds_until(app.lanes.opens_ms(now_ms), now_ms))
    arrived = asyncio.ensure_future(app.log.wait(offset, timeout_seconds=seconds))
    woken = asyncio.ensure_future(app.wake.wait())
    closed = asyncio.ensure_future(app.closing.wait())
    waits = {arrived, woken, closed}
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _next_due(view: View) -> int | None:
    """When the soonest visit, send, run or schedule falls due."""
    each = (await view.next_due(), await view.next_run())
    return min((due for due in each if due is not None), default=None)


async def _next_of_ours(view: View) -> int | None:
    """The same while others fire the timers of journeys and hand messages over: each tick makes them wait."""
    timers = await view.due_members(FOREVER_MS, limit=1)
    each = (*(due_ms for due_ms, _ in timers), await view.next_run())
    return min((due for due in each if due is not None), default=None)


def _seconds_until(due_ms: int | None, now_ms: int) -> float:
    """How long to rest for what falls due next.

    What has long been due waits for something else: for a journey to be resumed, or for a sender to be free, who wakes
    us.
    """
    if due_ms is None or due_ms < now_ms - 1000 * REST_SECONDS_MOST:
        return REST_SECONDS_MOST
    return min(REST_SECONDS_MOST, max(REST_SECONDS_LEAST, (due_ms - now_ms) / 1000))


async def archive_for_ever(app: Application) -> None:
    """Copy what was taken in to the history, every `archive_flush_ms`; gather from it what is newly watched."""
    while not app.closing.is_set():
        await app.archivist.flush()
        if await app.gatherer.gather():
            app.wake.set()
            continue
        await app.pause(app.settings.archive_flush_ms / 1000)


async def prepare_for_ever(app: Application) -> None:
    """Find the audiences of runs as they begin."""
    while not app.closing.is_set():
        if await app.preparer.prepare():
            app.wake.set()
        await _either(app.preparer.wanted.wait(), app.closing.wait())


async def watch_connections_for_ever(app: Application) -> None:
    """Notice what other processes set up, or took down, to carry messages."""
    while not app.closing.is_set() and app.offices is not None:
        if await app.offices.refresh():
            app.wake.set()
        await app.pause(LOOK_SECONDS)
    await app.closing.wait()


async def heed_settings_for_ever(app: Application) -> None:
    """Take up what is chosen of the settings in the console, here or through another process."""
    while not app.closing.is_set():
        await app.choices.look()
        await app.pause(LOOK_SECONDS)


async def _either(*waits: Coroutine[Any, Any, object]) -> None:
    """Until one of them is over; the others are called off."""
    tasks = {asyncio.ensure_future(each) for each in waits}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def adapt_for_ever(app: Application) -> None:
    """Weigh the paths of adaptive steps again, as more is known of what they bring."""
    while not app.closing.is_set():
        await app.adapter.adapt()
        await app.pause(ADAPT_SECONDS)


async def keep_house_for_ever(app: Application) -> None:
    """Complete erasures that were begun, and let go of the log's beginning and of old receipts once an hour."""
    trimmed_at = -TRIM_SECONDS
    now = asyncio.get_running_loop().time
    while not app.closing.is_set():
        app.erase_wanted.clear()
        await app.eraser.resume()
        if now() >= trimmed_at + TRIM_SECONDS:
            await trim(app.log, app.state, app.clock, keep_days=app.settings.log_keep_days)
            await forget_receipts(app.state, app.clock)
            trimmed_at = now()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ERASE_AGAIN_SECONDS):
                await _either(app.erase_wanted.wait(), app.closing.wait())


def loops_of(app: Application) -> list[Coroutine[Any, Any, None]]:
    """Everything that goes on in a server."""
    works = {
        "React": react_for_ever,
        "Telling": tell_for_ever,
        "Archive": archive_for_ever,
        "Housekeeping": keep_house_for_ever,
        "Audiences": prepare_for_ever,
        "Adapting": adapt_for_ever,
        "Connections": watch_connections_for_ever,
        "Settings": heed_settings_for_ever,
    }
    return [keep_going(app, name, work) for name, work in works.items()]


async def keep_going(app: Application, name: str, work: Callable[[Application], Awaitable[None]]) -> None:
    """Run a loop; what breaks it is said and it is begun again, for everything it did half is undone."""
    while not app.closing.is_set():
        try:
            await work(app)
        except Busy as error:
            _log.warning("%s has to wait: %s", name, error)
            await app.pause(RETRY_SECONDS)
        except Exception:  # noqa: BLE001 - A loop that ends would be a server that silently does half its work.
            _log.exception("%s failed; trying again in %.0f s", name, RETRY_SECONDS)
            await app.pause(RETRY_SECONDS)
