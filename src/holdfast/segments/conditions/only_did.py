"""`only_did`: whenever the person does it, it is of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, join, sql
from holdfast.segments.calendars import Calendar
from holdfast.segments.comparison import Comparison, all_words, check_name
from holdfast.segments.condition import Condition, Days, Declared, EventName, Facts, Moment, Scope, Truth, both
from holdfast.segments.leaf import Leaf, leaf_of
from holdfast.segments.spans import (
    check_window,
    happened,
    not_live_ended,
    people_of,
    rows_in,
    span_for,
    spans_of,
    times_not_in,
    window_words,
)
from holdfast.segments.window_turning import window_turns_at
from holdfast.segments.zones import TimeZoneName, of_scope, zone_traits


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyDid(Condition):
    """Did it at least once in the window, and all of `where` held every time.

    The window is that of `did`. Whoever never did it in the window is not among them: they do not only buy shoes, they
    do not buy. An event without a property holds nothing of it but `is_not_set`, so one such event is enough to be out.
    """

    event: EventName
    where: tuple[Comparison, ...]
    within_days: Days | None = None
    since: Moment | None = None
    until: Moment | None = None
    calendar: Calendar | None = None
    time_zone: TimeZoneName = "workspace"

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        check_window(self)
        object.__setattr__(self, "where", tuple(self.where))
        if not self.where:
            raise Invalid(
                "This does not say what they only do.",
                code="empty",
                path="$.where",
                hint="Give a comparison that holds every time, or use `did`.",
            )

    def sql(self, scope: Scope) -> Sql:
        # The rows of everything they did in the window, and not one of them another.
        rows = rows_in(scope, self.event, (), spans_of(self, scope))
        so = join(" AND ", (each.sql(of_scope(scope)) for each in self.where))
        having = sql(" HAVING countIf(NOT (") + so + sql(")) = 0")
        return sql("(person IN (") + people_of(scope, rows, having) + sql("))")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        asked = span_for(self, facts, now)
        others = times_not_in(facts, self.event, self.where, asked, now)
        never = Truth.FALSE if others.least else Truth.TRUE if others.most == 0 else Truth.UNKNOWN
        return both(happened(facts, self.event, (), asked, now), never)

    def events_asked(self) -> Sequence[tuple[str, tuple[Comparison, ...]]]:
        # Those that are another kind decide it as much as those that are of it.
        return ((self.event, ()),)

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        turns = (
            window_turns_at(self, (self.event,), facts, now),
            window_turns_at(self, (self.event,), facts, now, where=self.where, denied=True),
        )
        return min((each for each in turns if each is not None), default=None)

    def words(self) -> str:
        return f"did “{self.event}”{window_words(self)}, and only where {all_words(self.where)}"

    def denied_words(self) -> str:
        return f"did not do “{self.event}”{window_words(self)} only where {all_words(self.where)}"

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)

    def leaves(self) -> Sequence[Leaf]:
        return (leaf_of(self.event, self.where, denied=True),)

    def not_live(self, path: str = "$") -> Invalid | None:
        return not_live_ended(self, path)


CONDITION = Declared(
    name="only_did",
    label="Only did",
    about="Holds of who did something at least once, and every time with the same comparisons true of it.",
    shape=OnlyDid,
    examples=(
        OnlyDid(
            event="Order Completed",
            where=(Comparison(name="category", operator="is_any_of", value=("shoes", "boots")),),
            within_days=365,
        ),
        OnlyDid(event="Order Completed", where=(Comparison(name="discount", operator="greater_than", value=0),)),
    ),
)
