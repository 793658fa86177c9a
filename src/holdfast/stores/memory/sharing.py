"""Shared links, in memory."""

from __future__ import annotations

from holdfast.ports.boards import AnalysisKind
from holdfast.ports.sharing import SharedLink
from holdfast.stores.memory.session import Session


class ReadingSharing(Session):
    """Questions about them."""

    async def shared_links(self, kind: AnalysisKind | None = None, about: str = "") -> list[SharedLink]:
        every = self._tables.shared_links.values()
        found = [each for each in every if kind is None or (each.kind, each.about) == (kind, about)]
        return sorted(found, key=lambda each: (each.made_ms, each.id))

    async def shared_link(self, link_id: str) -> SharedLink | None:
        return self._tables.shared_links.get(link_id)


class ChangingSharing(ReadingSharing):
    """Changes of them."""

    async def put_shared_link(self, link: SharedLink) -> None:
        self._tables.shared_links = self._tables.shared_links | {link.id: link}
