"""One simulated world: thirty days of people, a shop, a provider, and processes that die and are started again.

Everything is drawn from the seed, nothing waits for real time, so a seed tells the same story every time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import selectors
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

from holdfast.flows.people import erase
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.ports.history import HistoryRow, PersonRow
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.stores.memory.tables import Tables
from holdfast.wiring import rules_of
from tests.simulation.plans import Batch, Chatter
from tests.simulation.provider import Provider
from tests.simulation.shop import drawn_rules
from tests.simulation.witness import Witness

SECRET = bytes(32)
"""The workspace's."""
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAYS = 30
STARTS = (
    datetime(2026, 3, 3, 9, tzinfo=UTC),
    datetime(2026, 10, 7, 9, tzinfo=UTC),
    datetime(2026, 1, 5, 9, tzinfo=UTC),
)
"""In the first two the clocks are changed, on both sides of the Atlantic."""
SET_RIGHT_MS = (-HOUR_MS, -5_000, -5_000, HOUR_MS, 20 * 60_000)
"""By how much the machine's clock may jump."""


class WorldClock:
    """The machine's clock; it may be set back."""

    def __init__(self, start: datetime) -> None:
        self.now_ms = to_millis(start)

    def now(self) -> datetime:
        return from_millis(self.now_ms)


class RememberingHistory(MemoryHistory):
    """A history that knows in what order it came about, so that another can be brought about alike."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.made: list[Callable[[Any], Awaitable[object]]] = []

    async def add(self, rows: Sequence[HistoryRow], *, token: str) -> None:
        self.made.append(lambda other: other.add(rows, token=token))
        await super().add(rows, token=token)

    async def map_identities(self, persons: Mapping[int, int], *, version: int) -> None:
        self.made.append(lambda other: other.map_identities(persons, version=version))
        await super().map_identities(persons, version=version)

    async def put_people(self, rows: Sequence[PersonRow]) -> None:
        self.made.append(lambda other: other.put_people(rows))
        await super().put_people(rows)

    async def forget(self, whom: Any, *, events: Sequence[str]) -> dict[str, int]:
        self.made.append(lambda other: other.forget(whom, events=events))
        return await super().forget(whom, events=events)


class World:
    """What outlives every process, and what it was promised."""

    def __init__(self, seed: int, data_dir: Path, days: float = DAYS) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.trace: list[str] = []
        start = self.chance.choice(STARTS)
        self.clock = WorldClock(start)
        self.end_ms = self.clock.now_ms + int(days * DAY_MS)
        said = drawn_rules(self.chance)
        self.settings = Settings.load(data_dir, {}, said, working_dir=data_dir)
        self.dedup_days = self.settings.dedup_days
        (data_dir / "secret.key").write_bytes(SECRET)
        self.rules = replace(rules_of(self.settings), veil_key=SECRET)
        self.log, self.state = MemoryLog(), MemoryState()
        self.history = RememberingHistory(currency=self.settings.currency, zone=self.rules.zone)
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []
        self.provider = Provider(Random(seed * 7 + 1), self.say, lambda: self.clock.now_ms, self.until)
        self.provider.plan_outages(self.clock.now_ms, self.end_ms)
        self.chatter = Chatter(Random(seed * 7 + 2))
        self.witness = Witness(self.rules, lambda: self.clock.now_ms, self.say)
        self.batches: list[Batch] = []
        self.calls: dict[str, int] = {}
        """Keys of calls, and when each was first made."""
        self.merged_by_hand = False
        self.replayed: set[str] = set()
        """Dead letters that were tried again."""
        self.can_be_asked = self.chance.random() < 0.5
        self.senders_apart = self.chance.random() < 0.4
        """Whether two processes of their own send, beside the one that reacts."""
        self.wait_seconds = self.chance.choice((60, 3_600, 86_400))
        self.versions: dict[str, int] = {}
        self.say(f"{said} senders apart: {self.senders_apart}")

    @property
    def tables(self) -> Tables:
        """What is committed."""
        return self.state._committed

    @property
    def broken(self) -> list[str]:
        """Promises that were seen broken on the way."""
        return self.witness.broken

    def say(self, what: str) -> None:
        """Add a line to the trace."""
        moment = self.witness.moment if hasattr(self, "witness") else 0
        self.trace.append(f"{moment:6} {from_millis(self.clock.now_ms):%b %d %H:%M:%S} {what}")

    def pass_time(self, by_ms: int) -> None:
        """Let time go by, and wake who waited for it; less than nothing: the clock is set back."""
        self.clock.now_ms += by_ms
        for at_ms, sleeper in self._sleepers:
            if at_ms <= self.clock.now_ms and not sleeper.done():
                sleeper.set_result(None)
        self._sleepers = [each for each in self._sleepers if not each[1].done()]

    async def until(self, at_ms: int) -> None:
        """Wait for a moment."""
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append((at_ms, sleeper))
        await sleeper

    def next_due_ms(self) -> int | None:
        """The next moment at which something falls due."""
        tables, now_ms = self.tables, self.clock.now_ms
        moments = [each.due_ms for each in tables.visits.values() if each.left_ms is None]
        moments += [due_ms for due_ms, _ in tables.member_timers]
        moments += [each.wake_ms for each in tables.runs.values()]
        moments += [each.next_ms for each in tables.planned.values()]
        moments += [each.not_before_ms for each in tables.sends.values() if each.state == "pending"]
        moments += [at_ms for at_ms, _ in self._sleepers]
        return min((each for each in moments if each is not None and each > now_ms), default=None)


Its = TypeVar("Its", bound=World)


async def _at_once(call: Callable[..., Any], *given: Any, **named: Any) -> Any:
    return call(*given, **named)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop that never waits: when there is nothing to do before some moment, it is that moment.

    What the code under test measures by the loop's clock is so the same each time, however busy the machine is.
    """

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        self._seconds = 0.0
        selector: Any = self._selector  # type: ignore[attr-defined]  # Of every loop with a selector.
        select = selector.select

        def jump(seconds: float | None = None) -> Any:
            if seconds is None:
                raise RuntimeError("everybody waits, and nothing will ever happen")
            self._seconds += max(seconds, 0.0)
            return select(0)

        selector.select = jump

    def time(self) -> float:
        return self._seconds


@contextlib.contextmanager
def _at_peace() -> Iterator[None]:
    """No thread overtakes another, nobody is asked for long, and what goes wrong on purpose is not logged."""
    logging.disable(logging.CRITICAL)
    try:
        with patch.object(erase, "REQUEST_SECONDS", 0.3), patch.object(asyncio, "to_thread", _at_once):
            yield
    finally:
        logging.disable(logging.NOTSET)


def simulate(
    seed: int, data_dir: Path, check: Callable[[World], Awaitable[list[str]]], *, days: float = DAYS
) -> tuple[list[str], World]:
    """Live through the seed's world; what was promised and not kept, and the world."""
    from tests.simulation.life import live_through

    world = World(seed, data_dir, days)
    return brought_about(world, lambda: live_through(world), check), world


def brought_about(
    world: Its, live: Callable[[], Awaitable[None]], check: Callable[[Its], Awaitable[list[str]]]
) -> list[str]:
    """Let a world happen from its beginning to its end; what was promised and not kept."""

    async def whole() -> list[str]:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        try:
            await live()
        except Exception as error:  # noqa: BLE001 - Whatever the application raised in peace is a broken promise.
            return [*world.broken, f"it raised {error!r}"]
        return world.broken + await check(world)

    with _at_peace(), asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(whole())
