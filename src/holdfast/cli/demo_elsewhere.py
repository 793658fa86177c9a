"""Making a past in a process of its own: while it runs the journeys, what came before is being loaded here.

The child imports nothing of the server: it makes numbers, and hands them over.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.decisions.gate import GateRules
from holdfast.decisions.visit import Visit
from holdfast.kernel.errors import Internal
from holdfast.ports.state import Send, StepCount
from holdfast.sim.past import World, make_aftermath, make_days
from holdfast.sim.people import Population
from holdfast.sim.rhythm import DAY_MS, Ints

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that a past is made of; small enough to hand to another process."""

    people: int
    newcomers: int
    seed: int
    until_ms: int
    rules: GateRules

    @property
    def world(self) -> World:
        """The world it describes."""
        return World(people=self.people, newcomers=self.newcomers, rules=self.rules)

    @property
    def start_ms(self) -> int:
        """When the past begins."""
        return self.until_ms - self.world.days * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beginning:
    """What people did by themselves."""

    population: Population
    table: pa.Table
    person: Ints
    """Whose each row is; each person's rows stand together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aftermath:
    """What the journeys came to."""

    table: pa.Table
    person: Ints
    """A number for the person of each row; each person's rows stand together."""
    visits: list[Visit]
    sends: list[Send]
    step_counts: list[StepCount]


class PastElsewhere:
    """A past under way in a process of its own."""

    def __init__(self, recipe: Recipe) -> None:
        # Spawned, not forked: a child forked after the engine is loaded hangs for ever.
        context = get_context("spawn")
        self._receive, send = context.Pipe(duplex=False)
        self._process = context.Process(target=_make, args=(send, recipe), name="past", daemon=True)
        self._process.start()
        send.close()

    async def beginning(self) -> Beginning:
        """The first part. Raises Internal when the process died."""
        return await self._next(Beginning)

    async def aftermath(self) -> Aftermath:
        """The second part; to be asked for after the first. Raises Internal when the process died."""
        return await self._next(Aftermath)

    async def _next(self, kind: type[T]) -> T:
        try:
            got = await asyncio.to_thread(self._receive.recv)
        except (EOFError, OSError) as error:
            raise Internal("the process that makes the past died; its complaint is above") from error
        if not isinstance(got, kind):
            raise TypeError(f"the past came in the wrong order: {type(got).__name__} for {kind.__name__}")
        return got

    def close(self) -> None:
        """End the process, if it still runs."""
        self._process.kill()
        self._process.join()


def _make(answer: Connection, recipe: Recipe) -> None:
    # Ctrl-C reaches the whole group of processes; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A past is millions of small values and no rubbish: looking for some takes a quarter of the time.
    gc.disable()
    rng, world = np.random.default_rng(recipe.seed), recipe.world
    days = make_days(rng, world, until_ms=recipe.until_ms)
    table, person = days.by_person()
    answer.send(Beginning(population=days.population, table=table, person=person))
    past = make_aftermath(rng, world, days, until_ms=recipe.until_ms)
    ledger = past.ledger
    table, person = by_user(past.aftermath)
    answer.send(
        Aftermath(
            table=table, person=person, visits=ledger.visits, sends=ledger.sends, step_counts=ledger.step_counts()
        )
    )
    answer.close()


def by_user(table: pa.Table) -> tuple[pa.Table, Ints]:
    """The rows user by user, and a number for the user of each."""
    users = table["user_id"].combine_chunks()
    numbers = np.asarray(pc.index_in(users, value_set=users.unique()), dtype=np.int64)
    order = np.argsort(numbers, kind="stable")
    return table.take(order), numbers[order]
