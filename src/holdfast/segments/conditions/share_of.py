"""`share_of`: what is most usual for a person, or makes up at least a given share of what they do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from holdfast.kernel.errors import Invalid
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.amounts import MILLIONTHS, millionths, value_key, value_key_sql
from holdfast.segments.comparison import Comparison, check_name
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
from holdfast.segments.operators import Operand, Place
from holdfast.segments.spans import check_window, circumstances, past_in, rows_in, span_of
from holdfast.segments.values import is_missing, same

Percent = Annotated[float, FieldKind("percent", "a share, in per cent", tries=(100, 50, 33.333333, 33.4, 25, 1e-6))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOf(Condition):
    """Of the events of one name that have the property, at least `at_least_percent` have it equal to `value`.

    Without `at_least_percent`: no other value of the property is more frequent; values that are equally frequent share
    the first place. An event without the property is left out; where none has it, it is false. The window and `where`
    are those of `did`.
    """

    event: EventName
    property: PropertyName
    value: Operand
    at_least_percent: Percent | None = None
    within_days: Days | None = None
    since: Moment | None = None
    until: Moment | None = None
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        check_name(self.property, "$.property")
        object.__setattr__(self, "value", self._asked().value)
        _check_percent(self.at_least_percent)
        check_window(self)
        object.__setattr__(self, "where", tuple(self.where))

    def sql(self, scope: Scope) -> Sql:
        place = Place(self.property)
        rows = rows_in(scope, self.event, self.where, span_of(self, scope.as_of_ms))
        pieces = {
            "person": scope.person_of(sql("identity")),
            "rows": rows + sql(" AND ") + place.is_there,
            "asked": self._asked().sql(),
            "key": value_key_sql(place),
        }
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

    def holds(self, facts: Facts, now: datetime) -> Truth:
        past = past_in(facts, self.event, self.where, span_of(self, to_millis(now)))
        if past is None:
            return Truth.UNKNOWN
        values = [value for each in past if not is_missing(value := each.properties.get(self.property))]
        of_value = sum(1 for value in values if same(value, self.value))
        if self.at_least_percent is not None:
            enough = of_value * 100 * MILLIONTHS >= millionths(self.at_least_percent) * len(values)
            return Truth.of(bool(values) and enough)
        others = Counter(value_key(value) for value in values if not same(value, self.value))
        return Truth.of(of_value > 0 and all(of_value >= times for times in others.values()))

    def words(self) -> str:
        return f"{self._mostly()} “{self.event}” with {self._asked().words()}{circumstances(self, self.where)}"

    def denied_words(self) -> str:
        return f"do not {self.words()}"

    def not_live(self, path: str = "$") -> Invalid | None:
        return Invalid(
            "Properties of past events are not kept in the live profile.",
            code="not_live",
            path=f"{path}.property",
            hint="Use `did`, or say what happens to those of whom it is not known.",
        )

    def _asked(self) -> Comparison:
        return Comparison(name=self.property, operator="equals", value=self.value)

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
    about="Asks whether one value of a property is the most frequent one, or has at least a share of the events.",
    shape=ShareOf,
    examples=(
        ShareOf(event="Product Viewed", property="category", value="shoes"),
        ShareOf(event="Order Completed", property="channel", value="app", at_least_percent=80, within_days=90),
    ),
)
