"""A stretch of time a condition looks at, and what happened in it: in SQL for everyone, in Python for one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, from_millis, parse_moment, to_millis
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.comparison import Comparison, all_hold, all_sql, all_words
from holdfast.segments.condition import Facts, PastEvent, Scope, Times, Truth

DAYS_MOST = 36_525
"""The longest window: a hundred years."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Span:
    """The milliseconds from just after `after_ms` to `until_ms`, which is in it. After -1 is since ever."""

    after_ms: int
    until_ms: int

    def holds(self, at_ms: int) -> bool:
        """Whether the moment lies in it."""
        return self.after_ms < at_ms <= self.until_ms


class Windowed(Protocol):
    """A condition with the fields of a window; each of them narrows it."""

    @property
    def within_days(self) -> float | None: ...
    @property
    def since(self) -> str | None: ...
    @property
    def until(self) -> str | None: ...


def span_of(condition: Windowed, now_ms: int) -> Span:
    """The window as it lies at `now_ms`.

    Up to now; in (now - within_days, now - before_days]; from `since`, which is in it, to `until`, which is not.
    """
    after_ms, until_ms = -1, now_ms
    if condition.within_days is not None:
        after_ms = max(after_ms, now_ms - days_ms(condition.within_days))
    if (before_days := _before_days(condition)) is not None:
        until_ms = min(until_ms, now_ms - days_ms(before_days))
    if condition.since is not None:
        after_ms = max(after_ms, moment_ms(condition.since) - 1)
    if condition.until is not None:
        until_ms = min(until_ms, moment_ms(condition.until) - 1)
    return Span(after_ms, until_ms)


def _before_days(condition: Windowed) -> float | None:
    """How long ago it must have been, for the conditions that ask for it."""
    return getattr(condition, "before_days", None)


def days_ms(days: float) -> int:
    """The length in whole milliseconds, at least one."""
    return max(1, round(days * DAY_MS))


def moment_ms(text: str) -> int:
    """A moment that was checked, in milliseconds."""
    return to_millis(parse_moment(text))


def check_window(condition: Windowed) -> None:
    """Complain of a window nothing can be in, and give its moments their one spelling."""
    before_days = _before_days(condition)
    check_days(condition.within_days, "$.within_days")
    check_days(before_days, "$.before_days")
    if (
        condition.within_days is not None
        and before_days is not None
        and days_ms(before_days) >= days_ms(condition.within_days)
    ):
        raise Invalid(
            "Nothing can be both that long ago and that recent.",
            code="never_true",
            path="$.before_days",
            hint="Make `before_days` smaller than `within_days`.",
        )
    for name in ("since", "until"):
        object.__setattr__(condition, name, _moment(getattr(condition, name), f"$.{name}"))
    if condition.since is not None and condition.until is not None:
        check_order(moment_ms(condition.since), moment_ms(condition.until))


def check_order(since_ms: int, until_ms: int) -> None:
    """Complain of an end that is no later than its start."""
    if since_ms >= until_ms:
        raise Invalid(
            "Nothing can have happened since a moment and before an earlier one.",
            code="never_true",
            path="$.until",
            hint="Make `until` later than `since`.",
        )


def check_days(value: object, path: str) -> None:
    """Complain of what is no number of days to look back over."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid("This is not a number of days.", code="wrong_type", path=path, hint="Write a number such as 30.")
    if not 0 < value <= DAYS_MOST:
        raise Invalid(
            f"{value} is not a length of time to look back over.",
            code="out_of_range",
            path=path,
            hint=f"Use more than 0 and at most {DAYS_MOST} days, or leave it out for the whole history.",
        )


def _moment(value: object, path: str) -> str | None:
    if value is None:
        return None
    try:
        return format_moment(parse_moment(value))  # type: ignore[arg-type]  # What is no text raises TypeError.
    except (TypeError, ValueError) as cause:
        raise Invalid(
            f"{value!r:.100} is no moment.",
            code="wrong_value",
            path=path,
            hint='Write ISO 8601 between 1970 and 2199, such as "2026-03-01" or "2026-03-01T08:00:00+01:00".',
        ) from cause


def window_words(condition: Windowed) -> str:
    """The window in plain words, with a space before it; nothing for the whole history."""
    within = "" if condition.within_days is None else f" in the last {days_words(condition.within_days)}"
    if (before_days := _before_days(condition)) is not None:
        within += f" at least {'1 day' if before_days == 1 else days_words(before_days)} ago"
    since = "" if condition.since is None else f" since {_day_words(condition.since)}"
    return within + since + ("" if condition.until is None else f" before {_day_words(condition.until)}")


def circumstances(condition: Windowed, where: Sequence[Comparison]) -> str:
    """The window and the comparisons in plain words."""
    return window_words(condition) + (f", where {all_words(where)}" if where else "")


def days_words(days: float) -> str:
    """So many days, to follow `the last`."""
    return "day" if days == 1 else f"{days:g} days"


def _day_words(moment: str) -> str:
    return moment.removesuffix("T00:00:00.000Z")


def times_in(facts: Facts, event: str, where: Sequence[Comparison], span: Span) -> Times:
    """How often it happened in the span with all of `where`, as far as is known."""
    if where:
        found = past_in(facts, event, where, span)
        return _times(facts, event, span, least=0) if found is None else Times.exactly(len(found))
    return _times(facts, event, span)


def happened(facts: Facts, event: str, where: Sequence[Comparison], span: Span) -> Truth:
    """Whether it happened in the span with all of `where`."""
    times = times_in(facts, event, where, span)
    if times.least:
        return Truth.TRUE
    return Truth.FALSE if times.most == 0 else Truth.UNKNOWN


def not_live_where(where: Sequence[Comparison], path: str) -> Invalid | None:
    """Why a live profile cannot look at properties; None when it need not."""
    if not where:
        return None
    return Invalid(
        "Properties of past events are not kept in the live profile.",
        code="not_live",
        path=f"{path}.where",
        hint="Leave `where` out, or say what happens to those of whom it is not known.",
    )


def past_in(facts: Facts, event: str, where: Sequence[Comparison], span: Span) -> list[PastEvent] | None:
    """What happened in the span with all of `where`, in any order; None when it cannot be known from here."""
    past = facts.past(event)
    if past is None:
        return [] if _times(facts, event, span).most == 0 else None
    return [each for each in past if span.holds(to_millis(each.timestamp)) and all_hold(where, each.properties)]


def _times(facts: Facts, event: str, span: Span, *, least: int | None = None) -> Times:
    if span.after_ms >= span.until_ms:
        return Times.exactly(0)
    since = None if span.after_ms < 0 else from_millis(span.after_ms)
    found = facts.times(event, since=since, until=from_millis(span.until_ms))
    return found if least is None else Times(least=least, most=found.most)


def rows_in(scope: Scope, event: str, where: Sequence[Comparison], span: Span) -> Sql:
    """The rows of what happened, from `FROM` on; more of ` AND …` may follow."""
    window = sql(" AND ts <= ") + scope.moment(span.until_ms)
    if span.after_ms >= 0:
        window += sql(" AND ts > ") + scope.moment(span.after_ms)
    return fill(
        "FROM events WHERE workspace = [[here]] AND event = [[event]][[window]][[where]]",
        {"here": scope.here, "event": bind("String", event), "window": window, "where": all_sql(where)},
    )


def people_of(scope: Scope, rows: Sql, having: Sql) -> Sql:
    """The people whose rows are so, as a subquery.

    Rows are counted by person at once. To count by identity first, and then add up, looks up fewer identities, but the
    second adding up costs more than that saves, unless people do the same thing more than a dozen times.
    """
    return fill(
        "SELECT [[person]] AS doer [[rows]] GROUP BY doer[[having]]",
        {"person": scope.person_of(sql("identity")), "rows": rows, "having": having},
    )
