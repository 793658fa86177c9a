"""Whether a condition can be decided at once, from what the live profile keeps."""

from __future__ import annotations

from holdfast.kernel.errors import Invalid
from holdfast.segments.condition import Condition


def knowable_live(condition: Condition) -> Invalid | None:
    """Why a live profile cannot always decide the condition, with the path of the part; None when it can."""
    return condition.not_live()
