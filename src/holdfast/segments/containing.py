"""Operators about what is in a text or a list: pieces of text, elements, and how many there are."""

from __future__ import annotations

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.operator_row import Operand, Operator, Takes, timeless
from holdfast.segments.place import NEVER, Place, all_sql, any_sql, compared, denied, guarded
from holdfast.segments.values import Scalar, element_text, same


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
    return any_sql(guarded(in_text, place.has_text, matches_default=not operand), in_list)


def _contains_any(value: Json, operand: tuple[Scalar, ...]) -> bool:
    return any(_contains(value, each) for each in operand)


def _contains_any_sql(place: Place, operand: tuple[Scalar, ...]) -> Sql:
    return _each_contained_sql(place, operand, sql("arrayExists"))


def _contains_all(value: Json, operand: tuple[Scalar, ...]) -> bool:
    return isinstance(value, (list, str)) and all(_contains(value, each) for each in operand)


def _contains_all_sql(place: Place, operand: tuple[Scalar, ...]) -> Sql:
    return _each_contained_sql(place, operand, sql("arrayAll"))


def _each_contained_sql(place: Place, operand: tuple[Scalar, ...], quantifier: Sql) -> Sql:
    """One list of what is looked for in texts, and one of what in lists, however many there are."""
    pieces = [each for each in operand if isinstance(each, str)]
    in_text = _found_sql(place.text, pieces, quantifier)
    in_list = _found_sql(place.other, [f"\n{element_text(each)}\n" for each in operand], quantifier)
    if len(pieces) < len(operand) and quantifier == sql("arrayAll"):
        in_text = NEVER  # A text has no number in it.
    return any_sql(NEVER if in_text is NEVER else all_sql(place.has_text, in_text), all_sql(_is_list(place), in_list))


def _found_sql(where: Sql, wanted: list[str], quantifier: Sql) -> Sql:
    return fill(
        "[[quantifier]](each -> position([[where]], each) > 0, [[wanted]])",
        {"quantifier": quantifier, "where": where, "wanted": bind("Array(String)", wanted)},
    )


def _is_list(place: Place) -> Sql:
    return sql("startsWith(") + place.other + sql(", '[')")


def _starts_with(value: Json, operand: str) -> bool:
    return isinstance(value, str) and value.startswith(operand)


def _starts_with_sql(place: Place, operand: str) -> Sql:
    meaning = sql("startsWith(") + place.text + sql(", ") + bind("String", operand) + sql(")")
    return guarded(meaning, place.has_text, matches_default=not operand)


def _ends_with(value: Json, operand: str) -> bool:
    return isinstance(value, str) and value.endswith(operand)


def _ends_with_sql(place: Place, operand: str) -> Sql:
    meaning = sql("endsWith(") + place.text + sql(", ") + bind("String", operand) + sql(")")
    return guarded(meaning, place.has_text, matches_default=not operand)


def _size_sql(place: Place, symbol: str, operand: int) -> Sql:
    # Each element has a raw line feed on each side, and nothing else has any.
    feeds = fill("(length([[list]]) - length(replaceAll([[list]], '\\n', '')))", {"list": place.other})
    return all_sql(_is_list(place), compared(feeds, symbol, bind("Int64", 2 * operand)))


CONTAINING_OPERATORS: dict[str, Operator] = {
    "contains": timeless(
        "contains", Takes.SCALAR, _contains, _contains_sql, "shoes", about="a text has it in it, a list as an element"
    ),
    "not_contains": timeless(
        "does not contain",
        Takes.SCALAR,
        lambda value, asked: not _contains(value, asked),
        denied(_contains_sql),
        "test",
    ),
    "contains_any_of": timeless("contains any of", Takes.SCALARS, _contains_any, _contains_any_sql, ("shoes", "boots")),
    "contains_all_of": timeless("contains all of", Takes.SCALARS, _contains_all, _contains_all_sql, ("shoes", "boots")),
    "contains_none_of": timeless(
        "contains none of",
        Takes.SCALARS,
        lambda value, asked: not _contains_any(value, asked),
        denied(_contains_any_sql),
        ("shoes", "boots"),
    ),
    "starts_with": timeless("starts with", Takes.TEXT, _starts_with, _starts_with_sql, "+49"),
    "ends_with": timeless("ends with", Takes.TEXT, _ends_with, _ends_with_sql, "@example.com"),
    "size_is": timeless(
        "has exactly so many elements:",
        Takes.COUNT,
        lambda value, asked: isinstance(value, list) and len(value) == asked,
        lambda place, asked: _size_sql(place, "=", asked),
        1,
        about="of a list",
    ),
    "size_at_least": timeless(
        "has at least so many elements:",
        Takes.COUNT,
        lambda value, asked: isinstance(value, list) and len(value) >= asked,
        lambda place, asked: _size_sql(place, ">=", asked),
        3,
        about="of a list",
    ),
    "size_at_most": timeless(
        "has at most so many elements:",
        Takes.COUNT,
        lambda value, asked: isinstance(value, list) and len(value) <= asked,
        lambda place, asked: _size_sql(place, "<=", asked),
        10,
        about="of a list",
    ),
}
