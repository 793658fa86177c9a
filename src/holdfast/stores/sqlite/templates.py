"""Saved templates and blocks, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.templates import Heading, SavedKind, SavedTemplate, reads_the_same
from holdfast.stores.sqlite.queries import load
from holdfast.stores.sqlite.session import Row, Session, in_thread, texts

_SQL = load("templates")


class ReadingTemplates(Session):
    """Questions about templates and blocks."""

    @in_thread
    def templates(self, kind: SavedKind) -> list[Heading]:
        return [_heading(row) for row in self._rows(_SQL["templates"], kind)]

    @in_thread
    def template_versions(
        self, kind: SavedKind, saved_id: str, *, limit: int, before: int | None = None
    ) -> list[Heading]:
        return [_heading(row) for row in self._rows(_SQL["template_versions"], kind, saved_id, limit, before)]

    @in_thread
    def template_version(self, kind: SavedKind, saved_id: str, version: int) -> SavedTemplate | None:
        row = self._row(_SQL["template_version"], kind, saved_id, version)
        return _saved(row) if row else None

    @in_thread
    def template_headings(self, kind: SavedKind, ids: Sequence[str] | None = None) -> list[Heading]:
        if ids is None:
            rows = self._rows(_SQL["every_template_heading"], kind)
        else:
            rows = self._rows(_SQL["template_headings"], kind, texts(sorted(set(ids))))
        return [_heading(row) for row in rows]

    def _newest_template(self, kind: SavedKind, saved_id: str) -> SavedTemplate | None:
        row = self._row(_SQL["newest_template"], kind, saved_id)
        return _saved(row) if row else None


class ChangingTemplates(ReadingTemplates):
    """Changes of templates and blocks."""

    @in_thread
    def put_template(self, saved: SavedTemplate) -> SavedTemplate:
        newest = self._newest_template(saved.kind, saved.id)
        if newest is not None and reads_the_same(newest, saved):
            return newest
        added = self._add_template(replace(saved, deleted=False), newest)
        self._do(_SQL["point_at"], added.kind, added.id, added.version)
        return added

    @in_thread
    def delete_template(self, kind: SavedKind, saved_id: str, *, at_ms: int, by: str = "") -> SavedTemplate | None:
        newest = self._newest_template(kind, saved_id)
        if newest is None or newest.deleted:
            return None
        self._do(_SQL["leave_out"], kind, saved_id)
        return self._add_template(replace(newest, deleted=True, saved_ms=at_ms, by=by), newest)

    def _add_template(self, saved: SavedTemplate, newest: SavedTemplate | None) -> SavedTemplate:
        added = replace(saved, version=newest.version + 1 if newest else 1)
        self._do(
            _SQL["add_version"],
            added.kind,
            added.id,
            added.version,
            added.name,
            added.medium,
            added.saved_ms,
            added.by,
            int(added.deleted),
            added.definition,
        )
        return added


def _heading(row: Row) -> Heading:
    kind, saved_id, version, name, medium, saved_ms, saved_by, deleted = row
    return Heading(
        kind=kind,
        id=saved_id,
        version=version,
        name=name,
        medium=medium,
        saved_ms=saved_ms,
        by=saved_by,
        deleted=bool(deleted),
    )


def _saved(row: Row) -> SavedTemplate:
    kind, saved_id, version, name, medium, saved_ms, saved_by, deleted, definition = row
    return SavedTemplate(
        kind=kind,
        id=saved_id,
        version=version,
        name=name,
        medium=medium,
        saved_ms=saved_ms,
        by=saved_by,
        deleted=bool(deleted),
        definition=definition,
    )
