"""The server: everything in one process, listening from its first moment and ready once the engine is loaded.

State and log are open in half a second and take events in from then on. What answers and reacts takes two seconds and
more to import, and half a minute where the engine's library is not in memory: that is done beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from holdfast.flows.accounts.members import first_owner_link
from holdfast.flows.ingest.collect import Collector
from holdfast.flows.upkeep.keys import Access, first_keys
from holdfast.http.collect import collect_first, collect_routes
from holdfast.kernel.errors import Conflict
from holdfast.places import Ground, SystemClock, open_ground, open_history
from holdfast.ports.clock import Clock
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.workers.doorway import Doorway
from holdfast.workers.garbage import spare_ticks
from holdfast.workers.hands import InForce, ServersHands
from holdfast.workers.listening import (
    Entrance,
    listen,
    loop_factory,
    make_directory,
    stop_signals,
    web_server,
    write_private,
)
from holdfast.workers.sparing import spare_pandas

if TYPE_CHECKING:
    from holdfast.ports.history import History
    from holdfast.wiring import Application

_log = logging.getLogger(__name__)

_CALL_OFF_SECONDS = 0.1
"""How often it is looked what is still asked once the server is to stop."""

Prepare = Callable[["Application"], Awaitable[None]]
_HEAVY = ("holdfast.http.app", "holdfast.wiring", "holdfast.workers.loops")
"""What takes long to import, and is not needed to take events in."""
_OF_THE_HISTORY = ("chdb", "holdfast.stores.clickhouse.history")


def serve(
    settings: Settings,
    *,
    on_ready: Callable[[str], None],
    for_seconds: float | None = None,
    write_key: str | None = None,
    api_key: str | None = None,
    prepare: Prepare | None = None,
    company: Prepare | None = None,
    on_first_start: Callable[[str], None] | None = None,
) -> None:
    """Serve until a signal comes or the time is up.

    Args:
        on_ready: told the address once requests are answered.
        for_seconds: stop by itself that long after being ready.
        write_key: the write key to begin with; made up when None. Only a fresh workspace takes it.
        api_key: the same for the api key.
        prepare: done after the workspace is open and before the server is ready: the console shows its progress,
            nobody is moved or written to.
        company: run beside the server once it is ready, and cancelled when it stops.
        on_first_start: told, before it is ready, the link by which the first owner makes their account, as long as
            nobody has one. Without it the log is told.

    Raises Busy when the port is taken or another process has the workspace open.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    spare_ticks()  # What is imported stays, and is looked through a hundred times else.
    doings = _Doings(
        on_ready=on_ready,
        for_seconds=for_seconds,
        keys=(write_key, api_key),
        prepare=prepare,
        company=company,
        on_first_start=on_first_start,
    )
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, doings))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doings:
    """What is to be done around serving; see `serve`."""

    on_ready: Callable[[str], None]
    for_seconds: float | None
    keys: tuple[str | None, str | None]
    prepare: Prepare | None
    company: Prepare | None
    on_first_start: Callable[[str], None] | None


async def _serve(settings: Settings, doings: _Doings) -> None:
    listener = listen(settings)
    settings = replace(settings, port=listener.getsockname()[1])
    make_directory(settings.data_dir, listener)
    entrance = Entrance("Loading the engine.")
    doorway = Doorway(settings)
    web = web_server(entrance, doorway)
    serving = asyncio.create_task(web.serve(sockets=[listener]))
    stop = stop_signals()
    app: Application | None = None
    loops: list[asyncio.Task[None]] = []
    below = contextlib.AsyncExitStack()  # What is to be closed, last opened first.
    try:
        # Where others share the state, they take events in meanwhile; and nothing is to be changed before we have the
        # seat of the one who reacts.
        ground = None if settings.is_shared else await open_ground(settings, below)
        if ground is not None:
            await begin_collecting(entrance, ground, settings, doings.keys)
        # That on a server answers at once.
        apart = settings.is_shared or settings.history_url
        history = None if apart else await _begin_history(settings, below)
        await asyncio.to_thread(import_heavy)
        from holdfast.http.app import make_http  # noqa: PLC0415  # Just imported, beside what was asked meanwhile.
        from holdfast.wiring import open_application  # noqa: PLC0415
        from holdfast.workers.loops import loops_of  # noqa: PLC0415

        app = await open_application(settings, ground=ground, history=history)
        below.push_async_callback(app.close)
        await _lend_hands(app, settings, below)
        await _open_doors(app, settings, doings)
        app.doing = "Preparing the workspace." if doings.prepare is not None else ""
        entrance.inner = make_http(app)
        if ground is not None:
            doorway.open(app.log, app.clock, app.access, web.protocol)
        if doings.prepare is not None:
            # The console may be watched meanwhile; /healthz says that we are not ready.
            await _until(stop, doings.prepare(app))
            app.doing = ""
        loops = [asyncio.create_task(each) for each in loops_of(app)]
        with announced(settings):
            doings.on_ready(settings.url)
            if doings.company is not None:
                loops.append(asyncio.create_task(_accompany(doings.company, app)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(doings.for_seconds):
                    await stop.wait()
    except _StoppedError:
        pass
    finally:
        web.should_exit = True
        await _see_off(app, serving, doorway)
        for each in loops:
            each.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await below.aclose()
        listener.close()


async def _begin_history(settings: Settings, below: contextlib.AsyncExitStack) -> asyncio.Task[History]:
    """Begin to open the history: the engine reads what it has while the rest is imported."""
    # What opening it takes is imported first and by itself: two threads that import may meet in the middle.
    await asyncio.to_thread(_import_history)
    opening = asyncio.create_task(open_history(settings))

    async def let_go() -> None:
        """Should nothing have come of the rest: who has it by now has closed it before."""
        with contextlib.suppress(Exception):
            await (await opening).close()

    below.push_async_callback(let_go)
    return opening


async def _lend_hands(app: Application, settings: Settings, below: contextlib.AsyncExitStack) -> None:
    """Let other processes do part of each tick where there is much to do."""

    def in_force() -> InForce:
        return InForce(settings=app.settings, secret=app.secret, revision=app.choices.revision)

    hands = ServersHands(settings, in_force)
    below.push_async_callback(hands.close)
    await app.reactor.use(hands)
    app.archivist.use(hands)


async def _open_doors(app: Application, settings: Settings, doings: _Doings) -> None:
    """Know the keys, and tell how the first owner gets in."""
    await keep_keys(app.state, settings, doings.keys, app.clock)
    await app.access.refresh(app.state)
    await tell_first_start(app.state, settings, app.clock, doings.on_first_start)


def import_heavy() -> None:
    """Import what answers and reacts; it takes a second and more."""
    _import_all(_HEAVY)
    spare_pandas()


def _import_history() -> None:
    _import_all(_OF_THE_HISTORY)
    spare_pandas()


def _import_all(names: Sequence[str]) -> None:
    for name in names:
        importlib.import_module(name)


async def begin_collecting(
    entrance: Entrance, ground: Ground, settings: Settings, given: tuple[str | None, str | None]
) -> None:
    """Take events in from now on; everything else is still answered `starting`."""
    access, clock = Access(), SystemClock()
    await keep_keys(ground.state, settings, given, clock)
    await access.refresh(ground.state)
    routes = collect_routes(Collector(ground.log, clock), source_of=access.source_of, public_url=settings.url)
    entrance.inner = collect_first(routes, entrance.starting)


async def _see_off(app: Application | None, serving: asyncio.Task[None], doorway: Doorway) -> None:
    """Answer whoever is here, and take nothing more."""
    closing = asyncio.create_task(doorway.close())
    if app is not None:
        app.closing.set()
        await call_off(app, serving)
    await asyncio.gather(serving, closing)


async def call_off(app: Application, serving: asyncio.Task[None]) -> None:
    """Call off what is asked until nobody is answered any more: whoever waits is told, and not cut off."""
    while not serving.done():
        cancelled = [asyncio.create_task(app.cancel(each.id)) for each in await app.under_way()]
        await asyncio.wait({serving, *cancelled}, timeout=_CALL_OFF_SECONDS)


class _StoppedError(Exception):
    """A signal came while the workspace was being prepared."""


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """The work, given up when the signal comes first."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if working in done:
        stopping.cancel()
        await working
        return
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    raise _StoppedError


async def _accompany(company: Prepare, app: Application) -> None:
    try:
        await company(app)
    except asyncio.CancelledError:
        raise
    except Exception:  # noqa: BLE001 - The server is worth more than its company.
        _log.exception("What runs beside the server failed; the server goes on without it.")


async def keep_keys(state: State, settings: Settings, given: tuple[str | None, str | None], clock: Clock) -> None:
    """Make the first keys, and leave them for whoever may read the data directory."""
    try:
        made = await first_keys(state, write_key=given[0], api_key=given[1], now=clock.now())
    except Conflict:
        made = None  # Another process has made them at this very moment.
    if made is not None:
        write_private(settings.data_dir / "keys.json", {"write_key": made[0], "api_key": made[1]})


async def tell_first_start(
    state: State, settings: Settings, clock: Clock, told: Callable[[str], None] | None = None
) -> None:
    """Tell how the first owner makes their account, as long as nobody has one. An open console needs none."""
    token = None if settings.console_open else await first_owner_link(state, now=clock.now())
    if token is None:
        return
    link = f"{settings.url}/welcome#{token}"
    if told is not None:
        told(link)
    else:
        _log.info("Nobody has an account yet. The first owner makes theirs at %s", link)


@contextlib.contextmanager
def announced(settings: Settings) -> Iterator[None]:
    """Say in the data directory where the server is, as long as it is."""
    path = settings.data_dir / "server.json"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    # Not the public address: whoever reads this file is on this machine.
    write_private(path, {"url": f"http://{host}:{settings.port}", "pid": os.getpid()})
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
