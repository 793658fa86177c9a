"""Loading a simulated past into a fresh workspace, as if everything in it had happened there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from holdfast.decisions.visit import Visit
from holdfast.events.event import IdentityKey
from holdfast.flows.bulk import load_table
from holdfast.flows.decide import publish
from holdfast.kernel.errors import Internal
from holdfast.kernel.moments import from_millis
from holdfast.ports.state import Transaction
from holdfast.sim.past import Past
from holdfast.sim.people import Population
from holdfast.wiring import Application

ROWS_AT_ONCE = 5_000
"""Visits and sends written in one transaction."""

T = TypeVar("T")


async def load_past(app: Application, past: Past, *, start_ms: int, progress: Callable[[str, int, int], None]) -> None:
    """Publish the shop's journeys as of `start_ms`, and take in the events and what the journeys came to.

    Args:
        progress: told what is being done, how much of it is done, and how much there is.
    """
    for play in past.plays:
        decision = await publish(app.state, play.kind, play.definition, now=from_millis(start_ms))
        if decision.version != play.version:
            raise Internal(f"{play.id} was published as version {decision.version}; the past ran {play.version}")
    rows = past.table.num_rows
    await load_table(
        past.table,
        state=app.state,
        history=app.history,
        received=app.clock.now(),
        progress=lambda done: progress("Loading events", done, rows),
    )
    await _load_visits(app, past, progress)
    await _load_sends(app, past, progress)
    async with app.state.begin() as transaction:
        await transaction.count_steps(past.ledger.step_counts())
    progress("Telling the history who everybody is", 0, 0)
    await app.archivist.flush()


async def _load_visits(app: Application, past: Past, progress: Callable[[str, int, int], None]) -> None:
    visits = past.ledger.visits
    for start in range(0, len(visits), ROWS_AT_ONCE):
        chunk = visits[start : start + ROWS_AT_ONCE]
        async with app.state.begin() as transaction:
            ids = await _identities(transaction, past.population, [each.identity for each in chunk])
            await transaction.add_visits([_of_identity(each, ids) for each in chunk])
        progress("Loading journeys", start + len(chunk), len(visits))


async def _load_sends(app: Application, past: Past, progress: Callable[[str, int, int], None]) -> None:
    sends = past.ledger.sends
    for start in range(0, len(sends), ROWS_AT_ONCE):
        chunk = sends[start : start + ROWS_AT_ONCE]
        async with app.state.begin() as transaction:
            ids = await _identities(transaction, past.population, [each.identity for each in chunk])
            await transaction.add_sends([replace(each, identity=ids[each.identity]) for each in chunk])
        progress("Loading messages", start + len(chunk), len(sends))


def _of_identity(visit: Visit, ids: dict[int, int]) -> Visit:
    return replace(visit, identity=ids[visit.identity])


async def _identities(transaction: Transaction, population: Population, people: Sequence[int]) -> dict[int, int]:
    """The numbers the store gave, by the numbers of people in the population."""
    keys = {person: IdentityKey(kind="user", value=population.user_ids[person]) for person in set(people)}
    known = await transaction.identities(list(keys.values()))
    return {person: known[key].id for person, key in keys.items()}
