"""Listening: the socket, signals and first answers of every process, whatever it does behind them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib
import importlib.util
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.http.collect import CollectFirst
from holdfast.kernel.errors import Busy, Invalid
from holdfast.settings import Settings
from holdfast.workers.whole_requests import WholeRequests

if TYPE_CHECKING:
    from holdfast.workers.whole_requests import Doorway

BACKLOG = 2_048
GOODBYE_SECONDS = 5
"""How long requests under way may take once the server is to stop."""
_NOTHING_DIRECT: Mapping[bytes, ASGIApp] = {}


class Entrance:
    """Answers `starting` until there is an application to answer."""

    def __init__(self, doing: str) -> None:
        self.doing = doing
        self.inner: ASGIApp | None = None

    def direct(self) -> Mapping[bytes, ASGIApp]:
        """What needs nothing but its own route, by the path that leads there."""
        return self.inner.direct if isinstance(self.inner, CollectFirst) else _NOTHING_DIRECT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif self.inner is not None:
            await self.inner(scope, receive, send)
        else:
            await self.starting(scope, receive, send)

    async def starting(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that there is nobody to answer yet."""
        if scope["type"] == "http":
            body: dict[str, object] = {"status": "starting", "doing": self.doing}
            if scope["path"] != "/healthz":
                body["error"] = Busy("this is starting.", hint=f"Try again in a moment. {self.doing}").as_json()
            await JSONResponse(body, 503, {"Retry-After": "1"})(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class Uvicorn(uvicorn.Server):
    """Uvicorn that leaves signals to us: we have more to close than it has."""

    def protocol(self, begun: bytes) -> WholeRequests:
        """What serves a connection of which so much was read elsewhere, and which stays here from now on."""
        made: WholeRequests = self.config.http_protocol_class(  # type: ignore[call-arg, assignment] # As given below.
            config=self.config, server_state=self.server_state, app_state={}, doorway=None, begun=begun
        )
        return made

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def web_server(entrance: Entrance, doorway: Doorway | None = None) -> Uvicorn:
    """The server that reads requests for it.

    Args:
        doorway: where connections that bring many events may leave for.
    """
    config = uvicorn.Config(
        entrance,
        http=partial(WholeRequests, direct=entrance.direct, doorway=doorway),  # type: ignore[arg-type] # It is called, and no more.
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        server_header=False,
    )
    return Uvicorn(config)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster event loop, where there is one."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory


def listen(settings: Settings, *, shared: bool = False) -> socket.socket:
    """The bound socket. Bound before anything else, so that a taken port is said at once.

    Args:
        shared: whether other processes listen on the same port: each connection goes to one of them.

    Raises Busy when the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        path, hint = _listening_remedy(error)
        raise Busy(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}.", path=path, hint=hint
        ) from error
    listener.setblocking(False)
    return listener


def _listening_remedy(error: OSError) -> tuple[str, str]:
    """The setting at fault, and what to do."""
    match error.errno:
        case errno.EADDRINUSE:
            return "port", "Stop what listens there, or choose another port by --port."
        case errno.EACCES:
            return "port", "Only root may listen on low ports: choose one from 1024 on by --port."
        case _:
            return "host", "Choose an address that this machine has, by --host."


def make_directory(data_dir: Path, listener: socket.socket) -> None:
    """The data directory. Bound to nothing any more when it cannot be made: then there is nothing to serve."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        listener.close()
        raise Invalid(
            f"{data_dir} cannot be made: {error.strerror}.", path="data_dir", hint="Name another directory by --data."
        ) from error


def stop_signals() -> asyncio.Event:
    """An event that is set when the process is asked to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        # Not in the main thread (a test, a notebook) there are no signals to be had; `for_seconds` ends it there.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(each, stop.set)
    return stop


def write_private(path: Path, said: object) -> None:
    """Write JSON that only its owner may read: whole, or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")  # Another process may be writing the same.
    handle = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
