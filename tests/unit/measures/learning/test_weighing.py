"""Weighing: from rows of the history to shares, groups, estimates without bias, and the gain over dividing evenly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from holdfast.measures.learning.allocation import Dial, weighted_mean
from holdfast.measures.learning.question import BINS, TriedGoal, TriedQuestion, TriedRow
from holdfast.measures.learning.weighing import gain, unbiased, weigh

QUESTION = TriedQuestion(
    experiment="j.x", goals=(TriedGoal(event="Bought", within_seconds=20 * 3600),), as_of_ms=1_000 * 3_600_000
)
NOW = QUESTION.as_of_ms // QUESTION.bin_ms
DIAL = Dial()


def row(variant: str, people: int, reached: int, *, ago: int = 500, worth: float = 1.0, **fields: object) -> TriedRow:
    """Goals that were reached in the first bin, each by another person."""
    given = TriedRow(
        variant=variant,
        batch=NOW - ago,
        cell="",
        evenly=False,
        propensity=0.5,
        people=people,
        reached=(reached, *[0] * (BINS - 1)),
        worth=(reached * worth, *[0.0] * (BINS - 1)),
        squares=reached * worth**2,
    )
    return replace(given, **fields)  # type: ignore[arg-type]


def shares(rows: list[TriedRow], paths: str = "ab", half_life_days: float | None = None) -> list[float]:
    found = weigh(rows, QUESTION, list(paths), DIAL, seed=1, half_life_days=half_life_days)
    return [float(each) for each in found.allocation.shares]


def test_what_works_gets_more_and_what_is_unknown_is_divided_evenly() -> None:
    assert shares([]) == pytest.approx([0.5, 0.5], abs=0.05)
    better = shares([row("a", 5_000, 250), row("b", 5_000, 350)])
    assert better[1] > 0.95
    swapped = weigh([row("b", 5_000, 250), row("a", 5_000, 350)], QUESTION, ["b", "a"], DIAL, seed=1)
    assert [float(each) for each in swapped.allocation.shares] == better


def test_the_same_seed_gives_the_same_and_units_do_not_matter() -> None:
    rows = [row("a", 900, 40), row("b", 900, 55)]
    assert shares(rows) == shares(rows)
    cents = [replace(each, worth=tuple(100 * w for w in each.worth), squares=1e4 * each.squares) for each in rows]
    assert shares(cents) == shares(rows)
    whole = weigh(cents, QUESTION, "ab", DIAL, seed=1)
    assert whole.believed.mean == pytest.approx(100 * weigh(rows, QUESTION, "ab", DIAL, seed=1).believed.mean)
    assert whole.allocation.loss == pytest.approx(100 * weigh(rows, QUESTION, "ab", DIAL, seed=1).allocation.loss)


def test_what_had_no_time_to_happen_is_not_held_against_a_path() -> None:
    """Both paths convert one in ten, half at once and half late; of the second it is too early to see the late."""
    late = (50, *[0] * 18, 50)
    old = replace(row("a", 1_000, 100), reached=late, worth=tuple(float(each) for each in late))
    young = row("b", 1_000, 50, ago=6)
    found = weigh([old, young], QUESTION, "ab", DIAL, seed=1)
    assert float(found.believed.people[1]) < 650
    naive = 50 / 1_000
    assert float(found.believed.rate[1]) > 1.5 * naive
    assert found.people == (1_000, 1_000)


def test_what_was_long_ago_counts_for_less_where_ways_drift() -> None:
    new = [row("a", 900, 45, ago=40), row("b", 900, 90, ago=40)]
    rows = [row("a", 4_000, 400), row("b", 4_000, 200), *new]
    assert shares(rows)[0] > 0.9
    assert shares(rows, half_life_days=2)[1] > 0.9


def test_paths_that_are_gone_are_not_looked_at() -> None:
    assert shares([row("a", 500, 25), row("b", 500, 50), row("gone", 500, 500)]) == shares(
        [row("a", 500, 25), row("b", 500, 50)]
    )


def test_groups_for_whom_another_path_works_get_shares_of_their_own() -> None:
    free, paid = '["free"]', '["paid"]'
    rows = [
        row("a", 3_000, 300, cell=free),
        row("b", 3_000, 120, cell=free),
        row("a", 3_000, 120, cell=paid),
        row("b", 3_000, 300, cell=paid),
        row("a", 10, 0, cell='["rare"]'),
    ]
    found = weigh(rows, QUESTION, "ab", DIAL, seed=1)
    assert set(found.cells) == {free, paid}
    assert found.cells[free][0] > 0.9
    assert found.cells[paid][1] > 0.9
    assert all(sum(each) == pytest.approx(1) for each in found.cells.values())


def test_groups_that_are_alike_are_treated_alike() -> None:
    rows = [row(path, 2_000, n, cell=cell) for path, n in (("a", 100), ("b", 180)) for cell in ('["x"]', '["y"]')]
    found = weigh(rows, QUESTION, "ab", DIAL, seed=1)
    assert all(each[1] > 0.9 for each in found.cells.values())


def test_the_estimate_from_sums_is_the_estimate_from_people() -> None:
    rows = [row("a", 40, 8, propensity=0.2), row("a", 100, 5, propensity=0.8), row("b", 9, 9)]
    outcomes = [1.0] * 8 + [0.0] * 32 + [1.0] * 5 + [0.0] * 95
    expected = weighted_mean(outcomes, [0.2] * 40 + [0.8] * 100, people=140)
    found = unbiased(rows, QUESTION, "a")
    assert float(found.value) == pytest.approx(float(expected.value))
    assert float(found.error) == pytest.approx(float(expected.error))
    assert np.isnan(float(unbiased(rows, QUESTION, "none").value))
    assert np.isnan(float(unbiased([row("a", 9, 3, ago=2)], QUESTION, "a").value)), "their time is not over"


def test_the_gain_is_measured_against_the_slice() -> None:
    rows = [row("a", 5_000, 500), row("b", 500, 25), row("a", 250, 25, evenly=True), row("b", 250, 12, evenly=True)]
    found = gain(rows, QUESTION)
    assert found is not None
    assert float(found.value) == pytest.approx(525 / 5_500 - 37 / 500)
    low, high = found.interval()
    assert low < float(found.value) < high
    assert gain(rows[:2], QUESTION) is None


def test_estimates_cover_the_truth_though_shares_follow_what_is_seen() -> None:
    """300 trials in which shares are weighed again and again: raw means lean, the weighted ones do not."""
    chance = np.random.default_rng(5)
    truth = {"a": 0.08, "b": 0.10}
    inside = 0
    for _ in range(300):
        rows: list[TriedRow] = []
        share = 0.5
        for batch in range(6):
            for path, its in (("a", share), ("b", 1 - share)):
                people = int(chance.binomial(2_000, its))
                rows.append(
                    row(path, people, int(chance.binomial(people, truth[path])), ago=600 - batch, propensity=its)
                )
            learnt = weigh(rows, QUESTION, "ab", DIAL, seed=batch)
            share = float(learnt.allocation.propensity(0.1)[0])
        low, high = unbiased(rows, QUESTION, "a").interval()
        inside += bool(low <= truth["a"] <= high)
    assert 0.91 < inside / 300 < 0.99
