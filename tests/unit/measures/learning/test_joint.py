"""Joint beliefs: several steps' paths from sums, without taking one step's doing for another's."""

from __future__ import annotations

import numpy as np
import pytest

from holdfast.measures.learning.joint import crossed, joint_beliefs

PATHS = [3, 2]


def test_sums_of_parts_are_the_sums_of_all() -> None:
    chance = np.random.default_rng(1)
    chosen = np.stack([chance.integers(-1, paths, 200) for paths in PATHS], axis=1)
    brought = chance.random(200)
    whole = crossed(chosen, brought, PATHS)
    parts = crossed(chosen[:70], brought[:70], PATHS) + crossed(chosen[70:], brought[70:], PATHS)
    for name in ("together", "brought", "people", "whole", "squares"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name))
    assert np.diagonal(whole.together)[:3].sum() == (chosen[:, 0] >= 0).sum()


def test_a_paths_luck_in_company_is_not_taken_for_its_own() -> None:
    """The second step's good path went mostly to those whom the first step had sent down its good path."""
    chance = np.random.default_rng(2)
    first = chance.integers(0, 3, 60_000)
    second = np.where(chance.random(60_000) < np.where(first == 2, 0.9, 0.1), 1, 0)
    rate = 0.05 + 0.04 * (first == 2)
    came = (chance.random(60_000) < rate).astype(float)
    one, two = joint_beliefs(crossed(np.stack([first, second], axis=1), came, PATHS), PATHS)
    raw = float(two.rate[1] - two.rate[0])
    assert raw > 0.02, "one by one it looks far better"
    assert abs(float(two.mean[1] - two.mean[0])) < 0.006
    assert float(one.mean[2] - one.mean[0]) == pytest.approx(0.04, abs=0.01)


def test_nobody_yet_means_nothing_known() -> None:
    none = crossed(np.zeros((0, 2), dtype=np.int64), np.zeros(0), PATHS)
    for each in joint_beliefs(none, PATHS):
        assert len(set(each.mean.tolist())) == 1
        assert (each.deviation > 0).all()
        assert np.isnan(each.rate).all()


def test_paths_that_change_names_change_places() -> None:
    chance = np.random.default_rng(3)
    chosen = np.stack([chance.integers(0, 3, 900), chance.integers(0, 2, 900)], axis=1)
    came = (chance.random(900) < 0.1).astype(float)
    one, _ = joint_beliefs(crossed(chosen, came, PATHS), PATHS)
    swapped = chosen.copy()
    swapped[:, 0] = 2 - swapped[:, 0]
    other, _ = joint_beliefs(crossed(swapped, came, PATHS), PATHS)
    assert one.mean == pytest.approx(other.mean[::-1])
    assert one.deviation == pytest.approx(other.deviation[::-1])
