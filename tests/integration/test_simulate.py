"""A simulation says what a live run did: over the same events, the same people, messages and reasons."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from holdfast.flows.simulate import SimulationWish
from holdfast.flows.simulation import Simulation
from holdfast.flows.simulation_count import ENTRIES, PASSED, SEND
from tests.integration.replayed_world import BEGIN, PLAYS, Lived, World

SEEDS = (1, 2, 3)


def simulated(simulation: Simulation) -> Lived:
    sums = simulation.tally.sums
    return Lived(
        entered=Counter({key[1]: count for key, count in sums.items() if key[0] == ENTRIES}),
        sends=Counter({key[1:]: count for key, count in sums.items() if key[0] == SEND}),
        exits=Counter({(key[1], key[2]): count for key, count in sums.items() if key[0] == PASSED}),
    )


@pytest.mark.parametrize("seed", SEEDS)
async def test_it_says_what_a_live_run_did(tmp_path: Path, seed: int) -> None:
    world = await World.live(tmp_path, seed)
    over = f"{BEGIN.isoformat()}..{world.house.clock.now().isoformat()}"
    for origin in PLAYS:
        lived = await world.did(origin)
        told = simulated(
            await world.house.app.simulator.simulate(SimulationWish(definition=origin, over=over, people=None))
        )
        assert told.entered == lived.entered, origin
        assert told.exits == lived.exits, origin
        assert told.sends == lived.sends, origin
