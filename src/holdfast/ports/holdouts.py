"""How the global holdout was drawn at what time, in the state: so that an earlier period can be reckoned again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.decisions.holdout import Rotation


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutDraw:
    """How it was drawn from a moment on, until the next."""

    since_ms: int
    """When the process that reacts went by it first."""
    share: float
    """0 where nobody was held out."""
    rotates: Rotation
    zone: str
    """The workspace's time zone, by whose calendar periods begin."""


class HoldoutView(Protocol):
    """Reading them."""

    async def holdout_draws(self) -> list[HoldoutDraw]:
        """All there ever were, the oldest first."""
        ...


class HoldoutTransaction(HoldoutView, Protocol):
    """Changing them."""

    async def put_holdout_draw(self, draw: HoldoutDraw) -> None:
        """Note it, in the place of one since the same moment."""
        ...
