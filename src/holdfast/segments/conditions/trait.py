"""`trait`: what is known of the person themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from holdfast.kernel.errors import Exposed
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sql import Sql
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, Declared, Facts, OperatorName, Scope, TraitName, Truth
from holdfast.segments.operators import Operand
from holdfast.segments.turning import at_moment
from holdfast.segments.zones import (
    Standpoint,
    TimeZoneName,
    check_time_zone,
    standpoints,
    zone_for,
    zone_traits,
    zone_words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait(Condition):
    """A trait compared with a value. A trait that is missing or null matches only `is_not_set`.

    The operators about dates go by the day it is in `time_zone`; the others have no use for it.
    """

    trait: TraitName
    operator: OperatorName
    value: Operand = None
    time_zone: TimeZoneName = "workspace"
    _comparison: Comparison = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            comparison = Comparison(name=self.trait, operator=self.operator, value=self.value)
        except Exposed as complaint:
            complaint.path = complaint.path.replace("$.name", "$.trait")
            raise
        check_time_zone(self.time_zone)
        object.__setattr__(self, "value", comparison.value)
        object.__setattr__(self, "_comparison", comparison)

    def sql(self, scope: Scope) -> Sql:
        return self._comparison.sql(standpoints(self.time_zone, scope.as_of_ms, scope.zone))

    def holds(self, facts: Facts, now: datetime) -> Truth:
        at = Standpoint(to_millis(now), zone_for(self.time_zone, facts))
        return Truth.of(self._comparison.holds(facts.traits, at))

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        at = Standpoint(to_millis(now), zone_for(self.time_zone, facts))
        return at_moment(self._comparison.turns_ms(facts.traits, at))

    def words(self) -> str:
        return f"whose {self._comparison.words()}{zone_words(self.time_zone)}"

    def hidden_traits(self) -> tuple[str, ...]:
        return zone_traits(self.time_zone)


CONDITION = Declared(
    name="trait",
    label="Is known to be",
    about="Compares a trait of the person, as it stands now, with a value.",
    shape=Trait,
    examples=(
        Trait(trait="country", operator="equals", value="DE"),
        Trait(trait="plan", operator="is_any_of", value=("gold", "silver")),
        Trait(trait="email", operator="is_set"),
        Trait(trait="age", operator="between", value=(18, 25)),
        Trait(trait="birthday", operator="anniversary_in_days", value=3, time_zone="person"),
        Trait(trait="trial_ends", operator="days_until_at_most", value=7),
        Trait(trait="app_version", operator="version_less_than", value="2.10.0"),
        Trait(trait="country", operator="is_in_region", value="EU"),
        Trait(trait="interests", operator="contains_any_of", value=("running", "hiking")),
    ),
)
