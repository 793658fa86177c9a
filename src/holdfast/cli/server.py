"""`up` and `demo`: the server."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli.desk import KEYS_FILE, first_keys, running_server
from holdfast.cli.options import Data
from holdfast.kernel.errors import Busy
from holdfast.settings import Settings

Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")]
For = Annotated[
    float | None, typer.Option("--for", metavar="SECONDS", min=0.1, help="Stop by itself after so many seconds.")
]


def up(
    data: Data = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on.")] = None,
    port: Port = None,
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="Where links in messages point to.")
    ] = None,
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
    """Start the server: collector, journeys, sender and console in one process.

    \b
    Examples:
      holdfast up --data my-data
      holdfast up --data my-data --write-key wk_website --api-key ak_console
      holdfast up --data my-data --host 0.0.0.0 --public-url https://mail.example.com
      HOLDFAST_MAILBOX=false HOLDFAST_SMTP_HOST=smtp.example.com holdfast up --data my-data
    """
    settings = Settings.load(data, os.environ, {"host": host, "port": port, "public_url": public_url})
    with _interruptible():
        from holdfast.workers.server import serve

    print(f"Starting on {settings.data_dir} …", flush=True)
    owner_links: list[str] = []
    with _naming_the_server(settings.data_dir):
        serve(
            settings,
            for_seconds=for_seconds,
            on_ready=_ready(settings, {"write_key": write_key, "api_key": api_key}, owner_links),
            on_first_start=owner_links.append,
            write_key=write_key,
            api_key=api_key,
        )
    print("Stopped.", flush=True)


def demo(
    port: Port = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Where to keep its data; made anew each time.")
    ] = None,
    for_seconds: For = None,
    people: Annotated[
        int, typer.Option("--people", min=1, max=1_000_000, help="How many customers the shop has.")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same customers.")] = 1,
    write_key: Annotated[
        str | None, typer.Option("--write-key", metavar="KEY", help="The write key to use instead of a new one.")
    ] = None,
    api_key: Annotated[
        str | None, typer.Option("--api-key", metavar="KEY", help="The api key to use instead of a new one.")
    ] = None,
) -> None:
    """Start a shop with simulated customers: 90 days of history, and live ones acting through the public API.

    \b
    Examples:
      holdfast demo
      holdfast demo --people 2000 --port 9001 --for 120
    """
    with _interruptible():
        from holdfast.cli.demo import demo as run

    run(
        port=port,
        data=data,
        for_seconds=for_seconds,
        people=people,
        seed=seed,
        write_key=write_key,
        api_key=api_key,
    )


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C end the process at once while libraries are loaded: some swallow it, and nothing is open yet."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # Whoever ignores it, as nohup does, goes on ignoring it.
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _naming_the_server(data_dir: Path) -> Iterator[None]:
    """Says where the server is that has the directory: whoever starts a second one wants that, not a process number."""
    try:
        yield
    except Busy as error:
        running = running_server(data_dir) if error.code == "workspace_in_use" else None
        if running is None:
            raise
        raise Busy(
            f"a server runs on {data_dir} already: {running.url}.",
            code=error.code,
            hint=f"Use it, stop it (process {running.pid}), or choose another directory by --data.",
        ) from error


def _ready(settings: Settings, given: dict[str, str | None], owner_links: Sequence[str]) -> Callable[[str], None]:
    def say(url: str) -> None:
        running = running_server(settings.data_dir)
        local = running.url if running else url
        lines = [
            f"Holdfast is up: {url}",
            "",
            f"  Console     {local}",
            # Nobody has an account yet: this link makes the first one.
            *(f"  Owner       {each}" for each in owner_links),
            f"  Sign in     {sign_in(settings)}",
            f"  Data        {settings.data_dir.resolve()}",
            "",
            "Press Ctrl-C to stop.",
        ]
        print("\n".join(lines), flush=True)
        for name in unused(settings.data_dir, given):
            flag = "--" + name.replace("_", "-")
            said = f"{flag} was not taken: this workspace has its keys already. `holdfast keys add` makes more."
            print(said, file=sys.stderr, flush=True)

    return say


def sign_in(settings: Settings) -> str:
    """How to get into the console."""
    if settings.console_open:
        return "not needed from this machine: console_open is set"
    if "api_key" in first_keys(settings.data_dir):
        return f"with the api_key in {settings.data_dir / KEYS_FILE}"
    return f"with an api key; holdfast keys add console --kind api --data {settings.data_dir} makes one"


def unused(data_dir: Path, given: dict[str, str | None]) -> list[str]:
    """The given keys that the workspace did not begin with; the same ones again, as a service gives, are none."""
    begun_with = first_keys(data_dir)
    return [name for name, key in given.items() if key is not None and begun_with.get(name) != key]
