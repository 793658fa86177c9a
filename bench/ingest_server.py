"""The collector alone in a process, served as `holdfast up` serves it: `python -m bench.ingest_server DIRECTORY`."""

from __future__ import annotations

import asyncio
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette

from holdfast.flows.ingest.collect import Collector
from holdfast.http.collect import collect_first, collect_routes
from holdfast.stores.log import SegmentLog

WRITE_KEY = "wk_bench"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


async def serve(directory: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    log = SegmentLog(directory)
    routes = collect_routes(Collector(log, SystemClock()), {WRITE_KEY: "bench"}.get)
    application = collect_first(routes, Starlette(routes=routes))
    config = uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off", server_header=False)
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])
    await log.close()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(serve(Path(sys.argv[1])))
