"""`group`: what is known of a group (an account, a company, a household) the person joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from holdfast.kernel.errors import Exposed, Invalid
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.segments.comparison import Comparison
from holdfast.segments.condition import Condition, Declared, Facts, FieldKind, OperatorName, Scope, Truth
from holdfast.segments.groups import GROUP_ID, GROUP_JOINED
from holdfast.segments.operators import Operand, Place, any_sql
from holdfast.segments.turning import at_moment, soonest
from holdfast.segments.zones import of_facts, of_scope

GroupTrait = Annotated[
    str, FieldKind("group_trait", "the name of a trait of a group", tries=("x", "X", "\\n'İ", GROUP_ID))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Condition):
    """A trait of a group compared with a value, for any of the groups the person ever joined.

    A `group` call says that somebody joined, and what the group is like. A trait of a group is what was said of it
    last, by anybody, ties by message id; its id is its trait `group_id`. A trait that is missing or was last said to be
    null matches only `is_not_set`; whoever joined no group matches nothing.
    """

    trait: GroupTrait
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
        place = Place(self.trait)
        return fill(
            """(person IN (
            SELECT [[person]] AS joiner FROM events
            WHERE workspace = [[here]] AND event = [[joined]] AND ts <= [[now]] AND [[group]] IN (
                SELECT group_id FROM (
                    SELECT group_id, said.1 AS text, said.2 AS number, said.3 AS other FROM (
                        SELECT [[group]] AS group_id, argMaxIf(
                            (
                                mapFilter((k, v) -> k = [[trait]], text),
                                mapFilter((k, v) -> k = [[trait]], number),
                                mapFilter((k, v) -> k = [[trait]], other)
                            ), (ts, message_id), [[said]]) AS said
                        FROM events
                        WHERE workspace = [[here]] AND event = [[joined]] AND ts <= [[now]]
                            AND [[group]] != ''
                        GROUP BY group_id
                    )
                ) WHERE [[holds]]
            )))""",
            {
                "person": scope.person_of(sql("identity")),
                "here": scope.here,
                "group": Place(GROUP_ID).text,
                "joined": bind("String", GROUP_JOINED),
                "now": scope.moment(scope.as_of_ms),
                "trait": bind("String", self.trait),
                "said": any_sql(place.has_text, place.has_number, place.other + sql(" != ''")),
                "holds": self._comparison.sql(of_scope(scope)),
            },
        )

    def holds(self, facts: Facts, now: datetime) -> Truth:
        groups = facts.groups()
        if groups is None:
            return Truth.UNKNOWN
        return Truth.of(any(self._comparison.holds(each, of_facts(facts, now)) for each in groups))

    def events_asked(self) -> Sequence[tuple[str, tuple[Comparison, ...]]]:
        return ((GROUP_JOINED, ()),)

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        at = of_facts(facts, now)
        return at_moment(soonest(self._comparison.turns_ms(each, at) for each in facts.groups() or ()))

    def words(self) -> str:
        return f"are in a group whose {self._comparison.words()}"

    def denied_words(self) -> str:
        return f"are in no group whose {self._comparison.words()}"

    def not_live(self, path: str = "$") -> Invalid | None:
        return Invalid(
            "The traits of groups are not kept in the live profile: others may have said them.",
            code="not_live",
            path=f"{path}.trait",
            hint="Say it of the person too, as a trait, or say what happens to those of whom it is not known.",
        )


CONDITION = Declared(
    name="group",
    label="In a group that is",
    about="Compares a trait of a group, such as an account, with a value, for the groups a person ever joined.",
    shape=Group,
    examples=(
        Group(trait="plan", operator="equals", value="enterprise"),
        Group(trait="seats", operator="at_least", value=50),
        Group(trait="group_id", operator="is_any_of", value=("acme", "initech")),
    ),
)
