"""What people do: the known truth is in the sessions, and can be found again from them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

from holdfast.sim.behaviour import ABANDON, BROWSE, PURCHASE, Lives, Sessions, live_through
from holdfast.sim.people import Effects, Habits, Population, populate
from holdfast.sim.rhythm import DAY_MS, Array

UNTIL_MS = 1_790_000_000_000
DAYS = 365


def lived(count: int = 12_000, seed: int = 5) -> tuple[Population, Lives, Sessions]:
    rng = np.random.default_rng(seed)
    people = populate(
        rng,
        count,
        start_ms=UNTIL_MS - DAYS * DAY_MS,
        until_ms=UNTIL_MS,
        habits=Habits(),
        effects=Effects(),
    )
    lives, sessions = live_through(rng, people, Habits())
    return people, lives, sessions


def fit(repeats: Array, recency: Array, age: Array) -> tuple[float, float]:
    """The mean purchase rate and the mean dropout of BG/NBD by maximum likelihood (Fader, Hardie & Lee 2005)."""

    def loss(logs: Array) -> float:
        r, alpha, a, b = np.exp(logs)
        first = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + repeats) - betaln(a, b) - (r + repeats) * np.log(alpha + age)
        gone = betaln(a + 1, b + np.maximum(repeats, 1) - 1) - betaln(a, b) - (r + repeats) * np.log(alpha + recency)
        return -float(np.sum(first + np.where(repeats > 0, np.logaddexp(alive, gone), alive)))

    found = np.exp(minimize(loss, np.log([1.0, 20.0, 1.0, 2.0]), method="L-BFGS-B").x)
    return found[0] / found[1], found[2] / (found[2] + found[3])


def test_rates_and_dropout_are_found_again_from_the_sessions() -> None:
    _, _, sessions = lived()
    bought = sessions.kind == PURCHASE
    who, at = sessions.person[bought], sessions.start_ms[bought].astype(np.float64)
    buyers, first = np.unique(who, return_index=True)
    count = np.bincount(who)[buyers]
    last = np.maximum.reduceat(at, first)
    born = np.minimum.reduceat(at, first)
    rate, dropout = fit((count - 1).astype(np.float64), (last - born) / DAY_MS, (UNTIL_MS - born) / DAY_MS)
    habits = Habits()
    assert rate == pytest.approx(habits.rate_shape / habits.rate_scale_days, rel=0.12)
    assert dropout == pytest.approx(habits.dropout_a / (habits.dropout_a + habits.dropout_b), rel=0.15)


def test_who_is_gone_buys_no_more() -> None:
    people, lives, _ = lived()
    gone = people.buyer & np.isfinite(lives.gone)
    assert gone.sum() > 100
    assert (lives.last_purchase[gone] == lives.gone[gone]).all()
    # BG/NBD lets nobody go before their first repeat purchase.
    assert (lives.purchases[gone] >= 2).all()


def test_sessions_lie_between_arrival_and_end_in_order() -> None:
    people, _, sessions = lived(2_000)
    assert (np.diff(sessions.person) >= 0).all()
    same = sessions.person[1:] == sessions.person[:-1]
    assert (np.diff(sessions.start_ms)[same] >= 0).all()
    assert sessions.start_ms.max() < UNTIL_MS
    assert sessions.start_ms.min() > UNTIL_MS - (DAYS + 1) * DAY_MS
    assert len(np.unique(sessions.person)) == len(people)


def test_strangers_only_look() -> None:
    people, lives, sessions = lived(3_000)
    strangers = ~people.known
    assert (sessions.kind[strangers[sessions.person]] == BROWSE).all()
    assert not lives.purchases[strangers].any()


def test_every_purchase_is_a_session() -> None:
    _, lives, sessions = lived(3_000)
    assert int((sessions.kind == PURCHASE).sum()) == int(lives.purchases.sum())
    assert int((sessions.kind == ABANDON).sum()) > 500


def test_newcomers_do_nothing_yet() -> None:
    rng = np.random.default_rng(1)
    start_ms = UNTIL_MS - DAYS * DAY_MS
    people = populate(rng, 10, newcomers=10, start_ms=start_ms, until_ms=UNTIL_MS, habits=Habits(), effects=Effects())
    lives, sessions = live_through(rng, people, Habits())
    assert set(sessions.person.tolist()) == set(range(10))
    assert not lives.purchases[10:].any()
