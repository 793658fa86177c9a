"""Saved segments and their versions, in SQLite."""

from __future__ import annotations

from dataclasses import replace

from holdfast.ports.state import SavedSegment, says_the_same
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread

_SQL = load("segments")


class ReadingSegments(Session):
    """Questions about saved segments."""

    @in_thread
    def segments(self) -> list[SavedSegment]:
        return [_segment(row) for row in self._rows(_SQL["segments"])]

    @in_thread
    def deleted_segments(self) -> list[SavedSegment]:
        return [_segment(row) for row in self._rows(_SQL["deleted_segments"])]

    @in_thread
    def segment_versions(self, segment_id: str, *, limit: int, before: int | None = None) -> list[SavedSegment]:
        return [_segment(row) for row in self._rows(_SQL["segment_versions"], segment_id, limit, before)]

    @in_thread
    def segment_version(self, segment_id: str, version: int) -> SavedSegment | None:
        row = self._row(_SQL["segment_version"], segment_id, version)
        return _segment(row) if row else None

    def _newest(self, segment_id: str) -> SavedSegment | None:
        row = self._row(_SQL["segment_versions"], segment_id, 1, None)
        return _segment(row) if row else None


class ChangingSegments(ReadingSegments):
    """Changes of saved segments."""

    @in_thread
    def put_segment(self, segment: SavedSegment) -> SavedSegment:
        newest = self._newest(segment.id)
        if newest is not None and not newest.deleted and says_the_same(newest, segment):
            return newest
        added = self._add(replace(segment, deleted=False), newest)
        self._do(_SQL["point_at"], added.id, added.version)
        return added

    @in_thread
    def delete_segment(self, segment_id: str, *, at_ms: int, by: str = "") -> SavedSegment | None:
        newest = self._newest(segment_id)
        if newest is None or newest.deleted:
            return None
        self._do(_SQL["leave_out"], segment_id)
        return self._add(replace(newest, deleted=True, updated_ms=at_ms, by=by), newest)

    def _add(self, segment: SavedSegment, newest: SavedSegment | None) -> SavedSegment:
        added = replace(segment, version=newest.version + 1 if newest else 1)
        self._do(
            _SQL["add_version"],
            added.id,
            added.version,
            added.name,
            added.description,
            added.definition,
            added.updated_ms,
            added.by,
            int(added.deleted),
            int(added.live),
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
        deleted=bool(deleted),
        live=bool(live),
    )
