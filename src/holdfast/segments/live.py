"""Whether a condition can be decided at once, from what the live profile keeps."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Condition
from holdfast.segments.library import inner

SEGMENT_ENTERED = "Segment Entered"
SEGMENT_LEFT = "Segment Left"
TOLD_OF_SEGMENTS = frozenset({SEGMENT_ENTERED, SEGMENT_LEFT})
"""Events that tell who came into a live segment, and who left it."""


def knowable_live(condition: Condition) -> Invalid | None:
    """Why a live profile cannot always decide the condition, with the path of the part; None when it can."""
    return condition.not_live()


def cannot_be_live(condition: Condition, path: str = "$") -> Invalid | None:
    """Why a segment with this definition, all it names bound to it, cannot be live; None when it can."""
    complaint = condition.not_live(path)
    return complaint if complaint is not None else next(_circular(condition, path), None)


def _circular(condition: Condition, path: str) -> Iterator[Invalid]:
    """What asks for the telling that it would itself cause: it could enter and leave for ever."""
    if getattr(condition, "event", None) in TOLD_OF_SEGMENTS:
        yield Invalid(
            "Who enters and leaves live segments is told by this very event.",
            code="not_live",
            path=f"{path}.event",
            hint="Name the segment with `in_segment`, or leave this one not live.",
        )
    for where, each in inner(condition):
        yield from _circular(each, path + where)
