"""Where a value stands in a row of SQL, and how pieces of what is asked of it are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.kernel.sql import Sql, bind, join, sql


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
    def has_other(self) -> Sql:
        return sql("mapContains(other, ") + self._key + sql(")")

    @property
    def is_there(self) -> Sql:
        return any_sql(self.has_text, self.has_number, self.other + sql(" NOT IN ('', 'null')"))

    @property
    def _key(self) -> Sql:
        return bind("String", self.name)


NEVER = sql("0")


def any_sql(*pieces: Sql) -> Sql:
    """True where one of them is; false when there are none."""
    wanted = [piece for piece in pieces if piece is not NEVER]
    return sql("(") + join(" OR ", wanted) + sql(")") if wanted else NEVER


def all_sql(*pieces: Sql) -> Sql:
    """True where all of them are."""
    return sql("(") + join(" AND ", pieces) + sql(")") if pieces else sql("1")


def compared(left: Sql, symbol: str, right: Sql) -> Sql:
    """The two with one of `=`, `>`, `>=`, `<`, `<=` between them."""
    return sql("(") + left + _SPELT[symbol] + right + sql(")")


def guarded(meaning: Sql, presence: Sql, *, matches_default: bool) -> Sql:
    """The meaning, asking for presence only where a map's default for a missing name would match."""
    return sql("(") + presence + sql(" AND ") + meaning + sql(")") if matches_default else meaning


def denied(meaning: Callable[[Place, Any], Sql]) -> Callable[[Place, Any], Sql]:
    """The opposite of a meaning, for a value that is there."""

    def of(place: Place, operand: object) -> Sql:
        return sql("(") + place.is_there + sql(" AND NOT ") + meaning(place, operand) + sql(")")

    return of


_SPELT: Mapping[str, Sql] = {
    "=": sql(" = "),
    ">": sql(" > "),
    ">=": sql(" >= "),
    "<": sql(" < "),
    "<=": sql(" <= "),
}
