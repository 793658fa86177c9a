"""`trait`: what is known of the person themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from holdfast.kernel.errors import Exposed
from holdfast.kernel.sql import Sql
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, Declared, Facts, OperatorName, Scope, TraitName, Truth
from holdfast.segments.operators import Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait(Condition):
    """A trait compared with a value. A trait that is missing or null matches only `is_not_set`."""

    trait: TraitName
    operator: OperatorName
    value: Operand = None
    _comparison: Comparison = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            comparison = Comparison(name=self.trait, operator=self.operator, value=self.value)
        except Exposed as complaint:
            complaint.path = complaint.path.replace("$.name", "$.trait")
            raise
        object.__setattr__(self, "value", comparison.value)
        object.__setattr__(self, "_comparison", comparison)

    def sql(self, scope: Scope) -> Sql:
        return self._comparison.sql()

    def holds(self, facts: Facts, now: datetime) -> Truth:
        return Truth.of(self._comparison.holds(facts.traits))

    def words(self) -> str:
        return f"are such that {self._comparison.words()}"

    def denied_words(self) -> str:
        return f"are not such that {self._comparison.words()}"


CONDITION = Declared(
    name="trait",
    label="Is known to be",
    about="Compares a trait of the person, as it stands now, with a value.",
    shape=Trait,
    examples=(
        Trait(trait="country", operator="equals", value="DE"),
        Trait(trait="plan", operator="is_any_of", value=("gold", "silver")),
        Trait(trait="email", operator="is_set"),
    ),
)
