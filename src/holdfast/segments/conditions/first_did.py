"""`first_did`: when the person first did something."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.kernel.sql import Sql, sql
from holdfast.segments.calendars import Calendar
from holdfast.segments.comparison import Comparison, check_name
from holdfast.segments.condition import (
    Condition,
    Days,
    DaysAgo,
    Declared,
    EventName,
    Facts,
    Moment,
    Moments,
    Scope,
    Truth,
    both,
)
from holdfast.segments.leaf import Leaf, leaf_of
from holdfast.segments.spans import (
    Span,
    check_window,
    circumstances,
    happened,
    having_later,
    people_of,
    rows_in,
    span_for,
    spans_of,
)
from holdfast.segments.window_turning import window_turns_at
from holdfast.segments.zones import TimeZoneName, zone_traits


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDid(Condition):
    """The first time lies in the last days, longer ago than so many days, or between dates.

    All that is given must hold; with nothing given, it is true of whoever did it at all. Whoever never did it has no
    first time, so it is false of them. Only events with all of `where` are looked at.
    """

    event: EventName
    within_days: Days | None = None
    before_days: DaysAgo | None = None
    since: Moment | None = None
    until: Moment | None = None
    calendar: Calendar | None = None
    time_zone: TimeZoneName = "workspace"
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        check_window(self)
        object.__setattr__(self, "where", tuple(self.where))

    def sql(self, scope: Scope) -> Sql:
        asked = spans_of(self, scope)
        rows = rows_in(scope, self.event, self.where, asked, from_ever=True)
        bounded = max(each.after_ms for each in (asked.here, *asked.by_zone.values())) >= 0
        having = sql(" HAVING ") + having_later(scope, sql("min(ts)"), asked) if bounded else sql("")
        return sql("(person IN (") + people_of(scope, rows, having) + sql("))")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        asked = span_for(self, facts, now)
        inside = happened(facts, self.event, self.where, asked, now)
        earlier = happened(facts, self.event, self.where, Span(-1, min(asked.after_ms, asked.until_ms)), now)
        return both(inside, earlier.negated())

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return window_turns_at(self, (self.event,), facts, now, chosen=self._deciding, where=self.where)

    def words(self) -> str:
        return f"first did “{self.event}”{circumstances(self, self.where)}"

    def denied_words(self) -> str:
        return f"did not first do “{self.event}”{circumstances(self, self.where)}"

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)

    def _deciding(self, moments: Moments, until_ms: int) -> Iterable[int]:
        """The first one; of those with comparisons, it may be any."""
        return moments.every() if self.where else moments.every()[:1]

    def leaves(self) -> Sequence[Leaf]:
        return (leaf_of(self.event, self.where),) if self.where else ()


CONDITION = Declared(
    name="first_did",
    label="First did",
    about="Looks at the first time an event happened: in the last days, longer ago than that, or between two dates.",
    shape=FirstDid,
    examples=(
        FirstDid(event="Order Completed", within_days=30),
        FirstDid(event="App Opened", before_days=365),
        FirstDid(event="Order Completed", since="2026-11-01", until="2026-12-01"),
        FirstDid(event="App Opened", calendar=Calendar(unit="week"), time_zone="person"),
    ),
)
