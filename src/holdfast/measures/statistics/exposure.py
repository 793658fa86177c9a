"""Per exposed: what somebody who really got something did beyond what they would have done without.

To compare those who got something with those who did not would compare people who can be reached with people who
cannot. So the effect on all who were assigned is divided by how many of them it can have come from.

Sources:
    Angrist, Imbens & Rubin (1996), "Identification of causal effects using instrumental variables", JASA 91, 444-455:
    who is assigned tells nothing of who they are, so that assignment is an instrument for getting it.
    Deng & Hu (2015), "Diluted treatment effect estimation for trigger analysis in online controlled experiments", WSDM:
    where all variants expose people alike.
    Casella & Berger (2002), "Statistical Inference", 2nd edition, section 5.5.4: the delta method.
    Imbens & Rubin (1997), "Estimating outcome distributions for compliers in instrumental variables models", Review of
    Economic Studies 64, 555-574: what those who got something would have done without is what the others did, less what
    those do who would not have got it either.
"""

from __future__ import annotations

import numpy as np

from holdfast.measures.statistics.estimates import Estimate
from holdfast.measures.statistics.moments import Many, Moments, Numbers, over


def per_exposed(arm: Moments, base: Moments) -> Estimate:
    """The difference, arm less base, per person whom the arm exposed and the base would not have.

    Args:
        arm: with `d` 1 for who was exposed, else 0.
    """
    return _divided(arm, base, np.ones_like(np.asarray(arm.people, dtype=float)), -1.0)


def per_exposed_alike(arm: Moments, base: Moments) -> Estimate:
    """The difference, arm less base, per exposed person, where both expose the same people: to different things."""
    everybody = np.add(arm.people, base.people)
    return _divided(arm, base, over(arm.people, everybody), over(base.people, everybody))


def per_exposed_ratio(arm: Moments, got: Moments, base: Moments) -> Estimate:
    """The outcome per `d`, arm less base, of the people whom the arm exposed and the base would not have.

    Args:
        arm: with `d` what a ratio is divided by, such as orders where `y` is revenue.
        got: the same sums over the exposed of them.
        base: likewise, of an arm that exposes nobody.

    Those exposed are seen to be so in the arm. In the base they are not; but there are as many in it who would not be
    exposed: what is left when those are taken out is those whom the arm would have exposed. Source: Imbens & Rubin
    (1997); the error by the delta method.
    """
    people, base_people = np.asarray(arm.people, dtype=float), np.asarray(base.people, dtype=float)
    above, below = over(got.y, people), over(got.d, people)
    left, left_below = over(base.y, base_people) - over(np.subtract(arm.y, got.y), people), _left(arm, got, base)
    there, without = over(above, below), over(left, left_below)
    # Each person's part in the figure: of the exposed, of those who are not, and of the base.
    arm_spread = _spread_of(got, over(1, below), -over(there, below)) + _spread_of(
        _rest(arm, got), over(1, left_below), -over(without, left_below)
    )
    arm_sum = _sum_of(got, over(1, below), -over(there, below)) + _sum_of(
        _rest(arm, got), over(1, left_below), -over(without, left_below)
    )
    base_spread = _spread_of(base, -over(1, left_below), over(without, left_below))
    base_sum = _sum_of(base, -over(1, left_below), over(without, left_below))
    varied = _mean_variance(arm_spread, arm_sum, people) + _mean_variance(base_spread, base_sum, base_people)
    value = there - without
    return Estimate(value=value, error=np.sqrt(np.maximum(varied, 0.0)), freedom=np.full_like(value, np.inf))


def divisor_z(arm: Moments, got: Moments, base: Moments) -> Numbers:
    """By how many standard errors that by which `per_exposed_ratio` divides in the base is off 0: its firmness."""
    rest = _rest(arm, got)
    varied = _mean_variance(rest.dd, rest.d, arm.people) + _mean_variance(base.dd, base.d, base.people)
    return over(_left(arm, got, base), np.sqrt(np.maximum(varied, 0.0)))


def _left(arm: Moments, got: Moments, base: Moments) -> Numbers:
    return over(base.d, base.people) - over(np.subtract(arm.d, got.d), arm.people)


def _rest(arm: Moments, got: Moments) -> Moments:
    """Those of the arm who were not exposed."""
    return Moments(
        people=np.subtract(arm.people, got.people),
        y=np.subtract(arm.y, got.y),
        yy=np.subtract(arm.yy, got.yy),
        d=np.subtract(arm.d, got.d),
        dd=np.subtract(arm.dd, got.dd),
        dy=np.subtract(arm.dy, got.dy),
    )


def _sum_of(some: Moments, of_y: Numbers, of_d: Numbers) -> Numbers:
    """The sum of a weighted sum of `y` and `d`."""
    return np.asarray(of_y * some.y + of_d * some.d)


def _spread_of(some: Moments, of_y: Numbers, of_d: Numbers) -> Numbers:
    """The sum of its squares."""
    return np.asarray(of_y**2 * some.yy + 2 * of_y * of_d * some.dy + of_d**2 * some.dd)


def _mean_variance(squares: Many, total: Many, people: Many) -> Numbers:
    """The variance of a mean."""
    within = np.asarray(squares, dtype=float) - over(np.square(total), people)
    return over(over(within, np.asarray(people, dtype=float) - 1.0), people)


def _divided(arm: Moments, base: Moments, weight: Many, base_weight: Many) -> Estimate:
    """The difference over `weight` times the arm's share of the exposed and `base_weight` times the base's."""
    gain = arm.mean - base.mean
    exposed = weight * over(arm.d, arm.people) + base_weight * over(base.d, base.people)
    value = over(gain, exposed)
    varied = over(arm.variance, arm.people) + over(base.variance, base.people)
    exposed_varied = _per_person(weight, arm, arm.dd, arm.d) * weight + _per_person(
        base_weight, base, base.dd, base.d
    ) * np.asarray(base_weight)
    together = _per_person(weight, arm, arm.dy, arm.y) - _per_person(base_weight, base, base.dy, base.y)
    spread = varied - 2 * value * together + value**2 * exposed_varied
    error = over(np.sqrt(np.maximum(spread, 0.0)), np.abs(exposed))
    return Estimate(value=value, error=error, freedom=np.full_like(value, np.inf))


def _per_person(weight: Many, arm: Moments, products: Many, one: Many) -> Numbers:
    """The weighted covariance of the mean exposure and the mean of something."""
    within = over(
        np.asarray(products - over(np.multiply(one, arm.d), arm.people), dtype=float), np.asarray(arm.people) - 1.0
    )
    return np.asarray(weight) * over(within, arm.people)
