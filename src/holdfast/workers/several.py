"""Several: one command that keeps so many processes going on one port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from dataclasses import replace

from holdfast.settings import Settings
from holdfast.workers.listening import listen, stop_signals

_log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
"""How long to wait before a process that ended by itself is started anew."""
END_SECONDS = 40.0
"""How long they may take to end: longer than each gives itself."""


def serve_several(
    settings: Settings,
    command: Callable[[Settings], Sequence[str]],
    count: int,
    *,
    on_ready: Callable[[str], None],
    for_seconds: float | None = None,
) -> None:
    """Keep so many processes going until a signal comes or the time is up; one that ends is started again.

    Args:
        command: starts one of them on the port of the settings, which it shares; it prints a line once it is ready.
        on_ready: told the address once all of them are ready.

    Raises Busy when the port is taken.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve(settings, command, count, on_ready, for_seconds))


async def _serve(
    settings: Settings,
    command: Callable[[Settings], Sequence[str]],
    count: int,
    on_ready: Callable[[str], None],
    for_seconds: float | None,
) -> None:
    with contextlib.closing(_reserved(settings)) as place:
        settings = replace(settings, port=place.getsockname()[1])
        stop = stop_signals()
        ready = [asyncio.Event() for _ in range(count)]
        keepers = [asyncio.create_task(_keep(command(settings), each, stop)) for each in ready]
        try:
            waiting = asyncio.create_task(_all_set(ready))
            stopping = asyncio.create_task(_all_set([stop]))
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                on_ready(f"http://{settings.host}:{settings.port}")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(for_seconds):
                        await stop.wait()
            waiting.cancel()
            stopping.cancel()
            await asyncio.gather(waiting, stopping, return_exceptions=True)
        finally:
            stop.set()
            await asyncio.gather(*keepers)


async def _all_set(events: Sequence[asyncio.Event]) -> None:
    for each in events:
        await each.wait()


def _reserved(settings: Settings) -> socket.socket:
    """The port, held as long as we live, so that nobody else takes it; nothing is accepted here."""
    with contextlib.closing(listen(settings)) as alone:  # Who listens there alone is not to be joined.
        port = alone.getsockname()[1]
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind((settings.host, port))
    return place


async def _keep(command: Sequence[str], ready: asyncio.Event, stop: asyncio.Event) -> None:
    """Start it, and again whenever it ends, until all are to stop."""
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
        heard = asyncio.create_task(_hear(process, ready))
        ended, stopping = asyncio.ensure_future(process.wait()), asyncio.ensure_future(stop.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            await _end(process)
        else:
            _log.warning("A process ended with %s; starting another.", process.returncode)
        stopping.cancel()
        await asyncio.gather(ended, heard, stopping, return_exceptions=True)
        if not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS):
                    await stop.wait()


async def _hear(process: Process, ready: asyncio.Event) -> None:
    """Its first line says that it is ready; the others are not of interest, but must be read."""
    assert process.stdout is not None  # noqa: S101 - It was asked for.
    while await process.stdout.readline():
        ready.set()


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
