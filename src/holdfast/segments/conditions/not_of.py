"""`not`: the opposite of a condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, sql
from holdfast.segments.condition import Condition, Declared, Facts, Scope, Standing, Truth
from holdfast.segments.conditions.any_of import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Condition):
    """True when its condition is false."""

    of: Condition

    def sql(self, scope: Scope) -> Sql:
        return sql("(NOT ") + self.of.sql(scope) + sql(")")

    def holds(self, facts: Facts, now: datetime) -> Truth:
        return self.of.holds(facts, now).negated()

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return self.of.turns_at(facts, now)

    def standing(self, facts: Facts, now: datetime) -> Standing:
        truth, turns = self.of.standing(facts, now)
        return truth.negated(), turns

    def words(self) -> str:
        return self.of.denied_words()

    def denied_words(self) -> str:
        return self.of.words()

    def not_live(self, path: str = "$") -> Invalid | None:
        return self.of.not_live(f"{path}.of")


CONDITION = Declared(
    name="not",
    label="Not",
    about="True of whoever its condition is not true of.",
    shape=Not,
    examples=(Not(of=Any(of=())),),
)
