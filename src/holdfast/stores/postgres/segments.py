"""Saved segments and their versions, in PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.state import SavedSegment, says_the_same
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("segments")


class ReadingSegments(Session):
    """Questions about saved segments."""

    async def segments(self) -> list[SavedSegment]:
        return [_segment(row) for row in await self._rows(_SQL["segments"])]

    async def deleted_segments(self) -> list[SavedSegment]:
        return [_segment(row) for row in await self._rows(_SQL["deleted_segments"])]

    async def segment_versions(self, segment_id: str, *, limit: int, before: int | None = None) -> list[SavedSegment]:
        return [_segment(row) for row in await self._rows(_SQL["segment_versions"], segment_id, limit, before)]

    async def segment_version(self, segment_id: str, version: int) -> SavedSegment | None:
        row = await self._row(_SQL["segment_version"], segment_id, version)
        return _segment(row) if row else None

    async def _newest(self, segment_id: str) -> SavedSegment | None:
        newest = await self.segment_versions(segment_id, limit=1)
        return newest[0] if newest else None


class ChangingSegments(ReadingSegments):
    """Changes of saved segments."""

    async def put_segment(self, segment: SavedSegment) -> SavedSegment:
        newest = await self._newest(segment.id)
        if newest is not None and not newest.deleted and says_the_same(newest, segment):
            return newest
        added = await self._add(replace(segment, deleted=False), newest)
        await self._do(_SQL["point_at"], added.id, added.version)
        return added

    async def delete_segment(self, segment_id: str, *, at_ms: int, by: str = "") -> SavedSegment | None:
        newest = await self._newest(segment_id)
        if newest is None or newest.deleted:
            return None
        await self._do(_SQL["leave_out"], segment_id)
        return await self._add(replace(newest, deleted=True, updated_ms=at_ms, by=by), newest)

    async def _add(self, segment: SavedSegment, newest: SavedSegment | None) -> SavedSegment:
        added = replace(segment, version=newest.version + 1 if newest else 1)
        await self._do(
            _SQL["add_version"],
            added.id,
            added.version,
            added.name,
            added.description,
            added.definition,
            added.updated_ms,
            added.by,
            added.deleted,
            added.live,
        )
        return added


def _segment(row: Row) -> SavedSegment:
    segment_id, version, name, description, definition, saved_ms, saved_by, deleted, live = row
    return SavedSegment(
        id=segment_id,
        version=version,
        name=name,
        description=description,
        definition=definition,
        updated_ms=saved_ms,
        by=saved_by,
        deleted=deleted,
        live=live,
    )
