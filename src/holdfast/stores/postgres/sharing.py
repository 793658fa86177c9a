"""Shared links, in PostgreSQL."""

from __future__ import annotations

from holdfast.ports.boards import AnalysisKind
from holdfast.ports.sharing import SharedLink
from holdfast.stores.postgres.queries import load
from holdfast.stores.postgres.session import Row, Session

_SQL = load("sharing")


class ReadingSharing(Session):
    """Questions about them."""

    async def shared_links(self, kind: AnalysisKind | None = None, about: str = "") -> list[SharedLink]:
        if kind is None:
            return [_link(row) for row in await self._rows(_SQL["every_shared_link"])]
        return [_link(row) for row in await self._rows(_SQL["shared_links"], kind, about)]

    async def shared_link(self, link_id: str) -> SharedLink | None:
        row = await self._row(_SQL["shared_link"], link_id)
        return _link(row) if row else None


class ChangingSharing(ReadingSharing):
    """Changes of them."""

    async def put_shared_link(self, link: SharedLink) -> None:
        await self._do(
            _SQL["put_shared_link"],
            link.id,
            link.kind,
            link.about,
            link.by,
            link.made_ms,
            link.expires_ms,
            link.revoked_ms,
        )


def _link(row: Row) -> SharedLink:
    link_id, kind, about, by, made_ms, expires_ms, revoked_ms = row
    return SharedLink(
        id=link_id, kind=kind, about=about, by=by, made_ms=made_ms, expires_ms=expires_ms, revoked_ms=revoked_ms
    )
