"""Joint beliefs: several steps' paths at once, without taking one step's doing for another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from holdfast.measures.learning.beliefs import Beliefs, Tried, beliefs
from holdfast.measures.learning.joint import Company, joint_beliefs

PATHS = (3, 2)
Numbers = npt.NDArray[np.float64]


def seen(chosen: npt.NDArray[np.int64], came: Numbers) -> tuple[list[Tried], list[Company]]:
    """What is known of people by the path they had at each step, -1 where they did not come to it; all in one batch."""
    tried, company = [], []
    for step, paths in enumerate(PATHS):
        mine = [chosen[:, step] == path for path in range(paths)]
        tried.append(
            Tried(
                assigned=np.array([[float(each.sum())] for each in mine]),
                converted=np.array([[[came[each].sum()]] for each in mine]),
                ages=np.array([1]),
            )
        )
        other = 1 - step
        theirs = [chosen[:, other] == path for path in range(PATHS[other])]
        together = [[[float((each & one).sum()) for one in theirs]] for each in mine]
        company.append(Company(step=step, other=other, people=np.array(together)))
    return tried, company


def a_world(seed: int, people: int = 60_000, follows: float = 0.9) -> tuple[npt.NDArray[np.int64], Numbers]:
    """The second step's path 1 went mostly to those whom the first step had sent down its good path 2; it does nothing.

    Args:
        follows: how many of them, and of the others how few.
    """
    chance = np.random.default_rng(seed)
    first = chance.integers(0, 3, people)
    second = np.where(chance.random(people) < np.where(first == 2, follows, 1 - follows), 1, 0)
    came = (chance.random(people) < 0.05 + 0.04 * (first == 2)).astype(float)
    return np.stack([first, second], axis=1), came


def apart(found: Beliefs) -> float:
    return float(found.mean[1] - found.mean[0])


def test_a_paths_luck_in_company_is_not_taken_for_its_own() -> None:
    tried, company = seen(*a_world(2))
    one, two = joint_beliefs(tried, company)
    assert apart(beliefs(tried[1])) > 0.02, "one by one it looks far better"
    assert float(two.rate[1] - two.rate[0]) > 0.02, "what was seen is told as it was seen"
    assert abs(apart(two)) < 0.006
    assert float(one.mean[2] - one.mean[0]) == pytest.approx(0.04, abs=0.01)


def test_it_is_what_the_equations_of_all_at_once_say() -> None:
    """Least squares over both steps, where so many people are known that nothing is drawn in."""
    chosen, came = a_world(5, 400_000)
    one, two = joint_beliefs(*seen(chosen, came))
    design = np.concatenate([np.eye(3)[chosen[:, 0]], np.eye(2)[chosen[:, 1]][:, 1:]], axis=1)
    solved = np.linalg.lstsq(design, came, rcond=None)[0]
    assert float(one.mean[2] - one.mean[0]) == pytest.approx(solved[2] - solved[0], abs=1e-3)
    assert apart(two) == pytest.approx(solved[3], abs=1e-3)


@pytest.mark.parametrize("follows", [0.5, 0.8])
def test_intervals_hold_the_truth_as_often_as_they_say(follows: float) -> None:
    """Five hundred worlds: of the second step, whose paths bring the same."""
    covered = 0
    for seed in range(500):
        _, two = joint_beliefs(*seen(*a_world(1_000 + seed, 3_000, follows)))
        error = float(np.sqrt((two.deviation**2).sum()))
        covered += abs(apart(two)) < 1.96 * error
    assert covered >= 0.94 * 500


def test_company_that_is_better_known_leaves_less_unsure() -> None:
    def deviation(follows: float) -> float:
        _, two = joint_beliefs(*seen(*a_world(3, 3_000, follows)))
        return float(two.deviation.max())

    assert deviation(0.5) < deviation(0.95), "whom one hardly ever met without the other cannot be told apart"


def test_alone_each_step_is_as_it_is_by_itself() -> None:
    tried, _ = seen(*a_world(4, 900))
    for each, alone in zip(joint_beliefs(tried, []), map(beliefs, tried), strict=True):
        assert each.mean.tolist() == alone.mean.tolist()
        assert each.deviation.tolist() == alone.deviation.tolist()


def test_nobody_yet_means_nothing_known() -> None:
    nobody = seen(np.zeros((0, 2), dtype=np.int64), np.zeros(0))
    for each in joint_beliefs(*nobody):
        assert len(set(each.mean.tolist())) == 1
        assert (each.deviation > 0).all()
        assert np.isnan(each.rate).all()


def test_who_did_not_come_to_a_step_says_nothing_of_it() -> None:
    chosen, came = a_world(6, 8_000)
    chosen[::2, 1] = -1
    every, some = (joint_beliefs(*seen(*each)) for each in ((chosen, came), (chosen[1::2], came[1::2])))
    assert every[1].people.tolist() == some[1].people.tolist()
    assert every[1].rate.tolist() == some[1].rate.tolist()
    assert abs(apart(every[1])) < 0.02


def test_paths_that_change_names_change_places() -> None:
    chosen, came = a_world(3, 900)
    swapped = chosen.copy()
    swapped[:, 0] = 2 - swapped[:, 0]
    (one, _), (other, _) = joint_beliefs(*seen(chosen, came)), joint_beliefs(*seen(swapped, came))
    assert one.mean == pytest.approx(other.mean[::-1])
    assert one.deviation == pytest.approx(other.deviation[::-1])


def test_young_batches_count_for_what_they_can_have_shown() -> None:
    """Half of the people came just now and nobody of them has converted: who met whom still counts by what is seen."""
    chosen, came = a_world(7, 40_000)
    tried, company = seen(chosen, came)
    young, met = seen(*a_world(8, 40_000))

    def both(old: Sequence[Tried]) -> list[Tried]:
        return [
            Tried(
                assigned=np.concatenate([each.assigned, late.assigned], axis=1),
                converted=np.concatenate([_later(each), np.zeros((*late.assigned.shape, 2))], axis=1),
                ages=np.array([2, 0]),
            )
            for each, late in zip(old, young, strict=True)
        ]

    everybody = [
        Company(step=a.step, other=a.other, people=np.concatenate([a.people, b.people], axis=1))
        for a, b in zip(company, met, strict=True)
    ]
    assert joint_beliefs(both(tried), everybody)[1].mean == pytest.approx(joint_beliefs(tried, company)[1].mean)


def _later(tried: Tried) -> Numbers:
    """The same conversions, all in the second of two bins."""
    return np.concatenate([np.zeros_like(tried.converted), tried.converted], axis=-1)
