"""`in_list`: on a list of people that was put together by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from holdfast.events.event import LIST_TRAITS, NAMES, OWN_SOURCE
from holdfast.kernel.sql import Sql
from holdfast.segments.comparison import Comparison, check_name
from holdfast.segments.condition import Condition, Declared, Facts, FieldKind, PastEvent, Scope, Truth
from holdfast.segments.zones import of_facts, of_scope

ListId = Annotated[str, FieldKind("list", "the id of a list of people", tries=("vip", "press", "a'b\\ß\0"))]


def list_trait(list_id: str) -> str:
    """The trait that is true of who is on the list, and false of who was taken off."""
    return LIST_TRAITS + list_id


@dataclass(frozen=True, slots=True, kw_only=True)
class InList(Condition):
    """True of whoever is on the list: their trait `list/<id>` is true.

    Who is put on a list or taken off is told by an event of its own, so that a person merged of several is on it when
    what was said last of any of them says so, and who they were before is on it, or not, once they are parted.
    """

    list: ListId

    def __post_init__(self) -> None:
        check_name(self.list, "$.list")

    @property
    def _on_it(self) -> Comparison:
        return Comparison(name=list_trait(self.list), operator="equals", value=True)

    def sql(self, scope: Scope) -> Sql:
        return self._on_it.sql(of_scope(scope))

    def holds(self, facts: Facts, now: datetime) -> Truth:
        return Truth.of(self._on_it.holds(facts.traits, of_facts(facts, now)))

    def hidden_traits(self) -> tuple[str, ...]:
        return (list_trait(self.list),)

    def events_asked(self) -> Sequence[tuple[str, tuple[Comparison, ...]]]:
        return ((NAMES["identify"], (Comparison(name=list_trait(self.list), operator="is_set"),)),)

    def decided_by(self, past: PastEvent) -> bool:
        return past.source == OWN_SOURCE  # Others may track an event that is called the same.

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return None

    def words(self) -> str:
        return f"are on the list “{self.list}”"

    def denied_words(self) -> str:
        return f"are not on the list “{self.list}”"


CONDITION = Declared(
    name="in_list",
    label="On a list",
    about="Holds of whoever is on a list of people that was put together by hand.",
    shape=InList,
    examples=(InList(list="vip"),),
)
