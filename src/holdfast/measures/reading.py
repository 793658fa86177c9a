"""Reading a trial: what its sums say, and how sure one may be of it. Pure: the same sums always read the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import exp, isfinite

import numpy as np

from holdfast.measures.compared import Belief, Comparison, Effect, Figure, Found, Plan, Reading, VariantReading
from holdfast.measures.metrics import Metric, Outcomes, Tally
from holdfast.measures.statistics import estimates
from holdfast.measures.statistics.bayes import PRIOR_SPREAD, posterior
from holdfast.measures.statistics.estimates import Estimate
from holdfast.measures.statistics.exposure import divisor_z, per_exposed, per_exposed_alike, per_exposed_ratio
from holdfast.measures.statistics.many import false_discovery, holm, selected_confidence
from holdfast.measures.statistics.mismatch import Mismatch, mismatch
from holdfast.measures.statistics.moments import NOBODY, Moments, scalar, share_moments
from holdfast.measures.statistics.normal import quantile
from holdfast.measures.statistics.sequential import look_at, people_at
from holdfast.measures.statistics.surprise import planned_limit, planned_p_value, unplanned_limit, unplanned_p_value
from holdfast.measures.trial import BUYERS_LEAST, PEOPLE_LEAST, Inconclusive

DOERS_LEAST = 5
"""People in each variant of whom one expects that they do it, and that they do not, before shares are compared."""
TUNED_PEOPLE = 5_000
"""At how many people the interval that holds at every moment is narrowest, where nobody planned how many there are."""
FIRM_LEAST = 5.0
"""By how many standard errors what a ratio is divided by is off 0, before the delta method is believed."""
NO_SHARE = "(none)"
"""What stands for the variants that were designed and that nobody got."""


def base_of(variants: Sequence[str], wanted: str | None = None) -> str | None:
    """The variant the others are held against."""
    if wanted is not None:
        return wanted
    for usual in ("holdout", "control"):
        if usual in variants:
            return usual
    return min(variants, default=None)


def shares_of(tallies: Sequence[Tally]) -> dict[str, float] | None:
    """The chances of the variants; None where somebody had another chance of the same variant, so that they changed."""
    found: dict[str, tuple[float, float]] = {}
    for each in tallies:
        if not each.apart:
            least, most = found.get(each.variant, (1.0, 0.0))
            found[each.variant] = min(least, each.chance_least), max(most, each.chance_most)
    if any(most - least > 1e-9 for least, most in found.values()):
        return None
    shares = {variant: most for variant, (_, most) in found.items()}
    whole = sum(shares.values())
    if not shares or whole > 1 + 1e-6:
        return None
    return shares if whole > 1 - 1e-6 else {**shares, NO_SHARE: 1 - whole}


def read(
    question: Outcomes,
    tallies: Sequence[Tally],
    plan: Plan,
    by_segment: Mapping[str, Sequence[Tally]] | None = None,
) -> Reading:
    """What the tallies of a question say.

    Args:
        by_segment: for each segment that is told apart, the tallies of the same question asked `among` its people.
    """
    compared = [each for each in tallies if not each.apart]
    variants = sorted({each.variant for each in compared} | ({*plan.shares} - {NO_SHARE} if plan.shares else set()))
    base = base_of(variants, plan.base)
    checked = _checked(compared, plan.shares)
    reader = _Reader(question, plan, checked)
    whole = reader.of(compared)
    comparisons = reader.comparisons(whole, variants, base)
    segments: list[Comparison] = []
    for name, those in _parts(question, compared, by_segment or {}):
        theirs = reader.of(those, whole.looks)
        segments += [replace(each, segment=name) for each in reader.comparisons(theirs, variants, base)]
    return Reading(
        variants=tuple(_variant(each, compared, whole, question, plan) for each in variants),
        base=base,
        mismatch=checked,
        comparisons=tuple(_corrected(comparisons, discovery=False)),
        segments=tuple(reader.selected(_corrected(segments, discovery=True))),
        apart_people=sum(each.people for each in tallies if each.apart),
        first_ms=min((each.first_ms for each in compared), default=None),
        last_ms=max((each.last_ms for each in compared), default=None),
    )


def _parts(
    question: Outcomes, compared: Sequence[Tally], by_segment: Mapping[str, Sequence[Tally]]
) -> Iterator[tuple[str, list[Tally]]]:
    """Each segment by its name: the values of the trait, and who is in and not in each that was saved."""
    if question.trait is not None:
        for part, label in sorted({(each.part, each.label) for each in compared}):
            name = label if part == "value" else f"({part})"
            yield name, [each for each in compared if (each.part, each.label) == (part, label)]
    names = {"value": "{}", "other": "not in {}", "none": "not seen before: {}"}
    for segment, tallies in by_segment.items():
        for part, name in names.items():
            those = [each for each in tallies if not each.apart and each.part == part]
            if those:
                yield name.format(segment), those


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """By variant and metric, the sums of the looks that are read."""

    moments: Mapping[str, Sequence[Moments]]
    some: Mapping[str, Sequence[float]]
    got: Mapping[str, Sequence[Moments]]
    """Of ratios, those who were exposed."""
    looks: Sequence[int]
    """By metric: the last look that is read."""


class _Reader:
    """Compares variants as the plan says."""

    def __init__(self, question: Outcomes, plan: Plan, checked: Mismatch | None) -> None:
        self._question = question
        self._plan = plan
        self._mismatch = checked

    def of(self, tallies: Sequence[Tally], looks: Sequence[int] = ()) -> _Sums:
        """The sums of these people; where people are planned, up to these looks, or the last that is complete."""
        metrics = range(len(self._question.metrics))
        planned = self._planned
        closed = [sum(float(each.moments[number].people) for each in tallies) for number in metrics]
        looks = looks or [look_at(people, planned) if planned else 0 for people in closed]
        moments: dict[str, list[Moments]] = {}
        some: dict[str, list[float]] = {}
        got: dict[str, list[Moments]] = {}
        for variant in {each.variant for each in tallies}:
            theirs = [each for each in tallies if each.variant == variant]
            read = [[each for each in theirs if not planned or each.look <= looks[number]] for number in metrics]
            moments[variant] = [
                reduce(Moments.__add__, (each.moments[number] for each in read[number]), NOBODY) for number in metrics
            ]
            some[variant] = [sum(each.some[number] for each in read[number]) for number in metrics]
            got[variant] = [
                reduce(Moments.__add__, (each.got[number] for each in read[number] if each.got), NOBODY)
                for number in metrics
            ]
        return _Sums(moments=moments, some=some, got=got, looks=looks)

    def comparisons(self, sums: _Sums, variants: Sequence[str], base: str | None) -> list[Comparison]:
        """Every variant but the base, by metric."""
        return [
            self._compared(sums, variant, base, number)
            for number in range(len(self._question.metrics))
            for variant in variants
            if base is not None and variant != base
        ]

    def selected(self, comparisons: Sequence[Comparison]) -> list[Comparison]:
        """The same with wider intervals for those that were found: so many of these hold the truth as they say."""
        selected: list[Comparison] = []
        for metric in dict.fromkeys(each.metric for each in comparisons):
            those = [each for each in comparisons if each.metric == metric]
            read = [each for each in those if each.p_adjusted is not None]
            found = sum(each.p_adjusted <= 1 - self._plan.confidence for each in read if each.p_adjusted is not None)
            confidence = selected_confidence(found, len(read), self._plan.confidence)
            selected += [self._widened(each, confidence) if each in read and found else each for each in those]
        return selected

    @property
    def _planned(self) -> int | None:
        return self._question.planned_people if self._plan.reading == "sequential" else None

    def _compared(self, sums: _Sums, variant: str, base: str, number: int) -> Comparison:
        metric, look = self._question.metrics[number], sums.looks[number]
        arm, other = (sums.moments.get(each, [NOBODY] * (number + 1))[number] for each in (variant, base))
        some = [sums.some.get(each, [0.0] * (number + 1))[number] for each in (variant, base)]
        why = self._silent(metric, look, {variant: (arm, some[0]), base: (other, some[1])})
        people = scalar(arm.people) + scalar(other.people)
        if why is not None:
            return Comparison(
                variant=variant,
                base=base,
                metric=metric.name,
                people=round(people),
                look=look,
                difference=why,
                ratio=why,
                exposed=why,
                in_all=why,
                adjusted=False,
                variance_cut=0.0,
            )
        plain, ratio = self._estimates(arm, other, metric)
        adjusted = self._plan.adjust and not self._question.weighted and metric.is_per_person
        cut = scalar(estimates.variance_cut(arm, other)) if adjusted else 0.0
        taken = estimates.adjusted_difference(arm, other) if cut > 0 else plain
        scale = abs(_mean(other, over_sum=self._over_sum(metric)) or 0.0)
        difference = self._effect(taken, people, look, scale=scale)
        log_ratio = self._effect(ratio, people, look, scale=1.0)
        return Comparison(
            variant=variant,
            base=base,
            metric=metric.name,
            people=round(people),
            look=look,
            difference=difference,
            ratio=_powered(log_ratio),
            exposed=self._exposed(arm, other, people, look, variant, base)
            if metric.is_per_person
            else self._exposed_ratio(sums, number, people, variant, base),
            in_all=difference.scaled(scalar(arm.people if metric.is_per_person else arm.d))
            if isinstance(difference, Found)
            else difference,
            adjusted=cut > 0,
            variance_cut=cut,
            belief=self._belief(taken, metric, scale),
        )

    def _over_sum(self, metric: Metric) -> bool:
        """Whether it is divided by `d`: the sum of the weights (Hajek), or what was done so often; else by people."""
        return self._question.weighted or not metric.is_per_person

    def _estimates(self, arm: Moments, base: Moments, metric: Metric) -> tuple[Estimate, Estimate]:
        if self._over_sum(metric):
            return estimates.ratio_difference(arm, base), estimates.ratio_lift(arm, base)
        return estimates.difference(arm, base), estimates.lift(arm, base)

    def _silent(self, metric: Metric, look: int, arms: Mapping[str, tuple[Moments, float]]) -> Inconclusive | None:
        """Why nothing can be said; None where something can."""
        if self._mismatch is not None and self._mismatch.is_one:
            return Inconclusive(
                reason=f"people are not divided as was designed (p = {self._mismatch.p_value:.1g}), so whoever is "
                "missing is missing for a reason; find out why before believing any difference"
            )
        if self._planned and look == 0:
            return Inconclusive(
                reason=f"the first look comes when {people_at(1, self._planned):,} people have been through the whole "
                "time"
            )
        for variant, (moments, some) in arms.items():
            people = scalar(moments.people)
            if not people:
                return Inconclusive(
                    reason=f"nobody of {variant!r} has been through the whole time yet: it takes {PEOPLE_LEAST}"
                )
            if people < PEOPLE_LEAST:
                return Inconclusive(
                    reason=f"only {people:,.0f} of {variant!r} have been through the whole time: it takes "
                    f"{PEOPLE_LEAST}"
                )
            if metric.measure != "did" and some < BUYERS_LEAST:
                return Inconclusive(
                    reason=f"only {some:,.0f} of {variant!r} have any, and it varies too much to compare before "
                    f"{BUYERS_LEAST} have"
                )
        return self._too_rare(metric, arms) if metric.measure == "did" else None

    def _too_rare(self, metric: Metric, arms: Mapping[str, tuple[Moments, float]]) -> Inconclusive | None:
        people = {variant: scalar(moments.people) for variant, (moments, _) in arms.items()}
        share = sum(some for _, some in arms.values()) / sum(people.values())
        for number in people.values():
            if min(share, 1 - share) * number < DOERS_LEAST:
                few = "did" if share < 0.5 else "did not do"
                return Inconclusive(reason=f"too few {few} it to compare: {DOERS_LEAST} are expected in each variant")
        return None

    def _effect(self, estimate: Estimate, people: float, look: int, *, scale: float) -> Effect:
        """The estimate with the interval of the plan's way of reading."""
        value, error, confidence = scalar(estimate.value), scalar(estimate.error), self._plan.confidence
        if not isfinite(value) or not isfinite(error) or error <= 0:
            return Inconclusive(reason="everybody brought the same, or one of them nothing, so chance cannot be gauged")
        if self._plan.reading == "bayesian":
            if scale <= 0:
                return Inconclusive(reason="the base has none of it, so there is no saying what to expect beforehand")
            believed = posterior(estimate, PRIOR_SPREAD * scale)
            low, high = (scalar(each) for each in believed.interval(confidence))
            return Found(value=scalar(believed.mean), low=low, high=high, confidence=confidence, p_value=None)
        half = self._reach(estimate, people, look, confidence)
        p_value = self._p_value(estimate, people, look)
        return Found(value=value, low=value - half, high=value + half, confidence=confidence, p_value=p_value)

    def _reach(self, estimate: Estimate, people: float, look: int, confidence: float) -> float:
        low, high = estimate.interval(confidence)
        once = scalar(high - low) / 2
        if self._plan.reading != "sequential":
            return once
        # Few people are paid for as they are for one look: by Student's quantile over the normal one.
        factor = planned_limit(look, confidence) if self._planned else unplanned_limit(people, TUNED_PEOPLE, confidence)
        return once * factor / quantile((1 + confidence) / 2)

    def _p_value(self, estimate: Estimate, people: float, look: int) -> float:
        if self._plan.reading != "sequential":
            return scalar(estimate.p_value)
        # As the interval does, by how many standard errors it is off once few people are paid for.
        low, high = estimate.interval(self._plan.confidence)
        error = scalar(high - low) / 2 / quantile((1 + self._plan.confidence) / 2)
        z = scalar(estimate.value) / error
        return planned_p_value(z, look) if self._planned else unplanned_p_value(z, people, TUNED_PEOPLE)

    def _exposed(  # noqa: PLR0917 - Two arms, their names, and when it is read.
        self, arm: Moments, base: Moments, people: float, look: int, variant: str, base_name: str
    ) -> Effect:
        if self._question.weighted:
            return Inconclusive(reason="shares were changed on the way, so it is told for everybody assigned alone")
        reached, base_reached = (share_moments(each.d, each.people) for each in (arm, base))
        why = _unlike(reached, base_reached, variant, base_name)
        if why is not None:
            return why
        found = per_exposed_alike(arm, base) if scalar(base.d) else per_exposed(arm, base)
        return self._effect(found, people, look, scale=abs(scalar(base.mean)))

    def _exposed_ratio(self, sums: _Sums, number: int, people: float, variant: str, base_name: str) -> Effect:
        """The same of what is told per time something was done: as it was done by those who got something."""
        if self._question.weighted:
            return Inconclusive(reason="shares were changed on the way, so it is told for everybody assigned alone")
        arm, base = (sums.moments[each][number] for each in (variant, base_name))
        got, base_got = (sums.got[each][number] for each in (variant, base_name))
        reached, base_reached = share_moments(got.people, arm.people), share_moments(base_got.people, base.people)
        why = _unlike(reached, base_reached, variant, base_name)
        if why is not None:
            return why
        look, scale = sums.looks[number], abs(_mean(base, over_sum=True) or 0.0)
        if scalar(base_got.people):
            return self._effect(estimates.ratio_difference(got, base_got), people, look, scale=scale)
        if not scalar(divisor_z(arm, got, base)) >= FIRM_LEAST:
            return Inconclusive(
                reason=f"too little was done by those of {base_name!r} who would have got something to divide by it"
            )
        return self._effect(per_exposed_ratio(arm, got, base), people, look, scale=scale)

    def _belief(self, estimate: Estimate, metric: Metric, scale: float) -> Belief | None:
        if self._plan.reading != "bayesian" or scale <= 0 or not scalar(estimate.error) > 0:
            return None
        if metric.is_guardrail and not metric.less_is_worse:  # Less of it is better.
            estimate = replace(estimate, value=-estimate.value)
        believed = posterior(estimate, PRIOR_SPREAD * scale)
        return Belief(better=scalar(believed.better()), loss=scalar(believed.loss()))

    def _widened(self, comparison: Comparison, confidence: float) -> Comparison:
        """The comparison with intervals of another confidence, as wide as normal tails make them."""
        if self._plan.reading == "bayesian" or confidence == self._plan.confidence:
            return comparison
        factor = self._factor(comparison, confidence) / self._factor(comparison, self._plan.confidence)
        return replace(
            comparison,
            difference=_stretched(comparison.difference, factor, confidence),
            exposed=_stretched(comparison.exposed, factor, confidence),
            in_all=_stretched(comparison.in_all, factor, confidence),
            ratio=_stretched_ratio(comparison.ratio, factor, confidence),
        )

    def _factor(self, comparison: Comparison, confidence: float) -> float:
        """By how many standard errors the interval reaches either way."""
        if self._plan.reading != "sequential":
            return quantile((1 + confidence) / 2)
        if self._planned:
            return planned_limit(comparison.look, confidence)
        return unplanned_limit(comparison.people, TUNED_PEOPLE, confidence)


def _unlike(got: Moments, base_got: Moments, variant: str, base: str) -> Inconclusive | None:
    """Why those who got something cannot be told of, by how many did; None where they can."""
    shares = [scalar(each.mean) for each in (got, base_got)]
    if not shares[0]:
        return Inconclusive(reason=f"nobody of {variant!r} has been noted to have got anything")
    if not shares[1]:
        return None
    apart = estimates.difference(got, base_got)
    error = scalar(apart.error)
    if error > 0 and abs(scalar(apart.value)) / error > quantile(1 - 0.0005):
        return Inconclusive(
            reason=f"{shares[0]:.1%} of {variant!r} and {shares[1]:.1%} of {base!r} got something: who does "
            "hangs on the variant, so those who did are not the same people"
        )
    return None


def _checked(tallies: Sequence[Tally], shares: Mapping[str, float] | None) -> Mismatch | None:
    designed = {variant: share for variant, share in (shares or {}).items() if share > 0}
    if len(designed) < 2:
        return None
    people = dict.fromkeys(designed, 0)
    for each in tallies:
        if each.variant in people:
            people[each.variant] += each.people
    return mismatch(tuple(people.values()), tuple(designed.values()))


def _variant(variant: str, tallies: Sequence[Tally], sums: _Sums, question: Outcomes, plan: Plan) -> VariantReading:
    theirs = [each for each in tallies if each.variant == variant]
    people = sum(each.people for each in theirs)
    moments = sums.moments.get(variant, [NOBODY] * len(question.metrics))
    return VariantReading(
        variant=variant,
        people=people,
        exposed=sum(each.exposed for each in theirs),
        designed=None if plan.shares is None else plan.shares.get(variant, 0.0),
        figures=tuple(
            Figure(
                metric=metric.name,
                people=round(scalar(each.people)),
                open_people=people - round(scalar(each.people)),
                total=scalar(each.y),
                mean=_mean(each, over_sum=question.weighted or not metric.is_per_person),
            )
            for metric, each in zip(question.metrics, moments, strict=True)
        ),
    )


def _mean(moments: Moments, *, over_sum: bool) -> float | None:
    below = scalar(moments.d) if over_sum else scalar(moments.people)
    return scalar(moments.y) / below if below else None


def _corrected(comparisons: Sequence[Comparison], *, discovery: bool) -> list[Comparison]:
    """Each metric's comparisons, their p-values raised for how many there are; where there is one, it stands."""
    raised: list[Comparison] = []
    for metric in dict.fromkeys(each.metric for each in comparisons):
        those = [each for each in comparisons if each.metric == metric]
        read = {index: _p_value(each) for index, each in enumerate(those)}
        told = {index: p_value for index, p_value in read.items() if p_value is not None}
        found = (false_discovery if discovery else holm)([*told.values()])
        by_index = dict(zip(told, map(float, found), strict=True))
        raised += [replace(each, p_adjusted=by_index.get(index)) for index, each in enumerate(those)]
    return raised


def _p_value(comparison: Comparison) -> float | None:
    return comparison.difference.p_value if isinstance(comparison.difference, Found) else None


def _powered(effect: Effect) -> Effect:
    """A ratio, from its logarithm."""
    if isinstance(effect, Inconclusive):
        return effect
    value, low, high = (exp(float(np.clip(each, -700, 700))) for each in (effect.value, effect.low, effect.high))
    return replace(effect, value=value, low=low, high=high, nothing=1.0)


def _stretched(effect: Effect, factor: float, confidence: float) -> Effect:
    if isinstance(effect, Inconclusive):
        return effect
    low, high = (effect.value + (edge - effect.value) * factor for edge in (effect.low, effect.high))
    return replace(effect, low=low, high=high, confidence=confidence)


def _stretched_ratio(effect: Effect, factor: float, confidence: float) -> Effect:
    if isinstance(effect, Inconclusive):
        return effect
    low, high = (effect.value * (edge / effect.value) ** factor for edge in (effect.low, effect.high))
    return replace(effect, low=low, high=high, confidence=confidence)
