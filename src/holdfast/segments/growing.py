"""Which way more events can move an answer: some conditions, once true, only time makes false again."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.segments.condition import Condition
from holdfast.segments.conditions.all_of import All
from holdfast.segments.conditions.any_of import Any
from holdfast.segments.conditions.bucket import Bucket
from holdfast.segments.conditions.did import Did
from holdfast.segments.conditions.in_list import InList
from holdfast.segments.conditions.in_segment import InSegment
from holdfast.segments.conditions.near import Near
from holdfast.segments.conditions.not_of import Not
from holdfast.segments.conditions.trait import Trait


@dataclass(frozen=True, slots=True)
class Growing:
    """What one more event cannot do, while traits stay as they are and everything that is asked of is known."""

    stays_true: bool
    """It cannot make it false."""
    stays_false: bool
    """It cannot make it true."""

    @property
    def denied(self) -> Growing:
        """The same of the opposite."""
        return Growing(self.stays_false, self.stays_true)


_EITHER_WAY = Growing(stays_true=False, stays_false=False)


def growing(condition: Condition) -> Growing:
    """What one more event of any name cannot do to the condition, with all it names bound to it."""
    match condition:
        case Trait() | InList() | Bucket() | Near():
            return Growing(stays_true=True, stays_false=True)
        case Did(where=()):
            return Growing(stays_true=condition.at_most is None, stays_false=condition.least == 0)
        case All(of=parts) | Any(of=parts):
            found = [growing(each) for each in parts]
            return Growing(all(each.stays_true for each in found), all(each.stays_false for each in found))
        case Not(of=part):
            return growing(part).denied
        case InSegment():
            return growing(condition.definition)
        case _:
            return _EITHER_WAY


@dataclass(frozen=True, slots=True)
class Needed:
    """What must have happened, at whatever times, before a condition can hold of anybody."""

    event: str
    times: int


def needed(condition: Condition) -> Needed | None:
    """What must have happened at least so often before the condition, with all it names bound to it, can be true.

    None where nothing need have, or it is not as simple as that.
    """
    match condition:
        case Did():
            return Needed(condition.event, condition.least) if condition.least else None
        case All(of=parts):
            return next((found for each in parts if (found := needed(each)) is not None), None)
        case InSegment():
            return needed(condition.definition)
        case _:
            return None
