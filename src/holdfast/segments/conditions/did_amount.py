"""`did_amount`: what a property comes to over the events of one name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill, join, sql
from holdfast.segments.amounts import AMOUNT_MOST, AMOUNTS, Amount, More, millionths
from holdfast.segments.calendars import Calendar
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
    both,
)
from holdfast.segments.leaf import Leaf, leaf_of
from holdfast.segments.operators import Place
from holdfast.segments.spans import (
    check_window,
    circumstances,
    found_in,
    not_live_ended,
    people_of,
    rows_in,
    span_for,
    spans_of,
)
from holdfast.segments.window_turning import window_turns_at
from holdfast.segments.zones import TimeZoneName, zone_traits

AmountName = Annotated[
    str,
    FieldKind(
        "amount", "how it is reckoned: `" + "`, `".join(AMOUNTS) + "`", tries=tuple(AMOUNTS), choices=tuple(AMOUNTS)
    ),
]
Bound = Annotated[
    float,
    FieldKind("bound", "a number", tries=(0, -0.0, 1, 2, 3, 0.1, -1, 30, 30.000001, 5e-324, 2**53 + 1, 1e17, -1e17)),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DidAmount(Condition):
    """The sum, average, lowest, highest or number of distinct values of a property, `at_least` and `at_most` so much.

    The window and `where` are those of `did`. An event whose property is missing is left out, and so is one whose
    property is no number, except that `distinct` counts values of all types. Where nothing is left, the sum and the
    number of distinct values are 0, and there is no average, lowest or highest: then it is false. Numbers are reckoned
    to a millionth, exactly; one beyond 10^18 counts as 10^18.
    """

    event: EventName
    property: PropertyName
    amount: AmountName
    at_least: Bound | None = None
    at_most: Bound | None = None
    within_days: Days | None = None
    since: Moment | None = None
    until: Moment | None = None
    calendar: Calendar | None = None
    time_zone: TimeZoneName = "workspace"
    where: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.event, "$.event")
        check_name(self.property, "$.property")
        if self.amount not in AMOUNTS:
            raise Invalid(
                f"There is no amount {self.amount!r:.100}.",
                code="wrong_value",
                path="$.amount",
                hint=nearest(self.amount, AMOUNTS),
            )
        for name in ("at_least", "at_most"):
            _check_bound(getattr(self, name), f"$.{name}")
        if self.at_least is None and self.at_most is None:
            raise Invalid(
                "It is not said how much.", code="missing_field", path="$", hint="Add 'at_least', 'at_most' or both."
            )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise Invalid(
                f"Nothing is at least {self.at_least:g} and at most {self.at_most:g}.",
                code="never_true",
                path="$.at_most",
                hint="Make `at_most` no smaller than `at_least`.",
            )
        check_window(self)
        object.__setattr__(self, "where", tuple(self.where))

    def sql(self, scope: Scope) -> Sql:
        place = Place(self.property)
        rows = (
            rows_in(scope, self.event, self.where, spans_of(self, scope)) + sql(" AND ") + self._how().counts_sql(place)
        )
        numerator, denominator = self._how().numerator(place), self._how().denominator
        within = join(
            " AND ", (self._compared(numerator, denominator, symbol, bound) for symbol, bound in self._bounds())
        )
        # Those with nothing to reckon have no rows, so where zero will do, it is asked who has too much or too little.
        if self._zero_will_do():
            return (
                sql("(person NOT IN (") + people_of(scope, rows, sql(" HAVING NOT (") + within + sql(")")) + sql("))")
            )
        return sql("(person IN (") + people_of(scope, rows, sql(" HAVING ") + within) + sql("))")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        found = found_in(facts, self.event, self.where, span_for(self, facts, now), now, (self.property,))
        if found is None:
            return Truth.UNKNOWN
        values = [value for each in found.events if self._how().counts(value := each.properties.get(self.property))]
        if found.whole:
            return Truth.of(self._within(*self._how().of(values)) if values else self._zero_will_do())
        return self._with_more(*self._how().of(values), negative=found.negative) if values else Truth.UNKNOWN

    def _with_more(self, numerator: int, denominator: int, *, negative: bool) -> Truth:
        """Whether it holds where this is what it comes to without values that are not known."""
        more = self._how().more_makes
        if more is More.ANYTHING or (more is More.NO_LESS_UNLESS_NEGATIVE and negative):
            return Truth.UNKNOWN
        least, most = self.at_least, self.at_most
        over = least is None or numerator >= millionths(least) * denominator
        under = most is None or numerator <= millionths(most) * denominator
        if more is More.NO_MORE:
            not_too_little = _settled(over, unless=least is None)
            return both(not_too_little, Truth.TRUE if under else Truth.UNKNOWN)
        return both(Truth.TRUE if over else Truth.UNKNOWN, _settled(under, unless=most is None))

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return window_turns_at(self, (self.event,), facts, now, where=self.where, keeps=(self.property,))

    def words(self) -> str:
        return f"have {self._so_much()}"

    def denied_words(self) -> str:
        return f"do not have {self._so_much()}"

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)

    def leaves(self) -> Sequence[Leaf]:
        return (leaf_of(self.event, self.where, (self.property,)),)

    def not_live(self, path: str = "$") -> Invalid | None:
        return not_live_ended(self, path)

    def _how(self) -> Amount:
        return AMOUNTS[self.amount]

    def _zero_will_do(self) -> bool:
        return self._how().zero_of_nothing and self._within(0, 1)

    def _within(self, numerator: int, denominator: int) -> bool:
        least, most = self.at_least, self.at_most
        return (least is None or numerator >= millionths(least) * denominator) and (
            most is None or numerator <= millionths(most) * denominator
        )

    def _bounds(self) -> list[tuple[Sql, float]]:
        given = ((sql(" >= "), self.at_least), (sql(" <= "), self.at_most))
        return [(symbol, bound) for symbol, bound in given if bound is not None]

    @staticmethod
    def _compared(numerator: Sql, denominator: Sql, symbol: Sql, bound: float) -> Sql:
        return fill(
            "([[numerator]][[symbol]][[bound]] * [[denominator]])",
            {
                "numerator": numerator,
                "symbol": symbol,
                "bound": bind("Int128", millionths(bound)),
                "denominator": denominator,
            },
        )

    def _so_much(self) -> str:
        amount = self._how().words.replace("[much]", self._bounds_words()).replace("[property]", self.property)
        return f"{amount} over “{self.event}”{circumstances(self, self.where)}"

    def _bounds_words(self) -> str:
        if self.at_most is None:
            return f"at least {self.at_least:.15g}"
        if self.at_least is None:
            return f"at most {self.at_most:.15g}"
        if self.at_least == self.at_most:
            return f"exactly {self.at_least:.15g}"
        return f"{self.at_least:.15g} to {self.at_most:.15g}"


def _settled(so_far: bool, *, unless: bool) -> Truth:
    """What is so far, and may be no longer with further values; what is not will never be. `unless` it is not asked."""
    if unless:
        return Truth.TRUE
    return Truth.UNKNOWN if so_far else Truth.FALSE


def _check_bound(value: object, path: str) -> None:
    if value is None:
        return
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or (isinstance(value, float) and not math.isfinite(value))
    ):
        raise Invalid("This is not a number.", code="wrong_type", path=path, hint="Write a number such as 100.")
    if abs(value) >= AMOUNT_MOST:
        raise Invalid(
            "This is more than can be reckoned with.",
            code="out_of_range",
            path=path,
            hint="Use a number between -10^18 and 10^18.",
        )


CONDITION = Declared(
    name="did_amount",
    label="Did, in all",
    about="Reckons what a property comes to over the events of one name: sum, average, min, max or distinct values.",
    shape=DidAmount,
    examples=(
        DidAmount(event="Order Completed", property="revenue", amount="sum", at_least=500, within_days=90),
        DidAmount(event="Order Completed", property="revenue", amount="average", at_least=20, at_most=50),
        DidAmount(event="Product Viewed", property="category", amount="distinct", at_most=2, within_days=30),
    ),
)
