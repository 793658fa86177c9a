"""Warm-ups: how much on which day, and what is no schedule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.messages.mail.warm_up import (
    DAYS_MOST,
    EXAMPLE,
    EXAMPLE_OF_TWO,
    SCHEDULES_MOST,
    Sent,
    WarmUp,
    day_of_millis,
    decode_warm_ups,
    next_day_ms,
    read_sent,
)

FIRST = date(2026, 12, 1)


def the(text: str) -> WarmUp:
    made = decode_warm_ups(text, "email_warm_up")
    assert made is not None
    assert made.others is not None
    return made.others


def test_a_schedule_doubles_until_the_domain_is_warm() -> None:
    warm_up = the(EXAMPLE)
    limits = [warm_up.limit(FIRST + timedelta(days)) for days in range(-1, 12)]
    assert limits == [0, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, None, None]
    assert warm_up.days == 10


def test_a_schedule_grows_by_a_share() -> None:
    warm_up = the("from 2026-12-01: 1000,  +30%, to 3000")
    assert [warm_up.limit(FIRST + timedelta(days)) for days in range(6)] == [1_000, 1_300, 1_690, 2_197, 2_856, None]


@given(st.integers(1, 10_000), st.integers(3, 200), st.integers(10_001, 10_000_000))
def test_it_never_falls_and_ends(start: int, percent: int, full: int) -> None:
    warm_up = the(f"from 2026-12-01: {start}, +{percent}%, to {full}") if percent >= 5 else the(EXAMPLE)
    limits = [warm_up.limit(warm_up.first + timedelta(days)) for days in range(warm_up.days + 3)]
    assert limits[-3:] == [None] * 3
    counts = [each for each in limits if each is not None]
    assert all(before <= after < warm_up.full for before, after in pairwise(counts))
    assert warm_up.days <= DAYS_MOST


@pytest.mark.parametrize(
    "text",
    [
        "50",
        "from 2026-12-01: 50",
        "from 2026-13-01: 50, doubling, to 50000",
        "from 2026-12-01: 0, doubling, to 50000",
        "from 2026-12-01: 50000, doubling, to 50",
        "from 2026-12-01: 50, +0%, to 50000",
        "from 2026-12-01: 50, halving, to 50000",
        "from 2026-12-01: 1, +1%, to 100000000",
        "from 2026-12-01: 1, doubling, to 999999999",
        "shop example from 2026-12-01: 50, doubling, to 50000",
        "shop.example",
        "from 2026-12-01: 50, doubling, to 50000; from 2026-12-02: 50, doubling, to 50000",
        "a.example from 2026-12-01: 5, doubling, to 50; A.example from 2026-12-02: 5, doubling, to 50",
        "; ".join(f"d{number}.example from 2026-12-01: 5, doubling, to 50" for number in range(SCHEDULES_MOST + 1)),
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as wrong:
        decode_warm_ups(text, "email_warm_up")
    assert wrong.value.path == "email_warm_up"
    assert wrong.value.hint


def test_no_schedule_limits_nothing() -> None:
    assert decode_warm_ups(" ", "email_warm_up") is None
    assert decode_warm_ups(" ; ", "email_warm_up") is None


def test_each_domain_has_its_own_schedule_or_that_of_the_others_or_none() -> None:
    two = decode_warm_ups(f"{EXAMPLE_OF_TWO};", "email_warm_up")
    assert two is not None
    news, shop = two.of("News.shop.example"), two.of("shop.example")
    assert news is not None
    assert shop is not None
    assert (news.start, shop.start, shop.first) == (50, 200, date(2026, 12, 10))
    assert two.of("tea.example") is None
    with_others = decode_warm_ups(f"from 2026-12-01: 7, doubling, to 90; {EXAMPLE_OF_TWO}", "email_warm_up")
    assert with_others is not None
    others, news = with_others.of("tea.example"), with_others.of("news.shop.example")
    assert others is not None
    assert news is not None
    assert (others.start, news.start) == (7, 50)


def test_what_was_sent_counts_on_its_day() -> None:
    kept = str(Sent(day=FIRST, count=37))
    assert read_sent(kept, FIRST).count == 37
    assert read_sent(kept, FIRST + timedelta(days=1)) == Sent(day=FIRST + timedelta(days=1))
    assert read_sent(None, FIRST).count == 0


def test_days_are_those_of_utc() -> None:
    late = to_millis(datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC))
    assert day_of_millis(late) == FIRST
    assert next_day_ms(late) == late + 1_000
    assert day_of_millis(next_day_ms(late)) == FIRST + timedelta(days=1)
