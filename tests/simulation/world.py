"""One simulated world: people, a shop, a provider, and a process that dies and is started again.

Everything is drawn from the seed, nothing waits for real time, so a seed tells the same story every time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, cast
from unittest.mock import patch

from holdfast import wiring
from holdfast.flows.decide import publish, set_state
from holdfast.flows.identify import merge, unmerge
from holdfast.flows.replay import replay
from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import from_millis, to_millis
from holdfast.messages.links import Link, encode_link
from holdfast.ports.log import Record
from holdfast.ports.state import Send, Settlement
from holdfast.settings import Settings
from holdfast.stores.memory.history import MemoryHistory
from holdfast.stores.memory.log import MemoryLog
from holdfast.stores.memory.state import MemoryState
from holdfast.testing.clock import START
from holdfast.wiring import Application, Mail, assemble
from tests.simulation.faults import (
    CrashError,
    Faults,
    Kind,
    TroubleError,
    WatchedCarrier,
    WatchedHistory,
    WatchedLog,
    WatchedState,
)
from tests.simulation.plans import ACTS, USERS, Act, Batch, Chatter, journeys
from tests.simulation.provider import Provider

DAY_MS = 86_400_000
ROUNDS_MOST = 50
"""How often to look whether the senders are done: many times more than it takes."""
CALLS_MOST = 300
"""A life's fault comes at one of its first so many calls."""


class WorldClock:
    """The machine's clock; between two lives it may have been set back."""

    def __init__(self) -> None:
        self.now_ms = to_millis(START)

    def now(self) -> Any:
        return from_millis(self.now_ms)


class World:
    """What outlives every process, and what it was promised."""

    def __init__(self, seed: int, data_dir: Path) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self.trace: list[str] = []
        self.clock = WorldClock()
        self.log, self.state, self.history = MemoryLog(), MemoryState(), MemoryHistory()
        self.provider = Provider(Random(seed * 7 + 1), self.say)
        self.chatter = Chatter(Random(seed * 7 + 2))
        self.batches: list[Batch] = []
        self.garbage = 0
        self.moment = 0
        """Counts what happened: the order of the world."""
        self.claims: dict[str, list[int]] = {}
        """For every send, when each transaction that claimed it began."""
        self.broken: list[str] = []
        """Promises that were seen broken on the way."""
        self.can_be_asked = self.chance.random() < 0.5
        self.cap_day = self.chance.choice((0, 1, 2))
        self.dedup_days = self.chance.choice((1, 30))
        said = {"cap_email_per_day": self.cap_day, "cap_email_per_week": 4, "dedup_days": self.dedup_days}
        self.settings = Settings.load(data_dir, {}, said, working_dir=data_dir)
        self.wait_seconds = self.chance.choice((60, 3_600, 86_400))

    def say(self, what: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self.moment:5} {from_millis(self.clock.now_ms):%d %H:%M:%S} {what}")

    async def run(self) -> None:
        """Some lives with a fault each, and a last one in peace."""
        for number in range(self.chance.randint(2, 5)):
            kind: Kind = self.chance.choice(("crash", "crash", "trouble", "cancel"))
            at = self.chance.randint(1, CALLS_MOST)
            self.say(f"life {number}: {kind} at call {at}")
            await Life(self, Faults(self.chance, kind, at, self.say)).live()
            self._time_passes()
        self.say("the last life")
        self.provider.moody = False
        await Life(self, Faults(self.chance, "none", 0, self.say)).finish()

    def _time_passes(self) -> None:
        """Between two lives: a moment, days, or the clock is set right by a little."""
        self.clock.now_ms += self.chance.choice((0, 500, 60_000, 3_600_000, 2 * DAY_MS))
        if self.chance.random() < 0.2:
            self.clock.now_ms -= 5_000

    def happened(self) -> int:
        """The next moment in the world's order."""
        self.moment += 1
        return self.moment

    def claimed(self, sends: Sequence[Send], began: int) -> None:
        """Sends were claimed by a transaction that began then."""
        for each in sends:
            self.claims.setdefault(each.key, []).append(began)


class Life:
    """One process: from its start to its crash, or its orderly end."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.chance = world.chance
        self.app: Application | None = None

    async def live(self) -> None:
        """Start, do what there is to do, and die or be stopped."""
        before = asyncio.all_tasks()
        try:
            app = await self._start()
            for _ in range(self.chance.randint(10, 40)):
                await self._round(app)
            if self.chance.random() < 0.6:
                await self._stop(app)
        except CrashError:
            pass
        finally:
            self.faults.dead = True
            await _end(asyncio.all_tasks() - before)

    async def finish(self) -> None:
        """Start, resume everything, and let time go by until nothing is left to wait for."""
        app = await self._start()
        for each in self._young():
            if each.acknowledged_at is None:
                await self._collect(app, each)
        async with app.state.view() as view:
            paused = [each.id for each in await view.decisions() if each.state == "paused"]
        for each_id in paused:
            await set_state(app.state, "journey", each_id, "resume")
        for _ in range(12):
            await _settled(app)
            self.world.clock.now_ms += DAY_MS // 2
        await _settled(app)

    async def _start(self) -> Application:
        world = self.world
        state = WatchedState(world.state, self.faults, world.claimed)
        state.moment = world.happened
        carrier = WatchedCarrier(world.provider, self.faults)
        while True:
            try:
                app = await assemble(
                    world.settings,
                    clock=world.clock,
                    log=cast("Any", WatchedLog(world.log, self.faults)),
                    state=cast("Any", state),
                    history=cast("Any", WatchedHistory(world.history, self.faults)),
                    mail=Mail(carrier=cast("Any", carrier), mailbox=None),
                )
                app.reactor._batch_records = self.chance.choice((1, 3, 100))
                await app.reactor.recover(world.provider.holds if world.can_be_asked else None)
                await self._publish_missing(app)
            except TroubleError:
                continue
            self._watch_settlements(app)
            return app

    async def _publish_missing(self, app: Application) -> None:
        async with app.state.view() as view:
            there = {each.id for each in await view.decisions()}
        for each in journeys(self.world.wait_seconds):
            if each["id"] not in there:
                await publish(app.state, "journey", json.dumps(each).encode(), now=self.world.clock.now())

    def _watch_settlements(self, app: Application) -> None:
        """The dead settle nothing."""
        settle = app.reactor.settle

        def watched(settlements: Sequence[Settlement]) -> None:
            if not self.faults.dead:
                settle(settlements)

        setattr(app.reactor, "settle", watched)  # noqa: B010 - A method is replaced on purpose.

    async def _round(self, app: Application) -> None:
        """Some of what a server does, all at once; then a little time goes by."""
        works: list[Coroutine[Any, Any, object]] = [self._at_work(self._react(app))]
        if self.chance.random() < 0.5:
            works.append(self._at_work(app.archivist.flush()))
        works.extend(self._at_work(app.catch_up()) for _ in range(self.chance.choice((0, 0, 0, 1, 2))))
        if self.chance.random() < 0.1:
            works.append(self._at_work(app.settle()))
        works.extend(self._at_work(self._act(app)) for _ in range(self.chance.choice((0, 1, 1, 2, 6))))
        self.chance.shuffle(works)
        done = await asyncio.gather(*works, return_exceptions=True)
        if self.faults.dead:
            raise CrashError
        for each in done:
            if isinstance(each, BaseException):
                raise each
        await self._nobody_holds_nothing(app)
        for _ in range(self.chance.choice((0, 3))):
            await asyncio.sleep(0)  # The senders' turn.
        self.world.clock.now_ms += self.chance.choice((1, 20, 1_000, 60_000, 60_000, 3_600_000))

    async def _stop(self, app: Application) -> None:
        """An orderly end, with sends under way: none of them stays claimed."""
        self.world.clock.now_ms += 1_000 * self.world.wait_seconds
        await self._at_work(app.reactor.tick())
        closed = await self._at_work(app.close())
        await self._nobody_holds_nothing(app)
        totals = Counter(each.state for each in self.world.state._committed.sends.values())
        if closed and totals["claimed"]:
            self.world.broken.append(f"{totals['claimed']} sends were claimed after an orderly end")

    async def _nobody_holds_nothing(self, app: Application) -> None:
        """Between two rounds every claimed send is in a sender's hands, or what became of it is on its way."""
        await asyncio.gather(*app.reactor._ticking, return_exceptions=True)
        if self.faults.dead:
            raise CrashError
        sends = self.world.state._committed.sends.values()
        claimed = {each.key for each in sends if each.state == "claimed"}
        assert app.sender is not None
        held = app.sender._open.keys() | {each.key for each in app.reactor._settlements}
        if claimed - held:
            self.world.broken.append(f"{sorted(claimed - held)} are claimed and in nobody's hands")

    async def _at_work(self, work: Awaitable[object]) -> bool:
        """A piece of work in a task of its own, which may be cancelled; trouble is what `keep_going` goes on after.

        Returns whether it came to its end.
        """
        task = asyncio.ensure_future(work)
        self.faults.works.append(task)
        try:
            await task
            return True
        except (TroubleError, asyncio.CancelledError) as fault:
            self.world.say(f"  went on after {fault!r}")
            return False
        finally:
            self.faults.works.remove(task)

    async def _react(self, app: Application) -> None:
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            await app.reactor.tick()
            await app.reactor.pump()

    async def _act(self, app: Application) -> None:
        act: Act = self.chance.choices(list(ACTS), list(ACTS.values()))[0]
        with contextlib.suppress(Exposed):  # What cannot be done is refused, and that is that.
            await self._do(act, app)

    async def _do(self, act: Act, app: Application) -> None:  # noqa: C901 - A table of acts, each a line or three.
        world, now_ms = self.world, self.world.clock.now_ms
        match act:
            case "say":
                batch = world.chatter.batch(now_ms)
                world.batches.append(batch)
                await self._collect(app, batch)
            case "again" | "retry":
                young = [each for each in self._young() if act == "again" or each.acknowledged_at is None]
                if young:
                    await self._collect(app, self.chance.choice(young))
            case "garbage":
                # As a request that an older Holdfast let in, and this one's limits do not.
                world.garbage += 1
                record = Record(kind="batch", source="default", received_ms=now_ms, body=b'{"batch": [')
                await app.log.append([record])
            case "merge":
                await merge(app.state, *self.chance.sample(USERS, 2), by="a test", now=world.clock.now())
            case "unmerge":
                await unmerge(app.state, self.chance.randint(1, 12), by="a test", now=world.clock.now())
            case "journey":
                await set_state(
                    app.state,
                    "journey",
                    self.chance.choice(("welcome", "rescue", "receipt")),
                    self.chance.choice(("pause", "resume", "resume")),
                )
            case "unsubscribe":
                await self._unsubscribe(app)
            case "read":
                token = await self._token(app, "open")
                if token:
                    await app.receiver.opened(token, "human")
            case "replay":
                await replay(app.state, app.collector, ids=None, bodies={}, now=world.clock.now())

    def _young(self) -> list[Batch]:
        """Requests that may come again: what comes later than `dedup_days` is new."""
        return [each for each in self.world.batches if self._is_young(each.first_ms)]

    def _is_young(self, at_ms: int) -> bool:
        return self.world.clock.now_ms - at_ms < self.world.dedup_days * DAY_MS // 2

    async def _collect(self, app: Application, batch: Batch) -> None:
        names = ", ".join(str(each.get("event", each["type"])) + " " + each["messageId"] for each in batch.messages)
        self.world.say(f"says {names}")
        await app.collector.collect("batch", batch.body, "default")
        moment = self.world.happened()
        if batch.acknowledged_at is None:
            batch.acknowledged_at = moment

    async def _token(self, app: Application, kind: Any) -> str:
        async with app.state.view() as view:
            sends = await view.sends_of(origin=None, identities=None, limit=1_000)
        taken = [each for each in sends if each.key in self.world.provider.taken and self._is_young(each.created_ms)]
        if not taken:
            return ""
        return encode_link(Link(kind=kind, send=self.chance.choice(taken).key), app.secret)

    async def _unsubscribe(self, app: Application) -> None:
        token = await self._token(app, "unsubscribe")
        if token:
            self.world.say("unsubscribes by a link")
            await app.receiver.unsubscribed(token)


async def _settled(app: Application) -> None:
    for _ in range(ROUNDS_MOST):
        await app.settle()
        async with app.state.view() as view:
            under_way = (await view.send_totals(None)).get("claimed", 0)
        if not under_way:
            return
        await asyncio.sleep(0)


async def _end(tasks: set[asyncio.Task[Any]]) -> None:
    tasks.discard(cast("asyncio.Task[Any]", asyncio.current_task()))
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _at_peace() -> Iterator[None]:
    """Orderly ends wait for no real time, and what goes wrong on purpose is not logged."""
    logging.disable(logging.CRITICAL)
    try:
        with patch.object(wiring, "FINISH_SECONDS", 0.0):
            yield
    finally:
        logging.disable(logging.NOTSET)


def simulate(seed: int, data_dir: Path, check: Callable[[World], Awaitable[list[str]]]) -> tuple[list[str], World]:
    """Live through the seed's world; what was promised and not kept, and the world."""
    world = World(seed, data_dir)

    async def whole() -> list[str]:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        try:
            await world.run()
        except Exception as error:  # noqa: BLE001 - Whatever the application raised in peace is a broken promise.
            return [f"it raised {error!r}"]
        return world.broken + await check(world)

    with _at_peace(), asyncio.Runner() as runner:
        return runner.run(whole()), world
