"""Parts: a process of several, which does one role and says over HTTP how it fares."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.flows.ingest.lag import NOT_KNOWN, Lag, lag_of
from holdfast.http.collect import CollectFirst
from holdfast.kernel.errors import Busy, NotFound
from holdfast.places import Role, check_role
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.version import __version__
from holdfast.workers.listening import (
    Entrance,
    listen,
    loop_factory,
    make_directory,
    stop_signals,
    web_server,
)

_log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""How long to wait before what cannot be reached is tried again."""
WIND_UP_SECONDS = 20.0
"""How long what is under way may take once the process is to stop."""
HEALTH_SECONDS = 1.0
"""How long to ask how far things are; then the answer is that it is not known."""

Work = Callable[[], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Part:
    """What a process of one role is made of."""

    log: Log
    state: State
    clock: Clock
    works: Mapping[str, Work] = field(default_factory=dict)
    """What goes on until `closing`, by its name."""
    site: ASGIApp | None = None
    """What is served beside `/healthz`."""
    says: Callable[[], Mapping[str, object]] = dict
    """What the role adds to its health."""
    before_goodbye: Callable[[asyncio.Task[None]], Awaitable[None]] | None = None
    """Done while the last requests are answered."""


OpenPart = Callable[[Settings, contextlib.AsyncExitStack, asyncio.Event], Awaitable[Part]]
"""Opens what a role needs; the event is set when the process is to stop."""


def serve_part(
    settings: Settings,
    role: Role,
    open_part: OpenPart,
    *,
    on_ready: Callable[[str], None],
    for_seconds: float | None = None,
    shares_port: bool = False,
) -> None:
    """Do the role until a signal comes or the time is up.

    What cannot be reached at first is tried again; what is set up wrongly is not.

    Args:
        on_ready: told the address of `/healthz` once everything is open.
        shares_port: whether other processes listen on the same port, too.

    Raises Conflict or Invalid when the settings do not go with the role, Busy when the port is taken.
    """
    check_role(settings, role)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, role, open_part, on_ready, for_seconds, shares_port=shares_port))


async def _serve(
    settings: Settings,
    role: Role,
    open_part: OpenPart,
    on_ready: Callable[[str], None],
    for_seconds: float | None,
    *,
    shares_port: bool,
) -> None:
    listener = listen(settings, shared=shares_port)
    settings = replace(settings, port=listener.getsockname()[1])
    make_directory(settings.data_dir, listener)
    entrance = Entrance("Reaching the servers.")
    web = web_server(entrance)
    serving = asyncio.create_task(web.serve(sockets=[listener]))
    stop, closing = stop_signals(), asyncio.Event()
    works: list[asyncio.Task[None]] = []
    part: Part | None = None
    try:
        async with contextlib.AsyncExitStack() as opened:
            try:
                part = await _opened(settings, open_part, opened, closing, stop)
                if part is not None:
                    entrance.inner = site_of(part, role)
                    works = [asyncio.create_task(keep_at(name, work, closing)) for name, work in part.works.items()]
                    on_ready(f"http://{settings.host}:{settings.port}")
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(for_seconds):
                            await stop.wait()
            finally:
                closing.set()
                web.should_exit = True
                if part is not None and part.before_goodbye is not None:
                    await part.before_goodbye(serving)
                await serving
                await wind_up(works)
    finally:
        listener.close()


async def _opened(
    settings: Settings,
    open_part: OpenPart,
    opened: contextlib.AsyncExitStack,
    closing: asyncio.Event,
    stop: asyncio.Event,
) -> Part | None:
    """The part, as soon as everything it needs can be reached; None when the process is to stop before that."""
    while not stop.is_set():
        async with contextlib.AsyncExitStack() as trying:
            try:
                part = await open_part(settings, trying, closing)
            except Busy as error:
                _log.warning("Waiting: %s", error)
            else:
                opened.push_async_exit(trying.pop_all())
                return part
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_SECONDS):
                await stop.wait()
    return None


async def keep_at(name: str, work: Work, closing: asyncio.Event) -> None:
    """Do the work until `closing`; what breaks it is said, and it is begun again."""
    while not closing.is_set():
        try:
            await work()
        except Busy as error:
            _log.warning("%s has to wait: %s", name, error)
        except Exception:  # noqa: BLE001 - Work that ends would be a process that silently does nothing.
            _log.exception("%s failed; trying again in %.0f s", name, RETRY_SECONDS)
        else:
            continue
        await pause(closing, RETRY_SECONDS)


async def wind_up(works: Sequence[asyncio.Task[None]]) -> None:
    """Wait for works that were told to end, and call off those that do not."""
    if works:
        await asyncio.wait(works, timeout=WIND_UP_SECONDS)
    for each in works:
        each.cancel()
    await asyncio.gather(*works, return_exceptions=True)


async def pause(closing: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until `closing`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await closing.wait()


def site_of(part: Part, role: Role) -> ASGIApp:
    """The application of the part: `/healthz`, and whatever else it serves."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/healthz":
            await JSONResponse(await _health(part, role))(scope, receive, send)
        elif part.site is not None:
            await part.site(scope, receive, send)
        else:
            refusal = NotFound(f"this process does `{role}` and serves nothing but /healthz.")
            await JSONResponse({"error": refusal.as_json()}, refusal.status)(scope, receive, send)

    return CollectFirst(part.site.direct, application) if isinstance(part.site, CollectFirst) else application


async def _health(part: Part, role: Role) -> dict[str, object]:
    lag: Lag = NOT_KNOWN
    with contextlib.suppress(Busy, TimeoutError):
        async with asyncio.timeout(HEALTH_SECONDS):
            lag = await lag_of(part.log, part.state, part.clock)
    return {
        "status": "ok",
        "version": __version__,
        "role": role,
        "backlog": lag.backlog,
        "lag_seconds": lag.seconds,
        **part.says(),
    }
