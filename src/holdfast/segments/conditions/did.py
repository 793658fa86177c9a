"""`did`: what the person has done, how often, when, and with which properties."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sql import Sql, bind, join, sql
from holdfast.profiles.profile import RECENT_MOST
from holdfast.segments.calendars import Calendar
from holdfast.segments.comparison import Comparison, check_name
from holdfast.segments.condition import (
    Condition,
    Count,
    Days,
    Declared,
    EventName,
    Facts,
    Moment,
    Moments,
    Scope,
    Standing,
    Truth,
)
from holdfast.segments.leaf import Leaf, leaf_of
from holdfast.segments.spans import (
    check_window,
    circumstances,
    days_ms,
    not_live_ended,
    people_of,
    rows_in,
    span_for,
    spans_of,
    times_in,
)
from holdfast.segments.turning import at_moment
from holdfast.segments.window_turning import window_turns_at
from holdfast.segments.zones import TimeZoneName, zone_traits

COUNT_MOST = 1_000_000_000
"""The highest number of times that may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Did(Condition):
    """Events of one name, counted: `at_least` (1 when neither is given) and `at_most` times.

    The window is (now - within_days, now], in whole milliseconds, from `since` to before `until`, and the stretch of
    the `calendar`, where they are given; without any, the whole history up to now. Days, and moments that name no zone,
    are those of `time_zone`. Whoever never did it counts as zero. All of `where` must hold of an event for it to count.
    """

    event: EventName
    at_least: Count | None = None
    at_most: Count | None = None
    within_days: Days | None = None
    since: Moment | None = None
    until: Moment | None = None
    calendar: Calendar | None = None
    time_zone: TimeZoneName = "workspace"
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        for name in ("at_least", "at_most"):
            _check_count(getattr(self, name), f"$.{name}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise Invalid(
                f"Nobody can have done it at least {self.at_least} and at most {self.at_most} times.",
                code="never_true",
                path="$.at_most",
                hint="Make `at_most` no smaller than `at_least`.",
            )
        check_window(self)
        object.__setattr__(self, "where", tuple(self.where))

    @property
    def least(self) -> int:
        """The least number of times that will do."""
        if self.at_least is not None:
            return self.at_least
        return 1 if self.at_most is None else 0

    def sql(self, scope: Scope) -> Sql:
        if self.least == 0 and self.at_most is None:
            return sql("1")
        # Those who never did it have no rows, so where zero will do, it is asked who did it too often.
        if self.least == 0:
            too_often = sql(" >= ") + _count((self.at_most or 0) + 1)
            return sql("(person NOT IN (") + self._doers(scope, too_often) + sql("))")
        wanted: tuple[Sql, ...] = (sql(" >= ") + _count(self.least),)
        if self.at_most is not None:
            wanted += (sql(" <= ") + _count(self.at_most),)
        return sql("(person IN (") + self._doers(scope, *wanted) + sql("))")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        times = times_in(facts, self.event, self.where, span_for(self, facts, now), now)
        most = self.at_most
        if times.least >= self.least and (most is None or (times.most is not None and times.most <= most)):
            return Truth.TRUE
        if (times.most is not None and times.most < self.least) or (most is not None and times.least > most):
            return Truth.FALSE
        return Truth.UNKNOWN

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return window_turns_at(self, (self.event,), facts, now, chosen=self._deciding, where=self.where)

    def standing(self, facts: Facts, now: datetime) -> Standing:
        moments = facts.moments(self.event)
        if moments is None or not moments.whole or not self._is_plain:
            return self.holds(facts, now), self.turns_at(facts, now)
        # What live segments ask with every event, of the moments themselves: it is the same, and a quarter of the work.
        recent_ms, now_ms = moments.recent_ms, to_millis(now)
        within = bisect_right(recent_ms, now_ms)
        turns_ms = recent_ms[within] if within < len(recent_ms) else None
        count = within
        if self.within_days is not None:
            length_ms = days_ms(self.within_days)
            count -= bisect_right(recent_ms, now_ms - length_ms)
            for bound in (self.least,) if self.at_most is None else (self.least, self.at_most + 1):
                edge_ms = recent_ms[within - bound] + length_ms if 0 < bound <= within else now_ms
                if edge_ms > now_ms and (turns_ms is None or edge_ms < turns_ms):
                    turns_ms = edge_ms
        holds = self.least <= count and (self.at_most is None or count <= self.at_most)
        return Truth.of(holds), at_moment(turns_ms)

    @property
    def _is_plain(self) -> bool:
        """Whether all that matters is how often it happened so far, or in the last days."""
        return not self.where and self.since is None and self.until is None and self.calendar is None

    def words(self) -> str:
        if self.least == 0 and self.at_most == 0:
            return self._denied()
        return f"did “{self.event}”{self._how_often()}{circumstances(self, self.where)}"

    def denied_words(self) -> str:
        if self.least == 1 and self.at_most is None:
            return self._denied()
        return f"did not do “{self.event}”{self._how_often()}{circumstances(self, self.where)}"

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)

    def _deciding(self, moments: Moments, until_ms: int) -> Iterable[int]:
        """Those with which too few, or no longer too many, lie in the window; and those that may still come into it.

        Of those with comparisons, and where the end of the window goes on by itself or not all is known: all of them.
        """
        until_goes_on = self.calendar is not None and self.calendar.back > 0
        bounds = [*([] if self.at_most is None else [self.at_most + 1]), self.least]
        recent_ms = moments.recent_ms
        within = bisect_right(recent_ms, until_ms)
        if self.where or until_goes_on or (not moments.whole and within < max(bounds)):
            return moments.every()
        last = [recent_ms[within - bound] for bound in bounds if 0 < bound <= within]
        return [*last, *recent_ms[within:]]

    def leaves(self) -> Sequence[Leaf]:
        return (leaf_of(self.event, self.where),) if self.where else ()

    def not_live(self, path: str = "$") -> Invalid | None:
        ended = not_live_ended(self, path)
        if ended is not None:
            return ended
        # How often in all is known only of what is tallied by name.
        windowed = self.where or self.within_days is not None or self.since is not None or self.calendar is not None
        if windowed and (self.least > RECENT_MOST or (self.at_most or 0) >= RECENT_MOST):
            return Invalid(
                f"The live profile remembers the last {RECENT_MOST} times of an event.",
                code="not_live",
                path=f"{path}.at_least" if self.least > RECENT_MOST else f"{path}.at_most",
                hint=f"Count to less than {RECENT_MOST}, or leave the window and `where` out.",
            )
        return None

    def _doers(self, scope: Scope, *wanted: Sql) -> Sql:
        """The people who did it so many times."""
        # Whoever has a row did it once; then there is nothing to count.
        having = sql(" HAVING ") + join(" AND ", (sql("count()") + each for each in wanted))
        rows = rows_in(scope, self.event, self.where, spans_of(self, scope))
        return people_of(scope, rows, sql("") if wanted == _AT_LEAST_ONCE else having)

    def _how_often(self) -> str:
        if self.at_most is None:
            return "" if self.least == 1 else f" at least {self.least} times"
        if self.least == self.at_most:
            return f" exactly {_times_words(self.least)}"
        if self.least == 0:
            return f" at most {_times_words(self.at_most)}"
        return f" {self.least} to {self.at_most} times"

    def _denied(self) -> str:
        return f"did not do “{self.event}”{circumstances(self, self.where)}"


def _count(times: int) -> Sql:
    return bind("UInt64", times)


_AT_LEAST_ONCE = (sql(" >= ") + _count(1),)


def _times_words(times: int) -> str:
    return "once" if times == 1 else f"{times} times"


def _check_count(value: object, path: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("This is not a whole number.", code="wrong_type", path=path, hint="Write a number such as 3.")
    if not 0 <= value <= COUNT_MOST:
        raise Invalid(
            f"{value} is not a number of times.", code="out_of_range", path=path, hint=f"Use 0 to {COUNT_MOST}."
        )


CONDITION = Declared(
    name="did",
    label="Did",
    about="Counts the events of one name, in a stretch of time up to now, that have the given properties.",
    shape=Did,
    examples=(
        Did(event="Order Completed"),
        Did(
            event="Order Completed",
            at_least=3,
            within_days=30,
            where=(Comparison(name="revenue", operator="greater_than", value=50),),
        ),
        Did(event="App Uninstalled", at_most=0, within_days=90),
        Did(event="Order Completed", since="2026-11-01", until="2026-12-01", time_zone="Europe/Berlin"),
        Did(event="App Opened", calendar=Calendar(unit="day"), time_zone="person"),
        Did(event="Order Completed", at_most=0, calendar=Calendar(unit="month", back=1)),
        Did(event="App Opened", calendar=Calendar(unit="month", count=3, rolling=True)),
    ),
)
