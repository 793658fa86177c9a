"""Readings that stay valid however often they are looked at.

Two of them. Where it is known how many people a trial is to have, its looks lie at fixed shares of that number, and
the chance of error is spent over them: sparingly at first, nearly all of it at the end. A look is a property of the
data, not of whoever looks: reading the result between two looks, or ten times a day, changes nothing. Where nobody
knows how many there will be, the interval is one that holds the truth at every moment at once, and is wider for it.

Sources:
    O'Brien & Fleming (1979), "A multiple testing procedure for clinical trials", Biometrics 35, 549-556; Lan & DeMets
    (1983), "Discrete sequential boundaries for clinical trials", Biometrika 70, 659-663: how the error is spent.
    Armitage, McPherson & Rowe (1969), "Repeated significance tests on accumulating data", JRSS A 132, 235-244: the
    recursion that finds the boundaries, and that twenty looks with the usual one find something in 24.8 % of nothing.
    Jennison & Turnbull (1989), "Interim analyses: the repeated confidence interval approach", JRSS B 51, 305-361.
    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024), "Time-uniform central limit theory and asymptotic confidence
    sequences", Annals of Statistics 52, 2613-2640: the interval for every moment.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log, sqrt

import numpy as np

from holdfast.measures.statistics.moments import Many, Numbers
from holdfast.measures.statistics.normal import below, quantile

LOOKS = 20
"""How many looks a planned trial has."""
_REACH = 8.0
"""How many standard errors wide the density is followed."""
_CELLS = 400
_HALVINGS = 60


def spent(share: float, error: float) -> float:
    """How much of the chance of error may be spent when so large a share of the people is in; 0 <= share <= 1.

    Half of it on either side, each after O'Brien and Fleming. Source: Lan & DeMets (1983).
    """
    if share <= 0:
        return 0.0
    return min(error, 4 * below(quantile(error / 4) / sqrt(min(share, 1.0))))


@lru_cache(maxsize=256)
def boundaries(looks: int = LOOKS, error: float = 0.05) -> tuple[float, ...]:
    """By how many standard errors the estimate must be off at each of so many evenly spaced looks.

    The chance that one of them is passed, where there is nothing, is `error` in all. The first may be infinite: so
    early nothing can be said.
    """
    if looks < 1 or not 0 < error < 1:
        raise ValueError("there is at least one look, and the chance of error lies between 0 and 1")
    shares = [(index + 1) / looks for index in range(looks)]
    limits: list[float] = []
    grid, density = np.empty(0), np.empty(0)
    for index, share in enumerate(shares):
        allowance = spent(share, error) - (spent(shares[index - 1], error) if index else 0.0)
        limit = _limit(grid, density, share, shares[index - 1] if index else 0.0, allowance)
        limits.append(limit)
        grid, density = _carried(grid, density, share, shares[index - 1] if index else 0.0, limit)
    return tuple(limits)


def found(drift: float, looks: int = LOOKS, error: float = 0.05) -> float:
    """How often a planned trial finds a difference, either way, at one of its looks: its power.

    Args:
        drift: by how many standard errors the estimate is off 0, on average, when everybody is in.
    """
    grid, density = np.empty(0), np.empty(0)
    passed, before = 0.0, 0.0
    for index, limit in enumerate(boundaries(looks, error)):
        share = (index + 1) / looks
        passed += _passed(grid, density, share, before, limit, drift)
        grid, density = _carried(grid, density, share, before, limit, drift)
        before = share
    return passed


def _limit(grid: Numbers, density: Numbers, share: float, before: float, allowance: float) -> float:
    """The boundary that is passed at this look, and at none before, with the chance `allowance`."""
    if allowance <= 0:
        return _REACH
    low, high = 0.0, _REACH
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _passed(grid, density, share, before, middle) > allowance else (low, middle)
    return high


def _passed(  # noqa: PLR0917 - A density, two moments, a limit and a drift.
    grid: Numbers, density: Numbers, share: float, before: float, limit: float, drift: float = 0.0
) -> float:
    """The chance that the score, which has stayed within so far, is off by more than `limit` standard errors now."""
    from scipy.special import ndtr  # noqa: PLC0415 - A fifth of a second, which few of our processes need.

    edge, step, off = limit * sqrt(share), sqrt(share - before), drift * (share - before)
    start, weight = (grid, density) if len(grid) else (np.zeros(1), np.ones(1))
    beyond = ndtr((start + off - edge) / step) + ndtr((-edge - start - off) / step)
    return float(np.trapezoid(weight * beyond, start)) if len(grid) else float(beyond[0])


def _carried(  # noqa: PLR0917 - As above.
    grid: Numbers, density: Numbers, share: float, before: float, limit: float, drift: float = 0.0
) -> tuple[Numbers, Numbers]:
    """The density of the score among those within the boundary at this look."""
    edge, step, off = min(limit, _REACH) * sqrt(share), share - before, drift * (share - before)
    fresh = np.linspace(-edge, edge, _CELLS + 1)
    if not len(grid):
        return fresh, np.exp(-0.5 * (fresh - off) ** 2 / step) / sqrt(2 * np.pi * step)
    kernel = np.exp(-0.5 * (fresh[:, None] - grid[None, :] - off) ** 2 / step) / sqrt(2 * np.pi * step)
    return fresh, np.asarray(np.trapezoid(kernel * density[None, :], grid, axis=1))


def look_at(people: float, planned: float, looks: int = LOOKS) -> int:
    """The last look that so many people have reached; 0 before the first. Beyond the plan there is none further."""
    return min(looks, int(looks * people / planned + 1e-9)) if planned > 0 else 0


def people_at(look: int, planned: float, looks: int = LOOKS) -> int:
    """How many people make up a look: those who came first."""
    return ceil(planned * look / looks - 1e-9)


def planned_factor(look: int, looks: int = LOOKS, confidence: float = 0.95) -> float:
    """By how many standard errors the interval of a planned trial reaches either way at a look; infinite before any."""
    return boundaries(looks, 1 - confidence)[look - 1] if look > 0 else float("inf")


def unplanned_factor(people: Many, tuned_people: float, confidence: float = 0.95) -> Numbers:
    """By how many standard errors the interval that holds at every moment reaches either way.

    Args:
        people: how many there are by now, in both arms.
        tuned_people: at how many it is to be narrowest.

    Source: Waudby-Smith et al. (2024), equation 14 and appendix B.2.
    """
    error = 1 - confidence
    rho = (-2 * log(error) + log(-2 * log(error) + 1)) / max(tuned_people, 1.0)
    grown = np.asarray(people, dtype=float) * rho
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.sqrt(2 * (grown + 1) / grown * np.log(np.sqrt(grown + 1) / error))
    return np.where(grown > 0, factor, np.inf)
