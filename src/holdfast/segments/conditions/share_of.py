"""`share_of`: what is most usual for a person, or makes up at least a given share of what they do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.amounts import MILLIONTHS, millionths, value_key, value_key_sql
from holdfast.segments.calendars import Calendar
from holdfast.segments.clock_parts import CLOCK_PARTS, ClockPartName
from holdfast.segments.comparison import Comparison, check_name, nearest
from holdfast.segments.condition import (
    Condition,
    Days,
    Declared,
    EventName,
    Facts,
    FieldKind,
    Moment,
    PropertyName,
    Scope,
    Truth,
)
from holdfast.segments.leaf import Leaf, leaf_of
from holdfast.segments.operators import Operand, Place
from holdfast.segments.spans import (
    check_window,
    circumstances,
    depends_on_zone,
    found_in,
    not_live_ended,
    rows_in,
    span_for,
    spans_of,
)
from holdfast.segments.values import is_missing, same
from holdfast.segments.window_turning import window_turns_at
from holdfast.segments.zones import (
    PERSON,
    WORKSPACE,
    TimeZoneName,
    local_seconds,
    of_scope,
    their_local_seconds,
    zone_for,
    zone_traits,
    zone_words,
    zones,
)

Percent = Annotated[float, FieldKind("percent", "a share, in per cent", tries=(100, 50, 33.333333, 33.4, 25, 1e-6))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOf(Condition):
    """Of the events of one name that have the property, at least `at_least_percent` have it equal to `value`.

    Without `at_least_percent`: no other value of the property is more frequent; values that are equally frequent share
    the first place. An event without the property is left out; where none has it, it is false. The window and `where`
    are those of `did`. Instead of a property it may be a `part` of the event's time by the clock of `time_zone`: the
    `hour`, 0 to 23, or the `weekday`, `monday` to `sunday`.
    """

    event: EventName
    property: PropertyName | None = None
    part: ClockPartName | None = None
    value: Operand
    at_least_percent: Percent | None = None
    within_days: Days | None = None
    since: Moment | None = None
    until: Moment | None = None
    calendar: Calendar | None = None
    time_zone: TimeZoneName = "workspace"
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        check_window(self)
        object.__setattr__(self, "value", self._checked_value())
        _check_percent(self.at_least_percent)
        object.__setattr__(self, "where", tuple(self.where))

    def _checked_value(self) -> Operand:
        if (self.property is None) == (self.part is None):
            raise Invalid(
                "It is not said of what." if self.part is None else "It is said of two things.",
                code="missing_field" if self.part is None else "never_true",
                path="$" if self.part is None else "$.part",
                hint="Give either 'property' or 'part'.",
            )
        if self.part is None:
            check_name(self.property, "$.property")
            return self._asked().value
        if self.part not in CLOCK_PARTS:
            raise Invalid(
                f"There is no part {self.part!r:.100}.",
                code="wrong_value",
                path="$.part",
                hint=nearest(self.part[:100], CLOCK_PARTS),
            )
        part = CLOCK_PARTS[self.part]
        return part.values[part.number(self.value, "$.value")]

    def sql(self, scope: Scope) -> Sql:
        rows, asked, key = self._parts_of_day(scope) if self.part is not None else self._values(scope)
        pieces = {"person": scope.person_of(sql("identity")), "rows": rows, "asked": asked, "key": key}
        if self.at_least_percent is None:
            # The value that is asked for is counted as one, in whichever ways it was written.
            counted = fill(
                "SELECT doer FROM (SELECT [[person]] AS doer, toBool([[asked]]) AS asked, "
                "if(asked, NULL, sipHash128([[key]])) AS other_value, count() AS times [[rows]] "
                "GROUP BY doer, asked, other_value) "
                "GROUP BY doer HAVING maxIf(times, asked) = max(times)",
                pieces,
            )
            return sql("(person IN (") + counted + sql("))")
        share = bind("Int64", millionths(self.at_least_percent))
        counted = fill(
            "SELECT [[person]] AS doer [[rows]] GROUP BY doer "
            "HAVING countIf([[asked]]) * 100000000 >= toInt128([[share]]) * count()",
            {**pieces, "share": share},
        )
        return sql("(person IN (") + counted + sql("))")

    def _values(self, scope: Scope) -> tuple[Sql, Sql, Sql]:
        """The rows that have the property, whether one is as asked, and what tells it from others."""
        place = Place(self.property or "")
        rows = rows_in(scope, self.event, self.where, spans_of(self, scope)) + sql(" AND ") + place.is_there
        return rows, self._asked().sql(of_scope(scope)), value_key_sql(place)

    def _parts_of_day(self, scope: Scope) -> tuple[Sql, Sql, Sql]:
        """The same of the event's time."""
        part, spans = CLOCK_PARTS[self.part or ""], spans_of(self, scope)
        since_ms, until_ms = spans.widest.after_ms + 1, spans.widest.until_ms
        if self.time_zone == PERSON:
            rule, seconds = their_local_seconds(scope.zone, since_ms, until_ms)
            rows = rows_in(scope, self.event, self.where, spans, zone_rule=rule)
        else:
            zone = scope.zone if self.time_zone == WORKSPACE else zones()[self.time_zone]
            seconds = local_seconds(zone, since_ms, until_ms)
            rows = rows_in(scope, self.event, self.where, spans)
        number = part.sql(seconds)
        return rows, number + sql(" = ") + bind("Int64", part.number(self.value, "$.value")), number

    def holds(self, facts: Facts, now: datetime) -> Truth:
        found = found_in(facts, self.event, self.where, span_for(self, facts, now), now, self._keeps())
        if found is None or not found.whole:
            return Truth.UNKNOWN
        past = found.events
        if self.part is not None:
            part, zone = CLOCK_PARTS[self.part], zone_for(self.time_zone, facts)
            values: list[Json] = [part.values[part.of(each.timestamp.astimezone(zone))] for each in past]
        else:
            name = self.property or ""
            values = [value for each in past if not is_missing(value := each.properties.get(name))]
        of_value = sum(1 for value in values if same(value, self.value))
        if self.at_least_percent is not None:
            enough = of_value * 100 * MILLIONTHS >= millionths(self.at_least_percent) * len(values)
            return Truth.of(bool(values) and enough)
        others = Counter(value_key(value) for value in values if not same(value, self.value))
        return Truth.of(of_value > 0 and all(of_value >= times for times in others.values()))

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return window_turns_at(self, (self.event,), facts, now, where=self.where, keeps=self._keeps())

    def words(self) -> str:
        return f"{self._mostly()} “{self.event}” {self._so()}{circumstances(self, self.where)}"

    def denied_words(self) -> str:
        return f"do not {self.words()}"

    def _so(self) -> str:
        if self.part is None:
            return f"with {self._asked().words()}"
        # Where the window does not name the zone, the hour has to.
        zone = "" if depends_on_zone(self) else zone_words(self.time_zone)
        return CLOCK_PARTS[self.part].words(self.value) + zone

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)

    def leaves(self) -> Sequence[Leaf]:
        return (leaf_of(self.event, self.where, self._keeps()),) if self.part is None else ()

    def not_live(self, path: str = "$") -> Invalid | None:
        if self.part is None:
            return not_live_ended(self, path)
        return Invalid(
            "The times of all past events are not kept in the live profile.",
            code="not_live",
            path=f"{path}.part",
            hint="Use `did`, or say what happens to those of whom it is not known.",
        )

    def _keeps(self) -> tuple[str, ...]:
        return () if self.property is None else (self.property,)

    def _asked(self) -> Comparison:
        return Comparison(name=self.property or "", operator="equals", value=self.value)

    def _mostly(self) -> str:
        if self.at_least_percent is None:
            return "most often do"
        return f"at least {self.at_least_percent:.9g} % of the time do"


def _check_percent(value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Invalid(
            "This is no share.", code="wrong_type", path="$.at_least_percent", hint="Write a number such as 50."
        )
    if not 0 < value <= 100:
        raise Invalid(
            f"{value} % is no share that can be asked for.",
            code="out_of_range",
            path="$.at_least_percent",
            hint="Use more than 0 and at most 100, or leave it out to ask for the most frequent value.",
        )


CONDITION = Declared(
    name="share_of",
    label="Mostly did",
    about="Asks whether a value of a property, hour or weekday is the most frequent one, or has a share of the events.",
    shape=ShareOf,
    examples=(
        ShareOf(event="Product Viewed", property="category", value="shoes"),
        ShareOf(event="Order Completed", property="channel", value="app", at_least_percent=80, within_days=90),
        ShareOf(event="App Opened", part="hour", value=20, time_zone="person"),
        ShareOf(event="Order Completed", part="weekday", value="saturday", at_least_percent=50),
    ),
)
