"""What a world came to, asked of the engine by SQL: the same as what was kept up as things happened."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from holdfast.stores.clickhouse.engine import Engine
from holdfast.stores.clickhouse.history import ChdbHistory
from tests.contracts.history_contract import engine
from tests.simulation.again import sql_agrees
from tests.simulation.promises import check
from tests.simulation.world import simulate

__all__ = ["engine"]


@pytest.mark.parametrize("seed", [2, 5, 9])
def test_sql_means_what_happened(seed: int, engine: Engine, tmp_path: Path) -> None:
    _, world = simulate(seed, tmp_path, check)
    other = ChdbHistory(engine, workspace=1_000 + seed, currency=world.settings.currency, zone=world.rules.zone)
    assert not asyncio.run(sql_agrees(world, other))
