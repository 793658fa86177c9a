"""Loading a simulated past into a fresh workspace, as if everything in it had happened there."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.decisions.gate import GateRules
from holdfast.decisions.visit import Visit
from holdfast.events.event import IdentityKey
from holdfast.flows.bulk import load_table
from holdfast.flows.decide import publish
from holdfast.kernel.errors import Internal
from holdfast.kernel.moments import from_millis
from holdfast.ports.state import Send, StepCount, Transaction
from holdfast.sim.past import Days, World, make_days, make_past
from holdfast.sim.people import Population
from holdfast.sim.rhythm import DAY_MS, Ints
from holdfast.wiring import Application

ROWS_AT_ONCE = 5_000
"""Visits and sends written in one transaction."""
PIECES_AT_ONCE = 2
"""Pieces of the table under way together: while the history takes one in, the next is folded into the state."""
PIECE_ROWS = 50_000

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


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
        return World(people=self.people, newcomers=self.newcomers, rules=self.rules)

    @property
    def start_ms(self) -> int:
        """When the past begins."""
        return self.until_ms - self.world.days * DAY_MS

    def days(self) -> Days:
        """What people did by themselves."""
        return make_days(np.random.default_rng(self.seed), self.world, until_ms=self.until_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What the journeys came to."""

    table: pa.Table
    visits: list[Visit]
    sends: list[Send]
    step_counts: list[StepCount]


class AftermathElsewhere:
    """The aftermath, reckoned by a process of its own: it takes as long as loading what came before."""

    def __init__(self, recipe: Recipe) -> None:
        # Spawned, not forked: a child forked after the engine is loaded hangs for ever.
        context = get_context("spawn")
        self._receive, send = context.Pipe(duplex=False)
        self._process = context.Process(target=_reckon, args=(send, recipe), name="aftermath", daemon=True)
        self._process.start()
        send.close()

    async def wait(self) -> Aftermath:
        """The aftermath. Raises Internal when its process died."""
        try:
            got = await asyncio.to_thread(self._receive.recv)
        except EOFError as error:
            raise Internal("the process that ran the journeys over the past died") from error
        if not isinstance(got, Aftermath):
            raise Internal(f"the journeys could not be run over the past: {got}")
        return got

    def close(self) -> None:
        """Let go of the process."""
        self._process.kill()
        self._process.join()
        self._receive.close()


def _reckon(answer: Connection, recipe: Recipe) -> None:
    # Ctrl-C reaches the whole group of processes; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A past is millions of small values and no rubbish: looking for some takes a quarter of the time.
    gc.disable()
    past = make_past(np.random.default_rng(recipe.seed), recipe.world, until_ms=recipe.until_ms)
    ledger = past.ledger
    answer.send(
        Aftermath(table=past.aftermath, visits=ledger.visits, sends=ledger.sends, step_counts=ledger.step_counts())
    )
    answer.close()


async def load_past(app: Application, recipe: Recipe, progress: Progress) -> Population:
    """Make the past, publish its journeys as of its beginning, and take in all it came to; returns its people."""
    elsewhere = AftermathElsewhere(recipe)
    try:
        progress(f"Making {recipe.people:,} customers", 0, 0)
        days = await asyncio.to_thread(recipe.days)
        table, person = days.by_person()
        for play in recipe.world.plays:
            decision = await publish(app.state, play.kind, play.definition, now=from_millis(recipe.start_ms))
            if decision.version != play.version:
                raise Internal(f"{play.id} was published as version {decision.version}; the past ran {play.version}")
        await _load_events(app, table, person, "Loading what they did", progress)
        aftermath = await elsewhere.wait()
    finally:
        elsewhere.close()
    table, person = _by_user(aftermath.table)
    await _load_events(app, table, person, "Loading what the journeys did", progress)
    await _load_visits(app, days.population, aftermath, progress)
    progress("Telling the history who everybody is", 0, 0)
    await app.archivist.flush()
    return days.population


async def _load_events(app: Application, table: pa.Table, person: Ints, label: str, progress: Progress) -> None:
    places = asyncio.Semaphore(PIECES_AT_ONCE)
    received = app.clock.now()
    done = 0

    async def load(piece: pa.Table) -> None:
        nonlocal done
        async with places:
            await load_table(piece, state=app.state, history=app.history, received=received)
        done += piece.num_rows
        progress(label, done, table.num_rows)

    async with asyncio.TaskGroup() as group:
        for piece in pieces_of(table, person, PIECE_ROWS):
            group.create_task(load(piece))


def pieces_of(table: pa.Table, person: Ints, rows: int) -> list[pa.Table]:
    """The table, in which each person's rows stand together, in pieces of about so many rows that part nobody.

    So a person's profile is folded once, and not once for each stretch of time; and pieces may be loaded side by side,
    since no event stands in two.
    """
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    wanted = np.arange(0, len(person), rows)
    bounds = [*np.unique(starts[np.searchsorted(starts, wanted, side="right") - 1]).tolist(), len(person)]
    return [table.slice(start, end - start) for start, end in pairwise(bounds)]


def _by_user(table: pa.Table) -> tuple[pa.Table, Ints]:
    """The rows user by user, and a number for the user of each."""
    numbers = np.asarray(pc.dictionary_encode(table["user_id"].combine_chunks()).indices, dtype=np.int64)
    order = np.argsort(numbers, kind="stable")
    return table.take(order), numbers[order]


async def _load_visits(app: Application, population: Population, aftermath: Aftermath, progress: Progress) -> None:
    visits, sends = aftermath.visits, aftermath.sends
    for start in range(0, len(visits), ROWS_AT_ONCE):
        chunk = visits[start : start + ROWS_AT_ONCE]
        async with app.state.begin() as transaction:
            ids = await _identities(transaction, population, [each.identity for each in chunk])
            await transaction.add_visits([replace(each, identity=ids[each.identity]) for each in chunk])
        progress("Loading where people stand", start + len(chunk), len(visits))
    for start in range(0, len(sends), ROWS_AT_ONCE):
        mails = sends[start : start + ROWS_AT_ONCE]
        async with app.state.begin() as transaction:
            ids = await _identities(transaction, population, [each.identity for each in mails])
            await transaction.add_sends([replace(each, identity=ids[each.identity]) for each in mails])
        progress("Loading what they were sent", start + len(mails), len(sends))
    async with app.state.begin() as transaction:
        await transaction.count_steps(aftermath.step_counts)


async def _identities(transaction: Transaction, population: Population, people: Sequence[int]) -> dict[int, int]:
    """The numbers the store gave, by the numbers of people in the population."""
    keys = {person: IdentityKey(kind="user", value=population.user_ids[person]) for person in set(people)}
    known = await transaction.identities(list(keys.values()))
    return {person: known[key].id for person, key in keys.items()}
