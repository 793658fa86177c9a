"""Counting replays: what a sample says of everybody, and what a person came to."""

from __future__ import annotations

import random
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.flows.rehearsal.simulate import period_of, sample_of
from holdfast.flows.rehearsal.simulation_count import (
    DEFERRED,
    OUTCOME,
    PAID,
    SEND,
    Scale,
    Tally,
    counted,
    days_between,
    path_of,
)
from holdfast.flows.rehearsal.simulation_effect import Baseline, Detectable, Unsaid, effect_of
from holdfast.flows.rehearsal.simulation_world import Replayed
from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.testing import START, a_send, a_visit

AT = to_millis(START)
HOUR, DAY = 3_600_000, 86_400_000
BERLIN = ZoneInfo("Europe/Berlin")
KEY = ("some", "thing")


def tally_of(counts: list[int]) -> Tally:
    tally = Tally()
    for count in counts:
        tally.add(Counter({KEY: count} if count else {}))
    return tally


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
def test_everybody_replayed_is_no_estimate(counts: list[int]) -> None:
    told = Scale(sampled=len(counts), everybody=len(counts)).of(tally_of(counts), KEY)
    assert (told.count, told.low, told.high) == (sum(counts),) * 3


@given(st.lists(st.integers(0, 5), min_size=2, max_size=50), st.integers(2, 1_000))
def test_a_sample_is_scaled_and_has_a_range_around_it(counts: list[int], times: int) -> None:
    told = Scale(sampled=len(counts), everybody=len(counts) * times).of(tally_of(counts), KEY)
    assert told.count == sum(counts) * times
    assert sum(counts) <= told.low <= told.count <= told.high


@pytest.mark.parametrize("weights", [(1, 0.1), (3, 0.3)])
def test_the_range_holds_the_truth_as_often_as_it_says(weights: tuple[int, float]) -> None:
    """Of a thousand people, samples of two hundred: at least 93 of 100 ranges, and not all of them."""
    most, chance = weights
    draw = random.Random(20261122)
    everybody = [draw.randint(1, most) if draw.random() < chance else 0 for _ in range(1_000)]
    truth, held = sum(everybody), 0
    for _ in range(1_000):
        told = Scale(sampled=200, everybody=1_000).of(tally_of(draw.sample(everybody, 200)), KEY)
        held += told.low <= truth <= told.high
    assert 930 <= held < 1_000


def test_a_sample_is_the_same_every_time_and_as_large_as_asked() -> None:
    people = list(range(1, 2_001))
    first = sample_of(people, 100)
    assert first == sample_of(list(reversed(people)), 100) == sorted(first)
    assert len(set(first)) == 100
    assert set(sample_of(people, 50)) < set(first)
    assert sample_of(people, None) == sample_of(people, 5_000) == people


def test_what_a_person_came_to() -> None:
    visit = a_visit(1, trail=(("begin", "entered", AT),), arm="treated")
    left = a_visit(2, trail=(("begin", "entered", AT), ("wait", "goal", AT)), step="wait", left_ms=AT, left_by="goal")
    sends = [
        a_send("a", state="sent", claimed_ms=AT + 15 * HOUR, not_before_ms=AT + 15 * HOUR),
        a_send("b", state="withheld", reason="capped", settled_ms=AT),
        a_send("c", identity=2, state="failed", claimed_ms=AT),
        a_send("d", identity=3, state="sent", claimed_ms=AT),
    ]
    replayed = Replayed(
        visits=[visit, left],
        sends=sends,
        step_counts=[],
        refused=[(1, AT, "late"), (3, AT, "late")],
        person_of={1: 1, 2: 1, 3: 3},
        reached={1: True},
    )
    counts = counted(replayed, [1], BERLIN)
    assert counts["entries", "treated"] == 2
    assert counts["people", "treated"] == 1
    assert counts["path", "begin: entered", "wait", "…"] == counts["path", "begin: entered", "wait: goal"] == 1
    assert counts["goal", "reached"] == counts["refused", "late"] == 1
    # Nine in the morning and fifteen hours: in Berlin it is past midnight.
    assert counts[SEND, "mail", "email", "2026-01-06", "sent", ""] == 1
    assert counts[SEND, "mail", "email", "2026-01-05", "withheld", "capped"] == 1
    assert counts[OUTCOME, "withheld", "capped"] == counts[(DEFERRED,)] == 1
    assert counts[PAID, "email"] == 2


def test_a_path_ends_where_somebody_left() -> None:
    gone = a_visit(trail=(("begin", "entered", AT),), step="done", left_ms=AT, left_by="done")
    assert path_of(gone) == ("begin: entered", "done")
    long = a_visit(trail=tuple(("round", "again", AT) for _ in range(90)))
    assert len(path_of(long)) == 30
    assert path_of(long)[-1] == "…"


def test_periods() -> None:
    assert period_of("30d", AT, BERLIN) == (AT - 30 * DAY, AT)
    first, last = period_of("2025-12-01..2025-12-03", AT, BERLIN)
    assert last - first == 2 * DAY
    assert days_between(first, last, BERLIN) == ["2025-12-01", "2025-12-02"]
    assert period_of("2026-01-01..2027-01-01", AT, BERLIN)[1] == AT
    for wrong in ("", "30", "d", "2026-01-02..2026-01-01", "2026-13-01..2026-14-01", "2027-01-01..2027-02-01", "9999d"):
        with pytest.raises(Invalid, match=r"\$\.over"):
            period_of(wrong, AT, BERLIN)
    with pytest.raises(Invalid, match="too long"):
        period_of("99999d", AT, BERLIN)  # It would begin before 1970.


def test_no_effect_is_made_up() -> None:
    baseline = Baseline(people=1_000, reached=100, open_people=5)
    told = effect_of(baseline, treated=9_000, holdout=1_000, past=None)
    assert isinstance(told, Detectable)
    assert 0.02 < told.difference < 0.04
    for treated, holdout, people in ((0, 100, 10), (100, 0, 10), (100, 100, 0), (3, 3, 10)):
        nothing = Baseline(people=people, reached=people // 2, open_people=0)
        assert isinstance(effect_of(nothing, treated=treated, holdout=holdout, past=None), Unsaid)
