"""How draws of the global holdout divide the past into periods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from holdfast.decisions.holdout import Rotation
from holdfast.flows.measure.holdout_draws import ALL_TIME, DrawnPeriod, drawn_periods
from holdfast.kernel.moments import to_millis
from holdfast.ports.holdouts import HoldoutDraw

NOW = datetime(2026, 8, 15, 12, tzinfo=UTC)


def draw(at: datetime, share: float = 0.1, rotates: Rotation = "quarter", zone: str = "UTC") -> HoldoutDraw:
    return HoldoutDraw(since_ms=to_millis(at), share=share, rotates=rotates, zone=zone)


def periods(*draws: HoldoutDraw, count: int = 4, now: datetime = NOW) -> list[DrawnPeriod]:
    """Oldest first."""
    return [*islice(drawn_periods(now, draws), count)][::-1]


def test_one_draw_divides_all_there_was() -> None:
    found = periods(draw(datetime(2026, 5, 1, tzinfo=UTC)), count=3)
    assert [each.name for each in found] == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert [each.noted for each in found] == [False, False, True]
    assert found[0].since_ms == to_millis(datetime(2026, 1, 1, tzinfo=UTC))
    assert (found[-1].until_ms, found[-1].rotates) == (to_millis(NOW), True)


def test_another_length_of_period_begins_where_it_was_changed() -> None:
    at = datetime(2026, 5, 10, tzinfo=UTC)
    found = periods(draw(datetime(2026, 1, 1, tzinfo=UTC)), draw(at, rotates="month"), count=6)
    assert [each.name for each in found] == ["2026-Q1", "2026-Q2", "2026-05", "2026-06", "2026-07", "2026-08"]
    assert found[1].until_ms == found[2].since_ms == to_millis(at)


def test_all_time_is_so_long_and_no_period_comes_before_it() -> None:
    (found,) = periods(draw(datetime(2020, 1, 1, tzinfo=UTC), rotates="never"))
    assert (found.name, found.rotates) == ("", False)
    assert found.since_ms == to_millis(NOW - ALL_TIME)
    raised = draw(NOW - timedelta(days=10), 0.3, "never")
    (found,) = periods(draw(datetime(2020, 1, 1, tzinfo=UTC), rotates="never"), raised)
    assert [each.share for each in found.stretches] == [0.1, 0.3]
    assert (found.least, found.most, found.since_ms) == (0.1, 0.3, to_millis(NOW - ALL_TIME))
    before = periods(draw(datetime(2020, 1, 1, tzinfo=UTC)), draw(NOW - timedelta(days=10), rotates="never"))
    assert [each.name for each in before] == ["2026-Q1", "2026-Q2", "2026-Q3", ""]


def test_a_zone_that_changes_moves_only_when_periods_begin() -> None:
    draws = (draw(datetime(2026, 1, 1, tzinfo=UTC)), draw(datetime(2026, 5, 1, tzinfo=UTC), zone="Asia/Tokyo"))
    found = periods(*draws, count=3)
    assert [each.name for each in found] == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert len(found[1].stretches) == 2
    assert found[2].since_ms == to_millis(datetime(2026, 6, 30, 15, tzinfo=UTC))


def test_the_longest_part_in_which_somebody_was_held_out_counts() -> None:
    days = [(1, 0.1), (5, 0.0), (9, 0.2), (12, 0.3), (40, 0.0)]
    draws = [draw(datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=day), share) for day, share in days]
    found = periods(*draws, count=1)[0]
    assert (found.least, found.most) == (0.2, 0.3)
    assert found.since_ms == draws[2].since_ms
    assert found.until_ms == draws[4].since_ms
    nobody = periods(draw(datetime(2026, 1, 1, tzinfo=UTC), 0.0), count=1)[0]
    assert (nobody.least, nobody.most, nobody.until_ms) == (0.0, 0.0, to_millis(NOW))


@given(
    drawn=st.lists(
        st.tuples(
            st.integers(0, 900),
            st.sampled_from((0.0, 0.05, 0.4)),
            st.sampled_from(("quarter", "month", "never")),
            st.sampled_from(("UTC", "Europe/Berlin", "Pacific/Kiritimati")),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda each: each[0],
    )
)
def test_periods_follow_each_other_without_gaps_whatever_was_changed(
    drawn: list[tuple[int, float, Rotation, str]],
) -> None:
    draws = [draw(NOW - timedelta(days=900 - day), share, rotates, zone) for day, share, rotates, zone in sorted(drawn)]
    found = periods(*draws, count=30)
    stretches = [each for period in found for each in period.stretches]
    assert stretches[-1].until_ms == to_millis(NOW)
    assert all(one.until_ms == other.since_ms for one, other in pairwise(stretches))
    assert all(each.since_ms < each.until_ms for each in stretches)
    for period in found:
        assert set(period.counted) <= set(period.stretches)
        assert period.least > 0 or period.most == 0
