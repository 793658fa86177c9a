"""When a window goes past something that happened, so that it counts from then on, or does not any more."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from holdfast.kernel.moments import to_millis
from holdfast.segments.calendars import Calendar
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Facts, Moments
from holdfast.segments.leaf import Leaf, leaf_of
from holdfast.segments.spans import Windowed, days_ms, moment_ms, span_of
from holdfast.segments.turning import at_moment, next_day, soonest
from holdfast.segments.zones import DAY_MS, clock_changes, offset_ms, zone_for

_MARGIN_MS = 6 * DAY_MS
"""By how much the far end of a rolling stretch of the calendar may run ahead of time, or back: months are of different
lengths, and clocks are changed."""
_NEAR_MS = 2 * DAY_MS
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - It is what a clock on the wall says.

Chosen = Callable[[Moments, int], Iterable[int]]
"""Which moments decide, of those that are known, in order; the second number is the end of the window."""


def window_turns_at(
    condition: Windowed,
    events: Iterable[str],
    facts: Facts,
    now: datetime,
    *,
    chosen: Chosen = lambda moments, until_ms: moments.every(),
    where: Sequence[Comparison] = (),
    keeps: tuple[str, ...] = (),
    denied: bool = False,
    later_ms: int | None = None,
) -> datetime | None:
    """Until when the same events of these names lie in the window of the condition, but for new ones.

    Args:
        chosen: which of them matter.
        where: what must be true of them; a comparison with the day it is may change each day.
        keeps: properties it looks at besides.
        denied: whether it looks at those of which not all of `where` is true.
        later_ms: how long after an event it matters once more.
    """
    now_ms, lengths = to_millis(now), _lengths_ms(condition)
    # Most windows end now, or so long ago. This is asked of every live segment an event concerns, so it is kept short.
    if condition.until is None and condition.calendar is None and later_ms is None and not (where or keeps):
        only = _only(facts, events)
        if only is not None:
            return at_moment(_after(list(chosen(only, now_ms - _back_ms(condition))), lengths, now_ms))
    zone = zone_for(condition.time_zone, facts)
    until_ms = span_of(condition, now_ms, zone).until_ms
    found: list[int | None] = []
    for event in events:
        leaf = leaf_of(event, where, keeps, denied=denied) if where or keeps else None
        moments = facts.moments(event) if leaf is None else _moments(facts, leaf, now_ms)
        if moments is None:
            found.append(_unknown_turns(condition, now_ms, zone))
            continue
        those = sorted(chosen(moments, until_ms))
        if _lacks_what_is_to_come(moments, now_ms):
            found.append(_unknown_turns(condition, now_ms, zone))
        found.append(_after(those, lengths if later_ms is None else (*lengths, later_ms), now_ms))
        if condition.calendar is not None and those:
            turns = _rolling_turns if condition.calendar.rolling else _running_turns
            found.append(turns(condition.calendar, those, now_ms, zone))
        if those and any(each.meaning.days_alike is not None for each in where):
            found.append(next_day(now_ms, facts.zone))
    return at_moment(soonest(found))


def _moments(facts: Facts, leaf: Leaf, now_ms: int) -> Moments | None:
    """When those happened that are looked at, or more of that name."""
    seen = facts.seen(leaf) if facts.past(leaf.event) is None else None
    named = facts.moments(leaf.event)
    if seen is None:
        return named
    kept = [each.at_ms for each in seen.events]
    if seen.after_ms < 0:
        return Moments(first_ms=seen.first_ms, recent_ms=kept, whole=True)
    # Once the window has gone past the last that was let go, all that is in it is known.
    found = Moments(first_ms=seen.first_ms, recent_ms=[seen.after_ms, *kept], whole=False)
    if named is None or not _lacks_what_is_to_come(found, now_ms):
        return found
    return Moments(first_ms=seen.first_ms, recent_ms=sorted({*found.recent_ms, *named.every()}), whole=False)


def _lacks_what_is_to_come(moments: Moments, now_ms: int) -> bool:
    """Whether some of those that were let go may lie in the future."""
    return not moments.whole and bool(moments.recent_ms) and moments.recent_ms[0] > now_ms


def _only(facts: Facts, events: Iterable[str]) -> Moments | None:
    """The moments of the one event that is looked at; None where there are several, or it is not known."""
    match events:
        case (event,):
            return facts.moments(event)
        case _:
            return None


def _back_ms(condition: Windowed) -> int:
    """How long ago the window ends, where nothing else ends it."""
    before_days: float | None = getattr(condition, "before_days", None)
    return 0 if before_days is None else days_ms(before_days)


def _lengths_ms(condition: Windowed) -> tuple[int, ...]:
    """How long after something happened an end of the window comes to it: at once, and after each of these."""
    return _lengths(condition.within_days, getattr(condition, "before_days", None))


@lru_cache(maxsize=4096)
def _lengths(within_days: float | None, before_days: float | None) -> tuple[int, ...]:
    return (0, *(days_ms(each) for each in (within_days, before_days) if each is not None))


def _after(moments: Sequence[int], lengths: Sequence[int], now_ms: int) -> int | None:
    """The first of the moments, which are in order, each so much later, that lies after now."""
    found: int | None = None
    for length in lengths:
        place = bisect_right(moments, now_ms - length)
        if place < len(moments):
            edge = moments[place] + length
            found = edge if found is None or edge < found else found
    return found


def _unknown_turns(condition: Windowed, now_ms: int, zone: ZoneInfo) -> int | None:
    """Where nothing is known of when it happened: as long as nothing can lie in the window, that is known."""
    edges = [moment_ms(text, zone) for text in (condition.since, condition.until) if text is not None]
    found = _after(sorted(edges), _lengths_ms(condition), now_ms)
    return soonest((found, None if condition.calendar is None else next_day(now_ms, zone)))


def _running_turns(calendar: Calendar, moments: Sequence[int], now_ms: int, zone: ZoneInfo) -> int | None:
    """When the unit that runs now is over: before, whole units stay the same ones."""
    first_ms, _ = calendar.edges_ms(now_ms, zone)
    if max(moments) < first_ms - _NEAR_MS:
        return None  # All of it lies before the stretch, which only goes on.
    over_ms = calendar.running_until_ms(now_ms, zone)
    # Around its end day by day: a clock put back over midnight makes a day begin twice.
    return over_ms - _NEAR_MS if over_ms - _NEAR_MS > now_ms else next_day(now_ms, zone)


def _rolling_turns(calendar: Calendar, moments: Sequence[int], now_ms: int, zone: ZoneInfo) -> int | None:
    """When an end of a rolling stretch may come to one of the moments: far from it roughly, near it to the moment."""
    first_ms, end_ms = calendar.edges_ms(now_ms, zone)
    walls = calendar.walls(now_ms, zone)
    edges = [(first_ms - 1, walls[0])] + ([(end_ms - 1, walls[1])] if calendar.back else [])
    found: list[int] = []
    for edge_ms, wall in edges:
        gaps = [at - edge_ms for at in moments]
        found += [now_ms + gap - _MARGIN_MS for gap in gaps if gap > _MARGIN_MS]
        near = [gap for gap in gaps if abs(gap) <= _MARGIN_MS]
        if near:
            # Within a day of ours the end goes on as time does, unless a clock was changed where it is.
            found += [next_day(now_ms, zone), *(now_ms + gap for gap in near if gap > 0)]
            found += _jumps(edge_ms, wall, now_ms, zone)
    return min(found, default=None)


def _jumps(edge_ms: int, wall: datetime, now_ms: int, zone: ZoneInfo) -> list[int]:
    """When the end comes to what the clocks said as they were changed: there it leaps."""
    said_ms = round((wall - _EPOCH).total_seconds() * 1_000)
    leaps = (
        at + max(offset_ms(at - 1_000, zone), offset_ms(at, zone))
        for at in clock_changes(zone, edge_ms - _NEAR_MS, edge_ms + _NEAR_MS)
    )
    return [now_ms + leap - said_ms for leap in leaps if leap > said_ms]
