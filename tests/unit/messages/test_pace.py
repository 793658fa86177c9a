"""Pace: whatever is asked when, no window ever holds more than the rate and one burst."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid
from holdfast.messages.pace import BURST_MS, SKEW_MS, Bucket, Rate, decode_rates

RATES = st.builds(Rate, st.integers(1, 5_000), st.sampled_from([1_000, 60_000, 3_600_000]))
STEPS = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 500)), min_size=1, max_size=40)


@given(RATES, STEPS)
def test_no_window_holds_more_than_the_rate_and_one_burst(rate: Rate, steps: list[tuple[int, int]]) -> None:
    bucket, taken = Bucket(rate), []
    for now_ms, wanted in zip(
        accumulate((step for step, _ in steps), initial=0), [1, *(n for _, n in steps)], strict=True
    ):
        count = min(wanted, bucket.free(now_ms))
        bucket = bucket.taken(count, now_ms)
        taken.append((now_ms, count))
    for at, (first_ms, _) in enumerate(taken):
        total = 0
        for last_ms, count in taken[at:]:
            total += count
            allowed = rate.burst + (last_ms - first_ms) * 1_000 / rate.spacing_us
            assert total <= allowed
            assert rate.count / rate.within_ms >= 1_000 / rate.spacing_us, "spacing is rounded up"


@given(RATES, st.integers(0, 10**13))
def test_a_rested_bucket_gives_a_burst_then_one_each_spacing(rate: Rate, now_ms: int) -> None:
    bucket = Bucket(rate)
    assert bucket.free(now_ms) == rate.burst
    empty = bucket.taken(rate.burst, now_ms)
    assert empty.free(now_ms) == 0
    next_ms = empty.free_at_ms(now_ms)
    assert now_ms < next_ms <= now_ms + rate.spacing_us // 1_000 + 1
    assert empty.free(next_ms) >= 1
    assert empty.free(next_ms - 1) == 0
    with pytest.raises(ValueError, match="cannot be taken"):
        empty.taken(1, now_ms)


@given(RATES, st.integers(10**9, 10**12), st.integers(1, 10**8))
def test_a_clock_set_back_holds_nobody_up_longer_than_clocks_may_be_apart(
    rate: Rate, now_ms: int, back_ms: int
) -> None:
    drained = Bucket(rate).taken(rate.burst, now_ms)
    earlier_ms = now_ms - back_ms
    free_ms = drained.free_at_ms(earlier_ms)
    assert free_ms <= earlier_ms + SKEW_MS + rate.spacing_us // 1_000 + 1
    assert drained.free(free_ms) >= 1
    assert free_ms == earlier_ms or not drained.free(free_ms - 1)


def test_a_clock_that_is_a_little_behind_takes_no_more_than_the_rate() -> None:
    rate = Rate(50, 1_000)
    drained = Bucket(rate).taken(rate.burst, 1_000_000)
    assert drained.free(1_000_000 - SKEW_MS) == 0


def test_the_long_run_rate_is_the_rate() -> None:
    rate = Rate(50, 1_000)
    bucket, taken = Bucket(rate), 0
    for now_ms in range(0, 60_000, BURST_MS // 2):
        count = bucket.free(now_ms)
        bucket, taken = bucket.taken(count, now_ms), taken + count
    assert 60 * 50 - 10 <= taken <= 60 * 50 + rate.burst


def test_rates_are_read_from_a_text() -> None:
    rates = decode_rates(" gmail.com 20/s;GMX.de   300/min ; others 5/h;", "domain_rates", example="x 1/s")
    assert rates.of("gmail.com") == Rate(20, 1_000)
    assert str(rates.of("gmx.de")) == "300/min"
    assert rates.of("anything.example") == Rate(5, 3_600_000)
    assert decode_rates("", "p", example="x 1/s").of("gmail.com") is None
    assert decode_rates("a.example 1/s", "p", example="x 1/s").of("b.example") is None


@pytest.mark.parametrize(
    "text",
    ["gmail.com", "gmail.com 0/s", "gmail.com 20/day", "20/s", "a b 2/s", "a 1/s; A 2/s", "a 99999999/s", "-a 1/s"],
)
def test_what_is_no_rate_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_rates(text, "send_rates", example="email 50/s")
    assert refused.value.path == "send_rates"
    assert refused.value.hint
