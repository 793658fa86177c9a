"""The breaker: it opens when it should, lets one probe through, and never lets anything through while open."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.messages.breaker import FAILURES_MOST, OPEN_MS, OPEN_MS_MOST, PROBE_MS_MOST, WINDOW_MS, Breaker


def failing(times: int, now_ms: int = 0, apart_ms: int = 1) -> Breaker:
    breaker = Breaker()
    for each in range(times):
        breaker = breaker.failed(now_ms + each * apart_ms)
    return breaker


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    assert failing(FAILURES_MOST - 1).room(10) is None
    assert failing(FAILURES_MOST).room(10) == 0
    assert failing(FAILURES_MOST - 1).answered().failed(5).room(10) is None
    assert failing(FAILURES_MOST * 3, apart_ms=WINDOW_MS // (FAILURES_MOST - 1)).standing(10**9) == "closed"


def test_one_probe_goes_and_its_answer_decides() -> None:
    opened = failing(FAILURES_MOST)
    assert opened.until_ms is not None
    assert opened.opens_ms(0) == opened.until_ms
    at_ms = opened.until_ms
    assert (opened.standing(at_ms - 1), opened.standing(at_ms)) == ("open", "half_open")
    assert opened.room(at_ms) == 1
    probing = opened.sent(at_ms)
    assert probing.room(at_ms) == 0
    assert probing.let_go().room(at_ms) == 1
    assert probing.room(at_ms + PROBE_MS_MOST) == 1, "a probe that is never answered holds nobody up for ever"
    assert probing.answered().room(at_ms) is None
    again = probing.failed(at_ms)
    assert again.until_ms == at_ms + 2 * OPEN_MS
    assert again.room(at_ms) == 0


def test_a_clock_that_was_set_back_does_not_keep_it_open() -> None:
    hour_ms = 3_600_000
    opened = failing(FAILURES_MOST, now_ms=hour_ms)
    assert opened.standing(0) == "half_open"
    assert opened.opens_ms(0) is None
    probing = opened.sent(hour_ms)
    assert probing.room(0) == 1, "the probe may never be answered"
    assert failing(FAILURES_MOST - 1, now_ms=hour_ms).failed(0).standing(0) == "closed"


def test_late_failures_of_what_was_under_way_do_not_open_it_for_longer() -> None:
    opened = failing(FAILURES_MOST)
    assert opened.failed(5_000) == opened


def test_it_never_stays_open_longer_than_the_most() -> None:
    breaker, now_ms = failing(FAILURES_MOST), 0
    for _ in range(40):
        assert breaker.until_ms is not None
        assert breaker.until_ms - now_ms <= OPEN_MS_MOST
        now_ms = breaker.until_ms
        breaker = breaker.sent(now_ms).failed(now_ms)


@given(
    st.lists(st.tuples(st.sampled_from(["answered", "failed", "sent", "let_go"]), st.integers(0, 90_000)), max_size=60)
)
def test_at_most_one_is_under_way_unless_it_is_closed(acts: list[tuple[str, int]]) -> None:
    breaker, now_ms, probes = Breaker(), 0, 0
    for act, step_ms in acts:
        now_ms += step_ms
        room = breaker.room(now_ms)
        match act:
            case "sent" if room is None or room > 0:
                probes = 0 if room is None else 1
                breaker = breaker.sent(now_ms)
            case "answered":
                breaker, probes = breaker.answered(), 0
                assert breaker.room(now_ms) is None
            case "failed":
                breaker, probes = breaker.failed(now_ms), 0
            case "let_go":
                breaker, probes = breaker.let_go(), 0
            case _:
                pass
        if probes and breaker.until_ms is not None and now_ms - (breaker.probed_ms or 0) < PROBE_MS_MOST:
            assert breaker.room(now_ms) == 0
        assert len(breaker.failures) < FAILURES_MOST
