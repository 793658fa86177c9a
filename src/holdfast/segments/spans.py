"""A stretch of time a condition looks at, and what happened in it: in SQL for everyone, in Python for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import format_moment, from_millis, parse_moment, to_millis
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.calendars import Calendar
from holdfast.segments.comparison import Comparison, all_hold, all_sql, all_words
from holdfast.segments.condition import Facts, PastEvent, Scope, Times, Truth
from holdfast.segments.leaf import Seen, SeenEvent, leaf_of, open_comparisons
from holdfast.segments.zones import (
    DAY_MS,
    PERSON,
    WORKSPACE,
    Standpoint,
    check_time_zone,
    moment_of_wall,
    of_facts,
    of_scope,
    theirs,
    zone_for,
    zone_words,
    zones,
)

DAYS_MOST = 36_525
"""The longest window: a hundred years."""


@dataclass(frozen=True, slots=True)
class Span:
    """The milliseconds from just after `after_ms` to `until_ms`, which is in it. After -1 is since ever."""

    after_ms: int
    until_ms: int

    def holds(self, at_ms: int) -> bool:
        """Whether the moment lies in it."""
        return self.after_ms < at_ms <= self.until_ms


@dataclass(frozen=True, slots=True)
class Spans:
    """A window in SQL: where it lies for those of no time zone of their own, and for those of one."""

    here: Span
    by_zone: Mapping[str, Span] = field(default_factory=dict)
    """For each time zone, by name, in which it lies elsewhere; none where it lies alike for everybody."""

    @property
    def widest(self) -> Span:
        """The least span that has all of them in it."""
        every = (self.here, *self.by_zone.values())
        return Span(min(each.after_ms for each in every), max(each.until_ms for each in every))


class Windowed(Protocol):
    """A condition with the fields of a window; each of them narrows it."""

    @property
    def within_days(self) -> float | None: ...
    @property
    def since(self) -> str | None: ...
    @property
    def until(self) -> str | None: ...
    @property
    def calendar(self) -> Calendar | None: ...
    @property
    def time_zone(self) -> str: ...


def span_for(condition: Windowed, facts: Facts, now: datetime) -> Span:
    """The window as it lies at `now` for one person."""
    return span_of(condition, to_millis(now), zone_for(condition.time_zone, facts))


def spans_of(condition: Windowed, scope: Scope) -> Spans:
    """The window as it lies for everybody."""
    if condition.time_zone not in (WORKSPACE, PERSON):
        return Spans(span_of(condition, scope.as_of_ms, zones()[condition.time_zone]))
    here = span_of(condition, scope.as_of_ms, scope.zone)
    if condition.time_zone == WORKSPACE or not depends_on_zone(condition):
        return Spans(here)
    each = {name: span_of(condition, scope.as_of_ms, zone) for name, zone in zones().items()}
    return Spans(here, {name: span for name, span in each.items() if span != here})


def depends_on_zone(condition: Windowed) -> bool:
    """Whether the window lies elsewhere in another time zone."""
    return condition.calendar is not None or any(
        text is not None and not text.endswith("Z") for text in (condition.since, condition.until)
    )


def span_of(condition: Windowed, now_ms: int, zone: ZoneInfo) -> Span:
    """The window as it lies at `now_ms` in a time zone.

    Up to now; in (now - within_days, now - before_days]; from `since`, which is in it, to `until`, which is not; in the
    stretch of the calendar.
    """
    after_ms, until_ms = -1, now_ms
    if condition.within_days is not None:
        after_ms = max(after_ms, now_ms - days_ms(condition.within_days))
    if (before_days := _before_days(condition)) is not None:
        until_ms = min(until_ms, now_ms - days_ms(before_days))
    if condition.since is not None:
        after_ms = max(after_ms, moment_ms(condition.since, zone) - 1)
    if condition.until is not None:
        until_ms = min(until_ms, moment_ms(condition.until, zone) - 1)
    if condition.calendar is not None:
        first_ms, end_ms = condition.calendar.edges_ms(now_ms, zone)
        after_ms, until_ms = max(after_ms, first_ms - 1), min(until_ms, end_ms - 1)
    return Span(after_ms, until_ms)


def _before_days(condition: Windowed) -> float | None:
    """How long ago it must have been, for the conditions that ask for it."""
    return getattr(condition, "before_days", None)


@lru_cache(maxsize=4096)
def days_ms(days: float) -> int:
    """The length in whole milliseconds, at least one."""
    return max(1, round(days * DAY_MS))


def moment_ms(text: str, zone: ZoneInfo) -> int:
    """A day or a moment that was checked, in milliseconds; where it names no zone, of that zone."""
    if text.endswith("Z"):
        return to_millis(parse_moment(text))
    return max(0, moment_of_wall(datetime.fromisoformat(text), zone))


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
    since, until = condition.since, condition.until
    if since is not None and until is not None:
        # Where one names a zone and the other does not, it depends on where one is, by less than a day.
        leeway_ms = 0 if since.endswith("Z") == until.endswith("Z") else DAY_MS
        check_order(to_millis(parse_moment(since)) - leeway_ms, to_millis(parse_moment(until)))
    check_time_zone(condition.time_zone)


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
    """Its one spelling: in UTC where it names a zone; else as it is, a midnight as the day alone."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]  # What is no text raises TypeError.
        at = parse_moment(moment.isoformat())
    except (TypeError, ValueError) as cause:
        raise Invalid(
            f"{value!r:.100} is no moment.",
            code="wrong_value",
            path=path,
            hint='Write ISO 8601 between 1970 and 2199, such as "2026-03-01" or "2026-03-01T08:00:00+01:00".',
        ) from cause
    if moment.tzinfo is not None:
        return format_moment(at)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds").removesuffix("T00:00:00.000")


def window_words(condition: Windowed) -> str:
    """The window in plain words, with a space before it; nothing for the whole history."""
    within = "" if condition.within_days is None else f" in the last {days_words(condition.within_days)}"
    if (before_days := _before_days(condition)) is not None:
        within += f" at least {'1 day' if before_days == 1 else days_words(before_days)} ago"
    since = "" if condition.since is None else f" since {_day_words(condition.since)}"
    until = "" if condition.until is None else f" before {_day_words(condition.until)}"
    calendar = "" if condition.calendar is None else f" {condition.calendar.words()}"
    zone = zone_words(condition.time_zone) if depends_on_zone(condition) else ""
    return calendar + within + since + until + zone


def circumstances(condition: Windowed, where: Sequence[Comparison]) -> str:
    """The window and the comparisons in plain words."""
    return window_words(condition) + (f", where {all_words(where)}" if where else "")


def days_words(days: float) -> str:
    """So many days, to follow `the last`."""
    return "day" if days == 1 else f"{days:g} days"


def _day_words(moment: str) -> str:
    if moment.endswith("T00:00:00.000Z"):
        return f"{moment.removesuffix('T00:00:00.000Z')} UTC"
    return moment if moment.endswith("Z") else moment.replace("T", " ").removesuffix(".000").removesuffix(":00")


def times_in(facts: Facts, event: str, where: Sequence[Comparison], span: Span, now: datetime) -> Times:
    """How often it happened in the span with all of `where`, as far as is known."""
    named = _times(facts, event, span)
    if not where or named.most == 0:
        return named
    found = past_in(facts, event, where, span, now)
    if found is not None:
        return Times.exactly(len(found))
    seen = facts.seen(leaf_of(event, where))
    if seen is None:
        return Times(least=0, most=named.most)
    return _times_seen(seen, _Open(open_comparisons(where), of_facts(facts, now)), span, named)


def times_not_in(facts: Facts, event: str, where: Sequence[Comparison], span: Span, now: datetime) -> Times:
    """How often it happened in the span, and not with all of `where`, as far as is known."""
    named = _times(facts, event, span)
    found = past_in(facts, event, (), span, now)
    at = of_facts(facts, now)
    if found is not None:
        return Times.exactly(sum(not all_hold(where, each.properties, at) for each in found))
    seen = facts.seen(leaf_of(event, where, denied=True))
    if seen is None:
        return Times(least=0, most=named.most)
    return _times_seen(seen, _Open(open_comparisons(where, denied=True), at, denied=True), span, named)


@dataclass(frozen=True, slots=True)
class _Open:
    """What is still to be asked of the events of a leaf."""

    where: Sequence[Comparison]
    at: Standpoint
    denied: bool = False

    def of(self, event: SeenEvent) -> Truth:
        """Whether it is one of those that are wanted."""
        if not self.where:
            return Truth.TRUE
        if event.values is None:
            return Truth.UNKNOWN
        return Truth.of(all_hold(self.where, event.values, self.at) is not self.denied)


def _times_seen(seen: Seen, wanted: _Open, span: Span, named: Times) -> Times:
    """How often, by what a profile keeps of them; `named` is how often it happened at all."""
    if seen.first_ms is None or span.until_ms < seen.first_ms:
        return Times.exactly(0)
    inside = [wanted.of(each) for each in seen.events if span.holds(each.at_ms)]
    sure = inside.count(Truth.TRUE)
    if seen.after_ms <= span.after_ms:
        return Times(least=sure, most=sure + inside.count(Truth.UNKNOWN))
    # More happened than is kept. Of what was let go, the very first is known.
    first_was_let_go = all(each.at_ms != seen.first_ms for each in seen.events)
    first_is_in = not wanted.where and first_was_let_go and span.holds(seen.first_ms)
    return Times(least=sure + first_is_in, most=named.most)


def happened(facts: Facts, event: str, where: Sequence[Comparison], span: Span, now: datetime) -> Truth:
    """Whether it happened in the span with all of `where`."""
    times = times_in(facts, event, where, span, now)
    if times.least:
        return Truth.TRUE
    return Truth.FALSE if times.most == 0 else Truth.UNKNOWN


def not_live_ended(condition: Windowed, path: str) -> Invalid | None:
    """Why a live profile may not know what lies in a window that does not go up to now; None for one that does."""
    if condition.until is None and (condition.calendar is None or condition.calendar.back == 0):
        return None
    return Invalid(
        "The live profile counts up to now; what came later may have pushed out what it remembered.",
        code="not_live",
        path=f"{path}.until" if condition.until is not None else f"{path}.calendar.back",
        hint="Ask up to now, or say what happens to those of whom it is not known.",
    )


def past_in(facts: Facts, event: str, where: Sequence[Comparison], span: Span, now: datetime) -> list[PastEvent] | None:
    """What happened in the span with all of `where`, in any order; None when it cannot be known from here."""
    past = facts.past(event)
    if past is None:
        return [] if _times(facts, event, span).most == 0 else None
    at = of_facts(facts, now)
    return [each for each in past if span.holds(to_millis(each.timestamp)) and all_hold(where, each.properties, at)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is known to have happened."""

    events: Sequence[PastEvent]
    whole: bool
    """Whether that is all."""
    negative: bool = True
    """Where it is not: whether the first value that was asked for may be below 0 in what is missing."""


def found_in(  # noqa: PLR0917 - Each is of another kind.
    facts: Facts, event: str, where: Sequence[Comparison], span: Span, now: datetime, keeps: tuple[str, ...]
) -> Found | None:
    """What happened in the span with all of `where`, as far as is known, with these properties at least.

    None where nothing is known of it.
    """
    past = past_in(facts, event, where, span, now)
    if past is not None:
        return Found(events=past, whole=True)
    seen = facts.seen(leaf_of(event, where, keeps))
    if seen is None:
        return None
    wanted = _Open(open_comparisons(where), of_facts(facts, now))
    inside = [each for each in seen.events if span.holds(each.at_ms)]
    known = [
        PastEvent(timestamp=from_millis(each.at_ms), properties=each.values)
        for each in inside
        if each.values is not None and wanted.of(each) is Truth.TRUE
    ]
    none_is_long = all(each.values is not None for each in inside)
    return Found(events=known, whole=seen.after_ms <= span.after_ms and none_is_long, negative=seen.negative)


def _times(facts: Facts, event: str, span: Span) -> Times:
    if span.after_ms >= span.until_ms:
        return Times.exactly(0)
    return facts.times(event, after_ms=span.after_ms, until_ms=span.until_ms)


def rows_in(
    scope: Scope,
    event: str,
    where: Sequence[Comparison],
    spans: Span | Spans,
    *,
    from_ever: bool = False,
    to_now: bool = False,
    zone_rule: Sql | None = None,
) -> Sql:
    """The rows of what happened, from `FROM` on; more of ` AND …` may follow.

    Args:
        scope: where it is asked.
        event: its name.
        where: what must hold of them.
        spans: when. Where it lies elsewhere for some, the rows have `zone_after` and `zone_until` too, in milliseconds.
        from_ever: from the beginning of all time instead.
        to_now: up to now instead.
        zone_rule: over a row of `people`, what the rows are to have as `zone_rule`.
    """
    of_all = Spans(spans) if isinstance(spans, Span) else spans
    widest = of_all.widest
    filtered = Span(-1 if from_ever else widest.after_ms, scope.as_of_ms if to_now else widest.until_ms)
    window = sql(" AND ts <= ") + scope.moment(filtered.until_ms)
    if filtered.after_ms >= 0:
        window += sql(" AND ts > ") + scope.moment(filtered.after_ms)
    rows = fill(
        "FROM events WHERE workspace = [[here]] AND event = [[event]][[window]][[where]]",
        {
            "here": scope.here,
            "event": bind("String", event),
            "window": window,
            "where": all_sql(where, of_scope(scope)),
        },
    )
    if not of_all.by_zone and zone_rule is None:
        return rows
    return _rows_by_zone(scope, rows, of_all, from_ever=from_ever, to_now=to_now, zone_rule=zone_rule or sql("0"))


def _rows_by_zone(scope: Scope, rows: Sql, spans: Spans, *, from_ever: bool, to_now: bool, zone_rule: Sql) -> Sql:
    """The rows beside what the time zone of their person makes of the window, and only those in it.

    By now only rows that are in the window of some zone are left, so that people are looked up for few rows too many.
    """
    after = theirs(spans.here.after_ms, {name: span.after_ms for name, span in spans.by_zone.items()})
    until = theirs(spans.here.until_ms, {name: span.until_ms for name, span in spans.by_zone.items()})
    return fill(
        """FROM (
            SELECT identity, ts, message_id, text, number, other, [[person]] AS row_person [[rows]]
        ) AS window_rows INNER JOIN (
            SELECT person AS zone_person, [[after]] AS zone_after, [[until]] AS zone_until, [[rule]] AS zone_rule
            FROM [[people]] WHERE workspace = [[here]]
        ) AS window_zones ON row_person = zone_person
        WHERE 1[[later]][[earlier]]""",
        {
            "person": scope.person_of(sql("identity")),
            "rows": rows,
            "after": after,
            "until": until,
            "rule": zone_rule,
            "people": scope.people,
            "here": scope.here,
            "later": sql("") if from_ever else sql(" AND toUnixTimestamp64Milli(ts) > zone_after"),
            "earlier": sql("") if to_now else sql(" AND toUnixTimestamp64Milli(ts) <= zone_until"),
        },
    )


def having_later(scope: Scope, moment: Sql, spans: Spans) -> Sql:
    """Over the rows of one person: the moment, an aggregate of `ts`, lies after the start of the window."""
    if spans.by_zone:
        return sql("toUnixTimestamp64Milli(") + moment + sql(") > any(zone_after)")
    return moment + sql(" > ") + scope.moment(spans.here.after_ms)


def having_earlier(scope: Scope, moment: Sql, spans: Spans) -> Sql:
    """Over the rows of one person: the moment, an aggregate of `ts`, lies no later than the end of the window."""
    if spans.by_zone:
        return sql("toUnixTimestamp64Milli(") + moment + sql(") <= any(zone_until)")
    return moment + sql(" <= ") + scope.moment(spans.here.until_ms)


def people_of(scope: Scope, rows: Sql, having: Sql) -> Sql:
    """The people whose rows are so, as a subquery.

    Rows are counted by person at once. To count by identity first, and then add up, looks up fewer identities, but the
    second adding up costs more than that saves, unless people do the same thing more than a dozen times.
    """
    return fill(
        "SELECT [[person]] AS doer [[rows]] GROUP BY doer[[having]]",
        {"person": scope.person_of(sql("identity")), "rows": rows, "having": having},
    )
