"""A comparison: what a named value of an event or a person must be. Its JSON form is decoded here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Never, cast

from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid, TooLarge
from holdfast.kernel.sql import Sql, join, sql
from holdfast.segments.dates import read_date
from holdfast.segments.operators import OPERATORS, Operand, Operator, Place, Takes
from holdfast.segments.regions import REGIONS
from holdfast.segments.turning import in_days
from holdfast.segments.values import Scalar, is_missing
from holdfast.segments.versions import version_key
from holdfast.segments.zones import Standpoint, Standpoints

COMPARISONS_MOST = 50
"""Comparisons in one `where`."""
NAME_MOST = 500
"""Characters in the name of an event, a trait or a property."""
TEXT_MOST = 10_000
"""Characters in a text to compare with."""
DIGITS_MOST = 100
"""Digits in a whole number to compare with."""
VALUES_MOST = 1_000
"""Values in a list to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A named value, an operator, and what to compare with. Join several with `&`.

    `name` is that of an event's property or a person's trait. `value` is a tuple for the operators
    that take a list, None for those that take nothing.

    Raises:
        Invalid: the operator does not exist, or cannot take that value; the path names the field.
    """

    name: str
    operator: str
    value: Operand = None

    def __post_init__(self) -> None:
        check_name(self.name, "$.name")
        if self.operator not in OPERATORS:
            raise Invalid(
                f"There is no operator {self.operator!r}.",
                code="unknown_operator",
                path="$.operator",
                hint=nearest(self.operator, OPERATORS),
            )
        object.__setattr__(self, "value", _operand(self.value, self.operator, self.meaning.takes))

    @property
    def meaning(self) -> Operator:
        """The operator's row in the table."""
        return OPERATORS[self.operator]

    def holds(self, values: Mapping[str, Json], at: Standpoint) -> bool:
        """Whether the named value among these is as asked. A missing or null one matches only `is_not_set`.

        Args:
            values: by their names.
            at: the moment it is asked at, and where: dates are compared with the day it is there.
        """
        value = values.get(self.name)
        return self.meaning.of_missing if is_missing(value) else self.meaning.matches(value, self.value, at)

    def turns_ms(self, values: Mapping[str, Json], at: Standpoint) -> int | None:
        """Until when, in milliseconds, it says the same of these values; None for ever."""
        value, days_alike = values.get(self.name), self.meaning.days_alike
        if days_alike is None or is_missing(value):
            return None
        days = days_alike(value, self.value, at)
        return None if days is None else in_days(at.now_ms, at.zone, days)

    def sql(self, at: Standpoints) -> Sql:
        """The same over a row with the three maps of values."""
        return self.meaning.sql(Place(self.name), self.value, at)

    def words(self) -> str:
        """The comparison in plain words, such as `revenue is greater than 50`."""
        return " ".join(part for part in (self.name, self.meaning.label, shown(self.value)) if part)

    def __and__(self, other: Comparison | Comparisons) -> Comparisons:
        return Comparisons((self,)) & other

    def __bool__(self) -> Never:
        raise TypeError("a comparison is not true or false by itself; join comparisons with & instead of `and`")


class Comparisons(tuple[Comparison, ...]):
    """Comparisons that must all hold."""

    __slots__ = ()

    def __and__(self, other: Comparison | Comparisons) -> Comparisons:
        return Comparisons((*self, *((other,) if isinstance(other, Comparison) else other)))


def all_hold(comparisons: Sequence[Comparison], values: Mapping[str, Json], at: Standpoint) -> bool:
    """Whether every comparison holds of these values; true when there are none."""
    return all(each.holds(values, at) for each in comparisons)


def all_sql(comparisons: Sequence[Comparison], at: Standpoints) -> Sql:
    """The same over a row: pieces joined by AND, each led by one, to follow a WHERE that has begun."""
    return join("", (sql(" AND ") + each.sql(at) for each in comparisons))


def all_words(comparisons: Sequence[Comparison]) -> str:
    """The comparisons in plain words."""
    return " and ".join(each.words() for each in comparisons)


def decode_comparisons(value: object) -> tuple[Comparison, ...]:
    """The comparisons a JSON list of `{"property", "operator", "value"}` means.

    Raises:
        Invalid: with the path of what is wrong, from `$` at the list.
        TooLarge: more than COMPARISONS_MOST.
    """
    if not isinstance(value, (list, tuple)):
        raise Invalid(
            "A list of comparisons was expected.",
            code="wrong_type",
            path="$",
            hint='Write [{"property": "revenue", "operator": "greater_than", "value": 50}].',
        )
    if len(value) > COMPARISONS_MOST:
        raise TooLarge(
            f"{len(value)} comparisons are more than fit.", path="$", hint=f"Use at most {COMPARISONS_MOST}."
        )
    return tuple(decode_comparison(each, name="property", path=f"$[{index}]") for index, each in enumerate(value))


def encode_comparisons(comparisons: Sequence[Comparison]) -> list[Json]:
    """The JSON list of the comparisons."""
    return [encode_comparison(each, name="property") for each in comparisons]


def decode_comparison(value: object, *, name: str, path: str) -> Comparison:
    """The comparison a JSON object means; `name` is what the field with the value's name is called."""
    if not isinstance(value, Mapping):
        raise Invalid("An object was expected.", code="wrong_type", path=path, hint=f"Give it {name!r} and 'operator'.")
    for field in value:
        if field not in (name, "operator", "value"):
            raise Invalid(
                f"{field!r} is no field of a comparison.",
                code="unknown_field",
                path=f"{path}.{field}",
                hint=nearest(field, (name, "operator", "value")),
            )
    for field in (name, "operator"):
        if field not in value:
            raise Invalid(f"{field!r} is missing.", code="missing_field", path=path, hint=f"Add {field!r}.")
    if not isinstance(value["operator"], str):
        raise Invalid("An operator is a text.", code="wrong_type", path=f"{path}.operator", hint=nearest("", OPERATORS))
    given = value.get("value")
    try:
        return Comparison(
            name=cast("str", value[name]),
            operator=value["operator"],
            value=tuple(given) if isinstance(given, list) else given,
        )
    except Invalid as complaint:
        complaint.path = path + complaint.path.replace("$.name", f"$.{name}").removeprefix("$")
        raise


def encode_comparison(comparison: Comparison, *, name: str) -> dict[str, Json]:
    """The JSON object of a comparison."""
    told: dict[str, Json] = {name: comparison.name, "operator": comparison.operator}
    match comparison.value:
        case None:
            return told
        case tuple() as values:
            return {**told, "value": list(values)}
        case scalar:
            return {**told, "value": scalar}


def check_name(name: object, path: str) -> None:
    """Complain of a name that is no text, is empty, too long, or could not be sent as UTF-8."""
    if not isinstance(name, str):
        raise Invalid("A name is a text.", code="wrong_type", path=path, hint="Write it in quotes.")
    if not name:
        raise Invalid("This name is empty.", code="empty", path=path, hint="Write the name as it is in your events.")
    if len(name) > NAME_MOST:
        raise TooLarge(
            f"This name has {len(name)} characters.", path=path, hint=f"Names have at most {NAME_MOST} characters."
        )


def nearest(given: object, names: Sequence[str] | Mapping[str, object]) -> str:
    """A hint with the name that was probably meant, else all there are."""
    close = get_close_matches(str(given), list(names), n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Use one of: {', '.join(names)}."


def shown(value: Operand) -> str:
    """A value in plain words."""
    if isinstance(value, tuple):
        return ", ".join(shown(each) for each in value) or "nothing"
    return "" if value is None else json.dumps(value, ensure_ascii=False)


DAYS_MOST = 36_525
"""Days from today a date may be asked to lie: a hundred years."""
_WHOLE_NUMBERS_MOST = {Takes.COUNT: 1_000_000_000, Takes.DAYS: DAYS_MOST, Takes.YEAR_DAYS: 365}


def _operand(value: object, operator: str, takes: Takes) -> Operand:
    """The value as the operator takes it. Raises Invalid when it cannot."""
    match takes:
        case Takes.NOTHING:
            if value is not None:
                raise _refused(operator, takes, "Leave `value` out.")
            return None
        case Takes.SCALARS:
            return _scalars(value, operator, takes)
        case Takes.RANGE:
            return _range(value, operator)
        case Takes.COUNT | Takes.DAYS | Takes.YEAR_DAYS:
            return _whole_number(value, operator, takes)
        case Takes.TEXT | Takes.DATE | Takes.DAY | Takes.VERSION | Takes.REGION:
            return _text(value, operator, takes)
    if takes is Takes.ORDERED and isinstance(value, bool):
        raise _refused(operator, takes, "True and false have no order; use `equals`.")
    return _scalar(value, operator, takes, "$.value")


def _text(value: object, operator: str, takes: Takes) -> Scalar:
    """A text that names what the operator asks for."""
    if not isinstance(value, str):
        raise _refused(operator, takes, "Write a text in quotes.")
    if takes in (Takes.DATE, Takes.DAY) and ((found := read_date(value)) is None or found.day.year < FIRST_YEAR):
        raise _refused(operator, takes, 'Write "2026-03-01" or, where it may be a moment, "2026-03-01T08:00:00Z".')
    if takes is Takes.DAY and value[10:]:
        raise _refused(operator, takes, 'Leave the time of day out: "2026-03-01".')
    if takes is Takes.VERSION and version_key(value) is None:
        raise _refused(operator, takes, "Write numbers with dots between, such as 1.10.2 or 2.0.0-beta.1.")
    if takes is Takes.REGION and value not in REGIONS:
        raise _refused(operator, takes, nearest(value[:100], REGIONS))
    return _scalar(value, operator, takes, "$.value")


FIRST_YEAR = 1000
"""Dates before it can be compared, but not be compared with: they are typing errors."""


def _whole_number(value: object, operator: str, takes: Takes) -> int:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(whole, bool) or not isinstance(whole, int):
        raise _refused(operator, takes, "Write a number such as 3.")
    if not 0 <= whole <= _WHOLE_NUMBERS_MOST[takes]:
        raise _refused(operator, takes, f"Use 0 to {_WHOLE_NUMBERS_MOST[takes]}.")
    return whole


def _range(value: object, operator: str) -> tuple[Scalar, ...]:
    takes = Takes.RANGE
    if not isinstance(value, (tuple, list)) or len(value) != 2:  # Two ends.
        raise _refused(operator, takes, "Write [18, 25].")
    low, high = (_scalar(each, operator, takes, f"$.value[{index}]") for index, each in enumerate(value))
    for index, each in enumerate((low, high)):
        if isinstance(each, (bool, str)):
            raise _refused(operator, takes, "Write a number without quotes.", f"$.value[{index}]")
    if low > high:  # type: ignore[operator]  # Both are numbers.
        raise Invalid(
            f"Nothing is at least {low} and at most {high}.",
            code="never_true",
            path="$.value",
            hint="Write the lower number first.",
        )
    return low, high


def _scalars(value: object, operator: str, takes: Takes) -> tuple[Scalar, ...]:
    if not isinstance(value, (tuple, list)):
        raise _refused(operator, takes, 'Write a list, such as ["DE", "AT"].')
    if len(value) > VALUES_MOST:
        raise TooLarge(f"{len(value)} values are more than fit.", path="$.value", hint=f"Use at most {VALUES_MOST}.")
    return tuple(_scalar(each, operator, takes, f"$.value[{index}]") for index, each in enumerate(value))


def _scalar(value: object, operator: str, takes: Takes, path: str) -> Scalar:
    if not isinstance(value, (str, int, float)):
        raise _refused(operator, takes, "Use `is_set` or `is_not_set` to ask whether there is a value.", path)
    if isinstance(value, str) and len(value) > TEXT_MOST:
        raise TooLarge(f"This text has {len(value)} characters.", path=path, hint=f"Use at most {TEXT_MOST}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(operator, takes, "Use a finite number.", path)
    if isinstance(value, int) and abs(value) >= 10**DIGITS_MOST:
        raise TooLarge("This number is too long.", path=path, hint=f"Use at most {DIGITS_MOST} digits.")
    return value


def _refused(operator: str, takes: Takes, hint: str, path: str = "$.value") -> Invalid:
    return Invalid(f"`{operator}` takes {takes.value}.", code="wrong_value", path=path, hint=hint)
