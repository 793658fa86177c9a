"""The Bayesian reading: how likely it is that an arm is better, and what is lost if it is chosen and is not.

With a weak prior that is centred on no difference, so that an early lucky arm is not believed at once.

Sources:
    Gelman et al. (2013), "Bayesian Data Analysis", 3rd edition, section 2.5: the normal mean with a normal prior.
    Stucchio (2015), "Bayesian A/B testing at VWO": the expected loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holdfast.measures.statistics.estimates import Estimate
from holdfast.measures.statistics.moments import Numbers
from holdfast.measures.statistics.normal import quantile

PRIOR_SPREAD = 0.3
"""The standard deviation of relative effects before anything is known, as a share: most changes change little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """What is believed of a difference once the data are in: normal."""

    mean: Numbers
    deviation: Numbers

    def better(self) -> Numbers:
        """The chance that the arm is better than the base."""
        from scipy.special import ndtr  # noqa: PLC0415 - A fifth of a second, which few of our processes need.

        return np.asarray(ndtr(self.mean / self.deviation))

    def loss(self) -> Numbers:
        """What is lost on average, in the units of the outcome, if the arm is chosen: nothing where it is better."""
        from scipy.special import ndtr  # noqa: PLC0415 - As above.

        z = self.mean / self.deviation
        density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        return np.asarray(self.deviation * density - self.mean * ndtr(-z))

    def interval(self, credibility: float = 0.95) -> tuple[Numbers, Numbers]:
        """Where the difference lies with this probability."""
        half = quantile((1 + credibility) / 2) * self.deviation
        return self.mean - half, self.mean + half


def posterior(estimate: Estimate, prior_deviation: float | Numbers) -> Posterior:
    """What to believe of a difference, with a prior that is centred on none.

    Args:
        prior_deviation: in the units of the outcome; `PRIOR_SPREAD` times the base's mean is a weak one.
    """
    precision, prior = 1 / estimate.error**2, 1 / np.asarray(prior_deviation, dtype=float) ** 2
    together = precision + prior
    return Posterior(mean=estimate.value * precision / together, deviation=1 / np.sqrt(together))
