"""Operators that take capital and small letters for the same.

Letter by letter, by one table that both Python and SQL are given: the letters Unicode folds to one other letter. What
it folds to two, such as ß to ss, is left as it is; so are letters with accents in two pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.segments.operator_row import Operator, Takes, timeless
from holdfast.segments.place import Place, all_sql, guarded

LETTERS_MOST = 0x20000
"""Beyond these two planes of Unicode there are ideographs, which have no capitals."""


@cache
def _folded() -> Mapping[int, str]:
    every = ((code, chr(code).casefold()) for code in range(LETTERS_MOST))
    return {code: small for code, small in every if len(small) == 1 and small != chr(code)}


@cache
def _folding() -> tuple[Sql, Sql]:
    table = _folded()
    return bind("String", "".join(map(chr, table))), bind("String", "".join(table.values()))


def small_letters(text: str) -> str:
    """The text with every letter as its small one."""
    return text.translate(_folded())


def _small_sql(place: Place) -> Sql:
    capitals, small = _folding()
    return fill(
        "translateUTF8([[text]], [[capitals]], [[small]])", {"text": place.text, "capitals": capitals, "small": small}
    )


def _equals_sql(place: Place, operand: str) -> Sql:
    same = fill("[[small]] = [[asked]]", {"small": _small_sql(place), "asked": bind("String", small_letters(operand))})
    return guarded(all_sql(same), place.has_text, matches_default=not operand)


def _contains_sql(place: Place, operand: str) -> Sql:
    pieces = {"small": _small_sql(place), "asked": bind("String", small_letters(operand))}
    return guarded(fill("(position([[small]], [[asked]]) > 0)", pieces), place.has_text, matches_default=not operand)


def _equals(value: Json, operand: str) -> bool:
    return isinstance(value, str) and small_letters(value) == small_letters(operand)


def _contains(value: Json, operand: str) -> bool:
    return isinstance(value, str) and small_letters(operand) in small_letters(value)


LETTER_CASE_OPERATORS: dict[str, Operator] = {
    "equals_ignoring_case": timeless(
        "is, in capitals or small letters,", Takes.TEXT, _equals, _equals_sql, "Berlin", about="`BERLIN` is `berlin`"
    ),
    "contains_ignoring_case": timeless(
        "contains, in capitals or small letters,", Takes.TEXT, _contains, _contains_sql, "shoe"
    ),
}
