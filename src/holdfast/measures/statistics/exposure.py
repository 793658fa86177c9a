"""Per exposed: what somebody who really got something did beyond what they would have done without.

To compare those who got something with those who did not would compare people who can be reached with people who
cannot. So the effect on all who were assigned is divided by how many of them it can have come from.

Sources:
    Angrist, Imbens & Rubin (1996), "Identification of causal effects using instrumental variables", JASA 91, 444-455:
    who is assigned tells nothing of who they are, so that assignment is an instrument for getting it.
    Deng & Hu (2015), "Diluted treatment effect estimation for trigger analysis in online controlled experiments", WSDM:
    where all variants expose people alike.
    Casella & Berger (2002), "Statistical Inference", 2nd edition, section 5.5.4: the delta method.
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
