"""Operators: one row each, with what it is called, what it takes, and its meaning in Python and in SQL.

Both meanings are for a value that is there; a missing value matches nothing but `is_not_set`. Types do not mix: an
operator that cannot compare two kinds of value says no. Text is compared exactly, case and all, by code points. A list
can only be asked what it contains; an object, only whether it is there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, join, sql
from holdfast.segments.values import EXACT_MOST, Scalar, element_text, is_number, same

Operand = Scalar | tuple[Scalar, ...] | None


class Takes(Enum):
    """What an operator wants to be given."""

    SCALAR = "a text, a number, true or false"
    ORDERED = "a number or a text"
    TEXT = "a text"
    SCALARS = "a list of texts, numbers, true or false"
    NOTHING = "no value"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a named value stands in SQL: the three maps of the row, at its name."""

    name: str

    @property
    def text(self) -> Sql:
        return sql("text[") + self._key + sql("]")

    @property
    def number(self) -> Sql:
        return sql("number[") + self._key + sql("]")

    @property
    def other(self) -> Sql:
        return sql("other[") + self._key + sql("]")

    @property
    def has_text(self) -> Sql:
        return sql("mapContains(text, ") + self._key + sql(")")

    @property
    def has_number(self) -> Sql:
        return sql("mapContains(number, ") + self._key + sql(")")

    @property
    def is_there(self) -> Sql:
        return any_sql(self.has_text, self.has_number, self.other + sql(" NOT IN ('', 'null')"))

    @property
    def _key(self) -> Sql:
        return bind("String", self.name)


@dataclass(frozen=True, slots=True)
class Operator:
    """One way of comparing a value with what was asked for."""

    label: str
    takes: Takes
    matches: Callable[[Json, Operand], bool]
    sql: Callable[[Place, Operand], Sql]
    of_missing: bool = False
    """What it says of a value that is not there."""


NEVER = sql("0")


def any_sql(*pieces: Sql) -> Sql:
    """True where one of them is; false when there are none."""
    wanted = [piece for piece in pieces if piece is not NEVER]
    return sql("(") + join(" OR ", wanted) + sql(")") if wanted else NEVER


def _same_sql(place: Place, operand: Operand) -> Sql:
    match operand:
        case bool():
            return _compare(place.other, "=", bind("String", element_text(operand)))
        case int() | float():
            return _number_sql(place, "=", operand)
        case str():
            return _text_sql(place, "=", operand)
    return NEVER


def _any_same_sql(place: Place, operand: Operand) -> Sql:
    """Texts and plain numbers as one set each, so that a list of a thousand costs one look-up; the rest one by one."""
    wanted = _listed(operand)
    texts = [each for each in wanted if isinstance(each, str)]
    plain = [float(each) for each in wanted if _is_plain_number(each)]
    rest = [each for each in wanted if not isinstance(each, str) and not _is_plain_number(each)]
    pieces = [_same_sql(place, each) for each in rest]
    if texts:
        among = sql("(") + place.text + sql(" IN ") + bind("Array(String)", texts) + sql(")")
        pieces.append(_guarded(among, place.has_text, matches_default="" in texts))
    if plain:
        # A set looks at bits, where -0.0 is not 0.0. Stored numbers never have it (`lay_out`), and adding 0 mends ours.
        wanted_numbers = bind("Array(Float64)", [each + 0.0 for each in plain])
        among = sql("(") + place.number + sql(" IN ") + wanted_numbers + sql(")")
        pieces.append(_guarded(among, place.has_number, matches_default=0 in plain))
    return any_sql(*pieces)


def _is_plain_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < EXACT_MOST


def _not_sql(meaning: Callable[[Place, Operand], Sql]) -> Callable[[Place, Operand], Sql]:
    def denied(place: Place, operand: Operand) -> Sql:
        return sql("(") + place.is_there + sql(" AND NOT ") + meaning(place, operand) + sql(")")

    return denied


_SYMBOLS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _compare(left: Sql, symbol: str, right: Sql) -> Sql:
    spelt = {"=": sql(" = "), ">": sql(" > "), ">=": sql(" >= "), "<": sql(" < "), "<=": sql(" <= ")}
    return sql("(") + left + spelt[symbol] + right + sql(")")


def _guarded(meaning: Sql, presence: Sql, *, matches_default: bool) -> Sql:
    """The meaning, asking for presence only where a map's default for a missing name would match."""
    return sql("(") + presence + sql(" AND ") + meaning + sql(")") if matches_default else meaning


def _text_sql(place: Place, symbol: str, operand: str) -> Sql:
    meaning = _compare(place.text, symbol, bind("String", operand))
    return _guarded(meaning, place.has_text, matches_default=_SYMBOLS[symbol]("", operand))


def _number_sql(place: Place, symbol: str, operand: float) -> Sql:
    """Exact comparison with a number.

    Below 2^53 floats tell everything: an integer beyond is rounded there, but never to below 2^53. From 2^53 on,
    integers are compared as text, and the operand itself may lie between two floats.
    """
    if abs(operand) < EXACT_MOST:
        return _float_sql(place, symbol, float(operand))
    whole = int(operand)
    return (
        sql("if(match(")
        + place.other
        + sql(", '^-?[0-9]+$'), ")
        + _integer_sql(place, symbol, whole)
        + sql(", ")
        + _between_floats_sql(place, symbol, whole)
        + sql(")")
    )


def _float_sql(place: Place, symbol: str, operand: float) -> Sql:
    meaning = _compare(place.number, symbol, bind("Float64", operand))
    return _guarded(meaning, place.has_number, matches_default=_SYMBOLS[symbol](0.0, operand))


def _between_floats_sql(place: Place, symbol: str, operand: int) -> Sql:
    """Floats against an integer that may be no float: the nearest float says it, with the symbol mended."""
    try:
        nearest = float(operand)
    except OverflowError:
        nearest = float("inf") if operand > 0 else float("-inf")
    if nearest == operand:
        return _float_sql(place, symbol, nearest)
    if symbol == "=":
        return NEVER
    above = nearest > operand
    upwards = symbol in (">", ">=")
    return _float_sql(place, (">=" if above else ">") if upwards else ("<" if above else "<="), nearest)


def _integer_sql(place: Place, symbol: str, operand: int) -> Sql:
    """Integers written out, both beyond 2^53: by sign, then by length, then digit by digit."""
    digits = bind("String", str(operand))
    if symbol == "=":
        return _compare(place.other, "=", digits)
    value_negative = sql("startsWith(") + place.other + sql(", '-')")
    longer = sql("(length(") + place.other + sql("), ") + place.other + sql(")")
    limit = sql("(length(") + digits + sql("), ") + digits + sql(")")
    upwards = symbol in (">", ">=")
    if operand >= 0:
        of_negative, of_positive = sql("0") if upwards else sql("1"), _compare(longer, symbol, limit)
    else:
        turned = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[symbol]
        of_negative, of_positive = _compare(longer, turned, limit), sql("1") if upwards else sql("0")
    return sql("if(") + value_negative + sql(", ") + of_negative + sql(", ") + of_positive + sql(")")


def _ordered(symbol: str) -> tuple[Callable[[Json, Operand], bool], Callable[[Place, Operand], Sql]]:
    compare = _SYMBOLS[symbol]

    def matches(value: Json, operand: Operand) -> bool:
        if is_number(value):
            return is_number(operand) and compare(value, operand)
        return isinstance(value, str) and isinstance(operand, str) and compare(value, operand)

    def meaning(place: Place, operand: Operand) -> Sql:
        if isinstance(operand, str):
            return _text_sql(place, symbol, operand)
        return _number_sql(place, symbol, operand) if isinstance(operand, (int, float)) else NEVER

    return matches, meaning


def _contains(value: Json, operand: Operand) -> bool:
    if isinstance(value, list):
        return any(same(each, operand) for each in value)
    return isinstance(value, str) and isinstance(operand, str) and operand in value


def _contains_sql(place: Place, operand: Operand) -> Sql:
    if not isinstance(operand, (str, int, float)):
        return NEVER
    element = bind("String", f"\n{element_text(operand)}\n")
    in_list = sql("(position(") + place.other + sql(", ") + element + sql(") > 0)")
    if not isinstance(operand, str):
        return in_list
    in_text = sql("(position(") + place.text + sql(", ") + bind("String", operand) + sql(") > 0)")
    return any_sql(_guarded(in_text, place.has_text, matches_default=not operand), in_list)


def _starts_with(value: Json, operand: Operand) -> bool:
    return isinstance(value, str) and isinstance(operand, str) and value.startswith(operand)


def _starts_with_sql(place: Place, operand: Operand) -> Sql:
    meaning = sql("startsWith(") + place.text + sql(", ") + bind("String", str(operand)) + sql(")")
    return _guarded(meaning, place.has_text, matches_default=not operand)


def _ends_with(value: Json, operand: Operand) -> bool:
    return isinstance(value, str) and isinstance(operand, str) and value.endswith(operand)


def _ends_with_sql(place: Place, operand: Operand) -> Sql:
    meaning = sql("endsWith(") + place.text + sql(", ") + bind("String", str(operand)) + sql(")")
    return _guarded(meaning, place.has_text, matches_default=not operand)


def _any_same(value: Json, operand: Operand) -> bool:
    return any(same(value, each) for each in _listed(operand))


def _listed(operand: Operand) -> Sequence[Scalar]:
    return operand if isinstance(operand, tuple) else ()


OPERATORS: Mapping[str, Operator] = {
    "equals": Operator("is", Takes.SCALAR, same, _same_sql),
    "not_equals": Operator("is not", Takes.SCALAR, lambda value, asked: not same(value, asked), _not_sql(_same_sql)),
    "greater_than": Operator("is greater than", Takes.ORDERED, *_ordered(">")),
    "at_least": Operator("is at least", Takes.ORDERED, *_ordered(">=")),
    "less_than": Operator("is less than", Takes.ORDERED, *_ordered("<")),
    "at_most": Operator("is at most", Takes.ORDERED, *_ordered("<=")),
    "contains": Operator("contains", Takes.SCALAR, _contains, _contains_sql),
    "starts_with": Operator("starts with", Takes.TEXT, _starts_with, _starts_with_sql),
    "ends_with": Operator("ends with", Takes.TEXT, _ends_with, _ends_with_sql),
    "is_any_of": Operator("is any of", Takes.SCALARS, _any_same, _any_same_sql),
    "is_none_of": Operator(
        "is none of", Takes.SCALARS, lambda value, asked: not _any_same(value, asked), _not_sql(_any_same_sql)
    ),
    "is_set": Operator("is set", Takes.NOTHING, lambda value, asked: True, lambda place, asked: place.is_there),
    "is_not_set": Operator(
        "is not set",
        Takes.NOTHING,
        lambda value, asked: False,
        lambda place, asked: sql("NOT ") + place.is_there,
        of_missing=True,
    ),
}
