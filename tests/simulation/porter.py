"""A process that only sends: it claims by itself, beside the one that reacts and another of its kind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from holdfast.channels.email_smtp import email_channel
from holdfast.flows.delivery.dispatch import Dispatcher
from holdfast.flows.delivery.lanes import Lanes
from holdfast.flows.delivery.send import Office, Sender
from holdfast.flows.ingest.reading import REACT
from holdfast.messages.links import Linker
from holdfast.ports.state import Settlement, View
from holdfast.settings import decode_domain_rates, decode_send_rates
from holdfast.testing.filling import a_filler
from holdfast.wiring import Mail
from tests.simulation.faults import CrashError, Faults, Kind, TroubleError, WatchedCarrier, WatchedState
from tests.simulation.world import SECRET, World

TURNS_MOST = 400
"""How often the others are given way to until a cycle is done: many times more than it takes."""


class Porter:
    """One such process, from its start to its death."""

    def __init__(self, world: World, name: str, faults: Faults) -> None:
        """Nothing is in its hands.

        Args:
            name: borne by no other, for it is the owner of its claims.
        """
        self._faults = faults
        self.name = name
        settings, state = world.settings, cast("Any", WatchedState(world.state, faults, world.witness))
        linker = Linker(base_url=settings.url, key=SECRET)
        channel = email_channel(settings.email_sender, linker=linker, workspace_name=settings.workspace_name)
        lanes = Lanes(
            {"email": channel.doubt},
            owner=name,
            rates=decode_send_rates(settings.send_rates),
            domain_rates=decode_domain_rates(settings.domain_rates),
        )
        self._sender = Sender(
            state=state,
            clock=world.clock,
            offices={"email": Office(channel=channel, carrier=mail_of(world, faults).carrier)},
            lanes=lanes,
            linker=linker,
            workspace_name=settings.workspace_name,
            settle=self._settle,
            filler=a_filler(state, world.clock),
        )

        async def behind(view: View) -> bool:
            return await view.offset(REACT) < await world.log.end()

        self._dispatcher = Dispatcher(
            state=state,
            clock=world.clock,
            rules=world.rules,
            lanes=lanes,
            hand_over=self._sender.take,
            behind=behind,
        )
        self._cycle: asyncio.Task[Any] | None = None

    @property
    def is_dead(self) -> bool:
        return self._faults.dead

    @property
    def stands_still(self) -> bool:
        return self._faults.asleep is not None

    def tasks(self) -> set[asyncio.Task[Any]]:
        """All that it has begun."""
        own = {self._cycle} if self._cycle is not None else set()
        return own | self._dispatcher._cycling | cast("set[asyncio.Task[Any]]", self._sender._tasks)

    def pause(self) -> None:
        """It stands still wherever it is, as a machine that is suspended, and knows nothing of it."""
        self._faults.asleep = asyncio.get_running_loop().create_future()

    def go_on(self) -> None:
        """It goes on where it stood."""
        asleep, self._faults.asleep = self._faults.asleep, None
        if asleep is not None:
            asleep.set_result(None)

    async def turn(self) -> None:
        """A cycle, as far as it comes while it does not stand still."""
        if self._cycle is None or self._cycle.done():
            self._cycle = asyncio.ensure_future(self._one_cycle())
        for _ in range(TURNS_MOST):
            if self._cycle.done() or self.stands_still:
                return
            await asyncio.sleep(0)

    async def die(self) -> None:
        """It is no more."""
        self._faults.dead = True
        self.go_on()
        tasks = self.tasks()
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _one_cycle(self) -> None:
        with contextlib.suppress(TroubleError, CrashError):
            await self._dispatcher.cycle()

    def _settle(self, settlements: Sequence[Settlement]) -> None:
        """The dead settle nothing."""
        if not self._faults.dead:
            self._dispatcher.settle(settlements)


def mail_of(world: World, faults: Faults) -> Mail:
    """What a process hands its mail to."""
    return Mail(
        carrier=cast("Any", WatchedCarrier(world.provider, faults, world.witness, lambda: world.clock.now_ms)),
        mailbox=None,
    )


def keep_in_the_world(world: World, sender: Sender, faults: Faults) -> None:
    """Calls of web hooks go where mail goes: to the provider of this world."""
    carrier = mail_of(world, faults).carrier
    sender._offices = {name: replace(office, carrier=carrier) for name, office in sender._offices.items()}


class Porters:
    """Those there are: whoever dies has a successor, under another name."""

    def __init__(self, world: World, count: int) -> None:
        self._world = world
        self._number = 0
        self._at_work = [self._another() for _ in range(count)]

    def tasks(self) -> set[asyncio.Task[Any]]:
        return {task for each in self._at_work for task in each.tasks()}

    async def turn(self) -> None:
        """Each goes on a little; some stop, some die."""
        chance = self._world.chance
        for place, each in enumerate(self._at_work):
            if each.is_dead:
                await each.die()
                self._at_work[place] = self._another()
            elif each.stands_still and chance.random() < 0.1:
                self._world.say(f"{each.name} goes on")
                each.go_on()
            elif not each.stands_still and chance.random() < 0.02:
                self._world.say(f"{each.name} stands still")
                each.pause()
        await asyncio.gather(*(each.turn() for each in self._at_work))

    async def calm(self) -> None:
        """From now on nobody stops or dies."""
        for each in self._at_work:
            await each.die()
        self._at_work = [self._another(calm=True) for _ in self._at_work]

    async def settle(self) -> None:
        """All of them work, once."""
        await asyncio.gather(*(each.turn() for each in self._at_work))

    async def die(self) -> None:
        for each in self._at_work:
            await each.die()

    def _another(self, *, calm: bool = False) -> Porter:
        self._number += 1
        chance = self._world.chance
        kind: Kind = "none" if calm else chance.choice(("crash", "crash", "trouble", "none"))
        faults = Faults(chance, kind, chance.randint(1, 600), self._world.say)
        return Porter(self._world, f"porter-{self._number}", faults)
