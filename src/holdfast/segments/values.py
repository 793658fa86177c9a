"""Values of traits and properties: which are equal, and how each is laid out for SQL.

A row of people or events keeps its values in three maps, so that one sender's mistyped value breaks nobody's question:

    text    strings
    number  numbers, as 64-bit floats; an integer a float cannot hold is here rounded, and exact in `other`
    other   all else as JSON text: true, false, null, lists, objects, and integers beyond 2^53

A list stands in `other` with a raw line feed on each side of every element. JSON text never has a raw line feed inside
a string, so "is it an element" is an exact search for the element between two of them, and nothing is parsed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.events.event import Json

Scalar: TypeAlias = str | int | float | bool

EXACT_MOST = 2**53
"""Up to here every integer is a 64-bit float of its own."""


def is_number(value: object) -> bool:
    """Whether it is a number to us: true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_missing(value: object) -> bool:
    """Whether there is nothing there: null, or a float no JSON can say."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def same(value: object, other: object) -> bool:
    """Equality without mixing types: "30" is not 30, true is not 1, 1.0 is 1. Numbers are compared exactly."""
    if is_number(value):
        return is_number(other) and value == other
    return type(value) is type(other) and value == other


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """Values as they stand in the three maps."""

    text: dict[str, str]
    number: dict[str, float]
    other: dict[str, str]


def lay_out(values: Mapping[str, Json]) -> Laid:
    """Where each value stands."""
    text: dict[str, str] = {}
    number: dict[str, float] = {}
    other: dict[str, str] = {}
    for name, value in values.items():
        # The commonest kinds first: a bulk import comes through here once a property.
        kind = type(value)
        if kind is str:
            text[name] = value  # type: ignore[assignment]  # `type(value) is str` tells mypy nothing.
        elif isinstance(value, float) and math.isfinite(value):
            number[name] = value + 0.0  # Adding 0 makes -0.0 plain 0.0: sets of floats tell the two apart.
        elif kind is int:
            number[name] = _nearest(value)  # type: ignore[arg-type]  # As above.
            if abs(value) > EXACT_MOST:  # type: ignore[arg-type]  # As above.
                other[name] = str(value)
        else:
            other[name] = other_text(value)
    return Laid(text=text, number=number, other=other)


def gather(laid: Laid) -> dict[str, Json]:
    """The values again, as JSON means them: 1.0 comes back as 1, which is the same number."""
    values: dict[str, Json] = dict(laid.text)
    for name, number in laid.number.items():
        values[name] = int(number) if abs(number) <= EXACT_MOST and number.is_integer() else number
    for name, told in laid.other.items():
        values[name] = json.loads(told)
    return values


def other_text(value: Json) -> str:
    """The one JSON text a value has in the `other` map."""
    if isinstance(value, list):
        return "[" + ",".join(f"\n{element_text(each)}\n" for each in value) + "]"
    return element_text(value)


def element_text(value: Json) -> str:
    """The one JSON text a value has as an element of a list: equal numbers have equal text."""
    if is_missing(value):
        return "null"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    try:
        return _dumped(value)
    except ValueError:
        return _dumped(_finite(value))


def _dumped(value: Json) -> str:
    # Not as ASCII: written as escapes, an emoji and two lone surrogates would be the same text.
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def _nearest(value: int) -> float:
    """The float nearest an integer; one beyond all floats is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _finite(value: Json) -> Json:
    """The value with null for what JSON cannot say."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return None if is_missing(value) else value
