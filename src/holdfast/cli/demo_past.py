"""Loading a simulated past into a fresh workspace, as if everything in it had happened there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from msgspec import structs

from holdfast.cli.demo_elsewhere import Aftermath, Beginning, PastElsewhere
from holdfast.events.event import IdentityKey
from holdfast.flows.ingest.bulk import load_table
from holdfast.flows.journey.decide import publish
from holdfast.kernel.errors import Internal
from holdfast.kernel.moments import from_millis
from holdfast.ports.state import Transaction
from holdfast.sim.campaigns import running
from holdfast.sim.people import Population
from holdfast.sim.rhythm import Ints
from holdfast.wiring import Application

ROWS_AT_ONCE = 5_000
"""Visits and sends written in one transaction."""
PIECES_AT_ONCE = 2
"""Pieces of the table under way together: while the history takes one in, the next is folded into the state."""
PIECE_ROWS = 50_000

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


async def load_past(app: Application, past: PastElsewhere, *, start_ms: int, progress: Progress) -> Beginning:
    """Publish the shop's journeys as of `start_ms`, and take in the past as it is made; returns what people did."""
    for play in running():
        decision = await publish(app.state, play.kind, play.definition, now=from_millis(start_ms))
        if decision.version != play.version:
            raise Internal(f"{play.id} was published as version {decision.version}; the past ran {play.version}")
    progress("Making the customers", 0, 0)
    beginning = await past.beginning()
    await _load_events(app, beginning.table, beginning.person, "Loading what they did", progress)
    aftermath = await past.aftermath()
    await _load_events(app, aftermath.table, aftermath.person, "Loading what the journeys did", progress)
    await load_visits(app, beginning.population, aftermath, progress)
    progress("Telling the history who everybody is", 0, 0)
    await app.archivist.flush()
    return beginning


async def _load_events(app: Application, table: pa.Table, person: Ints, label: str, progress: Progress) -> None:
    places = asyncio.Semaphore(PIECES_AT_ONCE)
    received = app.clock.now()
    done = 0

    async def load(piece: pa.Table) -> None:
        nonlocal done
        async with places:
            await load_table(piece, state=app.state, history=app.history, received=received, as_it_happened=True)
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


async def load_visits(app: Application, population: Population, aftermath: Aftermath, progress: Progress) -> None:
    """Write where people stand in journeys, what they were sent, and how many passed each step."""
    visits, sends = aftermath.visits, aftermath.sends
    for start in range(0, len(visits), ROWS_AT_ONCE):
        chunk = visits[start : start + ROWS_AT_ONCE]
        async with app.state.begin() as transaction:
            ids = await _identities(transaction, population, [each.identity for each in chunk])
            await transaction.add_visits([structs.replace(each, identity=ids[each.identity]) for each in chunk])
        progress("Loading where people stand", start + len(chunk), len(visits))
    for start in range(0, len(sends), ROWS_AT_ONCE):
        mails = sends[start : start + ROWS_AT_ONCE]
        async with app.state.begin() as transaction:
            ids = await _identities(transaction, population, [each.identity for each in mails])
            await transaction.add_sends([structs.replace(each, identity=ids[each.identity]) for each in mails])
        progress("Loading what they were sent", start + len(mails), len(sends))
    async with app.state.begin() as transaction:
        await transaction.count_steps(aftermath.step_counts)


async def _identities(transaction: Transaction, population: Population, people: Sequence[int]) -> dict[int, int]:
    """The numbers the store gave, by the numbers of people in the population."""
    keys = {person: IdentityKey(kind="user", value=population.user_ids[person]) for person in set(people)}
    known = await transaction.identities(list(keys.values()))
    return {person: known[key].id for person, key in keys.items()}
