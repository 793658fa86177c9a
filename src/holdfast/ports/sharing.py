"""Shared links: what opens one board or saved insight to who has no account, in the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.ports.boards import AnalysisKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLink:
    """One that was made. What it says is its id, signed: nothing that opens anything is kept."""

    id: str
    kind: AnalysisKind
    about: str
    """The id of the board or saved insight."""
    by: str
    """Who made it."""
    made_ms: int
    expires_ms: int | None = None
    """From when on it opens nothing; None for never."""
    revoked_ms: int | None = None

    def opens(self, now_ms: int) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_ms is None and (self.expires_ms is None or now_ms < self.expires_ms)


class SharingView(Protocol):
    """Reading them."""

    async def shared_links(self, kind: AnalysisKind | None = None, about: str = "") -> list[SharedLink]:
        """Those of one board or saved insight, or with None all; the oldest first, revoked ones too."""
        ...

    async def shared_link(self, link_id: str) -> SharedLink | None:
        """One by its id."""
        ...


class SharingTransaction(SharingView, Protocol):
    """Changing them."""

    async def put_shared_link(self, link: SharedLink) -> None:
        """Keep it in the place of what is there."""
        ...
