"""`variant`: what the person got of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from holdfast.events.event import OWN_SOURCE
from holdfast.kernel.moments import to_millis
from holdfast.kernel.sql import Sql, bind, fill, sql
from holdfast.profiles.variants import VARIANT_ASSIGNED
from holdfast.segments.comparison import Comparison, check_name
from holdfast.segments.condition import Condition, Declared, Facts, FieldKind, PastEvent, Scope, Truth

ExperimentName = Annotated[
    str, FieldKind("experiment", "the id of an experiment; of a step `<journey>.<step>`", tries=("spring", "a'\\ß\0"))
]
VariantName = Annotated[
    str, FieldKind("variant", "the name of a variant; empty for any of them", tries=("", "bold", "control"))
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(Condition):
    """True of whoever got that variant of the experiment first, or any of them where none is named.

    What somebody got first stands: of two devices that turn out to be one person's, the earlier counts.
    """

    experiment: ExperimentName
    variant: VariantName = ""

    def __post_init__(self) -> None:
        check_name(self.experiment, "$.experiment")
        if self.variant != "":
            check_name(self.variant, "$.variant")

    def sql(self, scope: Scope) -> Sql:
        first = fill(
            " HAVING argMin(text['variant'], (ts, text['variant'])) = [[variant]]",
            {"variant": bind("String", self.variant)},
        )
        return fill(
            """(person IN (
                SELECT [[person]] AS doer FROM events
                WHERE workspace = [[here]] AND event = [[name]] AND source = [[ours]] AND ts <= [[as_of]]
                    AND text['experiment'] = [[experiment]] AND text['variant'] != ''
                GROUP BY doer[[having]]
            ))""",
            {
                "person": scope.person_of(sql("identity")),
                "here": scope.here,
                "name": bind("String", VARIANT_ASSIGNED),
                "ours": bind("String", OWN_SOURCE),
                "as_of": scope.moment(scope.as_of_ms),
                "experiment": bind("String", self.experiment),
                "having": first if self.variant else sql(""),
            },
        )

    def holds(self, facts: Facts, now: datetime) -> Truth:
        had = facts.variant(self.experiment, until_ms=to_millis(now))
        if had is None:
            return Truth.UNKNOWN
        return Truth.of(had == self.variant if self.variant else had != "")

    def hidden_events(self) -> tuple[str, ...]:
        return (VARIANT_ASSIGNED,)

    def events_asked(self) -> Sequence[tuple[str, tuple[Comparison, ...]]]:
        return ((VARIANT_ASSIGNED, (Comparison(name="experiment", operator="equals", value=self.experiment),)),)

    def decided_by(self, past: PastEvent) -> bool:
        return past.source == OWN_SOURCE  # Others may track an event that is called the same.

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return None

    def words(self) -> str:
        return f"got {self._which()}"

    def denied_words(self) -> str:
        return f"did not get {self._which()}"

    def _which(self) -> str:
        return f"“{self.variant}” in “{self.experiment}”" if self.variant else f"anything in “{self.experiment}”"


CONDITION = Declared(
    name="variant",
    label="Got a variant",
    about="Holds of whoever got a variant of an experiment, or any of them.",
    shape=Variant,
    examples=(Variant(experiment="checkout-colour", variant="red"), Variant(experiment="cart-rescue.fork")),
)
