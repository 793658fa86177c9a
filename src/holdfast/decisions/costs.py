"""Costs and budgets: what a message costs, and how much a journey may spend.

Sums are whole thousandths of the minor unit of the workspace's currency (of a cent, where there are cents): a mail
costs less than a cent, and ten thousand of them are counted exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from holdfast.decisions.fields import Choice, Whole
from holdfast.kernel.errors import Invalid

THOUSANDTHS = 1_000
COST_MINOR_MOST = 1_000_000
_RULE = re.compile(r"(?P<channel>[a-z0-9][a-z0-9_-]{0,63}) (?P<minor>[0-9]{1,7}(?:\.[0-9]{1,3})?)")
_HINT = "Write what one message costs in cents, such as `email 0.08; sms 7.5`: at most three places after the point."

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


def decode_costs(text: str, path: str) -> dict[str, int]:
    """What a message costs by channel, in thousandths of a minor unit: `email 0.08; sms 7.5`; empty for nothing.

    Raises Invalid, with `path`.
    """
    costs: dict[str, int] = {}
    for rule in (" ".join(part.split()) for part in text.split(";")):
        if not rule:
            continue
        found = _RULE.fullmatch(rule)
        if found is None or Decimal(found["minor"]) > COST_MINOR_MOST:
            raise Invalid(f"{rule!r:.200} is no cost of a message.", path=path, hint=_HINT)
        if found["channel"] in costs:
            raise Invalid(f"{found['channel']!r} is there twice.", path=path, hint="Keep one of them.")
        costs[found["channel"]] = int(Decimal(found["minor"]) * THOUSANDTHS)
    return costs
