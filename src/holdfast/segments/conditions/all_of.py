"""`all`: every one of several conditions."""

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
from holdfast.segments.conditions.any_of import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class All(Condition):
    """True when all of its conditions are; all of nothing is true of everyone."""

    of: tuple[Condition, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", tuple(self.of))

    @staticmethod
    def joined(one: Condition, other: Condition) -> All:
        """Both; those that are `all` themselves are opened up."""
        return All(of=tuple(part for each in (one, other) for part in (each.of if isinstance(each, All) else (each,))))

    def sql(self, scope: Scope) -> Sql:
        return sql("(") + join(" AND ", (each.sql(scope) for each in self.of)) + sql(")") if self.of else sql("1")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        found = Truth.TRUE
        for each in self.of:
            match each.holds(facts, now):
                case Truth.FALSE:
                    return Truth.FALSE
                case Truth.UNKNOWN:
                    found = Truth.UNKNOWN
        return found

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return self.standing(facts, now)[1]

    def standing(self, facts: Facts, now: datetime) -> Standing:
        return standing_of_parts(self.of, Truth.FALSE, facts, now)

    def words(self) -> str:
        parts = [(each.words(), isinstance(each, Any) and len(each.of) > 1) for each in self.of]
        return joined_words([f"({words})" if several else words for words, several in parts], " and ") or (
            "are anybody at all"
        )

    def not_live(self, path: str = "$") -> Invalid | None:
        found = (each.not_live(f"{path}.of[{index}]") for index, each in enumerate(self.of))
        return next((complaint for complaint in found if complaint is not None), None)


CONDITION = Declared(
    name="all",
    label="All of",
    about="True of whoever all of several conditions are true of; all of nothing is everyone.",
    shape=All,
    examples=(All(of=()), All(of=(All(of=()), Any(of=())))),
)
