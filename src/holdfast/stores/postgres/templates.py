"""Saved templates and blocks, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.templates import Heading, SavedKind, SavedTemplate, reads_the_same
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("templates")


class ReadingTemplates(Session):
    """Questions about templates and blocks."""

    async def templates(self, kind: SavedKind) -> list[Heading]:
        return [_heading(row) for row in await self._rows(_SQL["templates"], kind)]

    async def template_versions(
        self, kind: SavedKind, saved_id: str, *, limit: int, before: int | None = None
    ) -> list[Heading]:
        return [_heading(row) for row in await self._rows(_SQL["template_versions"], kind, saved_id, limit, before)]

    async def template_version(self, kind: SavedKind, saved_id: str, version: int) -> SavedTemplate | None:
        row = await self._row(_SQL["template_version"], kind, saved_id, version)
        return _saved(row) if row else None

    async def template_headings(self, kind: SavedKind, ids: Sequence[str] | None = None) -> list[Heading]:
        if ids is None:
            rows = await self._rows(_SQL["every_template_heading"], kind)
        else:
            rows = await self._rows(_SQL["template_headings"], kind, sorted(set(ids)))
        return [_heading(row) for row in rows]

    async def _newest_template(self, kind: SavedKind, saved_id: str) -> SavedTemplate | None:
        row = await self._row(_SQL["newest_template"], kind, saved_id)
        return _saved(row) if row else None


class ChangingTemplates(ReadingTemplates):
    """Changes of templates and blocks."""

    async def put_template(self, saved: SavedTemplate) -> SavedTemplate:
        newest = await self._newest_template(saved.kind, saved.id)
        if newest is not None and reads_the_same(newest, saved):
            return newest
        added = await self._add_template(replace(saved, deleted=False), newest)
        await self._do(_SQL["point_at"], added.kind, added.id, added.version)
        return added

    async def delete_template(
        self, kind: SavedKind, saved_id: str, *, at_ms: int, by: str = ""
    ) -> SavedTemplate | None:
        newest = await self._newest_template(kind, saved_id)
        if newest is None or newest.deleted:
            return None
        await self._do(_SQL["leave_out"], kind, saved_id)
        return await self._add_template(replace(newest, deleted=True, saved_ms=at_ms, by=by), newest)

    async def _add_template(self, saved: SavedTemplate, newest: SavedTemplate | None) -> SavedTemplate:
        added = replace(saved, version=newest.version + 1 if newest else 1)
        await self._do(
            _SQL["add_version"],
            added.kind,
            added.id,
            added.version,
            added.name,
            added.medium,
            added.saved_ms,
            added.by,
            added.deleted,
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
        deleted=deleted,
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
        deleted=deleted,
        definition=definition,
    )
