"""`any`: one of several conditions, or more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, join, sql
from holdfast.segments.condition import (
    Condition,
    Declared,
    Facts,
    Scope,
    Standing,
    Truth,
    joined_words,
    standing_of_parts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Any(Condition):
    """True when at least one of its conditions is; any of nothing is true of nobody."""

    of: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", tuple(self.of))

    @staticmethod
    def joined(one: Condition, other: Condition) -> Any:
        """Either; those that are `any` themselves are opened up."""
        return Any(of=tuple(part for each in (one, other) for part in (each.of if isinstance(each, Any) else (each,))))

    def sql(self, scope: Scope) -> Sql:
        return sql("(") + join(" OR ", (each.sql(scope) for each in self.of)) + sql(")") if self.of else sql("0")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        found = Truth.FALSE
        for each in self.of:
            match each.holds(facts, now):
                case Truth.TRUE:
                    return Truth.TRUE
                case Truth.UNKNOWN:
                    found = Truth.UNKNOWN
        return found

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return self.standing(facts, now)[1]

    def standing(self, facts: Facts, now: datetime) -> Standing:
        return standing_of_parts(self.of, Truth.TRUE, facts, now)

    def words(self) -> str:
        return joined_words([each.words() for each in self.of], " or ") or "are nobody"

    def not_live(self, path: str = "$") -> Invalid | None:
        found = (each.not_live(f"{path}.of[{index}]") for index, each in enumerate(self.of))
        return next((complaint for complaint in found if complaint is not None), None)


CONDITION = Declared(
    name="any",
    label="Any of",
    about="True of whoever at least one of several conditions is true of; any of nothing is nobody.",
    shape=Any,
    examples=(Any(of=()), Any(of=(Any(of=()), Any(of=())))),
)
