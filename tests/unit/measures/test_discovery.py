"""Discovery: published values, symmetries, and what it finds where there is nothing, and where there is something."""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measures.discovery import DISCOVERY_PARTS, Counts, Found, adjusted, discover, q_values

Ints = npt.NDArray[np.int64]

# Admissions to the six largest departments of Berkeley in 1973: men admitted and rejected, women admitted and rejected.
BERKELEY = (
    (512, 313, 89, 19), (353, 207, 17, 8), (120, 205, 202, 391), (138, 279, 131, 244), (53, 138, 94, 299),
    (22, 351, 24, 317),
)  # fmt: skip


def counts(*strata: tuple[int, int, int, int]) -> Counts:
    """From stayed and gone among those who did it, and among those who did not."""
    did_stayed, did_gone, rest_stayed, rest_gone = np.array(strata, dtype=np.float64).T[:, None, :]
    return Counts(
        did=did_stayed + did_gone, did_stayed=did_stayed, rest=rest_stayed + rest_gone, rest_stayed=rest_stayed
    )


def test_the_test_over_strata_is_the_published_one() -> None:
    """R's `mantelhaen.test(UCBAdmissions, correct = FALSE)` says X-squared = 1.5246, p = 0.2169."""
    found = adjusted(counts(*BERKELEY))
    assert found is not None
    assert round(found.p_value, 4) == 0.2169
    assert found.p_value == pytest.approx(erfc(sqrt(1.5246 / 2)), abs=1e-5)
    # Men were admitted 14 points more often, department by department rather less.
    assert -0.06 < found.difference < 0


def test_one_stratum_is_the_plain_difference() -> None:
    found = adjusted(counts((30, 70, 20, 80)))
    assert found is not None
    assert found.difference == pytest.approx(0.1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * sqrt(0.3 * 0.7 / 100 + 0.2 * 0.8 / 100), rel=0.02)


STRATA = st.lists(st.tuples(*(st.integers(0, 30),) * 4), min_size=1, max_size=6)


@given(strata=STRATA)
def test_turned_round_it_says_the_opposite(strata: list[tuple[int, int, int, int]]) -> None:
    found = adjusted(counts(*strata))
    swapped = adjusted(counts(*((c, d, a, b) for a, b, c, d in strata)))
    gone = adjusted(counts(*((b, a, d, c) for a, b, c, d in strata)))
    if found is None:
        assert swapped is None
        assert gone is None
        return
    for other in (swapped, gone):
        assert other is not None
        assert other.difference == pytest.approx(-found.difference, abs=1e-12)
        assert (other.low, other.high) == pytest.approx((-found.high, -found.low), abs=1e-9)
        assert other.p_value == pytest.approx(found.p_value)
    assert -1 <= found.low <= found.difference <= found.high <= 1
    assert 0 <= found.p_value <= 1


def test_a_stratum_that_compares_nobody_says_nothing() -> None:
    alone = adjusted(counts((30, 70, 20, 80)))
    assert adjusted(counts((30, 70, 20, 80), (50, 1, 0, 0), (0, 0, 7, 7))) == alone
    assert adjusted(counts((5, 0, 5, 0))) is None


def test_q_values_are_those_of_the_paper() -> None:
    """Benjamini & Hochberg (1995), section 3.2: of these fifteen, four are discoveries at 0.05."""
    p_values = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
        1.0,
    ]  # fmt: skip
    found = q_values(p_values)
    assert sum(each <= 0.05 for each in found) == 4
    assert found[3] == pytest.approx(0.0095 * 15 / 4)
    assert q_values(p_values[::-1]) == found[::-1]
    assert q_values([]) == []


def world(
    draw: np.random.Generator, people: int, *, effect: float = 0.0, behaviours: int = 24, blind: bool = False
) -> list[Counts]:
    """Behaviours done once, twice and four times by people who differ in how much they do at all.

    How likely somebody stays goes by how busy they are by nature. Those who did the first behaviour stay more often by
    `effect`. With `blind` volume is not looked at.
    """
    pace = draw.lognormal(1.2, 0.9, people)
    by_day = draw.poisson(pace[:, None] / 7, (people, 7))
    by_day[:, 0] += 1
    volume, days = by_day.sum(axis=1), (by_day > 0).sum(axis=1)
    popular = 1.0 / np.arange(1, behaviours + 1)
    done = draw.multinomial(volume, popular / popular.sum())
    stays = 0.15 + 0.6 * pace / (pace + 6) + effect * (done[:, 0] > 0)
    stayed = draw.random(people) < stays
    strata = np.zeros(people, dtype=np.int64)
    if not blind:
        edges = np.unique(np.round(1.19 ** np.arange(60)))
        _, strata = np.unique(days * 1_000 + np.digitize(volume, edges), return_inverse=True)
    part = np.minimum(draw.integers(0, 2 * DISCOVERY_PARTS, people), DISCOVERY_PARTS)
    return [tabulate(done[:, each] >= times, stayed, part, strata) for each in range(behaviours) for times in (1, 2, 4)]


def tabulate(did: npt.NDArray[np.bool_], stayed: npt.NDArray[np.bool_], part: Ints, strata: Ints) -> Counts:
    width = int(strata.max()) + 1
    code = part * width + strata

    def count(of: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        return np.bincount(code[of], minlength=(DISCOVERY_PARTS + 1) * width).reshape(-1, width).astype(np.float64)

    return Counts(did=count(did), did_stayed=count(did & stayed), rest=count(~did), rest_stayed=count(~did & stayed))


def test_where_there_is_nothing_next_to_nothing_is_found() -> None:
    """At most one run in ten may report anything at all; and volume alone would have reported in most."""
    draw = np.random.default_rng(20_260_101)
    runs = 120
    reported = sum(bool(discover(world(draw, 2_000), rate=0.05, people_least=50)) for _ in range(runs))
    assert reported <= runs / 10
    blind = sum(bool(discover(world(draw, 2_000, blind=True), rate=0.05, people_least=50)) for _ in range(10))
    assert blind >= 9


def test_what_is_planted_is_found_and_measured_where_nobody_looked() -> None:
    draw = np.random.default_rng(7)
    runs: list[list[Found]] = [discover(world(draw, 3_000, effect=0.2), rate=0.05, people_least=50) for _ in range(60)]
    hits = [each for found in runs for each in found if each.index == 0]
    assert len(hits) >= 54
    assert sum(each.confirmed for each in hits) >= 0.9 * len(hits)
    assert np.mean([each.holdout.difference for each in hits]) == pytest.approx(0.2, abs=0.03)
    covered = sum(each.holdout.low <= 0.2 <= each.holdout.high for each in hits) / len(hits)
    assert covered >= 0.87
    # What was looked for in one half points the same way in the other.
    agree = [each.holdout.difference * each.discovery.difference > 0 for found in runs for each in found]
    assert np.mean(agree) >= 0.9


def test_too_few_people_are_not_tried() -> None:
    draw = np.random.default_rng(1)
    assert discover(world(draw, 3_000, effect=0.4), rate=0.05, people_least=5_000) == []
    assert discover([], rate=0.05, people_least=1) == []
