"""How often the demo's customers act: one by one while somebody looks, else all at once now and then."""

from __future__ import annotations

import numpy as np

from holdfast.cli.customers import ALONE_SECONDS, TICK_SECONDS, Customers
from holdfast.flows.ingest.watch import LOOKED_MS, Watch
from holdfast.sim.live import Crowd, Pace
from holdfast.sim.people import Effects, Habits, populate
from holdfast.sim.rhythm import DAY_MS

NOW_MS = 1_700_000_000_000


def turns(customers: Customers, *, begins: float, seconds: float) -> int:
    """How often they act in that time."""
    moments = np.arange(begins, begins + seconds, TICK_SECONDS)
    return sum(customers.is_turn(float(moment)) for moment in moments)


def test_customers_act_at_every_tick_while_somebody_looks_and_seldom_else() -> None:
    looked_at, rng = False, np.random.default_rng(1)
    people = populate(
        rng, 20, newcomers=2, start_ms=NOW_MS - DAY_MS, until_ms=NOW_MS, habits=Habits(), effects=Effects()
    )
    crowd = Crowd(rng, people, now_ms=NOW_MS, effects=Effects(), pace=Pace())
    customers = Customers(crowd, url="http://127.0.0.1:9", write_key="w", api_key="a", looked_at=lambda: looked_at)
    alone = turns(customers, begins=1_000.0, seconds=60.0)
    assert 60 / ALONE_SECONDS - 1 <= alone <= 60 / ALONE_SECONDS + 1
    looked_at = True
    assert turns(customers, begins=1_060.0, seconds=60.0) == len(np.arange(0, 60, TICK_SECONDS))
    looked_at = False
    assert turns(customers, begins=1_120.0, seconds=60.0) <= 60 / ALONE_SECONDS + 1


def test_somebody_looks_on_for_a_while_after_they_looked() -> None:
    watch = Watch()
    assert not watch.is_looked_at(NOW_MS)
    watch.look(NOW_MS)
    watch.look(NOW_MS - 5)
    assert watch.is_looked_at(NOW_MS + LOOKED_MS - 1)
    assert not watch.is_looked_at(NOW_MS + LOOKED_MS)
