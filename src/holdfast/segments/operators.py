"""Operators: one row each, with what it is called, what it takes, and its meaning in Python and in SQL.

Both meanings are for a value that is there; a missing value matches nothing but `is_not_set`. Types do not mix: an
operator that cannot compare two kinds of value says no. Text is compared exactly, case and all, by code points. A list
can only be asked what it contains; an object, only whether it is there.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, sql
from holdfast.segments.containing import CONTAINING_OPERATORS
from holdfast.segments.dates import DATE_OPERATORS
from holdfast.segments.letter_case import LETTER_CASE_OPERATORS
from holdfast.segments.operator_row import Operand, Operator, Takes, timeless
from holdfast.segments.place import NEVER, Place, any_sql, compared, denied, guarded
from holdfast.segments.place import all_sql as all_of_sql
from holdfast.segments.regions import REGION_OPERATORS
from holdfast.segments.values import EXACT_MOST, Scalar, element_text, is_number, same
from holdfast.segments.versions import VERSION_OPERATORS

__all__ = ["NEVER", "OPERATORS", "Operand", "Operator", "Place", "Takes", "any_sql"]


def _same_sql(place: Place, operand: Operand) -> Sql:
    match operand:
        case bool():
            return compared(place.other, "=", bind("String", element_text(operand)))
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
        pieces.append(guarded(among, place.has_text, matches_default="" in texts))
    if plain:
        # A set looks at bits, where -0.0 is not 0.0. Stored numbers never have it (`lay_out`), and adding 0 mends ours.
        wanted_numbers = bind("Array(Float64)", [each + 0.0 for each in plain])
        among = sql("(") + place.number + sql(" IN ") + wanted_numbers + sql(")")
        pieces.append(guarded(among, place.has_number, matches_default=0 in plain))
    return any_sql(*pieces)


def _is_plain_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < EXACT_MOST


_SYMBOLS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _text_sql(place: Place, symbol: str, operand: str) -> Sql:
    meaning = compared(place.text, symbol, bind("String", operand))
    return guarded(meaning, place.has_text, matches_default=_SYMBOLS[symbol]("", operand))


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
    meaning = compared(place.number, symbol, bind("Float64", operand))
    return guarded(meaning, place.has_number, matches_default=_SYMBOLS[symbol](0.0, operand))


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
        return compared(place.other, "=", digits)
    value_negative = sql("startsWith(") + place.other + sql(", '-')")
    longer = sql("(length(") + place.other + sql("), ") + place.other + sql(")")
    limit = sql("(length(") + digits + sql("), ") + digits + sql(")")
    upwards = symbol in (">", ">=")
    if operand >= 0:
        of_negative, of_positive = sql("0") if upwards else sql("1"), compared(longer, symbol, limit)
    else:
        turned = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[symbol]
        of_negative, of_positive = compared(longer, turned, limit), sql("1") if upwards else sql("0")
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


def _any_same(value: Json, operand: Operand) -> bool:
    return any(same(value, each) for each in _listed(operand))


def _listed(operand: Operand) -> Sequence[Scalar]:
    return operand if isinstance(operand, tuple) else ()


def _truth_sql(told: LiteralString) -> Callable[[Place, Operand], Sql]:
    return lambda place, operand: compared(place.other, "=", bind("String", told))


_at_least, _at_least_sql = _ordered(">=")
_at_most, _at_most_sql = _ordered("<=")


def _between(value: Json, operand: tuple[Scalar, Scalar]) -> bool:
    return _at_least(value, operand[0]) and _at_most(value, operand[1])


def _between_sql(place: Place, operand: tuple[Scalar, Scalar]) -> Sql:
    return all_of_sql(_at_least_sql(place, operand[0]), _at_most_sql(place, operand[1]))


_PLAIN_OPERATORS: dict[str, Operator] = {
    "equals": timeless("is", Takes.SCALAR, same, _same_sql, "DE"),
    "not_equals": timeless(
        "is not",
        Takes.SCALAR,
        lambda value, asked: not same(value, asked),
        denied(_same_sql),
        "DE",
        about="but is there",
    ),
    "greater_than": timeless("is greater than", Takes.ORDERED, *_ordered(">"), 50),
    "at_least": timeless("is at least", Takes.ORDERED, _at_least, _at_least_sql, 50),
    "less_than": timeless("is less than", Takes.ORDERED, *_ordered("<"), 50),
    "at_most": timeless("is at most", Takes.ORDERED, _at_most, _at_most_sql, 50),
    "between": timeless("is between", Takes.RANGE, _between, _between_sql, (18, 25), about="both ends are in it"),
    "is_true": timeless("is true", Takes.NOTHING, lambda value, asked: value is True, _truth_sql("true"), None),
    "is_false": timeless("is false", Takes.NOTHING, lambda value, asked: value is False, _truth_sql("false"), None),
    "is_any_of": timeless("is any of", Takes.SCALARS, _any_same, _any_same_sql, ("DE", "AT")),
    "is_none_of": timeless(
        "is none of",
        Takes.SCALARS,
        lambda value, asked: not _any_same(value, asked),
        denied(_any_same_sql),
        ("DE", "AT"),
        about="but is there",
    ),
    "is_set": timeless("is set", Takes.NOTHING, lambda value, asked: True, lambda place, asked: place.is_there, None),
    "is_not_set": timeless(
        "is not set",
        Takes.NOTHING,
        lambda value, asked: False,
        lambda place, asked: sql("NOT ") + place.is_there,
        None,
        of_missing=True,
    ),
}

OPERATORS: Mapping[str, Operator] = {
    **_PLAIN_OPERATORS,
    **CONTAINING_OPERATORS,
    **LETTER_CASE_OPERATORS,
    **DATE_OPERATORS,
    **VERSION_OPERATORS,
    **REGION_OPERATORS,
}
