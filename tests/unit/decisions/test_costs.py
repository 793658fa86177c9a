from __future__ import annotations

import pytest

from holdfast.decisions.budget import Budget
from holdfast.decisions.costs import decode_costs
from holdfast.kernel.errors import Invalid

SPENT = {"2026-10-31": 70_000, "2026-11-01": 20_000, "2026-11-22": 5_000}


@pytest.mark.parametrize(("per", "left"), [("all", 5_000), ("month", 75_000), ("day", 95_000)])
def test_a_budget_counts_what_was_spent_in_its_time(per: str, left: int) -> None:
    budget = Budget(minor=100, per=per)  # type: ignore[arg-type]  # One of the three.
    assert budget.left(SPENT, "2026-11-22") == left


def test_costs_are_exact_below_a_cent() -> None:
    assert decode_costs("email 0.08; sms 7.5;  webhook 0", "message_costs") == {"email": 80, "sms": 7_500, "webhook": 0}
    assert decode_costs("", "message_costs") == {}


@pytest.mark.parametrize("text", ["email", "email -1", "email 0.0001", "email 1; email 2", "E-Mail 1", "email 9999999"])
def test_what_is_no_cost_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_costs(text, "message_costs")
    assert refused.value.path == "message_costs"
    assert refused.value.hint
