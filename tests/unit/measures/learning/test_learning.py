"""Learning: delays recovered from what is not over yet, beliefs that shrink, shares that earn and stay fair."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.measures.learning.allocation import Dial, allocate, weighted_mean
from holdfast.measures.learning.beliefs import Beliefs, Tried, beliefs
from holdfast.measures.learning.delays import delay_distribution, ripeness
from holdfast.measures.statistics.moments import Numbers


def came_by_now(distribution: Numbers, conversions: int, ages: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Numbers:
    """Conversions of equal batches as a report has them today: what is still to come is missing."""
    in_bin = np.diff(distribution, prepend=0.0)
    return np.where(ages[:, None] > np.arange(len(distribution)), conversions * in_bin, 0.0)


@settings(deadline=None)
@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=12))
def test_delays_are_recovered_from_what_is_not_over_yet(parts: list[float]) -> None:
    truth = np.cumsum(parts) / sum(parts)
    ages = np.arange(len(parts) + 3, 0, -1)
    found = delay_distribution(came_by_now(truth, 100_000, ages), ages)
    assert found == pytest.approx(truth, abs=1e-3)
    assert found[-1] == 1
    raw = came_by_now(truth, 100_000, ages).sum(axis=0).cumsum()
    assert raw[0] / raw[-1] >= found[0] - 1e-3, "counted as they lie, conversions look sooner than they are"


def test_before_anything_has_come_they_come_evenly() -> None:
    nothing = delay_distribution(np.zeros((3, 4)), np.array([3, 2, 1]))
    assert nothing == pytest.approx([0.25, 0.5, 0.75, 1])
    assert ripeness(nothing, np.array([0, 1, 4, 99])) == pytest.approx([0, 0.25, 1, 1])


def tried(assigned: list[float], came: list[float]) -> Tried:
    return Tried(assigned=np.array(assigned)[:, None], converted=np.array(came)[:, None, None], ages=np.array([1]))


def test_paths_are_drawn_towards_each_other_the_more_the_less_is_known() -> None:
    few, many = beliefs(tried([40, 40], [1, 3])), beliefs(tried([40_000, 40_000], [1_000, 3_000]))
    assert few.rate == pytest.approx([0.025, 0.075])
    assert many.rate == pytest.approx([0.025, 0.075])
    assert few.mean[1] - few.mean[0] < 0.01
    assert many.mean == pytest.approx([0.025, 0.075], abs=0.001)
    assert (few.deviation > many.deviation).all()


def test_what_has_not_had_time_to_happen_is_no_failure() -> None:
    """Both paths convert a tenth; one got most of its people just now, and its conversions take long."""
    ages = np.array([10, 1])
    late = np.linspace(0.1, 1, 10)
    old, young = np.diff(late, prepend=0.0), np.where(np.arange(10) < 1, np.diff(late, prepend=0.0), 0.0)
    assigned = np.array([[9_000.0, 1_000.0], [1_000.0, 9_000.0]])
    converted = assigned[..., None] * 0.1 * np.stack([old, young])
    found = beliefs(Tried(assigned=assigned, converted=converted, ages=ages))
    assert found.mean == pytest.approx([0.1, 0.1], abs=0.004)
    raw = converted.sum(axis=(1, 2)) / assigned.sum(axis=1)
    assert raw[1] < 0.25 * raw[0] + 0.01


def test_what_was_long_ago_counts_less_where_ways_drift() -> None:
    batches = Tried(
        assigned=np.full((2, 10), 1_000.0),
        converted=np.stack([np.r_[[200.0] * 5, [50.0] * 5], np.full(10, 100.0)])[..., None],
        ages=np.arange(10, 0, -1),
    )
    forever, drifting = beliefs(batches), beliefs(batches, half_life_batches=1.0)
    assert forever.mean[0] > forever.mean[1]
    assert drifting.mean[0] < drifting.mean[1]


def test_worth_counts_and_not_only_how_many() -> None:
    assigned, came = np.full((2, 1), 5_000.0), np.array([[500.0], [250.0]])
    found = beliefs(
        Tried(
            assigned=assigned,
            converted=came[..., None],
            ages=np.array([1]),
            value=came * np.array([[10.0], [40.0]]),
            value_squares=came * np.array([[100.0], [1_600.0]]),
        )
    )
    assert found.rate == pytest.approx([1.0, 2.0])
    assert found.mean[1] > found.mean[0]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3_000), st.floats(0, 1)), min_size=2, max_size=7), st.integers(0, 5))
def test_shares_are_shares_whatever_has_come(seen: list[tuple[int, float]], seed: int) -> None:
    believed = beliefs(tried([float(n) for n, _ in seen], [float(int(n * rate)) for n, rate in seen]))
    found = allocate(believed, Dial(), seed, draws=500)
    for shares in (found.shares, found.best, found.propensity(0.05)):
        assert shares.sum() == pytest.approx(1)
        assert (shares >= 0).all()
    assert (found.propensity(0.05) >= 0.05 / len(seen) - 1e-12).all()
    assert (found.loss >= 0).all()
    again = allocate(believed, Dial(), seed, draws=500)
    assert (again.shares == found.shares).all()


def test_the_chance_of_being_best_is_the_normals() -> None:
    believed = Beliefs(
        mean=np.array([0.0, 1.0]), deviation=np.array([1.0, 1.0]), people=np.ones(2), rate=np.array([0.0, 1.0])
    )
    found = allocate(believed, Dial(temper=1.0), seed=1, draws=40_000)
    assert found.best[1] == pytest.approx(0.7602, abs=0.008)  # Of a normal with mean 1 and variance 2, above 0.
    assert found.shares == pytest.approx(found.best)
    assert found.loss[1] == pytest.approx(0.1996, abs=0.008)
    bold = allocate(believed, Dial(temper=0.1), seed=1, draws=40_000)
    assert bold.shares[1] > 0.99
    assert bold.best == pytest.approx(found.best)


def test_a_dial_out_of_range_is_refused() -> None:
    for wrong in ({"temper": 0.0}, {"slice": 0.0}, {"slice": 1.5}):
        with pytest.raises(ValueError, match="temper"):
            Dial(**wrong)


def test_weighed_by_their_chance_means_are_right_though_shares_were_learnt() -> None:
    """The path that was unlucky at first is hardly tried again, so its raw mean stays low; the weighed one does not."""
    chance = np.random.default_rng(8)
    raw, weighed, held = [], [], 0
    for _ in range(1_500):
        first = chance.random((2, 60)) < 0.5
        lucky = first[0].sum() >= first[1].sum()
        share = 0.95 if lucky else 0.05  # Of path 0 among the next people.
        later = chance.random(400)
        on_path = later < share
        outcomes = chance.random(400) < 0.5
        mine = np.r_[first[0], outcomes[on_path]].astype(float)
        odds = np.r_[np.full(60, 0.5), np.full(int(on_path.sum()), share)]
        raw.append(mine.mean())
        found = weighted_mean(mine, odds, 520)
        weighed.append(float(found.value))
        low, high = found.interval()
        held += bool(low <= 0.5 <= high)
    spread = float(np.std(weighed)) / sqrt(len(weighed))
    assert np.mean(weighed) == pytest.approx(0.5, abs=4 * spread)
    assert abs(np.mean(raw) - 0.5) > 4 * np.std(raw) / sqrt(len(raw))
    assert held / 1_500 > 0.92
