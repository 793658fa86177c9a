"""What is promised of trials and of paths that learn, held on the worlds and data of their benchmarks, only fewer."""

from __future__ import annotations

import pytest

from bench import adaptive, trials
from bench.benchmark import Row

NEEDS_DATA = pytest.mark.skipif(not trials.DATA.exists(), reason="the public data sets are not at hand")


def missed(rows: list[Row]) -> list[str]:
    """What is beyond its limit."""
    return [f"{each.what}: {each.ratio:.4f}, {each.limit}" for each in rows if not each.met]


def test_twenty_looks_err_as_rarely_as_one_and_find_nearly_as_much() -> None:
    rows = trials.looks(trials.TRIALS_QUICK)
    assert missed(rows) == []
    errors = {each.what: each.value for each in rows if each.what.startswith("nothing there")}
    assert errors["nothing there, 20 looks: naive"] > 20
    assert errors["nothing there, 20 looks: planned looks"] <= 5.5
    assert sum(each.limit != "" for each in rows) == 2


@NEEDS_DATA
def test_what_people_did_before_takes_as_much_noise_away_as_was_promised_on_real_designs() -> None:
    rows = trials.adjusting(60)
    assert missed(rows) == []
    cuts = [each for each in rows if each.limit]
    assert len(cuts) == 5
    assert all("40 to 75" in each.limit for each in cuts)


@NEEDS_DATA
def test_real_trials_are_read_sequentially_and_at_the_end_beside_naive_peeking() -> None:
    found = {each.what.partition(": ")[2]: each.value for each in trials.real_trials()}
    assert {*found} == {"naive, at every report", "sequentially, at any moment", "planned looks", "once, at the end"}
    assert found["naive, at every report"] > 1.5 * found["once, at the end"]
    assert found["sequentially, at any moment"] < 1.2 * found["once, at the end"]


@pytest.mark.parametrize(("late", "most"), [(False, 0.33), (True, 0.42)])
def test_learning_loses_little_of_what_dividing_evenly_loses(late: bool, most: float) -> None:
    worlds = 200
    ours = adaptive.share_of_even(adaptive.WAYS["ours"], worlds, late=late)
    assert ours <= most
    assert ours <= adaptive.share_of_even(adaptive.WAYS[adaptive.GREEDY], worlds, late=late)


def test_steps_that_are_learnt_together_are_learnt_no_slower() -> None:
    rows = adaptive.joint_rows(6)
    assert missed(rows) == []
    assert sum(each.limit != "" for each in rows) == 2
