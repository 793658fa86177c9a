"""What the shop's journeys did in the generated past, and what their mails caused.

Nothing is made up: the machine that moves live people is driven over each person's events in order of time, the gate is
asked, and whoever gets a mail reacts as `reaction` says. So the past is what a run would have left behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

import numpy as np

from holdfast.decisions.gate import GateRules
from holdfast.decisions.steps.until import Until
from holdfast.sim.campaigns import Running
from holdfast.sim.customer import Customer, Row, Shop
from holdfast.sim.ledger import Ledger
from holdfast.sim.people import Effects, Flags, Population
from holdfast.sim.reaction import draw_chances
from holdfast.sim.rhythm import Ints
from holdfast.sim.session import Script
from holdfast.sim.trail import EVENT_NAMES, Trail

OPEN_MS = 2_400_000.0
"""The median time until a mail is opened: forty minutes."""
_GAP_MS = 15_000


def reach_out(
    rng: np.random.Generator,
    population: Population,
    trail: Trail,
    plays: Sequence[Running],
    *,
    effects: Effects,
    rules: GateRules,
    until_ms: int,
) -> Ledger:
    """Run the journeys over the known people's events up to `until_ms` (milliseconds since 1970)."""
    shop = Shop(
        population=population,
        plays=plays,
        effects=effects,
        rules=rules,
        until_ms=until_ms,
        open_ms=OPEN_MS,
        script=Script(rng, population, gap_ms=_GAP_MS),
        ledger=Ledger(),
    )
    chances = draw_chances(rng, len(population))
    for person, rows, at in _pasts(population, trail, plays):
        Customer(shop, person, chances[person].tolist(), at).live(rows)
    return shop.ledger


def _pasts(
    population: Population, trail: Trail, plays: Sequence[Running]
) -> Iterator[tuple[int, list[Row], dict[str, list[int]]]]:
    """For each known person who did what a journey begins with: the events that may concern one, and when they did it.

    Both in order of time. What they did before a login is left out of the first: nobody knew that it was them.
    """
    order = np.lexsort((trail.at_ms, trail.person))
    order = order[_beginning(population, trail, plays)[trail.person[order]]]
    awaited = np.isin(trail.what, [EVENT_NAMES.index(name) for play in plays for name in _awaited(play)])
    awaited = awaited & np.asarray(trail.user_id.is_valid())
    rows = iter(_rows(trail, order[awaited[order]]))
    bounds = np.flatnonzero(np.diff(trail.person[order], prepend=-1, append=-1))
    what, at_ms, known = trail.what[order].tolist(), trail.at_ms[order].tolist(), awaited[order].tolist()
    for start, end in pairwise(bounds.tolist()):
        at: dict[str, list[int]] = {}
        for code, moment in zip(what[start:end], at_ms[start:end], strict=True):
            at.setdefault(EVENT_NAMES[code], []).append(moment)
        yield int(trail.person[order[start]]), list(islice(rows, sum(known[start:end]))), at


def _beginning(population: Population, trail: Trail, plays: Sequence[Running]) -> Flags:
    """Who is known and did what a journey begins with, and all that it needs; shape (people,)."""
    chosen = np.zeros(len(population), dtype=np.bool_)
    for play in plays:
        entering = np.ones(len(population), dtype=np.bool_)
        for name in (play.begins_with, *play.needs):
            did = np.zeros(len(population), dtype=np.bool_)
            did[trail.person[trail.what == EVENT_NAMES.index(name)]] = True
            entering &= did
        chosen |= entering
    return chosen & population.known


def _awaited(play: Running) -> set[str]:
    """Events that begin the journey, or that somebody in it may wait for."""
    steps = (node.step for node in play.journey.steps.values())
    waits = {step.event for step in steps if isinstance(step, Until)}
    return {play.begins_with, play.journey.goal.event} | waits


def _rows(trail: Trail, chosen: Ints) -> list[Row]:
    columns = zip(
        trail.at_ms[chosen].tolist(),
        trail.what[chosen].tolist(),
        trail.user_id.take(chosen).to_pylist(),
        trail.anonymous_id.take(chosen).to_pylist(),
        [trail.message_id[row] for row in chosen.tolist()],
        trail.properties.take(chosen).to_pylist(),
        strict=True,
    )
    return [Row(*each) for each in columns]
