"""Breakdowns: a property of the event, or a trait of the person, whose values have lines of their own in an answer.

The values that count most have a line each; all others share one, and so do those without a value. Values that read the
same are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from holdfast.decisions.fields import Kind, OrNull, Text, decode_fields
from holdfast.events.event import Json
from holdfast.kernel.errors import Invalid
from holdfast.kernel.sql import Sql, bind, fill
from holdfast.measures.insight import label_of
from holdfast.segments.condition import Scope

TOP_MOST = 100
"""Values with a line of their own."""
Part = Literal["value", "none", "other"]
PARTS: tuple[Part, ...] = ("value", "none", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """What tells lines apart: a property, or a trait as it stands now."""

    property: Annotated[str | None, OrNull(Text(most=500)), "A property of the event."] = None
    trait: Annotated[str | None, OrNull(Text(most=500)), "A trait of the person."] = None

    def __post_init__(self) -> None:
        if (self.property is None) == (self.trait is None):
            raise Invalid(
                "A breakdown is by a property or by a trait.",
                code="contradiction",
                path="$",
                hint='Write "source" for a property of the event, or {"trait": "country"}.',
            )

    def words(self) -> str:
        """The breakdown, to follow `by `."""
        return f"the trait {self.trait}" if self.property is None else self.property


@dataclass(frozen=True, slots=True)
class BreakdownKind(Kind):
    """A breakdown; a name alone is a property's."""

    def decode(self, value: object, path: str) -> Breakdown:
        if isinstance(value, str):
            return Breakdown(property=Text(most=500).decode(value, path))
        try:
            return decode_fields(Breakdown, value, path)
        except Invalid as complaint:
            complaint.path = path if complaint.path == "$" else complaint.path
            raise

    def encode(self, value: object) -> Json:
        match value:
            case Breakdown(trait=None, property=name):
                return name
            case Breakdown(trait=trait):
                return {"trait": trait}
        raise TypeError(f"{value!r} is no breakdown")

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "property, or {trait}"}


def with_trait(scope: Scope, rows: Sql, trait: str) -> Sql:
    """The rows, which have `person`, with `raw_label`: that person's trait as text, null where it is missing."""
    return fill(
        """(SELECT * FROM ([[rows]]) AS told LEFT ANY JOIN (
            SELECT person, [[label]] AS raw_label FROM people FINAL WHERE workspace = [[here]]
        ) AS theirs USING (person))""",
        {"rows": rows, "label": label_of(trait), "here": scope.here},
    )


def ranked(lines: Sql, *, by: Sql, top: int) -> Sql:
    """The lines, which have `raw_label` and of each label as many as they like, with `part` beside it.

    Args:
        by: what all lines of a label have the same of; the labels with most of it are values (equal: by code point).
    """
    return fill(
        """(SELECT *, multiIf(raw_label IS NULL, 'none',
            dense_rank() OVER (ORDER BY raw_label IS NULL, [[by]] DESC, raw_label) <= [[top]], 'value', 'other') AS part
        FROM [[lines]])""",
        {"lines": lines, "by": by, "top": bind("UInt64", top)},
    )


def place_of(part: str, weight: float, label: str | None) -> tuple[int, float, bytes]:
    """Where a line stands: values first, the heaviest before others; then other values, then none."""
    return ("value", "other", "none").index(part), -weight, (label or "").encode("utf-8", "surrogatepass")
