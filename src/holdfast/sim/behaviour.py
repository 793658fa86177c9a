"""What people do: when they come, and whether they buy, leave their checkout lying, or only look.

Purchases follow BG/NBD (Fader, Hardie & Lee 2005): a buyer buys at their own Poisson rate and, after each repeat
purchase, is gone for good with their own chance. Everything is drawn in even days and moved to the clock at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holdfast.sim.people import Habits, Population
from holdfast.sim.rhythm import Array, Ints, clock_of

BROWSE, ABANDON, PURCHASE = 0, 1, 2
"""Kinds of session."""

_PURCHASES_MOST = 200
"""How often one person can buy in one history."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sessions:
    """Every visit to the shop, as columns of equal length, ordered by person and then by time."""

    person: Ints
    start_ms: Ints
    """UTC."""
    kind: Ints
    """BROWSE, ABANDON or PURCHASE."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """What became of each person's interest; truth nobody can see. Shape (people,)."""

    gone: Array
    """When they dropped out or lost interest, in even days of their frame; infinite while they have not."""
    first_purchase: Array
    """Even days; infinite where there was none."""
    last_purchase: Array
    """Even days; minus infinite where there was none."""
    purchases: Ints


def live_through(rng: np.random.Generator, population: Population, habits: Habits) -> tuple[Lives, Sessions]:
    """Everybody's history, from their arrival to the end."""
    buys, buy_at, lives = _purchases(rng, population, habits)
    arrives = np.flatnonzero((population.arrival < lives.first_purchase) & (population.arrival < population.end))
    left, left_at = _left_lying(rng, population, lives, habits)
    again, again_at = _taken_up_again(rng, population, habits, buys, buy_at)
    looks, look_at = _looks(rng, population, lives, habits)
    person = np.concatenate([arrives, buys, left, again, looks])
    even = np.concatenate([population.arrival[arrives], buy_at, left_at, again_at, look_at])
    kinds = (BROWSE, PURCHASE, ABANDON, ABANDON, BROWSE)
    kind = np.repeat(kinds, [len(each) for each in (arrives, buys, left, again, looks)])
    kind[(kind == ABANDON) & ~population.known[person]] = BROWSE
    start = clock_of(even) - population.frame_ms[person]
    order = np.lexsort((start, person))
    return lives, Sessions(
        person=person[order].astype(np.int64), start_ms=start[order].astype(np.int64), kind=kind[order].astype(np.int64)
    )


def _purchases(rng: np.random.Generator, population: Population, habits: Habits) -> tuple[Ints, Array, Lives]:
    """Who buys, when, and what became of them."""
    people = len(population)
    # Half of the buyers buy on their first visit, the others come back for it.
    delay = np.where(rng.random(people) < 0.5, 0.0, rng.exponential(4.0, size=people))
    at = np.where(population.buyer, population.arrival + delay, np.inf)
    first = np.where(at < population.end, at, np.inf)
    gone = np.where(population.buyer, np.inf, population.arrival + rng.exponential(habits.interest_days, size=people))
    last, count = np.full(people, -np.inf), np.zeros(people, dtype=np.int64)
    who, when = np.flatnonzero(np.isfinite(first)), first
    all_who, all_when = [], []
    for turn in range(_PURCHASES_MOST):
        if not len(who):
            break
        all_who.append(who)
        all_when.append(when[who])
        last[who], count[who] = when[who], turn + 1
        # BG/NBD: the first purchase is never the last one by choice; after each further one, some are gone.
        drops = (rng.random(len(who)) < population.dropout[who]) & (turn > 0)
        gone[who[drops]] = when[who[drops]]
        who = who[~drops]
        when = when.copy()
        when[who] += rng.exponential(1.0, size=len(who)) / population.rate[who]
        who = who[when[who] < population.end[who]]
    lives = Lives(gone=gone, first_purchase=first, last_purchase=last, purchases=count)
    return _joined(all_who), np.concatenate(all_when) if all_when else np.empty(0), lives


def _joined(pieces: list[Ints]) -> Ints:
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)


def _left_lying(rng: np.random.Generator, population: Population, lives: Lives, habits: Habits) -> tuple[Ints, Array]:
    """Checkouts left lying that came to nothing."""
    rates = np.full(len(population), habits.abandon_rate)
    return _poisson(rng, rates, population.arrival, _interested(population, lives))


def _taken_up_again(
    rng: np.random.Generator, population: Population, habits: Habits, buys: Ints, buy_at: Array
) -> tuple[Ints, Array]:
    """Checkouts left lying some hours or days before the purchase that came of them after all."""
    chosen = rng.random(len(buys)) < habits.abandon_first
    again, before = buys[chosen], buy_at[chosen] - rng.exponential(0.7, size=int(chosen.sum()))
    kept = before > population.arrival[again]
    return again[kept], before[kept]


def _looks(rng: np.random.Generator, population: Population, lives: Lives, habits: Habits) -> tuple[Ints, Array]:
    """Visits that are only looks, rarer once interest is gone."""
    until = _interested(population, lives)
    rates = habits.browse_rate * rng.gamma(1.2, 1 / 1.2, size=len(population))
    who, at = _poisson(rng, rates, population.arrival, until)
    late, late_at = _poisson(rng, np.full(len(population), habits.browse_rate_gone), until, population.end)
    return np.concatenate([who, late]), np.concatenate([at, late_at])


def _interested(population: Population, lives: Lives) -> Array:
    return np.minimum(lives.gone, population.end)


def _poisson(rng: np.random.Generator, rate: Array, start: Array, end: Array) -> tuple[Ints, Array]:
    """A Poisson process for each row: whose, and when."""
    span = np.maximum(end - start, 0.0)
    who = np.repeat(np.arange(len(rate)), rng.poisson(rate * span))
    return who, start[who] + rng.random(len(who)) * span[who]
