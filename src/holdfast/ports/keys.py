"""Write keys and api keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A write key (for collecting) or an api key (for everything under /api)."""

    name: str
    kind: Literal["write", "api"]
    hash: str
    """SHA-256 of the key, in hexadecimal. Of an api key nothing else is kept; a write key is public by nature, and is
    in `shown`."""
    shown: str
    created_ms: int
    revoked_ms: int | None = None
    scopes: tuple[str, ...] | None = None
    """What an api key may do; None: what keys may of which nothing was said."""
    used_ms: int | None = None
    """When an api key was used last, to about a minute."""


class KeyView(Protocol):
    """Reading keys."""

    async def keys(self) -> list[AccessKey]: ...


class KeyTransaction(KeyView, Protocol):
    """Changing keys."""

    async def put_key(self, key: AccessKey) -> None: ...

    async def revoke_key(self, name: str, at_ms: int) -> None: ...

    async def note_key_used(self, name: str, at_ms: int) -> None:
        """Keep when a key was used last."""
        ...
