"""Saved segments from Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from holdfast.flows.audience.segment_drafts import draft_of, drafts_of
from holdfast.flows.audience.segments import (
    VERSIONS_MOST,
    Change,
    apply_segments,
    delete_segment,
    document_of,
    find_segment,
    find_version,
    not_there,
    restore_segment,
    save_segment,
)
from holdfast.flows.audience.used_by import Use, users_of
from holdfast.ports.state import SavedSegment, State
from holdfast.segments.condition import Condition
from holdfast.segments.difference import Difference, differences

T = TypeVar("T")
BY = "python"
"""Who changes are by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDifference:
    """What changed from one version of a segment to another."""

    before: SavedSegment
    after: SavedSegment
    differences: tuple[Difference, ...]
    """Place by place; empty where they say the same."""


class SegmentKeeper(ABC):
    """Whoever keeps saved segments."""

    @abstractmethod
    def keep_segments(self, work: Callable[[State, datetime], Coroutine[Any, Any, T]]) -> T:
        """Do something to the segments of a state, now, and wait for it."""

    def segments(self, *, deleted: bool = False) -> list[SavedSegment]:
        """Every saved segment, or every one that was deleted, in order of id."""

        async def asked(state: State, _now: datetime) -> list[SavedSegment]:
            async with state.view() as view:
                return await (view.deleted_segments() if deleted else view.segments())

        return self.keep_segments(asked)

    def segment(self, segment_id: str) -> SavedSegment:
        """One saved segment. Raises NotFound."""

        async def asked(state: State, _now: datetime) -> SavedSegment:
            async with state.view() as view:
                return await find_segment(view, segment_id)

        return self.keep_segments(asked)

    def save_segment(
        self,
        segment_id: str,
        name: str,
        segment: Condition | Mapping[str, object],
        description: str | None = None,
        *,
        live: bool | None = None,
    ) -> SavedSegment:
        """Save a segment under an id, as a new version of it; the same again makes none.

        Without a description, the one that is saved stays, and so does whether it is `live`: kept at every moment.

        Raises Invalid where the definition, or what it refers to, cannot be; Conflict where what uses it could not be
        any more.
        """
        draft = replace(draft_of(segment_id, name, segment, description), live=live)
        return self.keep_segments(lambda state, now: save_segment(state, draft, by=BY, now=now)).segment

    def delete_segment(self, segment_id: str) -> None:
        """Delete a segment; `restore_segment` brings it back. Raises NotFound, and Conflict naming who uses it."""
        self.keep_segments(lambda state, now: delete_segment(state, segment_id, by=BY, now=now))

    def segment_versions(self, segment_id: str, *, limit: int = VERSIONS_MOST) -> list[SavedSegment]:
        """What was saved under an id, newest first; a deletion is a version, too. Raises NotFound."""

        async def asked(state: State, _now: datetime) -> list[SavedSegment]:
            async with state.view() as view:
                found = await view.segment_versions(segment_id, limit=limit)
            if not found:
                raise not_there(segment_id)
            return found

        return self.keep_segments(asked)

    def segment_version(self, segment_id: str, version: int) -> SavedSegment:
        """One version of a segment. Raises NotFound."""

        async def asked(state: State, _now: datetime) -> SavedSegment:
            async with state.view() as view:
                return await find_version(view, segment_id, version)

        return self.keep_segments(asked)

    def segment_difference(self, segment_id: str, before: int, after: int) -> SegmentDifference:
        """What changed from one version to another. Raises NotFound."""
        one, other = self.segment_version(segment_id, before), self.segment_version(segment_id, after)
        found = differences(document_of(one), document_of(other))
        return SegmentDifference(before=one, after=other, differences=tuple(found))

    def restore_segment(self, segment_id: str, version: int | None = None) -> SavedSegment:
        """Save again what a version says; of a deleted segment, without a number, what it said last.

        Raises NotFound; Invalid and Conflict as `save_segment`.
        """
        return self.keep_segments(
            lambda state, now: restore_segment(state, segment_id, version, by=BY, now=now)
        ).segment

    def segment_used_by(self, segment_id: str) -> tuple[Use, ...]:
        """Who uses a segment: segments, journeys, campaigns, KPIs; and where in their definitions. Raises NotFound."""

        async def asked(state: State, _now: datetime) -> tuple[Use, ...]:
            async with state.view() as view:
                await find_segment(view, segment_id)
                return (await users_of(view, await view.segments())).of(segment_id)

        return self.keep_segments(asked)

    def apply_documents(
        self, documents: Iterable[Mapping[str, object]], *, dry_run: bool = False, prune: bool = False
    ) -> list[Change]:
        """Save many segments, or none: objects with id, name, definition and perhaps description.

        Args:
            dry_run: change nothing, and say what would be changed.
            prune: delete whatever else is saved.

        Raises Invalid and TooLarge with a path such as `$.segments[2].definition.of[0]`, and Conflict.
        """
        drafts = drafts_of(list(documents))
        return self.keep_segments(
            lambda state, now: apply_segments(state, drafts, by=BY, now=now, prune=prune, dry_run=dry_run)
        )
