"""Joint beliefs: several adaptive steps of one journey, learnt together.

What a person brings is taken for a sum: a middle, and what the path they had at each step adds. Steps that are learnt
one by one take what the others' paths did for noise, and where shares moved while people's ways drifted, for their own
effect. Here each step is reckoned as ever, with what its people had at the other steps taken out, again and again until
nothing moves: what is left is each path's own.

Sources:
    Henderson (1975), "Best linear unbiased estimation and prediction under a selection model", Biometrics 31, 423-447:
    estimates of many small effects at once, shrunk by how far they lie apart.
    Breiman & Friedman (1985), "Estimating optimal transformations for multiple regression and correlation", JASA 80,
    580-598: solving for one part at a time, by what the others leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from holdfast.measures.learning.beliefs import Beliefs, Tried, beliefs, ripe
from holdfast.measures.statistics.moments import Numbers, over

_ROUNDS = 100
"""How often each step is reckoned again by what the others leave, at most: two or three times, but for steps whose
paths hardly anybody had otherwise than together."""
_SETTLED = 1e-3
"""By what part of a standard deviation means may still move when it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Of one step's people, which paths they had at another step."""

    step: int
    other: int
    """Both by their place among the steps."""
    people: Numbers
    """Shape (paths, batches, other paths), as `Tried.assigned` is by path and batch; who did not come to the other
    step is in none of them."""


def joint_beliefs(tried: Sequence[Tried], company: Sequence[Company]) -> list[Beliefs]:
    """What to believe of the paths of each step, all reckoned together.

    A path's mean is that of a person who has it, and is as everybody who comes to the step at the other steps.

    Args:
        tried: of each step, with no leading dimensions.
        company: of each two steps that people may both come to, both ways; without any each step is by itself.
    """
    steps = [_Step(each, [one for one in company if one.step == at]) for at, each in enumerate(tried)]
    found = [beliefs(each) for each in tried]
    for _ in range(_ROUNDS if company else 0):
        before = list(found)
        for at, step in enumerate(steps):
            found[at] = step.beside(found)
        if all((abs(a.mean - b.mean) <= _SETTLED * a.deviation).all() for a, b in zip(found, before, strict=True)):
            break
    return found


class _Step:
    """One step, and whom its people met."""

    def __init__(self, tried: Tried, company: Sequence[Company]) -> None:
        self._tried, self._company = tried, company
        self._grown = np.broadcast_to(ripe(tried), tried.assigned.shape)
        self._seen = self._grown * tried.assigned
        self._brought = tried.converted.sum(axis=-1) if tried.value is None else tried.value

    def beside(self, every: Sequence[Beliefs]) -> Beliefs:
        """What to believe of its paths, given what is believed of all others'."""
        taken, unsure = np.zeros_like(self._seen), np.zeros(self._seen.shape[0])
        for each in self._company:
            other = every[each.other]
            met = self._grown[..., None] * each.people
            taken += met @ _adds(other)
            # How unsure the others are counts as far as they met this path otherwise than the step's people at large.
            share = np.nan_to_num(over(met.sum(axis=1), self._seen.sum(axis=1)[:, None]))
            at_large = met.sum(axis=(0, 1)) / max(float(self._seen.sum()), 1e-12)
            unsure += ((share - at_large) ** 2) @ other.deviation**2
        # Nothing is taken from all of them together: only from who met better company than the others.
        taken -= self._seen * (taken.sum() / max(float(self._seen.sum()), 1e-12))
        found = beliefs(replace(self._tried, value=self._brought - taken, value_squares=self._squares))
        return replace(found, deviation=np.sqrt(found.deviation**2 + unsure), rate=self._rate)

    @property
    def _squares(self) -> Numbers:
        return self._brought if self._tried.value_squares is None else self._tried.value_squares

    @property
    def _rate(self) -> Numbers:
        """As it was seen, with nothing taken out."""
        return over(self._brought.sum(axis=-1), self._seen.sum(axis=-1))


def _adds(of: Beliefs) -> Numbers:
    """What each path adds to what its step's people bring on average."""
    whole = float(of.people.sum())
    adds: Numbers = of.mean - (float((of.people * of.mean).sum()) / whole if whole > 0 else float(of.mean.mean()))
    return adds
