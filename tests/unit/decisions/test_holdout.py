from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdfast.decisions.gate import Contact, GateRules, Permit, Standing, Withheld, gate
from holdfast.decisions.holdout import arm_of, held_out, period_of

PEOPLE = [f"person-{number}" for number in range(20_000)]


def held(origin: str, share: float) -> set[str]:
    return {each for each in PEOPLE if arm_of(origin, each, share) == "holdout"}


def test_the_share_held_out_is_the_share_asked_for() -> None:
    for origin in ("cart-rescue", "win-back", "a"):
        for share in (0.05, 0.1, 0.5):
            # Six standard deviations: a fair hash is outside once in 500 million tries; these are fixed ones.
            spread = math.sqrt(len(PEOPLE) * share * (1 - share))
            assert abs(len(held(origin, share)) - len(PEOPLE) * share) < 6 * spread


def test_people_fall_evenly_over_the_whole_range() -> None:
    tenths = [len(held("cart-rescue", (tenth + 1) / 10)) for tenth in range(9)] + [len(PEOPLE)]
    counts = [tenths[0], *(after - before for before, after in itertools.pairwise(tenths))]
    assert stats.chisquare(counts).pvalue > 0.001


def test_two_origins_divide_people_independently() -> None:
    one, other = held("cart-rescue", 0.3), held("win-back", 0.3)
    both, only_one, only_other = len(one & other), len(one - other), len(other - one)
    table = [[both, only_one], [only_other, len(PEOPLE) - both - only_one - only_other]]
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_nobody_is_held_out_of_what_has_no_holdout() -> None:
    assert held("cart-rescue", 0.0) == set()


@given(st.text(), st.text(), st.floats(0, 0.99), st.floats(0, 0.99))
def test_the_arm_is_sticky_and_a_larger_holdout_lets_nobody_out(
    origin: str, person: str, one: float, other: float
) -> None:
    small, large = sorted((one, other))
    assert arm_of(origin, person, small) == arm_of(origin, person, small)
    if arm_of(origin, person, small) == "holdout":
        assert arm_of(origin, person, large) == "holdout"


def global_holdout(period: str) -> set[str]:
    return {each for each in PEOPLE if held_out(each, 0.05, period)}


def test_each_period_has_a_draw_of_its_own() -> None:
    one, other, always = global_holdout("2026-Q4"), global_holdout("2027-Q1"), global_holdout("")
    for held_then in (one, other, always):
        assert abs(len(held_then) - 1_000) < 6 * math.sqrt(1_000 * 0.95)
    # Of those who are left alone in one period a twentieth is in the next, too, as chance has it.
    assert abs(len(one & other) - 50) < 45
    assert len(one & always) < 100


@pytest.mark.parametrize(
    ("now", "zone", "month", "quarter"),
    [
        (datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), "Europe/Berlin", "2026-12", "2026-Q4"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "Europe/Berlin", "2027-01", "2027-Q1"),
        (datetime(2026, 4, 1, 6, 59, tzinfo=UTC), "America/Los_Angeles", "2026-03", "2026-Q1"),
        (datetime(2026, 4, 1, 7, tzinfo=UTC), "America/Los_Angeles", "2026-04", "2026-Q2"),
        (datetime(2024, 2, 29, tzinfo=UTC), "UTC", "2024-02", "2024-Q1"),
        (datetime(2026, 9, 30, 23, 59, tzinfo=UTC), "UTC", "2026-09", "2026-Q3"),
    ],
)
def test_a_period_goes_by_the_workspaces_calendar(now: datetime, zone: str, month: str, quarter: str) -> None:
    at = ZoneInfo(zone)
    assert (period_of(now, at, "month"), period_of(now, at, "quarter"), period_of(now, at, "never")) == (
        month,
        quarter,
        "",
    )


def test_who_rotates_out_gets_marketing_again_and_receipts_come_always() -> None:
    rules = GateRules(global_holdout=0.05, global_holdout_rotates="quarter")
    before, after = datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    rotated = sorted(global_holdout("2026-Q4") - global_holdout("2027-Q1"))[:20]
    for person in rotated:
        standing = Standing(address="a@example.com", person_key=person)
        letter, receipt = Contact(channel="email", topic="news"), Contact(channel="email", topic="", transactional=True)
        withheld = gate(letter, standing, rules, before)
        assert isinstance(withheld, Withheld)
        assert withheld.reason == "global_holdout"
        assert isinstance(gate(receipt, standing, rules, before), Permit)
        assert isinstance(gate(letter, standing, rules, after), Permit)
