"""What the demo says at the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from holdfast.sim.shop import SHOP_NAME

Say = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: not to be known)."""


class Show:
    """Progress on a terminal as a bar, elsewhere as lines; and at the end where to look."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._began = time.monotonic()
        self._loaded = ""

    @contextmanager
    def progress(self) -> Iterator[Say]:
        """Show how far the work has come, as long as the block runs."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        bar = Progress(*columns, console=self._console, transient=True, disable=not self._console.is_terminal)
        tasks: dict[str, TaskID] = {}

        def say(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in tasks.values():
                    bar.stop_task(task)
                tasks[what] = bar.add_task(what)
                if not self._console.is_terminal:
                    self._console.print(f"{self._seconds():5.1f} s  {what}", soft_wrap=True)
            bar.update(tasks[what], completed=done, total=total or None)

        with bar:
            yield say

    def opening(self, url: str) -> None:
        """The first page can be looked at; it fills while the past is loaded."""
        self._console.print(
            f"{self._seconds():5.1f} s  Open {url} now: it fills as the past is loaded.", soft_wrap=True
        )

    def loaded(self, people: int, events: int) -> None:
        """The past is in."""
        self._loaded = f"{people:,} customers, {events:,} events"

    def ready(self, url: str, directory: Path, keys: Mapping[str, str]) -> None:
        """Requests are answered: say where to look, and what is going to happen."""
        lines = [
            "",
            f"{SHOP_NAME} is open: {self._loaded}, after {self._seconds():.1f} s.",
            "",
            f"  Console     {url}",
            f"  API key     {keys['api_key']}",
            f"  Write key   {keys['write_key']}",
            f"  Data        {directory.resolve()}",
            "",
            "Within the next minute: customers look around, log in, fill carts and pay; much at first, then less.",
            "Who leaves a checkout lying gets a cart-rescue mail after 45 seconds; one in ten is held out, so that the",
            "journey's page can show what the mails cause. Orders and carts are followed up by text, push, chats and",
            f"in the app: read all of it, by channel and on anybody's phone, at {url}/mailbox.",
            "An offer has been tried out for two months, and a journey learns which mail brings people back: see what",
            f"is known of both at {url}/experiments.",
            "",
            f"  curl -s -H 'Authorization: Bearer {keys['api_key']}' {url}/api/journeys/cart-rescue/results",
            "",
            "Press Ctrl-C to stop.",
        ]
        for line in lines:
            self._console.print(line, soft_wrap=True, markup=False)

    def _seconds(self) -> float:
        return time.monotonic() - self._began
