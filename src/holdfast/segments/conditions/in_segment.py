"""`in_segment`: member of a segment that is saved under an id."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from holdfast.kernel.errors import Internal, Invalid
from holdfast.kernel.sql import Sql
from holdfast.segments.comparison import check_name
from holdfast.segments.condition import Condition, Declared, Facts, Scope, SegmentId, Standing, Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class InSegment(Condition):
    """True of whoever the saved segment's definition is true of, as it is saved now.

    By itself it only names the segment. `segments.library.resolve` gives the same condition with the definition bound
    to it; until then it can be told in words, and nothing else. What is bound is no part of its JSON form.
    """

    segment: SegmentId
    _definition: Condition | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        check_name(self.segment, "$.segment")

    def bound(self, definition: Condition) -> InSegment:
        """The same, knowing what is saved under the id."""
        made = InSegment(segment=self.segment)
        object.__setattr__(made, "_definition", definition)
        return made

    @property
    def is_bound(self) -> bool:
        """Whether it knows its definition."""
        return self._definition is not None

    @property
    def definition(self) -> Condition:
        """What is saved under the id. Raises Internal before it was bound."""
        if self._definition is None:
            raise Internal(f"the segment {self.segment!r:.120} was asked of somebody before it was resolved")
        return self._definition

    def sql(self, scope: Scope) -> Sql:
        return self.definition.sql(scope)

    def holds(self, facts: Facts, now: datetime) -> Truth:
        return self.definition.holds(facts, now)

    def turns_at(self, facts: Facts, now: datetime) -> datetime | None:
        return self.definition.turns_at(facts, now)

    def standing(self, facts: Facts, now: datetime) -> Standing:
        return self.definition.standing(facts, now)

    def words(self) -> str:
        return f"are in the segment “{self.segment}”{self._told()}"

    def denied_words(self) -> str:
        return f"are not in the segment “{self.segment}”{self._told()}"

    def not_live(self, path: str = "$") -> Invalid | None:
        complaint = self.definition.not_live(path)
        if complaint is None:
            return None
        # What is wrong stands in the segment; what the caller wrote is the name of it.
        message = f"The segment {self.segment!r:.120} cannot be known at once: {complaint.message}"
        return Invalid(message, code="not_live", path=f"{path}.segment", hint=complaint.hint)

    def _told(self) -> str:
        return "" if self._definition is None else f" ({self._definition.words()})"


CONDITION = Declared(
    name="in_segment",
    label="In a segment",
    about="Holds of whoever a saved segment holds of, as that segment is saved now.",
    shape=InSegment,
    examples=(InSegment(segment="gold-customers"),),
)
