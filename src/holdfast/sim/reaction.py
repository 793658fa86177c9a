"""What a mail does to the person who gets it: the planted truth at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.sim.people import Effects
from holdfast.sim.rhythm import Array

CHANCES = 6
"""How many numbers in [0, 1) one reaction is made of."""
MAILS_MOST = 8
"""For how many mails a person has chances of their own; later ones reuse them in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What follows a mail, and after how long; None for what does not follow."""

    opens_ms: int | None = None
    clicks_ms: int | None = None
    buys_ms: int | None = None
    unsubscribes_ms: int | None = None


def draw_chances(rng: np.random.Generator, people: int) -> Array:
    """Every person's chances for every mail they may get; shape (people, MAILS_MOST, CHANCES).

    Drawn beforehand, so that what somebody does about a mail does not hang on who else got one: the same person reacts
    the same way in a world where others are held out.
    """
    return rng.random((people, MAILS_MOST, CHANCES))


def react(chances: Sequence[float], effect: float, effects: Effects, *, open_ms: float) -> Reaction:
    """What the mail causes.

    Whether it causes a purchase is settled first, with chance `effect`; whoever buys because of it has opened and
    clicked it. So opens and clicks never say how large the effect is.

    Args:
        chances: CHANCES numbers in [0, 1).
        open_ms: the median time until a mail is opened, in milliseconds.
    """
    buys, opens, clicks, leaves, delay, pace = chances
    opens_ms = 1 + int(open_ms * min(20.0, (delay / (1.0001 - delay)) ** 0.9))
    clicks_ms = opens_ms + 1 + int(open_ms * (0.02 + 0.2 * pace))
    if buys < effect:
        return Reaction(opens_ms=opens_ms, clicks_ms=clicks_ms, buys_ms=clicks_ms + 1 + int(open_ms * 0.05))
    if opens >= effects.opens:
        return Reaction()
    if leaves < effects.unsubscribes / max(effects.opens, 1e-9):
        return Reaction(opens_ms=opens_ms, unsubscribes_ms=clicks_ms)
    return Reaction(opens_ms=opens_ms, clicks_ms=clicks_ms if clicks < effects.clicks else None)
