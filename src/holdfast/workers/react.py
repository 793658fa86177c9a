"""React: a process that takes events in, or stands by to do so at once when the one that does is no more.

Those that stand by let timers of journeys fire meanwhile, and the one that acts does its share of that as long as any
of them is there: see `flows.ingest.helping`. Alone, it fires them all in its ticks.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Coroutine
from typing import TypeVar

from holdfast.flows.audience.list_members import finish_saying
from holdfast.flows.delivery.offices import LOOK_SECONDS
from holdfast.flows.ingest.acting import begin_acting
from holdfast.places import SystemClock, open_history, open_log, open_seat, open_state
from holdfast.ports.history import History
from holdfast.ports.log import Log
from holdfast.ports.parts import PARTS
from holdfast.ports.seat import Seat
from holdfast.ports.state import State
from holdfast.settings import Settings
from holdfast.wiring import Application, assemble, assemble_helping
from holdfast.workers.garbage import spare_ticks
from holdfast.workers.loops import keep_going, loops_of
from holdfast.workers.parts import Part, pause, wind_up

T = TypeVar("T")

_log = logging.getLogger(__name__)

STAND_BY_SECONDS = 0.2
"""How often who stands by looks whether the seat is free: as long may pass until somebody takes over."""
HELD_SECONDS = 0.5
"""How often who acts looks whether the seat is still theirs."""
HELP_SECONDS = 0.1
"""How often it is looked for timers to fire: as late a timer may be."""
IN_VAIN_SECONDS = 0.3
"""How long to rest after timers were due, and none of them was to be fired here."""
WISHES_SECONDS = 1.0
"""How often it is looked for runs of campaigns that another process asked for."""
NAME_BYTES = 8


async def open_react(settings: Settings, opened: contextlib.AsyncExitStack, closing: asyncio.Event) -> Part:
    """State, log and history, and the seat of the one that acts."""
    state = await open_state(settings)
    opened.push_async_callback(state.close)
    log = await open_log(settings, state)
    opened.push_async_callback(log.close)
    history = await open_history(settings)
    opened.push_async_callback(history.close)
    seat = open_seat(settings)
    opened.push_async_callback(seat.leave)
    post = _Post(settings, state=state, log=log, history=history, seat=seat, closing=closing)
    return Part(
        log=log,
        state=state,
        clock=post.clock,
        works={"Reacting": post.stand_by, "Helping": post.help},
        says=lambda: {"acting": post.acting is not None, "helping": post.is_helping},
    )


class _Post:
    """Stands by, acts when the seat is free, and stands by again when it is lost."""

    def __init__(
        self, settings: Settings, *, state: State, log: Log, history: History, seat: Seat, closing: asyncio.Event
    ) -> None:
        self.clock = SystemClock()
        self.acting: Application | None = None
        self.is_helping = False
        """Whether timers are fired here, beside others who do so."""
        self._settings = settings
        self._state = state
        self._log = log
        self._history = history
        self._seat = seat
        self._closing = closing

    async def stand_by(self) -> None:
        while not self._closing.is_set():
            if await self._seat.take():
                await self._act()
            else:
                await self._seat.stand_by()
                await pause(self._closing, STAND_BY_SECONDS)

    async def help(self) -> None:
        """Let timers fire while others do so as well."""
        spare_ticks()
        now = asyncio.get_running_loop().time
        helping = await assemble_helping(
            self._settings, clock=self.clock, log=self._log, state=self._state, first=secrets.randbelow(PARTS)
        )
        looked_at, untold = now(), False
        while not self._closing.is_set():
            if now() >= looked_at + LOOK_SECONDS:
                await helping.look()
                looked_at = now()
            alone = self.acting is not None and not self.acting.reactor.leaves_timers
            fired = 0 if alone else await helping.helper.help()
            self.is_helping = not alone and helping.helper.wanted
            if untold and not fired and self.acting is not None:
                self.acting.wake.set()  # What is to be told of it is moved on by a tick.
            untold = fired > 0
            if not fired:
                await pause(self._closing, IN_VAIN_SECONDS if helping.helper.in_vain else HELP_SECONDS)

    async def _act(self) -> None:
        """React until the seat is lost, or the process is to stop."""
        app = await seated(self._seat, self._prepare())
        _log.info("Reacting from now on.")
        self.acting = app
        loops = [asyncio.create_task(each) for each in (*loops_of(app), keep_going(app, "Wishes", _look_for_wishes))]
        try:
            while not self._closing.is_set() and await self._seat.is_held():
                app.reactor.leave_timers(to_others=await self._seat.helpers() > 0)
                await pause(self._closing, HELD_SECONDS)
        finally:
            self.acting = None
            app.closing.set()
            if self._closing.is_set():
                await wind_up(loops)  # A tick under way is not wasted.
            else:
                _log.warning("The seat is lost; standing by.")
                await _drop(loops)

    async def _prepare(self) -> Application:
        state = await begin_acting(self._state, secrets.token_hex(NAME_BYTES))
        # All that is remembered between ticks is made anew: another may have acted since.
        app = await assemble(
            self._settings, clock=self.clock, log=self._log, state=state, history=self._history, mail=None
        )
        await finish_saying(state, self._history, self.clock)
        return app


async def seated(seat: Seat, work: Coroutine[object, object, T]) -> T:
    """Do something that may take long, and be heard of meanwhile: who says nothing is taken for one who hangs."""
    doing = asyncio.create_task(work)
    try:
        while not (await asyncio.wait([doing], timeout=HELD_SECONDS))[0]:
            await seat.is_held()
    finally:
        doing.cancel()  # Which is nothing to what is done.
    return await doing


async def _drop(loops: list[asyncio.Task[None]]) -> None:
    """End them now: whatever they still wrote would be refused."""
    for each in loops:
        each.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


async def _look_for_wishes(app: Application) -> None:
    """What another process asked for is not told to this one: it looks."""
    while not app.closing.is_set():
        app.preparer.wanted.set()
        app.erase_wanted.set()
        await app.pause(WISHES_SECONDS)
