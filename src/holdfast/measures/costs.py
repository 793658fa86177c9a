"""What it cost to win people: given with a question, and set against what they brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from holdfast.decisions.fields import OrNull, Text, at
from holdfast.kernel.errors import Invalid
from holdfast.measures.insight_fields import MomentText, Whole
from holdfast.measures.insight_money import Currency

COST_MOST = 2**53
"""In minor units: JSON has no larger whole number that every reader takes exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money spent on winning people."""

    minor: Annotated[int, Whole(0, COST_MOST), "How much, in whole minor units: 125000 is 1250 euro."]
    currency: Annotated[str | None, OrNull(Currency()), "Its currency; without it, that of the answer."] = None
    source: Annotated[str | None, OrNull(Text(least=0, most=500)), "The source it was spent on."] = None
    at: Annotated[str | None, OrNull(MomentText()), "When; it belongs to the cohort of that moment."] = None


def check_currency(costs: Sequence[Cost], currency: str) -> None:
    """Raises Invalid when a cost is in another currency: we know no rate of exchange."""
    for index, each in enumerate(costs):
        if each.currency not in (None, currency):
            raise Invalid(
                f"This cost is in {each.currency}, and the answer in {currency}.",
                code="other_currency",
                path=at(at("$.costs", index), "currency"),
                hint=f"Give it in {currency}, at the rate it was paid at.",
            )
