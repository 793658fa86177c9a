"""Send: a process that hands messages over, one of as many as there is to do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from holdfast.events.event import Event
from holdfast.flows.delivery.dispatch import TAKE_OVER_EVERY_MS
from holdfast.flows.delivery.offices import LOOK_SECONDS
from holdfast.flows.ingest.following import taken_in
from holdfast.flows.ingest.own import own_records
from holdfast.flows.ingest.reading import REACT
from holdfast.kernel.errors import Busy
from holdfast.kernel.moments import to_millis
from holdfast.places import SystemClock, open_log, open_state
from holdfast.ports.clock import Clock
from holdfast.ports.log import Log
from holdfast.ports.state import State, View
from holdfast.settings import Settings
from holdfast.wiring import FINISH_SECONDS, Sending, assemble_sending, open_mail
from holdfast.workers.parts import Part

_log = logging.getLogger(__name__)

UP_TO_DATE_SECONDS = 1.0
"""How long a cycle waits for what is in the log to be taken in, for it may say that somebody has opted out. Later than
that, only what needs no consent is sent."""
REST_SECONDS_MOST = 1.0
REST_SECONDS_LEAST = 0.02
"""A cycle is one transaction, and only one process at a time has one: not one for each event that comes."""
IN_VAIN_SECONDS = 0.25
"""The least rest after a cycle that found nothing to do, though something is due: a paused journey's, say."""
LAST_WORD_SECONDS = 10.0
"""How long to try to write down what the last sends came to."""


async def open_send(settings: Settings, opened: contextlib.AsyncExitStack, closing: asyncio.Event) -> Part:
    """State and log, and the way mail goes."""
    clock = SystemClock()
    state = await open_state(settings)
    opened.push_async_callback(state.close)
    log = await open_log(settings, state)
    opened.push_async_callback(log.close)
    mail = await open_mail(settings, clock, opened)
    desk = _Desk(log=log, state=state, clock=clock, closing=closing)
    desk.sending = await assemble_sending(
        settings, clock=clock, state=state, mail=mail, behind=desk.is_behind, tell=desk.tell
    )
    opened.push_async_callback(desk.finish)
    return Part(log=log, state=state, clock=clock, works={"Sending": desk.send}, says=desk.says)


class _Desk:
    """Runs cycles while there is something to send, and rests otherwise."""

    sending: Sending

    def __init__(self, *, log: Log, state: State, clock: Clock, closing: asyncio.Event) -> None:
        self._log = log
        self._state = state
        self._clock = clock
        self._closing = closing
        self._target: int | None = None
        """How far the log must be taken in; None when nobody can say."""
        self._end = 0
        self._cycled_ms = 0
        self._looked_at = -LOOK_SECONDS

    async def is_behind(self, view: View) -> bool:
        return self._target is None or await view.offset(REACT) < self._target

    async def tell(self, events: Sequence[Event]) -> None:
        """Put own events into the log; they are durable when this returns."""
        if events:
            await self._log.append(own_records(events, to_millis(self._clock.now())))

    async def send(self) -> None:
        """Until the process is to stop."""
        while not self._closing.is_set():
            await self._look_for_connections()
            settled = self.sending.wake.is_set()
            self.sending.wake.clear()
            due_ms = await self._due_ms()
            now_ms = to_millis(self._clock.now())
            is_due = due_ms is not None and due_ms <= now_ms
            idle = True
            if settled or is_due or now_ms - self._cycled_ms >= TAKE_OVER_EVERY_MS:
                await self._look_how_far(wanted=is_due)
                idle = (await self.sending.dispatcher.cycle()).idle
                self._cycled_ms = now_ms
            if idle:
                await self._rest(due_ms, now_ms, in_vain=is_due)

    async def _look_for_connections(self) -> None:
        """Notice what was set up, or taken down, to carry messages."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            await self.sending.offices.refresh()
            await self.sending.choices.look()

    async def finish(self) -> None:
        """Let what is under way come to its end, and write down what came of it."""
        await self.sending.sender.finish(seconds=FINISH_SECONDS)
        until = asyncio.get_running_loop().time() + LAST_WORD_SECONDS
        while True:
            try:
                await self.sending.dispatcher.cycle()
            except Busy as error:
                if asyncio.get_running_loop().time() > until:
                    _log.warning("What the last sends came to is not written down, so they are in doubt: %s", error)
                    return
                await asyncio.sleep(REST_SECONDS_MOST)
            else:
                return

    def says(self) -> dict[str, object]:
        """How the providers stand, as seen from here."""
        carrying = self.sending.lanes.carrying(to_millis(self._clock.now()))
        return {"providers": {each.channel: each.breaker for each in carrying}}

    async def _due_ms(self) -> int | None:
        """When the soonest send falls due for which there is room."""
        rooms = self.sending.lanes.rooms(to_millis(self._clock.now()))
        async with self._state.view() as view:
            totals = await view.lane_totals()
        return min((each.next_ms for each in totals if each.lane in rooms and each.next_ms is not None), default=None)

    async def _look_how_far(self, *, wanted: bool) -> None:
        """Wait a little for what is in the log by now to be taken in, when something is to be sent."""
        self._target = None
        if wanted:
            with contextlib.suppress(Busy):
                self._target = await taken_in(self._log, self._state, seconds=UP_TO_DATE_SECONDS)

    async def _rest(self, due_ms: int | None, now_ms: int, *, in_vain: bool) -> None:
        """Until a send is due, one was settled, or something happened: whatever is queued is told in the log."""
        opens_ms = self.sending.lanes.opens_ms(now_ms)
        soonest = min((each for each in (due_ms, opens_ms) if each is not None and each > now_ms), default=None)
        seconds = REST_SECONDS_MOST if soonest is None else min(REST_SECONDS_MOST, (soonest - now_ms) / 1_000)
        await asyncio.sleep(IN_VAIN_SECONDS if in_vain else REST_SECONDS_LEAST)
        with contextlib.suppress(Busy):
            self._end = max(self._end, await self._log.end())
        waits = [
            asyncio.ensure_future(self._log.wait(self._end, timeout_seconds=seconds)),
            asyncio.ensure_future(self.sending.wake.wait()),
            asyncio.ensure_future(self._closing.wait()),
        ]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
