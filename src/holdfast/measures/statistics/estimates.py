"""Estimates: a difference or a ratio of two arms, with how far chance alone moves it.

Sources:
    Welch (1947), "The generalization of Student's problem when several different population variances are involved",
    Biometrika 34, 28-35: the difference of two means and its degrees of freedom.
    Casella & Berger (2002), "Statistical Inference", 2nd edition, section 5.5.4: the delta method, for ratios.
    Deng, Knoblich & Lu (2018), "Applying the Delta Method in Metric Analytics", KDD: ratios whose unit is not the
    person, such as revenue per order.
    Deng, Xu, Kohavi & Walker (2013), "Improving the sensitivity of online controlled experiments by utilizing
    pre-experiment data", WSDM: adjustment by what people did before (CUPED).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holdfast.measures.statistics.moments import Many, Moments, Numbers, over
from holdfast.measures.statistics.normal import quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Something that is estimated, and its standard error. Numbers, or arrays of one element a comparison."""

    value: Numbers
    error: Numbers
    """The standard error; nan where it cannot be gauged."""
    freedom: Numbers
    """Degrees of freedom of the error: infinite for what is known to be near enough to normal."""

    def interval(self, confidence: float = 0.95) -> tuple[Numbers, Numbers]:
        """Where it lies with this confidence, had it been looked at once."""
        half = _student((1 + confidence) / 2, self.freedom) * self.error
        return self.value - half, self.value + half

    @property
    def z(self) -> Numbers:
        """By how many standard errors it is off 0; 0 where both are."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = self.value / self.error
        return np.where((self.value == 0) & (self.error == 0), 0.0, found)

    @property
    def p_value(self) -> Numbers:
        """How often chance alone would move it as far, either way, had it been looked at once."""
        from scipy.special import stdtr  # noqa: PLC0415 - A fifth of a second, which few of our processes need.

        return np.asarray(2 * stdtr(self.freedom, -np.abs(self.z)))

    def scaled(self, factor: float) -> Estimate:
        """The same in other units."""
        return Estimate(value=self.value * factor, error=self.error * abs(factor), freedom=self.freedom)


def difference(arm: Moments, base: Moments) -> Estimate:
    """The outcome per person, arm less base. Source: Welch (1947)."""
    return _difference(arm.mean - base.mean, arm.variance, arm.people, base.variance, base.people)


def adjusted_difference(arm: Moments, base: Moments) -> Estimate:
    """The same, with what people did before taken out of it, by one slope for both arms.

    It estimates the same difference, for chance divides what was done before evenly; where that tells anything of the
    outcome, the error is smaller. One slope and not one an arm: a single person who did a lot both times would bend an
    arm's own slope until nothing of them was left to chance, and intervals would be too narrow. Source: Deng et al.
    (2013).
    """
    slope = _slope(arm, base)
    value = (arm.mean - base.mean) - slope * (arm.mean_before - base.mean_before)
    return _difference(value, _unexplained(arm, slope), arm.people, _unexplained(base, slope), base.people)


def variance_cut(arm: Moments, base: Moments) -> Numbers:
    """The share of the variance that the adjustment takes away; 0 where what was done before tells nothing."""
    plain, adjusted = difference(arm, base).error ** 2, adjusted_difference(arm, base).error ** 2
    return np.clip(np.nan_to_num(1 - over(adjusted, plain)), 0.0, 1.0)


def lift(arm: Moments, base: Moments) -> Estimate:
    """The logarithm of the ratio of outcomes per person, arm over base: its `exp` is the ratio.

    On the scale of logarithms the error is near to normal and no interval reaches below 0. nan where a mean is not more
    than 0. Source: the delta method.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where((arm.mean > 0) & (base.mean > 0), np.log(arm.mean) - np.log(base.mean), np.nan)
        part, base_part = (over(each.variance, np.multiply(each.people, each.mean**2)) for each in (arm, base))
    return Estimate(value=value, error=np.sqrt(part + base_part), freedom=_freedom(part, arm, base_part, base))


def ratio(arm: Moments) -> Estimate:
    """The outcome per `d`, such as revenue per order, of one arm; people stay the unit of chance.

    Source: Deng, Knoblich & Lu (2018).
    """
    value = over(arm.y, arm.d)
    spread = (
        arm.variance
        - 2 * value * _covariance(arm.dy, arm.d, arm.y, arm.people)
        + value**2 * _covariance(arm.dd, arm.d, arm.d, arm.people)
    )
    error = np.sqrt(np.maximum(over(spread, arm.people), 0.0)) / np.abs(over(arm.d, arm.people))
    return Estimate(value=value, error=error, freedom=np.full_like(value, np.inf))


def ratio_difference(arm: Moments, base: Moments) -> Estimate:
    """The outcome per `d`, arm less base."""
    one, other = ratio(arm), ratio(base)
    return Estimate(value=one.value - other.value, error=np.hypot(one.error, other.error), freedom=one.freedom)


def ratio_lift(arm: Moments, base: Moments) -> Estimate:
    """The logarithm of the ratio of the outcomes per `d`, arm over base."""
    one, other = ratio(arm), ratio(base)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where((one.value > 0) & (other.value > 0), np.log(one.value) - np.log(other.value), np.nan)
        error = np.hypot(one.error / one.value, other.error / other.value)
    return Estimate(value=value, error=error, freedom=one.freedom)


def _slope(arm: Moments, base: Moments) -> Numbers:
    """How much more outcome goes with one more before, within arms; 0 where what was before is the same for all."""
    together = sum(np.nan_to_num(each.covariance) * (np.asarray(each.people) - 1.0) for each in (arm, base))
    spread = sum(np.nan_to_num(each.variance_before) * (np.asarray(each.people) - 1.0) for each in (arm, base))
    return np.nan_to_num(over(together, spread))


def _unexplained(arm: Moments, slope: Numbers) -> Numbers:
    return np.maximum(arm.variance - 2 * slope * arm.covariance + slope**2 * arm.variance_before, 0.0)


def _difference(value: Numbers, variance: Numbers, people: Many, base_variance: Numbers, base_people: Many) -> Estimate:
    part, base_part = over(variance, people), over(base_variance, base_people)
    freedom = _welch_freedom(part, people, base_part, base_people)
    return Estimate(value=value, error=np.sqrt(part + base_part), freedom=freedom)


def _freedom(part: Numbers, arm: Moments, base_part: Numbers, base: Moments) -> Numbers:
    return _welch_freedom(part, arm.people, base_part, base.people)


def _welch_freedom(part: Numbers, people: Many, base_part: Numbers, base_people: Many) -> Numbers:
    """Source: Welch (1947)."""
    below = over(part**2, np.asarray(people) - 1.0) + over(base_part**2, np.asarray(base_people) - 1.0)
    return np.where(below > 0, over((part + base_part) ** 2, np.where(below > 0, below, 1.0)), np.inf)


def _covariance(products: Many, one: Many, other: Many, people: Many) -> Numbers:
    return over(products - over(np.multiply(one, other), people), np.asarray(people) - 1.0)


def _student(share: float, freedom: Numbers) -> Numbers:
    from scipy.special import stdtrit  # noqa: PLC0415 - As above.

    return np.where(np.isinf(freedom), quantile(share), stdtrit(np.where(np.isinf(freedom), 1.0, freedom), share))
