"""Asking who is in a live segment."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.events.event import IdentityKey
from holdfast.flows.audience.segments import find_segment
from holdfast.flows.people.person import shown_as
from holdfast.kernel.errors import Conflict
from holdfast.ports.live import LiveSegment
from holdfast.ports.state import View


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMember:
    """Somebody in a live segment."""

    person: int
    name: IdentityKey
    """What they are shown under."""
    since_ms: int
    """Since when they are in it; whoever was before it was live, since they were first looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMembers:
    """How many are in a live segment, and some of them."""

    segment: LiveSegment
    people: int
    """How many people there are."""
    members: tuple[LiveMember, ...]
    """In order of person."""

    @property
    def filled(self) -> float:
        """The share of those who were there before that has been looked at, 0 to 1."""
        if self.segment.filled_ms is not None:
            return 1.0
        return min(1.0, self.segment.filled_to / max(self.people, self.segment.filled_to, 1))


async def live_members(view: View, segment_id: str, *, limit: int, after_person: int = 0) -> LiveMembers:
    """Who is in a live segment, those above `after_person`.

    Raises NotFound, and Conflict for a segment that is not live.
    """
    saved = await find_segment(view, segment_id)
    live = {each.segment: each for each in await view.live_segments() if each.ended_ms is None}.get(segment_id)
    if live is None:
        hint = f"`holdfast segment save {segment_id} {segment_id} --live` makes it live."
        if saved.live:
            hint = "It was saved a moment ago; ask again."
        raise Conflict(f"the segment {segment_id!r:.120} is not live.", code="not_live", path="segment_id", hint=hint)
    found = await view.segment_members(live.number, limit=limit, after_person=after_person)
    identities = await view.members([person for person, _ in found])
    members = tuple(
        LiveMember(person=person, name=shown_as(identities[person]), since_ms=since) for person, since in found
    )
    return LiveMembers(segment=live, people=await view.count_people(), members=members)
