"""`collect`, `react`, `send`, `api` and `migrate`: the server in several processes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from holdfast.cli.options import Data
from holdfast.settings import Settings

Host = Annotated[str | None, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="The port of /healthz and all else; 0 takes a free one.")
]
PublicUrl = Annotated[
    str | None, typer.Option("--public-url", metavar="URL", help="Where links in messages point to: to the API.")
]
For = Annotated[
    float | None, typer.Option("--for", metavar="SECONDS", min=0.1, help="Stop by itself after so many seconds.")
]


def collect(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="Where browsers are to send events.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="So many processes on the one port.")] = 1,
    for_seconds: For = None,
    one_of_several: Annotated[bool, typer.Option("--one-of-several", hidden=True)] = False,
) -> None:
    """Take events in: the Segment calls under /v1, durable in the log before they are answered.

    It needs the log, and of the state only the write keys, which it remembers: while PostgreSQL is away it goes on.
    Start as many as you like.

    \b
    Examples:
      holdfast collect --port 8788
      holdfast collect --port 8788 --workers 4
    """
    settings = Settings.load(data, os.environ, {"host": host, "port": port, "public_url": public_url})
    if workers > 1:
        from holdfast.workers.several import serve_several

        serve_several(settings, _one_collector, workers, on_ready=_say("collect"), for_seconds=for_seconds)
        print("Stopped.", flush=True)
        return
    from holdfast.workers.collect import open_collect
    from holdfast.workers.parts import serve_part

    serve_part(
        settings,
        "collect",
        open_collect,
        on_ready=_say("collect"),
        for_seconds=for_seconds,
        shares_port=one_of_several,
    )
    print("Stopped.", flush=True)


def _one_collector(settings: Settings) -> list[str]:
    said = ["--data", str(settings.data_dir), "--host", settings.host, "--port", str(settings.port)]
    said += ["--public-url", settings.public_url] if settings.public_url else []
    script = "from holdfast.cli.main import app; app()"
    return [sys.executable, "-c", script, "collect", "--one-of-several", *said]


def react(data: Data = None, host: Host = None, port: Port = None, for_seconds: For = None) -> None:
    """Take in what is in the log: people, segments, journeys, what is to be sent; and archive it in the history.

    One acts, the others stand by and take over when it is no more; all of them let timers of journeys fire. Start two
    to four.

    \b
    Examples:
      holdfast react --port 8789
    """
    settings = Settings.load(data, os.environ, {"host": host, "port": port})
    from holdfast.workers.parts import serve_part
    from holdfast.workers.react import open_react

    serve_part(settings, "react", open_react, on_ready=_say("react"), for_seconds=for_seconds)
    print("Stopped.", flush=True)


def send(
    data: Data = None, host: Host = None, port: Port = None, public_url: PublicUrl = None, for_seconds: For = None
) -> None:
    """Hand over what is to be sent. Start as many as the providers take.

    \b
    Examples:
      holdfast send --port 8790 --public-url https://holdfast.example.com
    """
    settings = Settings.load(data, os.environ, {"host": host, "port": port, "public_url": public_url})
    from holdfast.workers.parts import serve_part
    from holdfast.workers.send import open_send

    serve_part(settings, "send", open_send, on_ready=_say("send"), for_seconds=for_seconds)
    print("Stopped.", flush=True)


def api(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    public_url: PublicUrl = None,
    write_key: Annotated[
        str | None,
        typer.Option("--write-key", metavar="KEY", help="The first write key; only a fresh workspace takes it."),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option("--api-key", metavar="KEY", help="The first api key; only a fresh workspace takes it."),
    ] = None,
    for_seconds: For = None,
) -> None:
    """Answer the API, show the console, and follow the links in messages. Start as many as you like.

    \b
    Examples:
      holdfast api --port 8787 --public-url https://holdfast.example.com
    """
    settings = Settings.load(data, os.environ, {"host": host, "port": port, "public_url": public_url})
    from holdfast.workers.api import opening_api
    from holdfast.workers.parts import serve_part

    part = opening_api(write_key=write_key, api_key=api_key)
    serve_part(settings, "api", part, on_ready=_say("api"), for_seconds=for_seconds)
    print("Stopped.", flush=True)


def migrate(data: Data = None) -> None:
    """Bring the state's schema and the history's tables up to date, and stop.

    `react`, `send`, `api` and `up` do the same when they start, one of them at a time. Run it before the first process
    of a new version starts, so that none of them has to wait. What runs meanwhile goes on.
    """
    settings = Settings.load(data, os.environ)
    asyncio.run(_migrate(settings))
    print("State and history are up to date.", flush=True)


async def _migrate(settings: Settings) -> None:
    from holdfast.places import open_history, open_state

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await (await open_state(settings)).close()
    await (await open_history(settings)).close()


def config(data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show every setting as it stands, from flags, variables and files; of secrets only whether they are set."""
    shown = Settings.load(data, os.environ).shown()
    if as_json:
        import json

        print(json.dumps(shown, indent=2))
        return
    width = max(map(len, shown))
    for name, value in shown.items():
        print(f"{name:<{width}}  {value}")


def _say(role: str) -> Callable[[str], None]:
    return lambda url: print(f"holdfast {role} is up: {url}/healthz", flush=True)
