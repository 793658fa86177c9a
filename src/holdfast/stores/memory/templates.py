"""Saved templates and blocks, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from holdfast.ports.templates import Heading, SavedKind, SavedTemplate, reads_the_same
from holdfast.stores.memory.session import Session


class ReadingTemplates(Session):
    """Questions about templates and blocks."""

    async def templates(self, kind: SavedKind) -> list[Heading]:
        newest = {each.id: each for each in await self.template_headings(kind)}
        return [each for each in newest.values() if not each.deleted]

    async def template_versions(
        self, kind: SavedKind, saved_id: str, *, limit: int, before: int | None = None
    ) -> list[Heading]:
        found = [each for each in await self.template_headings(kind, [saved_id]) if not before or each.version < before]
        return found[::-1][:limit]

    async def template_version(self, kind: SavedKind, saved_id: str, version: int) -> SavedTemplate | None:
        return self._tables.templates.get((kind, saved_id, version))

    async def template_headings(self, kind: SavedKind, ids: Sequence[str] | None = None) -> list[Heading]:
        found = sorted(self._tables.templates.items())
        return [each.heading for place, each in found if place[0] == kind and (ids is None or place[1] in ids)]

    def _newest_template(self, kind: SavedKind, saved_id: str) -> SavedTemplate | None:
        versions = (each for each in self._tables.templates.values() if (each.kind, each.id) == (kind, saved_id))
        return max(versions, key=lambda each: each.version, default=None)


class ChangingTemplates(ReadingTemplates):
    """Changes of templates and blocks."""

    async def put_template(self, saved: SavedTemplate) -> SavedTemplate:
        newest = self._newest_template(saved.kind, saved.id)
        if newest is not None and reads_the_same(newest, saved):
            return newest
        return self._add_template(replace(saved, deleted=False), newest)

    async def delete_template(
        self, kind: SavedKind, saved_id: str, *, at_ms: int, by: str = ""
    ) -> SavedTemplate | None:
        newest = self._newest_template(kind, saved_id)
        if newest is None or newest.deleted:
            return None
        return self._add_template(replace(newest, deleted=True, saved_ms=at_ms, by=by), newest)

    def _add_template(self, saved: SavedTemplate, newest: SavedTemplate | None) -> SavedTemplate:
        added = replace(saved, version=newest.version + 1 if newest else 1)
        place = (added.kind, added.id, added.version)
        self._tables.templates = self._tables.templates | {place: added}
        return added
