"""`holdfast demo`: a shop with a past, and with customers who go on acting."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
from pathlib import Path
from threading import Event as Flag

import numpy as np

from holdfast.cli.customers import Customers
from holdfast.cli.demo_boards import save_boards
from holdfast.cli.demo_content import begin_journeys, save_content
from holdfast.cli.demo_elsewhere import PastElsewhere, Recipe
from holdfast.cli.demo_past import load_past
from holdfast.cli.demo_segments import save_segments
from holdfast.cli.demo_show import Show
from holdfast.cli.demo_trials import try_out
from holdfast.decisions.durations import DAY_SECONDS
from holdfast.kernel.errors import Conflict
from holdfast.kernel.moments import to_millis
from holdfast.places import SystemClock
from holdfast.settings import Settings
from holdfast.sim.bustle import SHOWN_PER_SECOND, Bustle
from holdfast.sim.live import Crowd, Pace
from holdfast.sim.people import Population
from holdfast.sim.shop import SHOP_NAME
from holdfast.stores.sqlite.lock import Lock
from holdfast.wiring import Application, Progress, rules_of
from holdfast.workers.server import serve

MARKER = "demo.json"
"""A file of that name says that a directory is a demo's, and that the next demo may replace it."""
DEFAULT_DATA = Path("holdfast-data") / "demo"
NEWCOMERS_LEAST = 500
PAST_ENDS_MS = 60_000
"""How long ago the past ends, so that nothing in it is still to come."""
_SENDER = "Tidewrack & Co. <hello@tidewrack.example>"


def demo(
    *,
    port: int | None = None,
    data: Path | None = None,
    for_seconds: float | None = None,
    people: int = 20_000,
    seed: int = 1,
    write_key: str | None = None,
    api_key: str | None = None,
) -> None:
    """Make a shop with a past, serve it, and keep its customers acting until stopped.

    Args:
        port: where to listen; the setting's default when None, a free one when 0.
        data: the directory; it must be empty, missing, or an earlier demo's, which is replaced.
        for_seconds: stop by itself that long after being ready.
        people: how many customers the shop has had.
        seed: the same seed makes the same customers.
        write_key: the write key to use instead of a new one.
        api_key: the api key to use instead of a new one.

    Raises:
        Conflict: the directory holds something else.
        Busy: the directory or the port is in use.
    """
    directory = data if data is not None else DEFAULT_DATA
    overrides: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "workspace_name": SHOP_NAME,
        "currency": "EUR",
        "console_open": True,
        "email_sender": _SENDER,
    }
    make_room(directory, people=people, seed=seed)
    settings = Settings.load(directory, os.environ, overrides)
    show = Show()
    run = _Run(settings, people=people, seed=seed, show=show)
    try:
        serve(
            settings,
            on_ready=lambda url: show.ready(url, directory, run.keys()),
            for_seconds=for_seconds,
            write_key=write_key,
            api_key=api_key,
            prepare=run.prepare,
            company=run.accompany,
        )
    finally:
        run.close()


def make_room(directory: Path, *, people: int, seed: int) -> None:
    """An empty directory, marked as a demo's.

    Raises:
        Conflict: it holds something that is no demo's.
        Busy: a demo is running in it.
    """
    if directory.exists() and not directory.is_dir():
        raise Conflict(f"{directory} is a file.", code="not_a_directory", path="--data", hint="Name a directory.")
    if directory.exists() and any(directory.iterdir()):
        if not (directory / MARKER).is_file():
            raise Conflict(
                f"{directory} holds something that is no demo's.",
                code="not_a_demo",
                path="--data",
                hint="Choose an empty or a new directory: the demo replaces only what an earlier demo left.",
            )
        Lock(directory).release()
        _clear(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARKER).write_text(json.dumps({"people": people, "seed": seed}), encoding="utf-8")


def _clear(directory: Path) -> None:
    for each in directory.iterdir():
        # The marker goes last, lest a half-cleared directory look like somebody else's.
        if each.name == MARKER:
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()
    (directory / MARKER).unlink()


class _Run:
    """One run of the demo: what is made before the server answers, and who acts beside it."""

    def __init__(self, settings: Settings, *, people: int, seed: int, show: Show) -> None:
        self._settings = settings
        self._show = show
        self._recipe = Recipe(
            people=people,
            newcomers=max(NEWCOMERS_LEAST, people // 10),
            seed=seed,
            until_ms=to_millis(SystemClock().now()) - PAST_ENDS_MS,
            rules=rules_of(settings),
        )
        self._population: Population | None = None
        self._acts_per_second = 1.0
        # Under way while the engine loads.
        self._past = PastElsewhere(self._recipe)

    def close(self) -> None:
        """Let go of what runs beside."""
        self._past.close()

    def keys(self) -> dict[str, str]:
        """The workspace's first write key and api key."""
        read: dict[str, str] = json.loads((self._settings.data_dir / "keys.json").read_text(encoding="utf-8"))
        return read

    async def prepare(self, app: Application) -> None:
        """Load the past. The console shows how far it has come."""
        self._show.opening(app.settings.url)
        # What is loaded stays: looking for rubbish in it would take a fifth of the time.
        gc.disable()
        try:
            with self._show.progress() as say:

                def progress(what: str, done: int, total: int) -> None:
                    say(what, done, total)
                    app.progress = Progress(label=what, done=done, total=total)

                await save_segments(app)
                await save_content(app)
                await save_boards(app)
                start_ms = self._recipe.start_ms
                beginning = await load_past(app, self._past, start_ms=start_ms, progress=progress)
                self._population = beginning.population
                await try_out(app, self._recipe, beginning, progress)
                await begin_journeys(app)
        finally:
            app.progress = None
            gc.enable()
        acts = beginning.table.num_rows
        self._acts_per_second = max(1, acts) / (self._recipe.world.days * DAY_SECONDS)
        self._show.loaded(self._recipe.people, await app.history.size())

    async def accompany(self, app: Application) -> None:
        """Keep customers acting until the server stops."""
        if self._population is None:
            return
        keys = self.keys()
        rng = np.random.default_rng([self._recipe.seed, 1])
        crowd = Crowd(
            rng,
            self._population,
            now_ms=to_millis(app.clock.now()),
            effects=self._recipe.world.effects,
            pace=Pace(events_per_second=SHOWN_PER_SECOND),
        )
        url = f"http://127.0.0.1:{app.settings.port}"
        customers = Customers(
            crowd,
            Bustle(usual_per_second=self._acts_per_second),
            url=url,
            write_key=keys["write_key"],
            api_key=keys["api_key"],
            looked_at=lambda: app.watch.is_looked_at(to_millis(app.clock.now())),
        )
        stop = Flag()
        acting = asyncio.get_running_loop().run_in_executor(None, customers.run, stop)
        try:
            await app.closing.wait()
        finally:
            stop.set()
            await acting
