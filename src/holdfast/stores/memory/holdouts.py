"""How the global holdout was drawn, in memory."""

from __future__ import annotations

from holdfast.ports.holdouts import HoldoutDraw
from holdfast.stores.memory.session import Session


class ReadingHoldouts(Session):
    """Questions about it."""

    async def holdout_draws(self) -> list[HoldoutDraw]:
        return sorted(self._tables.holdout_draws.values(), key=lambda each: each.since_ms)


class ChangingHoldouts(ReadingHoldouts):
    """Changes of it."""

    async def put_holdout_draw(self, draw: HoldoutDraw) -> None:
        self._tables.holdout_draws = self._tables.holdout_draws | {draw.since_ms: draw}
