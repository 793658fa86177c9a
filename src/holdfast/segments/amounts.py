"""Amounts: what a property comes to over several events. One row each, with its meaning in Python and in SQL.

Numbers are reckoned in whole millionths, so that a sum is exact and the same in whatever order it is added up: ten
times 0.1 is 1. Both meanings are a numerator, in millionths, and a denominator, so that an average is compared exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, fill, sql
from holdfast.segments.operators import Place
from holdfast.segments.values import is_missing, is_number, lay_out

AMOUNT_MOST = 10**18
"""A number beyond it, or beyond its negative, counts as it."""
MILLIONTHS = 1_000_000


class More(Enum):
    """What an amount can become with further values."""

    NO_LESS = "no less"
    NO_LESS_UNLESS_NEGATIVE = "no less, as long as none of them is below 0"
    NO_MORE = "no more"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Amount:
    """One way of reckoning."""

    words: str
    """Such as `a total [property] of [much]`."""
    counts: Callable[[Json], bool]
    """Whether a value counts; what does not is left out, as if it were missing."""
    counts_sql: Callable[[Place], Sql]
    of: Callable[[Sequence[Json]], tuple[int, int]]
    """Numerator in millionths and denominator, of one value or more."""
    numerator: Callable[[Place], Sql]
    """In millionths, over the rows of one person."""
    denominator: Sql
    zero_of_nothing: bool
    """Whether it is 0 where there is nothing to reckon; otherwise there is no amount then."""
    more_makes: More
    """What further values can make of it."""


def millionths(value: float) -> int:
    """A number in whole millionths; a half goes to the even one."""
    near = float(max(-AMOUNT_MOST, min(AMOUNT_MOST, value)))
    whole = math.trunc(near)
    return whole * MILLIONTHS + round((near - whole) * MILLIONTHS)


def millionths_sql(place: Place) -> Sql:
    """The same over a row whose value is a number; 0 where there is none."""
    # The whole and the rest apart: a float times a million may be no float, and 128 bits are not exact of a float.
    near = fill("greatest(least([[number]], 1e18), -1e18)", {"number": place.number})
    return fill(
        "(toInt128(toInt64(trunc([[near]]))) * 1000000 + "
        "toInt64(roundBankers(([[near]] - trunc([[near]])) * 1000000)))",
        {"near": near},
    )


def _numbers(values: Sequence[Json]) -> list[int]:
    return [millionths(value) for value in values]  # type: ignore[arg-type]  # Only numbers count.


def _around(function: Sql) -> Callable[[Place], Sql]:
    return lambda place: function + sql("(") + millionths_sql(place) + sql(")")


def value_key(value: Json) -> tuple[object, ...]:
    """What tells a value from others: where and how it is laid out."""
    laid = lay_out({"": value})
    return laid.text.get(""), laid.number.get(""), laid.other.get("")


def value_key_sql(place: Place) -> Sql:
    """The same over a row whose value is there."""
    pieces = {"has": place.has_text, "text": place.text, "number": place.number, "other": place.other}
    return fill("([[has]], [[text]], [[number]], [[other]])", pieces)


def _is_number(value: Json) -> bool:
    return is_number(value) and not is_missing(value)


_ONE = sql("1")

AMOUNTS: Mapping[str, Amount] = {
    "sum": Amount(
        words="a total [property] of [much]",
        counts=_is_number,
        counts_sql=lambda place: place.has_number,
        of=lambda values: (sum(_numbers(values)), 1),
        numerator=_around(sql("sum")),
        denominator=_ONE,
        zero_of_nothing=True,
        more_makes=More.NO_LESS_UNLESS_NEGATIVE,
    ),
    "average": Amount(
        words="an average [property] of [much]",
        counts=_is_number,
        counts_sql=lambda place: place.has_number,
        of=lambda values: (sum(_numbers(values)), len(values)),
        numerator=_around(sql("sum")),
        denominator=sql("toInt128(count())"),
        zero_of_nothing=False,
        more_makes=More.ANYTHING,
    ),
    "min": Amount(
        words="a lowest [property] of [much]",
        counts=_is_number,
        counts_sql=lambda place: place.has_number,
        of=lambda values: (min(_numbers(values)), 1),
        numerator=_around(sql("min")),
        denominator=_ONE,
        zero_of_nothing=False,
        more_makes=More.NO_MORE,
    ),
    "max": Amount(
        words="a highest [property] of [much]",
        counts=_is_number,
        counts_sql=lambda place: place.has_number,
        of=lambda values: (max(_numbers(values)), 1),
        numerator=_around(sql("max")),
        denominator=_ONE,
        zero_of_nothing=False,
        more_makes=More.NO_LESS,
    ),
    "distinct": Amount(
        words="[much] different values of [property]",
        counts=lambda value: not is_missing(value),
        counts_sql=lambda place: place.is_there,
        of=lambda values: (len({value_key(each) for each in values}) * MILLIONTHS, 1),
        numerator=lambda place: sql("toInt128(uniqExact(") + value_key_sql(place) + sql(")) * 1000000"),
        denominator=_ONE,
        zero_of_nothing=True,
        more_makes=More.NO_LESS,
    ),
}
