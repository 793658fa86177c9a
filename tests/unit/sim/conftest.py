"""One small past for all tests that only look at it."""

from __future__ import annotations

import numpy as np
import pytest

from holdfast.sim.past import Past, World, make_past

UNTIL_MS = 1_790_000_000_000


@pytest.fixture(scope="session")
def past() -> Past:
    """Six hundred people and the ninety days behind them."""
    return make_past(np.random.default_rng(11), World(people=600, newcomers=40), until_ms=UNTIL_MS)
