"""`did_in_order`: one thing, then another, with anything else between; and then, if asked, not yet another."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.calendars import Calendar
from holdfast.segments.comparison import Comparison, all_words, check_name
from holdfast.segments.condition import (
    Condition,
    Days,
    Declared,
    EventName,
    Facts,
    FieldKind,
    Moment,
    Part,
    Scope,
    Truth,
)
from holdfast.segments.spans import (
    Span,
    Spans,
    check_days,
    check_window,
    days_ms,
    days_words,
    past_in,
    rows_in,
    span_for,
    spans_of,
    window_words,
)
from holdfast.segments.window_turning import window_turns_at
from holdfast.segments.zones import TimeZoneName, zone_traits

STEPS_MOST = 10
"""Steps in one order."""


DaysAfter = Annotated[
    float,
    FieldKind("days_after", "days after the step before it", tries=(1 / 86_400_000, 0.04166666666666667, 1, 7, 30)),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStep(Part):
    """An event, with all of `where`, `within_days` of the step before it."""

    event: EventName
    within_days: DaysAfter | None = None
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        check_days(self.within_days, "$.within_days")
        object.__setattr__(self, "where", tuple(self.where))

    @property
    def within_ms(self) -> int | None:
        """How long after the step before it may come; None for however long."""
        return None if self.within_days is None else days_ms(self.within_days)

    def words(self) -> str:
        """The step in plain words."""
        within = "" if self.within_days is None else f" within {_length(self.within_days)}"
        return f"“{self.event}”{within}" + (f" (where {all_words(self.where)})" if self.where else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class DidInOrder(Condition):
    """Each of the `steps` happened, later than the one before it, with anything else between them.

    Later is at least a millisecond later. A step with `within_days` came no longer than that after the step before it.
    All steps lie in the window, which is that of `did`. With `then_not`, none of that event came within its
    `within_days` of the last step, and so much time has passed since; one such run of steps is enough.
    """

    steps: tuple[OrderStep, ...]
    then_not: OrderStep | None = None
    within_days: Days | None = None
    since: Moment | None = None
    until: Moment | None = None
    calendar: Calendar | None = None
    time_zone: TimeZoneName = "workspace"

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        if len(self.steps) > STEPS_MOST:
            raise TooLarge(f"{len(self.steps)} steps are too many.", path="$.steps", hint=f"Use at most {STEPS_MOST}.")
        if not self.steps or (len(self.steps) == 1 and self.then_not is None):
            raise Invalid(
                "An order needs two steps.",
                code="missing_field",
                path="$.steps",
                hint="Add a step, or 'then_not'; or use `did`.",
            )
        if self.steps[0].within_days is not None:
            raise Invalid(
                "No step comes before the first.",
                code="never_true",
                path="$.steps[0].within_days",
                hint="Give the later step `within_days`, or the whole order.",
            )
        if self.then_not is not None and self.then_not.within_days is None:
            raise Invalid(
                "It is not said for how long it must not happen.",
                code="missing_field",
                path="$.then_not",
                hint="Add 'within_days'.",
            )
        check_window(self)

    def sql(self, scope: Scope) -> Sql:
        spans = spans_of(self, scope)
        ended = _moments(scope, self.steps[0], spans)
        for step in self.steps[1:]:
            ended = _after(ended, _moments(scope, step, spans), step.within_ms)
        if self.then_not is not None:
            unwanted = _moments(scope, self.then_not, spans, to_now=True)
            ended = _unanswered(ended, unwanted, self.then_not.within_ms or 0, scope.as_of_ms)
        return sql("(person IN (SELECT doer FROM (") + ended + sql(")))")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        now_ms = to_millis(now)
        span = span_for(self, facts, now)
        moments = [_moments_of(facts, step, span, now) for step in self.steps]
        if any(each == [] for each in moments):
            return Truth.FALSE
        ends: list[int] | None = moments[0]
        for step, later in zip(self.steps[1:], moments[1:], strict=True):
            ends = None if ends is None or later is None else _reached(ends, later, step.within_ms)
        if not ends:
            return Truth.UNKNOWN if ends is None else Truth.FALSE
        if self.then_not is None:
            return Truth.TRUE
        within_ms = self.then_not.within_ms or 0
        passed = [end for end in ends if end + within_ms <= now_ms]
        unwanted = _moments_of(facts, self.then_not, Span(span.after_ms, now_ms), now)
        if passed and unwanted is None:
            return Truth.UNKNOWN
        return Truth.of(any(_next(unwanted or [], end) > end + within_ms for end in passed))

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        parts = (*self.steps, *(() if self.then_not is None else (self.then_not,)))
        return window_turns_at(
            self,
            dict.fromkeys(each.event for each in parts),
            facts,
            now,
            where=[comparison for each in parts for comparison in each.where],
            later_ms=None if self.then_not is None else self.then_not.within_ms,
        )

    def words(self) -> str:
        return f"did {self._order()}"

    def denied_words(self) -> str:
        return f"did not do {self._order()}"

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)

    def not_live(self, path: str = "$") -> Invalid | None:
        return Invalid(
            "The order of past events is not kept in the live profile.",
            code="not_live",
            path=f"{path}.steps",
            hint="Use `did`, or say what happens to those of whom it is not known.",
        )

    def _order(self) -> str:
        order = ", then ".join(step.words() for step in self.steps)
        unwanted = "" if self.then_not is None else f", and then not {self.then_not.words()}"
        window = window_words(self)
        return order + unwanted + (f", all{window}" if window else "")


def _length(days: float) -> str:
    return "1 day" if days == 1 else days_words(days)


def _moments(scope: Scope, step: OrderStep, spans: Spans, *, to_now: bool = False) -> Sql:
    """Who did it and when: `doer` and `at`, in milliseconds."""
    return fill(
        "SELECT [[person]] AS doer, toUnixTimestamp64Milli(ts) AS at [[rows]]",
        {
            "person": scope.person_of(sql("identity")),
            "rows": rows_in(scope, step.event, step.where, spans, to_now=to_now),
        },
    )


def _after(ended: Sql, later: Sql, within_ms: int | None) -> Sql:
    """Where a run of steps ends with the next one: it must be within reach of the nearest end before it."""
    reach = sql("") if within_ms is None else sql(" WHERE later.at - ended.at <= ") + bind("Int64", within_ms)
    return fill(
        "SELECT later.doer AS doer, later.at AS at FROM ([[later]]) AS later "
        "ASOF INNER JOIN ([[ended]]) AS ended ON later.doer = ended.doer AND later.at > ended.at[[reach]]",
        {"later": later, "ended": ended, "reach": reach},
    )


def _unanswered(ended: Sql, unwanted: Sql, within_ms: int, as_of_ms: int) -> Sql:
    """Which of these ends had so much time pass after them without the unwanted."""
    return fill(
        # What follows nothing joins with 0, and nothing follows anything at 0.
        "SELECT ended.doer AS doer FROM ([[ended]]) AS ended "
        "ASOF LEFT JOIN ([[unwanted]]) AS unwanted ON ended.doer = unwanted.doer AND ended.at < unwanted.at "
        "WHERE ended.at <= [[latest]] AND (unwanted.at = 0 OR unwanted.at - ended.at > [[within]])",
        {
            "ended": ended,
            "unwanted": unwanted,
            "latest": bind("Int64", as_of_ms - within_ms),
            "within": bind("Int64", within_ms),
        },
    )


def _moments_of(facts: Facts, step: OrderStep, span: Span, now: datetime) -> list[int] | None:
    past = past_in(facts, step.event, step.where, span, now)
    return None if past is None else sorted({to_millis(each.timestamp) for each in past})


def _reached(ends: Sequence[int], later: Sequence[int], within_ms: int | None) -> list[int]:
    """Those of the later moments that some end lies before, within reach. Both are in order."""
    reached = []
    for at in later:
        before = bisect_left(ends, at)
        if before and (within_ms is None or at - ends[before - 1] <= within_ms):
            reached.append(at)
    return reached


def _next(moments: Sequence[int], at: int) -> float:
    """The first of the moments, which are in order, that is later; infinity when there is none."""
    index = bisect_right(moments, at)
    return moments[index] if index < len(moments) else float("inf")


CONDITION = Declared(
    name="did_in_order",
    label="Did in order",
    about="Looks for one event after another, each within its time, and for what did not follow.",
    shape=DidInOrder,
    examples=(
        DidInOrder(
            steps=(OrderStep(event="Product Viewed"), OrderStep(event="Order Completed", within_days=7)),
            within_days=30,
        ),
        DidInOrder(
            steps=(OrderStep(event="Cart Added"),),
            then_not=OrderStep(event="Order Completed", within_days=1),
            within_days=14,
        ),
        DidInOrder(
            steps=(OrderStep(event="Cart Added"), OrderStep(event="Order Completed")),
            calendar=Calendar(unit="day", back=1),
            time_zone="person",
        ),
    ),
)
