"""Budgets: how much a journey or campaign may spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.decisions.costs import THOUSANDTHS
from holdfast.decisions.fields import Choice, Whole

Per = Literal["all", "month", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much the messages of a journey or campaign may cost."""

    minor: Annotated[
        int, Whole(least=1, most=10**12), "The most it may spend, in minor units of the workspace's currency (cents)."
    ]
    per: Annotated[
        Per, Choice(("all", "month", "day")), "In all, in each month or on each day, of the workspace's time zone."
    ] = "all"

    def left(self, spent: Mapping[str, int], day: str) -> int:
        """What is left on a day such as `2026-11-22`, in thousandths of a minor unit.

        Args:
            spent: what was spent on each day, in the same unit.
            day: the day it is.
        """
        length = {"all": 0, "month": len("2026-11"), "day": len(day)}[self.per]
        return self.minor * THOUSANDTHS - sum(cost for when, cost in spent.items() if when[:length] == day[:length])
