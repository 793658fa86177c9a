"""A snapshot: the people behind a number, kept as a list of people and as a segment of the same id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from holdfast.flows.audience.list_members import Keeper
from holdfast.flows.audience.list_registry import lists_of
from holdfast.flows.audience.lists import save_list
from holdfast.flows.audience.segment_drafts import canonical, draft_of
from holdfast.flows.audience.segments import save_segment
from holdfast.kernel.errors import Conflict
from holdfast.kernel.moments import to_millis
from holdfast.measures.insight import Question
from holdfast.ports.insights import Insights
from holdfast.ports.state import SavedSegment
from holdfast.segments.conditions.in_list import InList


class SnapshotKeeper(Keeper, Protocol):
    """What keeping a snapshot takes of the application."""

    @property
    def insights(self) -> Insights: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A segment of the people who were behind a number when it was kept."""

    segment: SavedSegment
    people: int


async def keep_people(
    at: SnapshotKeeper, question: Question, cell: object, segment_id: str, name: str, *, by: str
) -> Snapshot:
    """Keep the people behind a cell, as they are now. Keeping others under the same id puts them in their place.

    Raises:
        Conflict: the id is that of a segment which is no snapshot, or of a list that was put together by hand.
        Invalid: an id or a name that cannot be, or no such cell.
        TooLarge: more people than a list can hold.
    """
    now = at.clock.now()
    draft = draft_of(segment_id, name, InList(list=segment_id))
    await _check_free(at, segment_id, canonical(draft.condition))
    table = await at.insights.insight_people(question, cell, as_of_ms=to_millis(now))
    persons = cast("list[int]", table.column("person").to_pylist())
    # The list first: a segment always has a list to ask for.
    kept = await save_list(at, segment_id, draft.name, persons)
    change = await save_segment(at.state, draft, by=by, now=now)
    return Snapshot(segment=change.segment, people=kept.people)


async def _check_free(at: SnapshotKeeper, segment_id: str, definition: bytes) -> None:
    async with at.state.view() as view:
        saved = next((each for each in await view.segments() if each.id == segment_id), None)
        if saved is None and segment_id in await lists_of(view):
            raise Conflict(
                f"{segment_id!r} is a list of other people, and no segment goes with it.",
                code="taken",
                path="$.id",
                hint="Choose another id: that list would become one of these people.",
            )
        if saved is not None and saved.definition != definition:
            raise Conflict(
                f"{segment_id!r} is a segment of another kind.",
                code="taken",
                path="$.id",
                hint="Choose another id: that segment would become a list of these people.",
            )
