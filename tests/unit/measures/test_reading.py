"""Reading trials: what sums say, when they say nothing, and that looking again costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from holdfast.decisions.experiment import ExperimentGoal
from holdfast.decisions.experiment_metrics import ExperimentMetric
from holdfast.kernel.errors import Invalid
from holdfast.measures.compared import Comparison, Found, Plan, Reading
from holdfast.measures.metrics import DAY_SECONDS, Assigned, Metric, Outcomes, Tally, cap_of, duration
from holdfast.measures.reading import base_of, read, shares_of
from holdfast.measures.statistics.estimates import adjusted_difference, difference, lift
from holdfast.measures.statistics.moments import moments_of
from holdfast.measures.statistics.sequential import LOOKS, boundaries, unplanned_factor
from holdfast.measures.statistics.surprise import planned_limit, planned_p_value, unplanned_limit, unplanned_p_value
from holdfast.measures.trial import Inconclusive
from holdfast.measures.usual_metrics import Chosen, deciding_first, metrics_of

WEEK = 7 * DAY_SECONDS
DID = Metric(name="did", events=("Order Completed",), measure="did", within_seconds=WEEK)
REVENUE = Metric(name="revenue", events=("Order Completed",), measure="revenue", within_seconds=WEEK)
GUARD = replace(DID, name="left", events=("Message Unsubscribed",), is_guardrail=True)
Numbers = npt.NDArray[np.float64]


def asked(*metrics: Metric, **given: Any) -> Outcomes:
    usual: dict[str, Any] = {"whom": Assigned(experiment="e"), "as_of_ms": 10**12, "currency": "EUR"}
    return Outcomes(metrics=metrics or (DID,), **(usual | given))


def a_tally(variant: str, *outcomes: Sequence[float] | Numbers, **given: Any) -> Tally:
    """People who did so much of each metric."""
    people = len(outcomes[0])
    usual: dict[str, Any] = {
        "variant": variant, "apart": False, "look": 0, "part": "", "label": "", "people": people, "exposed": 0,
        "chance_least": 0.5, "chance_most": 0.5, "first_ms": 0, "last_ms": 1,
        "moments": tuple(moments_of(each) for each in outcomes),
        "some": tuple(float(np.count_nonzero(each)) for each in outcomes),
    }  # fmt: skip
    return Tally(**(usual | given))


def shares(people: int, did: int) -> Numbers:
    return np.array([1.0] * did + [0.0] * (people - did))


def one(reading: Reading, metric: str = "did") -> Comparison:
    (found,) = (each for each in reading.comparisons if each.metric == metric)
    return found


def effect(found: object) -> Found:
    assert isinstance(found, Found), found
    return found


def test_a_difference_is_welch_and_a_ratio_is_on_the_scale_of_logarithms() -> None:
    arm, base = shares(1_000, 80), shares(900, 50)
    found = one(read(asked(), [a_tally("bold", arm), a_tally("control", base)], Plan(reading="fixed")))
    low, high = difference(moments_of(arm), moments_of(base)).interval()
    assert (effect(found.difference).low, effect(found.difference).high) == pytest.approx((float(low), float(high)))
    ratio = lift(moments_of(arm), moments_of(base)).interval()
    assert effect(found.ratio).value == pytest.approx(0.08 / (50 / 900))
    assert (effect(found.ratio).low, effect(found.ratio).high) == pytest.approx(tuple(np.exp(ratio)))
    assert effect(found.in_all).value == pytest.approx(1_000 * (0.08 - 50 / 900))
    assert (found.base, found.variant, found.people, found.adjusted) == ("control", "bold", 1_900, False)


def test_arms_swapped_say_the_opposite_and_units_scale() -> None:
    drawn = np.random.default_rng(1)
    arm, base = drawn.exponential(5, 400), drawn.exponential(6, 300)
    plan = Plan(reading="fixed", base="b")
    there = one(read(asked(REVENUE), [a_tally("a", arm), a_tally("b", base)], plan), "revenue")
    back = one(read(asked(REVENUE), [a_tally("b", arm), a_tally("a", base)], plan), "revenue")
    cents = one(read(asked(REVENUE), [a_tally("a", 100 * arm), a_tally("b", 100 * base)], plan), "revenue")
    assert effect(there.difference).low == pytest.approx(-effect(back.difference).high)
    assert effect(there.ratio).low == pytest.approx(1 / effect(back.ratio).high)
    assert effect(cents.difference).high == pytest.approx(100 * effect(there.difference).high)
    assert effect(cents.ratio).high == pytest.approx(effect(there.ratio).high)


def test_what_people_did_before_is_taken_out() -> None:
    drawn = np.random.default_rng(2)
    before = [drawn.exponential(10, 500) for _ in range(2)]
    after = [each + drawn.normal(20, 2, 500) for each in before]
    moments = [moments_of(y, x) for y, x in zip(after, before, strict=True)]
    tallies = [a_tally(name, y, moments=(m,)) for name, y, m in zip("ab", after, moments, strict=True)]
    found = one(read(asked(REVENUE), tallies, Plan(reading="fixed")), "revenue")
    low, _ = adjusted_difference(moments[1], moments[0]).interval()
    assert found.adjusted
    assert found.variance_cut > 0.8
    assert effect(found.difference).low == pytest.approx(float(low))
    plain = one(read(asked(REVENUE), tallies, Plan(reading="fixed", adjust=False)), "revenue")
    assert not plain.adjusted
    assert effect(plain.difference).high - effect(plain.difference).low > 2 * (
        effect(found.difference).high - effect(found.difference).low
    )


@pytest.mark.parametrize(
    ("arm", "base", "why"),
    [
        (shares(9, 3), shares(900, 300), "only 9 of 'a'"),
        (shares(900, 3), shares(900, 2), "too few did it"),
        (shares(900, 899), shares(900, 899), "too few did not do it"),
        (shares(900, 0), shares(900, 0), "too few did it"),
    ],
)
def test_where_nothing_can_be_said_it_is_said_why(arm: Numbers, base: Numbers, why: str) -> None:
    found = one(read(asked(), [a_tally("a", arm), a_tally("b", base)], Plan(base="b")))
    assert isinstance(found.difference, Inconclusive)
    assert why in found.difference.reason
    assert isinstance(found.ratio, Inconclusive)
    assert not found.is_sure


def test_revenue_of_few_buyers_is_not_compared() -> None:
    some = np.r_[np.full(19, 50.0), np.zeros(900)]
    found = one(read(asked(REVENUE), [a_tally("a", some), a_tally("b", some)], Plan()), "revenue")
    assert isinstance(found.difference, Inconclusive)
    assert "only 19" in found.difference.reason


def test_people_who_are_missing_forbid_every_conclusion() -> None:
    tallies = [a_tally("a", shares(5_000, 900)), a_tally("b", shares(4_500, 500))]
    reading = read(asked(), tallies, Plan(shares={"a": 0.5, "b": 0.5}))
    assert reading.mismatch is not None
    assert reading.mismatch.is_one
    found = one(reading)
    assert isinstance(found.difference, Inconclusive)
    assert "not divided as was designed" in found.difference.reason
    fair = read(asked(), tallies, Plan(shares={"a": 10 / 19, "b": 9 / 19}))
    assert one(fair).is_sure


def test_shares_are_those_of_the_chances_unless_they_changed() -> None:
    a, b = a_tally("a", [1.0]), a_tally("b", [1.0])
    assert shares_of([a, b]) == {"a": 0.5, "b": 0.5}
    assert shares_of([a]) == {"a": 0.5, "(none)": 0.5}
    assert shares_of([a, b, replace(a, chance_least=0.1, chance_most=0.5)]) is None
    assert shares_of([a, b, replace(a, variant="c")]) is None
    nobody = read(asked(), [a_tally("a", shares(500, 50))], Plan(shares={"a": 0.5, "(none)": 0.5}))
    assert nobody.mismatch is not None
    assert nobody.mismatch.is_one
    assert [each.variant for each in nobody.variants] == ["a"]


def looked(arm: Numbers, base: Numbers, planned: int) -> list[Tally]:
    """Both arms, one after the other as they came, by look."""
    found = []
    for place in range(len(arm)):
        look = min(2 * place * LOOKS // planned + 1, LOOKS + 1)
        found += [a_tally("b", arm[place : place + 1], look=look), a_tally("a", base[place : place + 1], look=look)]
    return found


def test_a_planned_reading_is_that_of_the_last_look_whenever_it_is_asked() -> None:
    drawn = np.random.default_rng(3)
    arm, base = ((drawn.random(400) < share).astype(float) for share in (0.4, 0.2))
    question, plan = asked(planned_people=400), Plan()
    tallies = looked(arm, base, 400)
    at_ten = one(read(question, tallies[:200], plan))
    again = one(read(question, tallies[:219], plan))
    assert at_ten == again
    assert (at_ten.look, at_ten.people) == (10, 200)
    estimate = difference(moments_of(arm[:100]), moments_of(base[:100]))
    half = effect(at_ten.difference).high - effect(at_ten.difference).value
    assert half == pytest.approx(float(estimate.error) * boundaries()[9], rel=0.01)
    after_all = one(read(question, tallies, plan))
    assert (after_all.look, after_all.people) == (20, 400)
    before = one(read(question, tallies[:19], plan))
    assert isinstance(before.difference, Inconclusive)
    assert "the first look comes when 20 people" in before.difference.reason


def test_without_a_plan_the_interval_is_that_of_every_moment() -> None:
    arm, base = shares(1_000, 80), shares(1_000, 50)
    tallies = [a_tally("bold", arm), a_tally("control", base)]
    every, once = (one(read(asked(), tallies, Plan(reading=way))) for way in ("sequential", "fixed"))
    width = [effect(each.difference).high - effect(each.difference).value for each in (every, once)]
    assert width[0] / width[1] == pytest.approx(float(unplanned_factor(2_000, 5_000)) / 1.96, rel=1e-3)
    assert once.is_sure
    assert not every.is_sure
    assert (effect(every.difference).p_value or 0) > 0.05 > (effect(once.difference).p_value or 1)


def test_p_values_and_intervals_never_disagree() -> None:
    for did in range(40, 110, 4):
        tallies = [a_tally("bold", shares(1_000, did)), a_tally("control", shares(1_000, 50))]
        for plan in (Plan(), Plan(reading="fixed")):
            found = effect(one(read(asked(), tallies, plan)).difference)
            assert found.p_value is not None
            assert found.beyond_chance == (found.p_value < 0.05)


def test_the_table_of_limits_is_what_the_recursion_reckons() -> None:
    for error in (0.05, 0.003):
        reckoned = boundaries(LOOKS, error)
        for look in (2, 5, 10, 20):
            assert planned_limit(look, 1 - error) == pytest.approx(reckoned[look - 1], abs=1e-4)
    assert planned_limit(15, 0.96) == pytest.approx(boundaries(LOOKS, 0.04)[14], rel=2e-3)
    assert planned_limit(0) == float("inf")
    assert planned_p_value(boundaries(LOOKS, 0.04)[14], 15) == pytest.approx(0.04, rel=0.01)
    assert planned_p_value(-100, 20) == pytest.approx(1e-6)
    assert planned_p_value(100, 0) == 1
    assert unplanned_limit(900, 5_000) == pytest.approx(float(unplanned_factor(900, 5_000)))
    assert unplanned_p_value(unplanned_limit(900, 5_000, 0.99), 900, 5_000) == pytest.approx(0.01)


def test_several_variants_and_segments_are_corrected_for_how_many_they_are() -> None:
    drawn = np.random.default_rng(4)
    tallies = [a_tally("control", shares(2_000, 200))]
    tallies += [a_tally(f"v{n}", shares(2_000, did)) for n, did in enumerate((240, 225, 200))]
    found = read(asked(), tallies, Plan(reading="fixed")).comparisons
    p_values = [effect(each.difference).p_value or 0 for each in found]
    assert [each.p_adjusted for each in found] == pytest.approx(
        [3 * p_values[0], 2 * p_values[1], max(2 * p_values[1], p_values[2])]
    )
    segments = []
    for number in range(20):
        did = 300 if number == 7 else 200
        for variant, count in (("a", 200), ("b", did)):
            noise = int(drawn.integers(-5, 6))
            segments.append(a_tally(variant, shares(2_000, count + noise), part="value", label=f"s{number}"))
    reading = read(asked(trait="country"), segments, Plan(reading="fixed"))
    sure = [each for each in reading.segments if each.is_sure]
    assert [each.segment for each in sure] == ["s7"]
    assert effect(sure[0].difference).confidence == pytest.approx(1 - 0.05 / 20)
    assert len(reading.segments) == 20


def test_per_exposed_is_the_effect_over_the_share_who_got_something() -> None:
    treated, held = shares(1_000, 120), shares(1_000, 60)
    got = np.r_[np.ones(120), np.zeros(480), np.ones(400)]
    tallies = [
        a_tally("treated", treated, exposed=520, moments=(moments_of(treated, None, got),)),
        a_tally("holdout", held),
    ]
    found = one(read(asked(), tallies, Plan(reading="fixed")))
    assert found.base == "holdout"
    assert effect(found.exposed).value == pytest.approx(0.06 / 0.52)
    alike = [a_tally(name, did, moments=(moments_of(did, None, got),)) for name, did in (("a", held), ("b", treated))]
    both = one(read(asked(), alike, Plan(reading="fixed")))
    assert effect(both.exposed).value == pytest.approx(0.06 / 0.52)
    unlike = [alike[0], a_tally("b", treated, moments=(moments_of(treated, None, treated),))]
    told = one(read(asked(), unlike, Plan(reading="fixed"))).exposed
    assert isinstance(told, Inconclusive)
    assert "hangs on the variant" in told.reason
    nobody = one(read(asked(), [a_tally("a", held), a_tally("b", treated)], Plan())).exposed
    assert isinstance(nobody, Inconclusive)


@pytest.mark.parametrize("alike", [False, True])
def test_per_exposed_covers_the_truth_as_often_as_it_says(alike: bool) -> None:
    """Those who can be reached buy more anyway: comparing them with all others would be far off."""
    drawn = np.random.default_rng(5)
    covered, rounds, gain = 0, 400, 0.1
    for _ in range(rounds):
        reachable = drawn.random(1_200) < 0.6
        arm = np.arange(1_200) < 600
        chance = 0.1 + 0.3 * reachable + gain * (reachable & arm)
        did = (drawn.random(1_200) < chance).astype(float)
        got = (reachable & (arm | alike)).astype(float)
        tallies = [
            a_tally(name, did[who], moments=(moments_of(did[who], None, got[who]),))
            for name, who in (("a", ~arm), ("b", arm))
        ]
        found = effect(one(read(asked(), tallies, Plan(reading="fixed"))).exposed)
        covered += found.low <= gain <= found.high
    assert 0.925 <= covered / rounds <= 0.98


def test_weights_undo_shares_that_changed_on_the_way() -> None:
    """Early people buy much and mostly got `a`; late ones buy little and mostly got `b`. There is no difference."""
    drawn = np.random.default_rng(6)
    off = {True: [], False: []}  # type: dict[bool, list[float]]
    sure = 0
    for _ in range(200):
        tallies: dict[bool, list[Tally]] = {True: [], False: []}
        for chance, rate in ((0.8, 0.5), (0.2, 0.1)):
            got_a = drawn.random(1_500) < chance
            did = (drawn.random(1_500) < rate).astype(float)
            for name, who, mine in (("a", got_a, chance), ("b", ~got_a, 1 - chance)):
                weight = np.full(who.sum(), 1 / mine)
                weighed = moments_of(did[who] * weight, None, weight)
                tallies[True].append(a_tally(name, did[who], moments=(weighed,)))
                tallies[False].append(a_tally(name, did[who]))
        for weighted in (True, False):
            found = one(read(asked(weighted=weighted), tallies[weighted], Plan(reading="fixed")))
            off[weighted].append(effect(found.difference).value)
            sure += weighted and found.is_sure
    assert abs(np.mean(off[True])) < 0.005
    assert np.mean(off[False]) < -0.1
    assert sure / 200 <= 0.08


def test_the_bayesian_reading_says_what_to_believe() -> None:
    better = [
        a_tally("bold", shares(2_000, 260), shares(2_000, 40)),
        a_tally("control", shares(2_000, 200), shares(2_000, 20)),
    ]
    reading = read(asked(DID, GUARD), better, Plan(reading="bayesian"))
    found, left = one(reading), one(reading, "left")
    assert found.belief is not None
    assert left.belief is not None
    assert found.belief.better > 0.99
    assert left.belief.better < 0.1
    assert 0 <= found.belief.loss < 1e-4 < left.belief.loss
    told = effect(found.difference)
    assert told.p_value is None
    # The prior draws it towards nothing.
    assert 0 < told.value < 0.03


def test_a_lucky_start_is_not_believed_by_hand() -> None:
    """Twice as many of 100 did it: by itself 98.7 % sure to be better, beside what changes usually do 89 %."""
    early = [a_tally("bold", shares(100, 24)), a_tally("control", shares(100, 12))]
    found = one(read(asked(), early, Plan(reading="bayesian")))
    mean, variance = 0.12, (0.24 * 0.76 + 0.12 * 0.88) / 99
    prior = (0.3 * 0.12) ** 2
    drawn = mean * prior / (prior + variance)
    assert effect(found.difference).value == pytest.approx(drawn)
    assert found.belief is not None
    deviation = (prior * variance / (prior + variance)) ** 0.5
    assert found.belief.better == pytest.approx(NormalDist().cdf(drawn / deviation))


def test_errors_are_held_at_every_look() -> None:
    """Where nothing is, twenty looks find something in a twentieth of trials, and naive ones in five times as many."""
    drawn = np.random.default_rng(8)
    found = naive = 0
    for _ in range(120):
        arm, base = ((drawn.random(600) < 0.3).astype(float) for _ in range(2))
        sums = [(moments_of(arm[: 30 * n]), moments_of(base[: 30 * n])) for n in range(1, LOOKS + 1)]
        hit = [False, False]
        for look, (one_arm, other) in enumerate(sums, 1):
            tallies = [
                a_tally(name, arm[: 30 * look], moments=(each,), look=1)
                for name, each in (("b", one_arm), ("a", other))
            ]
            hit[0] |= one(read(asked(planned_people=1_200), tallies, Plan())).is_sure
            hit[1] |= one(read(asked(), tallies, Plan(reading="fixed"))).is_sure
        found, naive = found + hit[0], naive + hit[1]
    assert found / 120 <= 0.08
    assert naive / 120 > 0.15


def test_which_variant_is_the_base() -> None:
    assert base_of(["treated", "holdout"]) == "holdout"
    assert base_of(["bold", "control"]) == "control"
    assert base_of(["b", "a"]) == "a"
    assert base_of(["b", "a"], "b") == "b"
    assert base_of([]) is None


def test_usual_metrics_are_near_and_long_with_natural_brackets() -> None:
    metrics = metrics_of(
        Chosen(
            goal="Signed Up", windows=(WEEK, 28 * DAY_SECONDS, WEEK), orders="Order Completed", returning="App Opened",
            bracket_seconds=10 * DAY_SECONDS, brackets=2, guardrails=("Message Unsubscribed",),
        )
    )  # fmt: skip
    assert [each.name for each in metrics] == [
        "conversion_7d", "orders_7d", "revenue_7d", "revenue_per_order_7d", "conversion_28d", "orders_28d",
        "revenue_28d", "revenue_per_order_28d", "retained_1", "retained_2", "message_unsubscribed_7d",
    ]  # fmt: skip
    assert (metrics[8].after_seconds, metrics[8].within_seconds) == (10 * DAY_SECONDS, 20 * DAY_SECONDS)
    assert metrics[-1].is_guardrail
    assert [duration(each) for each in (3_600, 90, 86_400)] == ["1h", "90s", "1d"]
    assert cap_of([0, 0, *range(1, 201)]) == 199
    assert cap_of([0, 0]) is None


def test_a_question_about_nothing_is_refused() -> None:
    with pytest.raises(Invalid, match="no time"):
        replace(DID, within_seconds=0)
    with pytest.raises(Invalid, match="too few for 20 looks"):
        asked(planned_people=19)
    with pytest.raises(Invalid, match="61 metrics"):
        asked(*[DID] * 61)


def test_goals_and_metrics_of_ones_own_are_read_beside_and_one_decides() -> None:
    goals = (
        ExperimentGoal(event="Signed Up", within_seconds=WEEK, worth_minor=500),
        ExperimentGoal(event="Order Completed", within_seconds=3 * DAY_SECONDS, value="total"),
    )
    own = (
        ExperimentMetric(name="searches", event="Searched", measure="times", per="App Opened"),
        ExperimentMetric(name="retained_1", event="App Opened", worse="less"),
    )
    metrics = metrics_of(
        Chosen(
            goal="Signed Up", windows=(WEEK,), orders="Order Completed", returning="App Opened", goals=goals, own=own,
            bracket_seconds=DAY_SECONDS, brackets=1,
        )
    )  # fmt: skip
    by_name = {each.name: each for each in metrics}
    assert list(by_name) == [
        "conversion_7d", "orders_7d", "revenue_7d", "revenue_per_order_7d", "order_completed_3d", "worth_7d",
        "retained_1", "searches", "retained_1_own",
    ]  # fmt: skip
    assert [(each.event, each.value, each.minor) for each in by_name["worth_7d"].worths] == [
        ("Signed Up", "", 500.0), ("Order Completed", "total", 0.0)
    ]  # fmt: skip
    assert (by_name["retained_1_own"].is_guardrail, by_name["retained_1_own"].less_is_worse) == (True, True)
    assert by_name["searches"].per == ("App Opened",)
    decided = {
        "": "conversion_7d", "revenue": "revenue_7d", "worth": "worth_7d", "Order Completed": "order_completed_3d",
        "searches": "searches", "revenue_per_order_7d": "revenue_per_order_7d",
    }  # fmt: skip
    for primary, name in decided.items():
        ordered = deciding_first(metrics, primary, WEEK)
        assert ordered is not None
        assert ordered[0].name == name
        assert sorted(each.name for each in ordered) == sorted(by_name)
    assert deciding_first(metrics, "joy", WEEK) is None


def test_revenue_per_order_is_the_delta_method_and_people_stay_the_unit() -> None:
    drawn = np.random.default_rng(4)
    per_order = replace(REVENUE, name="per order", per=("Order Completed",))
    orders = [drawn.poisson(1.5, 500).astype(float) for _ in range(2)]
    revenue = [each * drawn.gamma(3, 10 * (2 + place), 500) for place, each in enumerate(orders)]
    moments = [moments_of(y, np.zeros(500), d) for y, d in zip(revenue, orders, strict=True)]
    tallies = [a_tally(name, y, moments=(m,)) for name, y, m in zip("ab", revenue, moments, strict=True)]
    reading = read(asked(per_order), tallies, Plan(reading="fixed"))
    found = one(reading, "per order")
    means = [y.sum() / d.sum() for y, d in zip(revenue, orders, strict=True)]
    # By hand: the variance of a quotient of means, from each person's revenue less what their orders bring on average.
    errors = [
        np.sqrt(np.var(y - mean * d, ddof=1) / 500) / d.mean()
        for y, d, mean in zip(revenue, orders, means, strict=True)
    ]
    half = 1.959964 * np.hypot(*errors)
    assert effect(found.difference).value == pytest.approx(means[1] - means[0])
    assert effect(found.difference).high == pytest.approx(means[1] - means[0] + half)
    assert effect(found.ratio).value == pytest.approx(means[1] / means[0])
    assert [each.figures[0].mean for each in reading.variants] == pytest.approx(means)
    assert effect(found.in_all).value == pytest.approx((means[1] - means[0]) * orders[1].sum())
    assert isinstance(found.exposed, Inconclusive), "nobody got anything"
    assert not found.adjusted


PER_ORDER = replace(REVENUE, name="per order", per=("Order Completed",))


def of_orders(name: str, revenue: Numbers, orders: Numbers, got: npt.NDArray[np.bool_]) -> Tally:
    whole, those = moments_of(revenue, None, orders), moments_of(revenue[got], None, orders[got])
    return a_tally(name, revenue, moments=(whole,), got=(those,))


def test_revenue_per_order_of_those_who_got_something_by_hand() -> None:
    """Sixty of a hundred are reached. Reached, they bring 12 an order for 10; the others bring 5, as in the holdout."""
    got = np.arange(100) < 60
    orders = np.where(np.arange(100) % 2 == 0, 2.0, 3.0)
    more_or_less = np.where(np.arange(100) % 4 < 2, 1.0, -1.0)  # By which no mean is moved.
    treated = orders * (np.where(got, 12.0, 5.0) + more_or_less)
    held = orders * (np.where(got, 10.0, 5.0) + more_or_less)
    nobody = np.zeros(100, dtype=bool)
    tallies = [of_orders("treated", treated, orders, got), of_orders("holdout", held, orders, nobody)]
    found = effect(one(read(asked(PER_ORDER), tallies, Plan(reading="fixed")), "per order").exposed)
    assert found.value == pytest.approx(2.0)
    alike = [of_orders("a", held, orders, got), of_orders("b", treated, orders, got)]
    both = effect(one(read(asked(PER_ORDER), alike, Plan(reading="fixed")), "per order").exposed)
    assert both.value == pytest.approx(2.0)
    for bad, said in (
        ([of_orders("a", held, orders, nobody), of_orders("b", treated, orders, nobody)], "nobody of 'b'"),
        ([of_orders("a", held, orders, got), of_orders("b", treated, orders, ~nobody)], "hangs on the variant"),
        (
            [
                of_orders("a", np.r_[held[:50], 0 * held[50:]], np.r_[orders[:50], 0 * orders[50:]], nobody),
                of_orders("b", treated, orders, got),
            ],
            "too little was done",
        ),
    ):
        told = one(read(asked(PER_ORDER), bad, Plan(reading="fixed")), "per order").exposed
        assert isinstance(told, Inconclusive)
        assert said in told.reason
    weighted = read(asked(PER_ORDER, weighted=True), tallies, Plan(reading="fixed"))
    assert isinstance(one(weighted, "per order").exposed, Inconclusive)


@pytest.mark.parametrize("alike", [False, True])
def test_the_ratio_per_exposed_covers_the_truth_as_often_as_it_says(alike: bool) -> None:
    """Two thousand trials. Whoever can be reached orders more, and for more, anyway; reached, for a tenth more."""
    drawn = np.random.default_rng(15)
    covered, told, rounds, people = 0, 0, 2_000, 1_600
    truth = 30.0 * 0.1
    for _ in range(rounds):
        reachable = drawn.random(people) < 0.5
        arm = np.arange(people) < people // 2
        orders = drawn.poisson(np.where(reachable, 2.0, 0.8)).astype(float)
        worth = np.where(reachable, 30.0, 20.0) * np.where(reachable & arm, 1.1, 1.0)
        revenue = worth * drawn.gamma(4.0 * np.maximum(orders, 1e-9), 0.25) * (orders > 0)
        tallies = [
            of_orders(name, revenue[who], orders[who], (reachable & (arm | alike))[who])
            for name, who in (("a", ~arm), ("b", arm))
        ]
        found = one(read(asked(PER_ORDER), tallies, Plan(reading="fixed")), "per order").exposed
        if isinstance(found, Found):  # Once in a thousand times chance alone divides the reachable too unevenly.
            told += 1
            covered += found.low <= truth <= found.high
    assert told > 0.99 * rounds
    assert 0.938 <= covered / told <= 0.965


def test_intervals_of_revenue_per_order_hold_the_truth_as_often_as_they_say() -> None:
    """Two thousand trials of 400 people each, those who order more ordering for less; per person it would not hold."""
    drawn = np.random.default_rng(5)
    per_order = replace(REVENUE, name="per order", per=("Order Completed",))
    covered = 0
    for _ in range(2_000):
        tallies = []
        for name in "ab":
            orders = drawn.poisson(drawn.gamma(2, 1, 400)).astype(float)
            revenue = orders * drawn.gamma(4, 5, 400) + 3 * np.minimum(orders, 2)
            tallies.append(a_tally(name, revenue, moments=(moments_of(revenue, np.zeros(400), orders),)))
        found = effect(one(read(asked(per_order), tallies, Plan(reading="fixed")), "per order").difference)
        covered += found.low <= 0 <= found.high
    assert 0.937 <= covered / 2_000 <= 0.963
