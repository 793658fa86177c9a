"""The inbox, in the state: messages that are delivered by being kept until an app or site of their person asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """One message that waits for a person, or was seen. What happened to it is kept by when it first did."""

    key: str
    """The key of its send."""
    identity: int
    """Whom it was sent to; it is seen by whatever person that identity belongs to."""
    medium: str
    """`in_app` or `inbox`."""
    words: bytes
    """What it says: a JSON object."""
    added_ms: int
    expires_ms: int
    """From then on it is shown no more, and may be deleted."""
    delivered_ms: int | None = None
    """When an app or site was first given it."""
    opened_ms: int | None = None
    clicked_ms: int | None = None
    dismissed_ms: int | None = None


class InboxView(Protocol):
    """Reading inboxes."""

    async def inbox(self, identities: Sequence[int], *, now_ms: int, limit: int) -> list[InboxItem]:
        """What was sent to any of these identities and has not expired, newest first, then by key."""
        ...

    async def inbox_items(self, keys: Sequence[str]) -> dict[str, InboxItem]:
        """Those of these that are kept, expired or not, by key."""
        ...

    async def inbox_after(self, key: str, *, limit: int) -> list[InboxItem]:
        """Every item, in order of key, those after `key`: for what reads them all."""
        ...


class InboxTransaction(InboxView, Protocol):
    """Changing inboxes."""

    async def add_inbox(self, items: Sequence[InboxItem]) -> None:
        """Keep them; one whose key is kept already is passed over."""
        ...

    async def mark_inbox(self, items: Sequence[InboxItem]) -> None:
        """Write what happened to them, and when; one that is not kept is passed over."""
        ...

    async def trim_inbox(self, identities: Sequence[int], most: int) -> None:
        """Of all that was sent to these identities together, keep the newest so many."""
        ...

    async def expire_inbox(self, now_ms: int, *, limit: int) -> int:
        """Delete so many at most of those that have expired; how many there were."""
        ...
