"""/api/segments: versions of what is saved, who uses it, and many applied at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from holdfast.flows.audience.segment_drafts import drafts_of
from holdfast.flows.audience.segments import (
    SEGMENTS_MOST,
    VERSIONS_MOST,
    apply_segments,
    document_of,
    find_segment,
    find_version,
    not_there,
    restore_segment,
)
from holdfast.flows.audience.used_by import users_of
from holdfast.http.api.segment_shapes import (
    ChangeShape,
    DifferenceShape,
    SegmentShape,
    UsedBy,
    UseShape,
    VersionShape,
)
from holdfast.http.auth import asked_by
from holdfast.http.needs import needs
from holdfast.http.shapes import NUMBER_MOST, WISH, Properties, Truth, Whole
from holdfast.ports.state import SavedSegment, View
from holdfast.segments.difference import differences
from holdfast.wiring import Application

Number = Annotated[int, Path(ge=1, le=NUMBER_MOST)]


@dataclass(frozen=True, kw_only=True)
class SegmentDocument:
    """One segment, as a file says it."""

    __pydantic_config__ = WISH

    id: str
    name: str
    definition: Properties
    description: str = ""
    live: Truth = False


@dataclass(frozen=True, kw_only=True)
class ApplyWish:
    """Segments to save together.

    `prune` deletes whatever else is saved; `dry_run` changes nothing and tells what would be changed.
    """

    __pydantic_config__ = WISH

    segments: Annotated[list[SegmentDocument], Field(max_length=SEGMENTS_MOST)]
    dry_run: Truth = False
    prune: Truth = False


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of each segment, by id; what is saved and was not applied is among them as `absent` or `deleted`."""

    dry_run: bool
    changes: list[ChangeShape]


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Versions of a segment, newest first; `next_before` asks for those before them."""

    versions: list[VersionShape]
    next_before: int | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two versions of a segment, in words and place by place."""

    before: VersionShape
    after: VersionShape
    differences: list[DifferenceShape]


@dataclass(frozen=True, kw_only=True)
class RestoreWish:
    """The version to save again. Without one, what a deleted segment said last."""

    __pydantic_config__ = WISH

    version: Annotated[Whole, Field(ge=1, le=NUMBER_MOST)] | None = None


def registry_routes(app: Application) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/api/segments", tags=["Segments"], dependencies=[needs("read")])

    @routes.post("/apply", dependencies=[needs("analyses:write")])
    async def apply(wish: ApplyWish, request: Request) -> Applied:
        """Save many segments, all or none; they may refer to each other. The same again changes nothing."""
        drafts = drafts_of([vars(each) for each in wish.segments])
        changes = await apply_segments(
            app.state,
            drafts,
            by=asked_by(app, request),
            now=app.clock.now(),
            prune=wish.prune,
            dry_run=wish.dry_run,
        )
        return Applied(dry_run=wish.dry_run, changes=[ChangeShape.of(each) for each in changes])

    @routes.get("/{segment_id}/versions")
    async def versions(
        segment_id: str,
        limit: Annotated[int, Query(ge=1, le=VERSIONS_MOST)] = 50,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST)] = None,
    ) -> Versions:
        """Every version of a segment, newest first; those of a deleted one, too."""
        async with app.state.view() as view:
            found = await view.segment_versions(segment_id, limit=limit, before=before)
            if not found and before is None:
                raise not_there(segment_id)
        following = found[-1].version if len(found) == limit and found[-1].version > 1 else None
        return Versions(versions=[VersionShape.of(each) for each in found], next_before=following)

    @routes.get("/{segment_id}/versions/{version}")
    async def version_of(segment_id: str, version: Number) -> VersionShape:
        """One version of a segment."""
        async with app.state.view() as view:
            return VersionShape.of(await find_version(view, segment_id, version))

    @routes.get("/{segment_id}/diff")
    async def diff(
        segment_id: str,
        before: Annotated[int | None, Query(ge=1, le=NUMBER_MOST, description="The one before `after`.")] = None,
        after: Annotated[int | None, Query(ge=1, le=NUMBER_MOST, description="The newest.")] = None,
    ) -> Compared:
        """What changed between two versions of a segment, in words and place by place."""
        async with app.state.view() as view:
            newer = await _version_or_newest(view, segment_id, after)
            older = await find_version(view, segment_id, before or max(1, newer.version - 1))
        found = differences(document_of(older), document_of(newer))
        return Compared(
            before=VersionShape.of(older),
            after=VersionShape.of(newer),
            differences=[DifferenceShape.of(each) for each in found],
        )

    @routes.post("/{segment_id}/restore", dependencies=[needs("analyses:write")])
    async def restore(segment_id: str, wish: RestoreWish, request: Request) -> SegmentShape:
        """Save again what a version says, as a new version; a deleted segment is brought back."""
        change = await restore_segment(
            app.state, segment_id, wish.version, by=asked_by(app, request), now=app.clock.now()
        )
        return SegmentShape.of(change.segment, change.used_by)

    @routes.get("/{segment_id}/used-by")
    async def used_by(segment_id: str) -> UsedBy:
        """Who uses a segment: other segments, journeys and campaigns, KPIs, and where in their definitions."""
        async with app.state.view() as view:
            await find_segment(view, segment_id)
            users = await users_of(view, await view.segments())
        return UsedBy(used_by=[UseShape.of(use) for use in users.of(segment_id)])

    return routes


async def _version_or_newest(view: View, segment_id: str, version: int | None) -> SavedSegment:
    if version is not None:
        return await find_version(view, segment_id, version)
    newest = await view.segment_versions(segment_id, limit=1)
    if not newest:
        raise not_there(segment_id)
    return newest[0]
