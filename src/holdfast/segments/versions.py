"""Versions: which of two is the later one. `1.10` comes after `1.9`, and `2.0-beta` before `2.0`.

A version is up to six numbers with dots between, after a `v` or not, then a pre-release after a hyphen and a build
after a plus, or neither. Missing numbers are zeros; the build does not count; a pre-release comes before its release,
part by part, numbers before words. Source: Semantic Versioning 2.0.0, item 11, but for the number of numbers.

Both meanings are of a key: a text that sorts, byte by byte, as the versions do.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.operator_row import Operator, Takes, timeless
from holdfast.segments.place import Place, compared

NUMBERS_MOST = 6
DIGITS_MOST = 18
PART_MOST = 50
"""Characters of one part of a pre-release."""
PATTERN = (
    "^[vV]?([0-9]{1,18}(?:[.][0-9]{1,18}){0,5})"
    "(?:-([0-9A-Za-z-]{1,50}(?:[.][0-9A-Za-z-]{1,50}){0,9}))?"
    "(?:[+][0-9A-Za-z.-]{1,100})?$"
)
"""The same to Python and to RE2: nothing but ASCII, no look-around, and no end before a line feed."""
_VERSION = re.compile(PATTERN.removesuffix("$"))


def version_key(text: str) -> str | None:
    """What the version sorts by; None when it is no version."""
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    numbers = found[1].split(".")
    core = "".join(each.rjust(DIGITS_MOST, "0") for each in [*numbers, *["0"] * (NUMBERS_MOST - len(numbers))])
    if found[2] is None:
        return f"{core}r"  # After every pre-release, which goes on with `p`.
    return f"{core}p" + "".join(f"{_part_key(each)}!" for each in found[2].split("."))


def _part_key(part: str) -> str:
    return f"n{part.rjust(PART_MOST, '0')}" if part.isdigit() else f"w{part}"


def _key_sql(place: Place) -> Sql:
    return fill(
        "concat(arrayStringConcat(arrayMap(each -> leftPad(each, 18, '0'), "
        "arrayResize(splitByChar('.', extractGroups([[text]], [[pattern]])[1]), 6, '0'))), "
        "if(extractGroups([[text]], [[pattern]])[2] = '', 'r', concat('p', arrayStringConcat(arrayMap("
        "each -> concat(if(match(each, '^[0-9]+$'), concat('n', leftPad(each, 50, '0')), concat('w', each)), '!'), "
        "splitByChar('.', extractGroups([[text]], [[pattern]])[2]))))))",
        {"text": place.text, "pattern": _PATTERN_SQL},
    )


_PATTERN_SQL = bind("String", PATTERN)


def _compared(
    symbol: str, compare: Callable[[str, str], bool]
) -> tuple[Callable[[Json, str], bool], Callable[[Place, str], Sql]]:
    def matches(value: Json, operand: str) -> bool:
        key, asked = version_key(value) if isinstance(value, str) else None, version_key(operand)
        return key is not None and asked is not None and compare(key, asked)

    def meaning(place: Place, operand: str) -> Sql:
        is_one = sql("match(") + place.text + sql(", ") + _PATTERN_SQL + sql(")")
        sorts = compared(_key_sql(place), symbol, bind("String", version_key(operand) or ""))
        return sql("(") + is_one + sql(" AND ") + sorts + sql(")")

    return matches, meaning


VERSION_OPERATORS: dict[str, Operator] = {
    "version_is": timeless("is version", Takes.VERSION, *_compared("=", operator.eq), "2.0", about="`2.0` is `2.0.0`"),
    "version_greater_than": timeless(
        "is a version after", Takes.VERSION, *_compared(">", operator.gt), "1.9", about="`1.10` comes after `1.9`"
    ),
    "version_at_least": timeless(
        "is at least version",
        Takes.VERSION,
        *_compared(">=", operator.ge),
        "2.0.0",
        about="`2.0.0-beta.1` comes before `2.0.0`",
    ),
    "version_less_than": timeless("is a version before", Takes.VERSION, *_compared("<", operator.lt), "2.0.0"),
    "version_at_most": timeless("is at most version", Takes.VERSION, *_compared("<=", operator.le), "3.99"),
}
