"""Trials: published values to the digits printed, coverage, and symmetries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.visit import Arm
from holdfast.measures.outcome import ArmOutcome
from holdfast.measures.trial import (
    BUYERS_LEAST,
    PEOPLE_LEAST,
    Effect,
    Estimated,
    Inconclusive,
    Sample,
    compare,
    newcombe,
    welch,
    wilson,
)


def an_arm(arm: Arm, people: int, converted: int, revenues: tuple[int, ...] = (), open_people: int = 0) -> ArmOutcome:
    return ArmOutcome(
        arm=arm,
        people=people,
        open_people=open_people,
        converted=converted,
        orders=converted,
        revenue_minor=sum(revenues),
        revenue_minor_squares=float(sum(each * each for each in revenues)),
        other_currency_orders=0,
    )


def estimated(effect: Effect) -> Estimated:
    assert isinstance(effect, Estimated), effect
    return effect


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_shares_as_newcombe_printed_them(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe (1998), table II, method 10."""
    found = newcombe(*counts)
    assert [round(each, 4) for each in found] == [low, high]


def test_one_share_as_newcombe_printed_it() -> None:
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3."""
    printed = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0000, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    assert {counts: tuple(round(each, 4) for each in wilson(*counts)) for counts in printed} == printed


def test_means_as_r_prints_them() -> None:
    """Student's sleep data, `t.test(extra ~ group, data = sleep)` in R: -3.3654832 to 0.2054832."""
    one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    first, second = (Sample(float(np.mean(each)), float(np.var(each, ddof=1)), len(each)) for each in (one, two))
    low, high = welch(first, second)
    assert (f"{low:.7f}", f"{high:.7f}") == ("-3.3654832", "0.2054832")


@pytest.mark.parametrize(("people", "other_people"), [(20, 20), (90, 10), (900, 100), (2_700, 300)])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.95])
def test_the_interval_of_shares_holds_the_truth_as_often_as_it_says(
    people: int, other_people: int, share: float
) -> None:
    """Exactly, not by drawing: the chance of each pair of counts is known."""
    other_share = min(1.0, share * 1.2)
    covered = 0.0
    for count, chance in _chances(people, share):
        for other_count, other_chance in _chances(other_people, other_share):
            low, high = newcombe(count, people, other_count, other_people)
            covered += chance * other_chance * (low <= share - other_share <= high)
    assert covered >= 0.935


def _chances(people: int, share: float) -> list[tuple[int, float]]:
    """Counts that matter and the chance of each."""
    chances = [
        (count, math.exp(_log_choose(people, count) + _log(share, count) + _log(1 - share, people - count)))
        for count in range(people + 1)
    ]
    return [(count, chance) for count, chance in chances if chance > 1e-6]


def _log_choose(people: int, count: int) -> float:
    return math.lgamma(people + 1) - math.lgamma(count + 1) - math.lgamma(people - count + 1)


def _log(share: float, times: int) -> float:
    if times == 0:
        return 0.0
    return times * math.log(share) if share > 0 else -math.inf


@pytest.mark.parametrize(
    ("people", "other_people", "share"), [(1_800, 200, 0.2), (5_000, 5_000, 0.05), (20_000, 2_000, 0.1)]
)
def test_the_interval_of_revenue_holds_the_truth_about_as_often_as_it_says(
    people: int, other_people: int, share: float
) -> None:
    """Most bring nothing, a few a log-normal amount; the treated buy a tenth more often. Fixed seed."""
    draw = np.random.default_rng(7)
    spread = 0.7
    mean = math.exp(8 + spread**2 / 2)
    truth = mean * share * 0.1
    held = 0
    runs = 1_500
    for _ in range(runs):
        arms = [
            _drawn(draw, "treated", people, share * 1.1, spread),
            _drawn(draw, "holdout", other_people, share, spread),
        ]
        effect = estimated(compare(arms).revenue_per_person)
        held += effect.low <= truth <= effect.high
    assert 0.93 <= held / runs <= 0.975


def _drawn(draw: np.random.Generator, arm: Arm, people: int, share: float, spread: float) -> ArmOutcome:
    buyers = int(draw.binomial(people, share))
    revenues = np.rint(draw.lognormal(8, spread, buyers))
    return ArmOutcome(
        arm=arm,
        people=people,
        open_people=0,
        converted=buyers,
        orders=buyers,
        revenue_minor=int(revenues.sum()),
        revenue_minor_squares=float((revenues * revenues).sum()),
        other_currency_orders=0,
    )


counts = st.integers(PEOPLE_LEAST, 10_000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(counts, counts)
def test_swapping_the_arms_turns_the_difference_round(one: tuple[int, int], other: tuple[int, int]) -> None:
    there = estimated(compare([an_arm("treated", *one), an_arm("holdout", *other)]).conversion)
    back = estimated(compare([an_arm("treated", *other), an_arm("holdout", *one)]).conversion)
    assert (back.difference, back.low, back.high) == pytest.approx((-there.difference, -there.high, -there.low))
    assert -1 <= there.low <= there.difference <= there.high <= 1


@given(
    st.lists(st.integers(1, 10**6), min_size=BUYERS_LEAST, max_size=40),
    st.lists(st.integers(1, 10**6), min_size=BUYERS_LEAST, max_size=40),
    st.sampled_from([2, 10, 100, 1_000]),
)
def test_revenue_in_another_unit_is_the_same_revenue(one: list[int], other: list[int], factor: int) -> None:
    def told(times: int) -> Estimated:
        treated = an_arm("treated", 100, len(one), tuple(each * times for each in one))
        holdout = an_arm("holdout", 100, len(other), tuple(each * times for each in other))
        return estimated(compare([treated, holdout]).revenue_per_person)

    plain, scaled = told(1), told(factor)
    expected = [each * factor for each in (plain.difference, plain.low, plain.high)]
    assert [scaled.difference, scaled.low, scaled.high] == pytest.approx(expected, rel=1e-6, abs=1e-6 * factor)
    assert scaled.relative == pytest.approx(plain.relative)


def test_swapping_the_arms_turns_revenue_round() -> None:
    one, other = tuple(range(100, 130)), tuple(range(50, 90))
    there = estimated(compare([an_arm("treated", 60, 30, one), an_arm("holdout", 80, 40, other)]).revenue_per_person)
    back = estimated(compare([an_arm("treated", 80, 40, other), an_arm("holdout", 60, 30, one)]).revenue_per_person)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))


def test_the_order_of_the_arms_given_does_not_matter() -> None:
    arms = [an_arm("treated", 100, 30), an_arm("holdout", 100, 20)]
    assert compare(arms) == compare(reversed(arms))


def test_more_confidence_is_a_wider_interval() -> None:
    arms = [an_arm("treated", 100, 30), an_arm("holdout", 100, 20)]
    narrow, wide = (estimated(compare(arms, confidence=each).conversion) for each in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
    with pytest.raises(ValueError, match=r"0\.95"):
        compare(arms, confidence=95)


def test_an_arm_with_too_few_people_says_so() -> None:
    result = compare([an_arm("treated", 900, 90)])
    assert isinstance(result.conversion, Inconclusive)
    assert result.conversion.reason.startswith("nobody of the holdout has been")
    assert result.words() == f"Nothing can be said yet: {result.conversion.reason}."
    waiting = compare([an_arm("treated", 900, 90), an_arm("holdout", 0, 0, open_people=7)])
    assert isinstance(waiting.conversion, Inconclusive)
    assert "goal yet (7 still in theirs); it takes" in waiting.conversion.reason
    few = compare([an_arm("treated", 900, 90), an_arm("holdout", PEOPLE_LEAST - 1, 1, open_people=1_234)])
    assert isinstance(few.conversion, Inconclusive)
    assert "1,234 more" in few.conversion.reason
    assert isinstance(few.revenue_per_person, Inconclusive)


def test_revenue_waits_for_buyers_and_for_variance() -> None:
    few = compare([an_arm("treated", 900, 90, (5, 6)), an_arm("holdout", 90, BUYERS_LEAST - 1, (5, 6))])
    assert isinstance(few.conversion, Estimated)
    assert few.revenue_per_person == Inconclusive(
        reason="only 19 people of the holdout had an order, and revenue varies too much to compare before 20 have"
    )
    same = compare([an_arm("treated", 30, 30, tuple(range(30))), an_arm("holdout", 30, 30, (70_000_001,) * 30)])
    assert isinstance(same.revenue_per_person, Inconclusive)
    assert "same revenue" in same.revenue_per_person.reason


def test_relative_needs_something_to_be_relative_to() -> None:
    assert estimated(compare([an_arm("treated", 100, 30), an_arm("holdout", 100, 0)]).conversion).relative is None
    assert estimated(
        compare([an_arm("treated", 100, 30), an_arm("holdout", 100, 20)]).conversion
    ).relative == pytest.approx(0.5)


def test_the_words_say_what_was_found() -> None:
    assert compare([an_arm("treated", 1_800, 216), an_arm("holdout", 200, 19)]).words() == (
        "12.0% of 1,800 treated people converted, against 9.5% of 200 held out; this may be chance: "
        "the difference lies between −2.6 and +6.2 points (95% interval)."
    )
    assert compare([an_arm("treated", 1_800, 400), an_arm("holdout", 200, 10)]).words() == (
        "22.2% of 1,800 treated people converted, against 5.0% of 200 held out: 17.2 points more, beyond what chance "
        "explains (95% interval +12.8 to +20.2 points)."
    )
    assert " fewer, " in compare([an_arm("treated", 1_800, 40), an_arm("holdout", 200, 40)]).words()


def test_effects_have_their_json() -> None:
    result = compare([an_arm("treated", 100, 30), an_arm("holdout", 100, 20)])
    assert list(result.conversion.as_json()) == ["status", "difference", "low", "high", "confidence", "relative"]
    assert result.revenue_per_person.as_json()["status"] == "inconclusive"
