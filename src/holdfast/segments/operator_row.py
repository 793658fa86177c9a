"""What an operator is: one row of the table, with its meaning in Python and in SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from holdfast.events.event import Json
from holdfast.kernel.sql import Sql
from holdfast.segments.place import Place
from holdfast.segments.values import Scalar
from holdfast.segments.zones import Standpoint, Standpoints

Operand: TypeAlias = Scalar | tuple[Scalar, ...] | None


class Takes(Enum):
    """What an operator wants to be given."""

    SCALAR = "a text, a number, true or false"
    ORDERED = "a number or a text"
    TEXT = "a text"
    SCALARS = "a list of texts, numbers, true or false"
    RANGE = "a list of two numbers, the lower first"
    COUNT = "a whole number, 0 or more"
    DAYS = "a whole number of days, 0 to 36525"
    YEAR_DAYS = "a whole number of days, 0 to 365"
    DATE = "a day or a moment in ISO 8601"
    DAY = "a day in ISO 8601, such as 2026-03-01"
    VERSION = "a version, such as 1.10.2"
    REGION = "the name of a region, such as EU"
    NOTHING = "no value"


@dataclass(frozen=True, slots=True)
class Operator:
    """One way of comparing a value with what was asked for."""

    label: str
    takes: Takes
    matches: Callable[[Json, Any, Standpoint], bool]
    """Of a value that is there, and an operand that was checked."""
    sql: Callable[[Place, Any, Standpoints], Sql]
    example: Operand
    """A value it may be given, for the reference."""
    about: str = ""
    """What its label does not say; empty where it says all."""
    of_missing: bool = False
    """What it says of a value that is not there."""
    days_alike: Callable[[Json, Any, Standpoint], int | None] | None = None
    """For how many days, from the one it is, it says the same of a value; None, or no such: for ever."""
    timeless: bool = False
    """Whether it says the same at any time and anywhere."""


def timeless(
    label: str,
    takes: Takes,
    matches: Callable[[Json, Any], bool],
    meaning: Callable[[Place, Any], Sql],
    example: Operand,
    *,
    about: str = "",
    of_missing: bool = False,
) -> Operator:
    """An operator that says the same at any time and anywhere."""
    return Operator(
        label,
        takes,
        lambda value, operand, at: matches(value, operand),
        lambda place, operand, at: meaning(place, operand),
        example,
        about=about,
        of_missing=of_missing,
        timeless=True,
    )
