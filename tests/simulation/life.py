"""The lives of the process that reacts: each from its start to its crash, or its orderly end."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, cast

from holdfast.flows.audience.segment_drafts import draft_of
from holdfast.flows.audience.segments import apply_segments
from holdfast.flows.journey.decide import publish, set_state
from holdfast.kernel.errors import Exposed
from holdfast.ports.state import Settlement
from holdfast.wiring import Application, assemble
from tests.simulation import shop
from tests.simulation.acts import Actor
from tests.simulation.faults import (
    CrashError,
    Faults,
    Kind,
    TroubleError,
    WatchedHistory,
    WatchedLog,
    WatchedState,
)
from tests.simulation.porter import Porters, keep_in_the_world, mail_of
from tests.simulation.world import DAY_MS, HOUR_MS, SET_RIGHT_MS, World

SETTLE_ROUNDS_MOST = 50
"""How often to look whether the senders are done: many times more than it takes."""
CALLS_MOST = 600
"""A life's fault comes at one of its first so many calls."""
LAST_DAYS = 11
"""How long everybody is given at the end to come to theirs."""
MINUTE_MS = 60_000
MINUTES_MORE = 10
"""How many minutes are given, each time, to what may only be sent by a few a minute."""
PORTERS = 2


async def live_through(world: World, lives: type[Life] | None = None) -> None:
    """Lives with a fault each until the days are over, and a last one in peace.

    Args:
        lives: of which kind; of this module's when left out.
    """
    lives = lives or Life
    porters = Porters(world, PORTERS if world.senders_apart else 0)
    try:
        number = 0
        while world.clock.now_ms < world.end_ms:
            kind: Kind = world.chance.choice(("crash", "crash", "trouble", "cancel"))
            at = world.chance.randint(1, CALLS_MOST)
            world.say(f"life {number}: {kind} at call {at}")
            await lives(world, porters, Faults(world.chance, kind, at, world.say)).live()
            number += 1
            _time_passes(world)
        world.say("the last life")
        world.provider.moody = False
        await porters.calm()
        await lives(world, porters, Faults(world.chance, "none", 0, world.say)).finish()
    finally:
        await porters.die()


def _time_passes(world: World) -> None:
    """Between two lives: a moment, days, or the clock is set right by a little."""
    world.pass_time(world.chance.choice((0, 0, 500, 60_000, HOUR_MS, DAY_MS)))
    if world.chance.random() < 0.2:
        world.pass_time(-5_000)


class Life:
    """One process: from its start to its crash, or its orderly end."""

    actors: type[Actor] = Actor
    """Who acts in it."""

    def __init__(self, world: World, porters: Porters, faults: Faults) -> None:
        self.world = world
        self.porters = porters
        self.faults = faults
        self.chance = world.chance

    async def live(self) -> None:
        """Start, do what there is to do, and die or be stopped."""
        before = asyncio.all_tasks()
        try:
            app = await self._start()
            for _ in range(self.chance.randint(10, 60)):
                await self._round(app)
                if self.world.clock.now_ms > self.world.end_ms:
                    break
            if self.chance.random() < 0.6:
                await self._stop(app)
        except CrashError:
            pass
        finally:
            self.faults.dead = True
            await _end(asyncio.all_tasks() - before - self.porters.tasks())

    async def finish(self) -> None:
        """Start, resume everything, and let time go by until nothing is left to wait for."""
        app = await self._start()
        actor = self.actors(self.world, app)
        for each in actor.young():
            if each.acknowledged_at is None:
                await actor.collect(each)
        async with app.state.view() as view:
            newest = {each.id: each for each in reversed(await view.decisions())}
        for decision in newest.values():
            if decision.id in shop.TIMED:
                await set_state(app.state, decision.kind, decision.id, "stop")
            elif decision.state == "paused":
                await set_state(app.state, decision.kind, decision.id, "resume")
        await actor.free_runs()
        await self._settled(app)
        last_ms = self.world.clock.now_ms + LAST_DAYS * DAY_MS
        while self.world.clock.now_ms < last_ms:
            due_ms = self.world.next_due_ms() or last_ms
            # No divisor of a day: who is busy at one hour would be met at that hour, and at no other, again and again.
            self.world.pass_time(min(max(due_ms - self.world.clock.now_ms, 11 * HOUR_MS), DAY_MS))
            await self._settled(app)
            await self._caught_up(app)
        await app.eraser.resume()
        await self._settled(app)

    async def _start(self) -> Application:
        world = self.world
        witness, faults = world.witness, self.faults
        mail = None if world.senders_apart else mail_of(world, faults)
        while True:
            try:
                app = await assemble(
                    world.settings,
                    clock=world.clock,
                    log=cast("Any", WatchedLog(world.log, faults, witness)),
                    state=cast("Any", WatchedState(world.state, faults, witness)),
                    history=cast("Any", WatchedHistory(world.history, faults)),
                    mail=mail,
                )
                app.reactor._batch_records = self.chance.choice((1, 3, 100))
                if mail is not None:
                    await app.reactor.recover(world.provider.holds if world.can_be_asked else None)
                await self._set_up(app)
            except TroubleError:
                continue
            if app.sender is not None:
                keep_in_the_world(world, app.sender, faults)
                # A name that is the same each time the story is told.
                app.lanes._owner = f"life-{witness.happened()}"
            self._watch_settlements(app)
            return app

    async def _set_up(self, app: Application) -> None:
        """The shop publishes what is not there yet."""
        world = self.world
        async with app.state.view() as view:
            there = {each.id for each in await view.decisions()} | {each.id for each in await view.segments()}
        drafts = [replace(draft_of(name, name, of), live=True) for name, of in shop.segments().items()]
        missing = [each for each in drafts if each.id not in there]
        if missing:
            await apply_segments(app.state, missing, by="a test", now=world.clock.now())
        for name, (kind, document) in shop.decisions(world.wait_seconds).items():
            if name not in there:
                await publish(app.state, kind, json.dumps(document).encode(), now=world.clock.now())

    def _watch_settlements(self, app: Application) -> None:
        """The dead settle nothing."""
        settle = app.reactor.settle

        def watched(settlements: Sequence[Settlement]) -> None:
            if not self.faults.dead:
                settle(settlements)

        setattr(app.reactor, "settle", watched)  # noqa: B010 - A method is replaced on purpose.

    async def _round(self, app: Application) -> None:
        """Some of what a server does, all at once; then time goes by."""
        chance = self.chance
        works: list[Coroutine[Any, Any, object]] = [self._at_work(self._react(app))]
        if chance.random() < 0.5:
            works.append(self._at_work(app.archivist.flush()))
        if app.preparer.wanted.is_set() and chance.random() < 0.7:
            works.append(self._at_work(app.preparer.prepare()))
        works.extend(self._at_work(app.catch_up()) for _ in range(chance.choice((0, 0, 0, 1, 2))))
        if chance.random() < 0.1:
            works.append(self._at_work(app.settle()))
        if chance.random() < 0.1 and self.world.tables.erasures:
            works.append(self._at_work(app.eraser.resume()))
        actor = self.actors(self.world, app)
        works.extend(self._at_work(actor.act()) for _ in range(chance.choice((0, 1, 1, 2, 6))))
        chance.shuffle(works)
        done = await asyncio.gather(*works, return_exceptions=True)
        if self.faults.dead:
            raise CrashError
        for each in done:
            if isinstance(each, BaseException):
                raise each
        await self.porters.turn()
        await self._nobody_holds_nothing(app)
        for _ in range(chance.choice((0, 3))):
            await asyncio.sleep(0)  # The senders' turn.
        self._go_by()

    def _go_by(self) -> None:
        """A little time, or as much as there is nothing to do, or hours; and now and then the clock is set."""
        world, chance = self.world, self.chance
        kind = chance.random()
        due_ms = world.next_due_ms()
        if kind < 0.35:
            world.pass_time(chance.choice((1, 20, 1_000, 60_000, 60_000)))
        elif kind < 0.65 and due_ms is not None:
            world.pass_time(min(due_ms - world.clock.now_ms, DAY_MS))
        else:
            world.pass_time(chance.randint(HOUR_MS // 6, 14 * HOUR_MS))
        if chance.random() < 0.01:
            by_ms = chance.choice(SET_RIGHT_MS)
            world.say(f"the clock jumps by {by_ms} ms")
            world.pass_time(by_ms)

    async def _stop(self, app: Application) -> None:
        """An orderly end, with sends under way: none of them stays claimed."""
        self.world.pass_time(1_000 * self.world.wait_seconds)
        await self._at_work(app.reactor.tick())
        closed = await self._at_work(app.close())
        if app.sender is None:
            return
        await self._nobody_holds_nothing(app)
        totals = Counter(each.state for each in self.world.tables.sends.values())
        if closed and totals["claimed"]:
            self.world.broken.append(f"{totals['claimed']} sends were claimed after an orderly end")

    async def _nobody_holds_nothing(self, app: Application) -> None:
        """Between two rounds every claimed send is in a sender's hands, or what became of it is on its way."""
        await asyncio.gather(*app.reactor._ticking, return_exceptions=True)
        if self.faults.dead:
            raise CrashError
        if app.sender is None:
            return
        claimed = {each.key for each in self.world.tables.sends.values() if each.state == "claimed"}
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
        except Exposed as refusal:
            self.world.say(f"  refused: {refusal.message}")
            return False
        finally:
            self.faults.works.remove(task)

    async def _react(self, app: Application) -> None:
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            await app.reactor.tick()
            await app.reactor.pump()

    async def _settled(self, app: Application) -> None:
        """Until nothing is left to do at this moment."""
        for _ in range(SETTLE_ROUNDS_MOST):
            await app.settle()
            await self.porters.settle()
            totals = Counter(each.state for each in self.world.tables.sends.values())
            due = self._is_due() and self.world.senders_apart
            if not totals["claimed"] and not due and not self.world.tables.emitted:
                return
            await asyncio.sleep(0)

    async def _caught_up(self, app: Application) -> None:
        """Where no more than a few may be sent in a minute, some minutes more for those whose time has come."""
        for _ in range(MINUTES_MORE):
            if not self._is_due():
                return
            self.world.pass_time(MINUTE_MS)
            await self._settled(app)

    def _is_due(self) -> bool:
        """Whether anything that is to be sent waits for nothing but its turn."""
        now_ms, sends = self.world.clock.now_ms, self.world.tables.sends.values()
        return any(each.state == "pending" and each.not_before_ms <= now_ms for each in sends)


async def _end(tasks: set[asyncio.Task[Any]]) -> None:
    tasks.discard(cast("asyncio.Task[Any]", asyncio.current_task()))
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
