"""A real collector over a real log behind a real server, for tests that speak to it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.events.bad import Bad
from holdfast.events.event import Event
from holdfast.events.segment_spec import decode
from holdfast.flows.ingest.collect import Collector
from holdfast.http.collect import CollectFirst, collect_first, collect_routes
from holdfast.ports.log import Entry, Log
from holdfast.stores.log import SegmentLog
from holdfast.workers.listening import Entrance, web_server

WRITE_KEY = "wk_test"
SOURCE = "web"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Request:
    """What came over the wire, before anybody understood it."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0


@dataclass
class Collecting:
    """A collector that is being served."""

    port: int
    log: Log
    loop: asyncio.AbstractEventLoop
    requests: list[Request] = field(default_factory=list)
    faults: list[tuple[int, bool]] = field(default_factory=list)
    """Statuses to answer the next POSTs with instead, and whether the body is collected all the same."""
    first: int = 0
    """Where in the log what is of interest begins."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def entries(self) -> list[Entry]:
        reading = self.log.read(self.first, max_records=10_000, max_bytes=1 << 30)
        return asyncio.run_coroutine_threadsafe(reading, self.loop).result(10)

    def forget(self) -> None:
        """Let what came so far be of no interest to the next test."""
        self.first = asyncio.run_coroutine_threadsafe(self.log.end(), self.loop).result(10)
        self.requests.clear()
        self.faults.clear()

    def decoded(self) -> tuple[list[Event], list[Bad]]:
        """The events in the log as they will be understood, duplicates and all, and the bad records."""
        events: list[Event] = []
        bad: list[Bad] = []
        for entry in self.entries():
            record = entry.record
            found = decode(record.kind, record.body, received_ms=record.received_ms, source=record.source)
            events += [event for _, event in found.events]
            bad += found.bad
        return events, bad

    def events(self) -> list[Event]:
        """The events in the log; there must be no bad records."""
        events, bad = self.decoded()
        assert bad == []
        return events


@contextmanager
def collecting(directory: Path, *, also: Sequence[BaseRoute] = (), log: Log | None = None) -> Iterator[Collecting]:
    """Serve the collector on a free port until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    ready = threading.Event()
    served: list[Collecting] = []
    entrance = Entrance("Being tested.")
    server = web_server(entrance)  # As every process that collects serves it.

    async def serve() -> None:
        used = log if log is not None else SegmentLog(directory / "log")
        it = Collecting(listening.getsockname()[1], used, asyncio.get_running_loop())
        routes = collect_routes(Collector(used, SystemClock()), {WRITE_KEY: SOURCE}.get)
        first = collect_first(routes, Starlette(routes=[*routes, *also]))
        direct = {path: _watched(app, it) for path, app in first.direct.items()}
        entrance.inner = CollectFirst(direct, _watched(first, it))
        served.append(it)
        ready.set()
        await server.serve(sockets=[listening])
        await used.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield served[0]
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def _watched(application: ASGIApp, it: Collecting) -> ASGIApp:
    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], headers)
        it.requests.append(request)
        status, collected = it.faults.pop(0) if it.faults and scope["method"] == "POST" else (0, True)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                if status:
                    extra = [] if status != 429 else [(b"retry-after", b"1")]
                    message = {**message, "status": status, "headers": [*message["headers"], *extra]}
                request.status = message["status"]
            await send(message)

        if collected:
            await application(scope, receive, sending)
        else:
            while (await receive()).get("more_body"):
                pass
            headers_out = [(b"content-length", b"2")]
            await sending({"type": "http.response.start", "status": status, "headers": headers_out})
            await sending({"type": "http.response.body", "body": b"{}"})

    return watched
