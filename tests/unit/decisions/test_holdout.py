from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdfast.decisions.holdout import arm_of

PEOPLE = [f"person-{number}" for number in range(20_000)]


def held(origin: str, share: float) -> set[str]:
    return {each for each in PEOPLE if arm_of(origin, each, share) == "holdout"}


def test_the_share_held_out_is_the_share_asked_for() -> None:
    for origin in ("cart-rescue", "win-back", "a"):
        for share in (0.05, 0.1, 0.5):
            # Six standard deviations: a fair hash is outside once in 500 million tries; these are fixed ones.
            spread = math.sqrt(len(PEOPLE) * share * (1 - share))
            assert abs(len(held(origin, share)) - len(PEOPLE) * share) < 6 * spread


def test_people_fall_evenly_over_the_whole_range() -> None:
    tenths = [len(held("cart-rescue", (tenth + 1) / 10)) for tenth in range(9)] + [len(PEOPLE)]
    counts = [tenths[0], *(after - before for before, after in itertools.pairwise(tenths))]
    assert stats.chisquare(counts).pvalue > 0.001


def test_two_origins_divide_people_independently() -> None:
    one, other = held("cart-rescue", 0.3), held("win-back", 0.3)
    both, only_one, only_other = len(one & other), len(one - other), len(other - one)
    table = [[both, only_one], [only_other, len(PEOPLE) - both - only_one - only_other]]
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_nobody_is_held_out_of_what_has_no_holdout() -> None:
    assert held("cart-rescue", 0.0) == set()


@given(st.text(), st.text(), st.floats(0, 0.99), st.floats(0, 0.99))
def test_the_arm_is_sticky_and_a_larger_holdout_lets_nobody_out(
    origin: str, person: str, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    assert arm_of(origin, person, small) == arm_of(origin, person, small)
    if arm_of(origin, person, small) == "holdout":
        assert arm_of(origin, person, large) == "holdout"
