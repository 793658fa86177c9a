"""The server's hands: begun where there is much to do, given shares of its ticks, and ended when they are idle.

A tick is one process's, and most of its time goes into what Python has to work out for one person after the other. So
where thousands of events, timers or people come each second, other processes do that: see `ports.hands`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, fields
from typing import cast

from holdfast.settings import Settings
from holdfast.version import __version__
from holdfast.workers.beside import begin, cores
from holdfast.workers.hand_wire import Copy, Do, Done, FromHand, Ready, Rules, SettingValue
from holdfast.workers.wire import Wire

_log = logging.getLogger(__name__)

HANDS_MOST = 3
"""More would wait for the one that writes."""
METER_SECONDS = 0.5
"""How long it is counted how much is done to see whether it is much."""
SPANS_TO_BEGIN = 3
"""So often in a row it has to be: a bulk of a second is done before a process is ready."""
START_SECONDS = 30.0
"""How long it may take until all of them are ready."""
AGAIN_SECONDS = 10.0
"""How long after they were begun, or one has ended, others are at the soonest."""
AGAIN_SECONDS_MOST = 600.0
"""Where several in a row never become ready each wait is twice the one before, and this at most."""
IDLE_SECONDS = 60.0
"""How long they stay without being given anything."""
TASK_SECONDS = 10.0
"""How long a task may take: nobody gets in while a tick waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a hand goes by."""

    settings: Settings
    secret: bytes
    revision: int
    """Of the settings that were chosen."""


class HandProcess:
    """One of them, from the moment it is begun."""

    def __init__(self, rules: Rules, *, ready: Callable[[], None], ended: Callable[[HandProcess, str], None]) -> None:
        """Begin it. Raises OSError when there can be no further process.

        Args:
            ready: called once tasks may come.
            ended: called once it is no more, or is of no use; with what is to be said of it.
        """
        self.rules = rules
        """What it was told to go by."""
        self.is_ready = self.was_ready = False
        self._has_become_ready = ready
        self._is_of_no_use = ended
        self._asked: dict[int, asyncio.Future[bytes | None]] = {}
        self._number = 0
        self._is_open = False
        self._wire: Wire[FromHand] = Wire(FromHand, self._heard, self._has_ended)
        self._ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = begin("holdfast.workers.hand", theirs)
            except BaseException:
                self._ours.close()
                raise
        self._ours.setblocking(False)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def open(self) -> None:
        """Speak with it; it says itself when it is ready."""
        self._is_open = True
        with contextlib.suppress(OSError):  # It has ended by now.
            await asyncio.get_running_loop().create_unix_connection(lambda: self._wire, sock=self._ours)
            self._wire.say(self.rules)

    def adopt(self, rules: Rules) -> None:
        """Have it go by these from the next task on."""
        self.rules = rules
        self._wire.say(rules)

    async def do(self, task: bytes) -> bytes | None:
        """What comes of the task; None when it cannot be done, or takes too long."""
        return await self._ask(Do, task)

    async def copy(self, task: bytes) -> bytes | None:
        """The same of laying something out for the history."""
        return await self._ask(Copy, task)

    async def _ask(self, what: type[Do | Copy], task: bytes) -> bytes | None:
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._wire.say(what(number, task))
        try:
            async with asyncio.timeout(TASK_SECONDS):
                return cast("bytes | None", await answer)
        except TimeoutError:
            _log.warning("Process %d takes too long; the server does its work, and ends it.", self.pid)
            self.kill()
            return None
        finally:
            self._asked.pop(number, None)

    def kill(self) -> None:
        """End it: nothing is lost by that."""
        self.is_ready = False
        self._process.kill()

    async def end(self) -> None:
        """End it, and wait until it is no more."""
        self.kill()
        await asyncio.to_thread(self._process.wait)
        if not self._is_open:
            self._ours.close()

    def _heard(self, said: FromHand) -> None:
        match said:
            case Ready(version) if version != __version__:
                self._is_of_no_use(self, f"it is Holdfast {version}, and the server is {__version__}: start it anew.")
            case Ready():
                self.is_ready = self.was_ready = True
                self._has_become_ready()
            case Done(number, found):
                answer = self._asked.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(found)

    def _has_ended(self) -> None:
        self.is_ready = False
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(None)
        self._is_of_no_use(self, f"process {self.pid} has ended.")


class ServersHands:
    """Answers `ports.hands.Hands` with processes."""

    def __init__(
        self,
        settings: Settings,
        in_force: Callable[[], InForce],
        *,
        start_seconds: float = START_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """None is begun yet.

        Args:
            settings: say from how much on there are any.
            in_force: what is gone by just now.
            start_seconds: how long it may take until all of them are ready.
            idle_seconds: how long they stay without being given anything.
        """
        self._most = min(HANDS_MOST, cores() - 1)
        possible = self._most > 0 and bool(sys.executable) and not settings.state_url
        self._least = settings.hand_events if possible else 0
        self._in_force = in_force
        self._start_seconds = start_seconds
        self._idle_seconds = idle_seconds
        self._known: tuple[InForce, Rules] | None = None
        self._processes: list[HandProcess] = []
        self._works: set[asyncio.Task[None]] = set()
        self._counted, self._counted_since, self._spans = 0, 0.0, 0
        self._begun_at = self._begin_at = self._given_at = 0.0
        self._in_vain_seconds = 0.0
        """How long there are none after those that never became ready; 0 after others."""
        self._closing = False

    @property
    def ready(self) -> int:
        """How many there are; all of them or none, so that a person's is mostly the same. One more copies."""
        return len(self._processes) - 1 if self._processes and all(each.is_ready for each in self._processes) else 0

    @property
    def may_copy(self) -> bool:
        """Whether what the history is to take can be laid out by one of them."""
        return self.ready > 0

    @property
    def least(self) -> int:
        """Whoever wants hands for little wants them for little."""
        return self._least

    @property
    def revision(self) -> int:
        """Of the chosen settings that are in force here."""
        return self._in_force().revision

    async def give(self, hand: int, task: bytes) -> bytes | None:
        """Have a hand do this; what it found, or None when it could not."""
        if hand >= self.ready:
            return None
        process, rules = self._processes[hand], self._gone_by()
        if process.rules is not rules:
            process.adopt(rules)
        self._given_at = _now()
        return await process.do(task)

    async def copy(self, task: bytes) -> bytes | None:
        """Have the last of them, which does nothing else, lay this out; None when it could not."""
        return await self._processes[-1].copy(task) if self.may_copy else None

    def done(self, count: int) -> None:
        """A tick has come to so much."""
        if not self._least or self._closing:
            return
        self._counted += count
        now = _now()
        if (passed := now - self._counted_since) < METER_SECONDS:
            return
        rate = self._counted / passed
        self._counted, self._counted_since = 0, now
        self._spans = self._spans + 1 if rate >= self._least else 0
        if self._processes:
            self._look_after(now)
        elif self._spans >= SPANS_TO_BEGIN and now >= self._begin_at:
            self._begin(now)

    async def close(self) -> None:
        """End them all."""
        self._closing = True
        self._let_go()
        while self._works:
            await asyncio.wait(self._works)

    def _look_after(self, now: float) -> None:
        """Let go of those that are idle, or never become ready."""
        if self.ready:
            if now - self._given_at > self._idle_seconds:
                self._let_go()
        elif now - self._begun_at > self._start_seconds:
            self._give_up(f"they are not ready after {self._start_seconds:g} seconds.")

    def _begin(self, now: float) -> None:
        self._begun_at, self._begin_at = now, now + AGAIN_SECONDS
        rules = self._gone_by()
        try:
            for _ in range(self._most + 1):
                self._processes.append(HandProcess(rules, ready=self._is_one_more, ended=self._is_one_less))
        except OSError as error:
            self._give_up(str(error))
            return
        for each in self._processes:
            self._go_on(each.open())

    def _let_go(self) -> None:
        """End them all; others may be begun later."""
        processes, self._processes = self._processes, []
        for each in processes:
            self._go_on(each.end())

    def _give_up(self, why: str) -> None:
        """Those that were begun never became ready: do without for a while."""
        if not self._in_vain_seconds:
            _log.warning("No processes can be begun to help; the server does everything itself: %s", why)
        self._in_vain_seconds = min(2 * self._in_vain_seconds or AGAIN_SECONDS, AGAIN_SECONDS_MOST)
        self._begin_at = _now() + self._in_vain_seconds
        self._let_go()

    def _is_one_more(self) -> None:
        if self.ready:
            self._in_vain_seconds, self._given_at = 0.0, _now()
            _log.info("%d processes help from now on: there is much to do.", self.ready)

    def _is_one_less(self, process: HandProcess, why: str) -> None:
        if process not in self._processes:
            return  # It was ended.
        if all(each.was_ready for each in self._processes):
            _log.warning("The server does everything itself until other processes have begun to help: %s", why)
            self._begin_at = _now() + AGAIN_SECONDS
            self._let_go()
        else:
            self._give_up(why)

    def _gone_by(self) -> Rules:
        now, known = self._in_force(), self._known
        if known is None or now.settings is not known[0].settings or now.revision != known[0].revision:
            values = {each.name: getattr(now.settings, each.name) for each in fields(now.settings)}
            said = cast("dict[str, SettingValue]", {**values, "data_dir": str(now.settings.data_dir.resolve())})
            self._known = known = (now, Rules(said, now.secret, now.revision))
        return known[1]

    def _go_on(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)


def _now() -> float:
    return asyncio.get_running_loop().time()
